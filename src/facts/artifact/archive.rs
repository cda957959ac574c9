//! The members of a zip or tar archive, whole. What cannot be read is a finding, not an error.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use camino::Utf8Path;

use crate::model::error::{Error, Result};
use crate::model::finding::Finding;
use crate::world::disk;

/// A file in an archive; folders are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveMember {
    /// With `/` between folders, as the archive says it.
    pub name: String,
    /// As far as they could be read.
    pub bytes: Vec<u8>,
    /// Bytes in the archive; those of the content where members are not compressed one by one.
    pub compressed: u64,
    /// Whether all of it could be read and its checksum is right.
    pub intact: bool,
    /// Where a symbolic or hard link points.
    pub link: Option<String>,
}

impl ArchiveMember {
    /// The last part of its name.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// The first part of its name, where there are several.
    pub fn top_folder(&self) -> Option<&str> {
        Some(self.name.split_once('/')?.0)
    }
}

/// The ending of a member's name, without the dot.
pub(super) fn ending(name: &str) -> Option<&str> {
    Utf8Path::new(name).extension()
}

/// What could be read of an archive.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    pub(super) members: Vec<ArchiveMember>,
    pub(super) findings: Vec<Finding>,
}

impl Contents {
    fn unreadable(path: &Utf8Path, why: impl std::fmt::Display) -> Self {
        let finding = Finding::error("unreadable", format!("cannot be read: {why}"));
        Self {
            members: Vec::new(),
            findings: vec![
                finding
                    .at(path, None)
                    .hint("build it again; a full disk leaves such files"),
            ],
        }
    }

    fn broken(&mut self, member: &str, why: impl std::fmt::Display) {
        let finding = Finding::error("unreadable", format!("cannot be read: {why}"));
        self.findings.push(finding.at(member, None));
    }
}

/// The bytes of a distribution's file.
///
/// # Errors
/// [`Error::Io`] where there is no such file.
pub(super) fn bytes(path: &Utf8Path) -> Result<Vec<u8>> {
    disk::read(path)?.ok_or_else(|| Error::Io {
        verb: "read",
        path: path.to_owned(),
        source: std::io::ErrorKind::NotFound.into(),
    })
}

pub(super) fn zip(path: &Utf8Path, bytes: &[u8]) -> Contents {
    let mut archive = match zip::ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(error) => return Contents::unreadable(path, error),
    };
    let mut contents = Contents::default();
    let start = usize::try_from(archive.central_directory_start()).unwrap_or(usize::MAX);
    for name in duplicates(bytes.get(start..).unwrap_or_default()) {
        let message = "is in the archive more than once";
        let finding = Finding::error("duplicate-member", message).at(name, None);
        contents.findings.push(finding);
    }
    if !archive.has_duplicate_names()
        && let Err(error) = archive.validate_header_consistency()
    {
        contents.broken(path.as_str(), error);
    }
    for index in 0..archive.len() {
        unzip(&mut contents, &mut archive, index);
    }
    contents
}

fn unzip(contents: &mut Contents, archive: &mut zip::ZipArchive<Cursor<&[u8]>>, index: usize) {
    let raw = archive
        .by_index_data(index)
        .map(|entry| entry.name_raw().to_vec());
    let name = String::from_utf8_lossy(&raw.unwrap_or_default()).into_owned();
    if name.ends_with('/') {
        return;
    }
    let mut member = ArchiveMember {
        name,
        ..ArchiveMember::default()
    };
    let read = archive.by_index(index).and_then(|mut file| {
        member.compressed = file.compressed_size();
        let linked = file.is_symlink();
        file.read_to_end(&mut member.bytes)?;
        member.link = linked.then(|| String::from_utf8_lossy(&member.bytes).into_owned());
        Ok(())
    });
    member.intact = read.is_ok();
    if let Err(error) = read {
        contents.broken(&member.name, error);
    }
    contents.members.push(member);
}

/// The names that a zip's central directory lists more than once (APPNOTE 4.3.12), of which
/// readers see only one.
fn duplicates(mut directory: &[u8]) -> Vec<String> {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    while directory.starts_with(b"PK\x01\x02") && directory.len() >= 46 {
        let length = |at| usize::from(u16::from_le_bytes([directory[at], directory[at + 1]]));
        let (name, rest) = (length(28), length(30) + length(32));
        let Some(text) = directory.get(46..46 + name) else {
            break;
        };
        *names
            .entry(String::from_utf8_lossy(text).into_owned())
            .or_default() += 1;
        directory = directory.get(46 + name + rest..).unwrap_or_default();
    }
    names.retain(|_, count| *count > 1);
    names.into_keys().collect()
}

pub(super) fn tar_gz(path: &Utf8Path, bytes: &[u8]) -> Contents {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return Contents::unreadable(path, error),
    };
    let mut contents = Contents::default();
    for entry in entries {
        let read = entry.and_then(|mut entry| untar(&mut entry));
        match read {
            Ok(member) => contents.members.extend(member),
            Err(error) => {
                contents.broken(path.as_str(), error);
                break;
            }
        }
    }
    contents
}

fn untar(entry: &mut tar::Entry<'_, impl Read>) -> std::io::Result<Option<ArchiveMember>> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let kind = entry.header().entry_type();
    if kind.is_dir() || kind.is_pax_global_extensions() {
        return Ok(None);
    }
    let mut member = ArchiveMember {
        name: text(&entry.path_bytes()),
        link: entry.link_name_bytes().map(|target| text(&target)),
        intact: true,
        ..ArchiveMember::default()
    };
    entry.read_to_end(&mut member.bytes)?;
    member.compressed = entry.size();
    Ok(Some(member))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_archive_is_a_finding() {
        let path = Utf8Path::new("/p/a.whl");
        for contents in [
            zip(path, b"no zip"),
            tar_gz(path, b"no tar"),
            zip(path, b""),
        ] {
            assert_eq!(contents.findings[0].rule, "unreadable");
            assert!(contents.members.is_empty());
        }
    }

    #[test]
    fn an_absent_file_is_an_error() {
        assert!(matches!(
            bytes(Utf8Path::new("/none")),
            Err(Error::Io { .. })
        ));
    }
}
