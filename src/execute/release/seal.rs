//! The final edit of a wheel: maturin's SBOM names the folder that it was built in.

use std::io::{Cursor, Write};

use camino::{Utf8Path, Utf8PathBuf};
use url::Url;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::facts::artifact::{self, RecordEntry, WheelName};
use crate::facts::build;
use crate::facts::release::VARIABLES;
use crate::model::error::{Error, MachineError, ReleaseError, Result};
use crate::plan::Seal;
use crate::world::disk;
use crate::world::session::Session;

/// Moves the only wheel in `from` to a folder of its own.
pub(crate) fn seal(session: &Session, seal: &Seal) -> Result<()> {
    let names = disk::names(&seal.from);
    let name = names.iter().find(|name| WheelName::parse(name).is_some());
    let name =
        name.ok_or_else(|| ReleaseError::NotReleased(format!("no wheel in `{}`", seal.from)))?;
    let path = seal.from.join(name);
    let bytes = disk::read(&path)?.unwrap_or_default();
    let sealed = rewritten(&bytes, &seal.remapped).map_err(|source| {
        Error::Machine(MachineError::Io {
            verb: "rewrite",
            path: path.clone(),
            source,
        })
    })?;
    let staging = disk::staging(&seal.to)?;
    let root = staging.path();
    disk::write(&root.join(name), &sealed)?;
    let variables = build::variables_below(session, &seal.compiled);
    let text = serde_json::to_string_pretty(&variables).unwrap_or_default();
    disk::write(&root.join(VARIABLES), text.as_bytes())?;
    disk::remove_dir(&seal.to)?; // one that was built with other variables
    disk::promote(staging, &seal.to)
}

/// The archive with paths replaced in its metadata texts, and RECORD updated; unchanged if there are none.
fn rewritten(bytes: &[u8], remapped: &[(Utf8PathBuf, String)]) -> std::io::Result<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let mut members = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at)?;
        let mut content = Vec::new();
        std::io::copy(&mut file, &mut content)?;
        let options = SimpleFileOptions::default()
            .compression_method(file.compression())
            .last_modified_time(file.last_modified().unwrap_or_default())
            .unix_permissions(file.unix_mode().unwrap_or(0o644));
        members.push((file.name()?.into_owned(), content, options));
    }
    let mut changed = Vec::new();
    for (name, content, _) in &mut members {
        if let Some(text) = cleaned(name, content, remapped) {
            *content = text;
            changed.push(entry(name, content));
        }
    }
    if changed.is_empty() {
        return Ok(bytes.to_vec());
    }
    for (name, content, _) in &mut members {
        if name.ends_with(".dist-info/RECORD") {
            *content = artifact::rewritten(content, &changed)?;
        }
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content, options) in members {
        writer.start_file(name, options)?;
        writer.write_all(&content)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// Only JSON in `dist-info`, which is what tools write about a build.
fn cleaned(name: &str, content: &[u8], remapped: &[(Utf8PathBuf, String)]) -> Option<Vec<u8>> {
    let is_json = Utf8Path::new(name).extension() == Some("json");
    if !(is_json && name.contains(".dist-info/")) {
        return None;
    }
    let old = std::str::from_utf8(content).ok()?;
    let mut new = old.to_owned();
    for (path, instead) in remapped.iter().rev() {
        // a URL of a folder that no user has is no better than a path
        if let Ok(url) = Url::from_file_path(path) {
            new = new.replace(url.as_str(), "file:.");
        }
        // with the backslashes of Windows as JSON has them
        new = new.replace(&path.as_str().replace('\\', "\\\\"), instead);
    }
    (new != old).then(|| new.into_bytes())
}

/// RECORD's entry for a member.
fn entry(name: &str, content: &[u8]) -> RecordEntry {
    RecordEntry::of(name, &disk::digest(content), content.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(members: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in members {
            let options = SimpleFileOptions::default();
            writer.start_file(*name, options).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn text(bytes: &[u8], name: &str) -> String {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut file = archive.by_name(name).unwrap();
        std::io::read_to_string(&mut file).unwrap()
    }

    #[test]
    fn paths_go_from_the_metadata_and_record_tells_the_new_hash() {
        let sbom = "x-1.0.dist-info/sboms/x.json";
        let record = "x-1.0.dist-info/RECORD";
        // a URL has no other root on Windows
        let root = if cfg!(windows) { "C:" } else { "" };
        let url = if cfg!(windows) { "/C:" } else { "" };
        let written = format!("{{\"ref\": \"file://{url}/home/me/%C3%BC%20x/src\"}}");
        let old = archive(&[
            ("x/data.json", "/home/me/x"),
            (sbom, &*written),
            (
                record,
                &format!("x/data.json,,\n{sbom},sha256=old,1\n{record},,\n"),
            ),
        ]);
        let remapped = [
            (format!("{root}/home/me").into(), "/home".to_owned()),
            (format!("{root}/home/me/ü x").into(), "/source".to_owned()),
        ];
        let new = rewritten(&old, &remapped).unwrap();
        assert_eq!(text(&new, sbom), "{\"ref\": \"file:./src\"}");
        assert_eq!(text(&new, "x/data.json"), "/home/me/x"); // the package's own
        let lines = text(&new, record);
        let hash = entry(sbom, text(&new, sbom).as_bytes()).hash.unwrap();
        let sbom_line = format!("{sbom},{hash},{}", text(&new, sbom).len());
        assert_eq!(lines, format!("x/data.json,,\n{sbom_line}\n{record},,\n"));
        assert_eq!(rewritten(&new, &remapped).unwrap(), new);
    }

    #[test]
    fn record_quotes_a_name_with_a_comma() {
        let sbom = "x-1.0.dist-info/sboms/a,b.json";
        let record = "x-1.0.dist-info/RECORD";
        let old = format!("\"{sbom}\",sha256=old,1\n{record},,\n");
        let old = archive(&[(sbom, "\"/home/me\""), (record, &old)]);
        let new = rewritten(&old, &[("/home/me".into(), "/home".to_owned())]).unwrap();
        let hash = "KLwKKsTmtHsXrN-icadsHK6S0FoEP65yQMhX--5vVmo";
        let expected = format!("\"{sbom}\",sha256={hash},7\n{record},,\n");
        assert_eq!(text(&new, record), expected);
    }
}
