//! Whether `dist/` is the set that was released: its records and its files must agree, both ways.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::Project;
use crate::facts::request::Releasing;
use crate::facts::versions::Versioned;
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::world::disk;

use super::publication::{foreign, not_released, refusals, sums};
use super::record::{RELEASE_AGAIN, RELEASE_RECORD, ReleaseRecord, SUMS};

/// Empty if nothing says that a set was released there.
///
/// Only files that are named, or that belong to `members`, are judged; all if none are.
pub(super) fn findings(
    project: &Project,
    releasing: &Releasing,
    members: &[String],
) -> Result<Vec<Finding>> {
    let named = &releasing.files;
    let wanted = project.named(members)?;
    let dist = releasing.dist(&project.root)?;
    let [record_path, sums_path] = [RELEASE_RECORD, SUMS].map(|name| dist.join(name));
    let text = disk::read_text(&sums_path)?;
    if text.is_none() && !disk::is_file(&record_path) {
        return Ok(Vec::new());
    }
    let wrong = |path: &Utf8Path, message: String| {
        let finding = Finding::error("set", message);
        finding.at(path, None).hint(RELEASE_AGAIN)
    };
    if !disk::is_file(&record_path) {
        let message = format!("describes what was released, but `{RELEASE_RECORD}` is missing");
        return Ok(vec![wrong(&sums_path, message)]);
    }
    let known = |record: &ReleaseRecord| record.schema == ReleaseRecord::SCHEMA;
    let Some(record) = ReleaseRecord::of(&dist).ok().filter(known) else {
        let message = "was not written by cargo pyx".to_owned();
        return Ok(vec![wrong(&record_path, message)]);
    };
    let sums = sums(text.as_deref().unwrap_or_default());
    let versions = versions(project);
    let is_meant =
        |path: &Utf8Path| named.is_empty() || named.iter().any(|other| disk::is_same(path, other));
    let mut found = Vec::new();
    for file in record.publishable(&dist) {
        let is_wanted = members.is_empty() || wanted.contains(&file.entry.distribution);
        if is_wanted && is_meant(&file.path) {
            let version = versions.get(&file.entry.distribution).map(String::as_str);
            let refused = refusals(&file, sums.get(file.name()), version);
            found.extend(refused.into_iter().map(|why| wrong(&record_path, why)));
        }
    }
    if !(named.is_empty() && members.is_empty()) {
        return Ok(found);
    }
    if text.is_none() {
        let message = format!("describes what was released, but `{SUMS}` is missing");
        return Ok(vec![wrong(&record_path, message)]);
    }
    let unlisted = sums.keys().filter(|name| !record.files.contains_key(*name));
    found.extend(unlisted.map(|name| {
        let message = format!("lists `{name}`, but `{RELEASE_RECORD}` does not");
        wrong(&sums_path, message)
    }));
    found.extend(
        foreign(&dist, &record)
            .iter()
            .map(|path| not_released(path)),
    );
    Ok(found)
}

/// Where each of `files` that is a released file ran, in words.
pub(super) fn ran(dist: &Utf8Path, files: &[Utf8PathBuf]) -> BTreeMap<Utf8PathBuf, String> {
    let record = ReleaseRecord::read(dist);
    let entry = |file: &Utf8PathBuf| {
        let entry = record.files.get(file.file_name()?)?;
        let words = entry.ran();
        let is_same = disk::hash(file).as_ref() == Some(&entry.sha256);
        (is_same && !words.is_empty()).then(|| (file.clone(), words))
    };
    files.iter().filter_map(entry).collect()
}

/// By distribution: the project's current version.
fn versions(project: &Project) -> BTreeMap<String, String> {
    let versions = Versioned::gather(project).unwrap_or_default(); // what is wrong there is found elsewhere
    let mut known = BTreeMap::new();
    for one in versions {
        if let Some(version) = one.version.map(|version| version.to_string()) {
            known.extend(one.members.into_iter().map(|name| (name, version.clone())));
        }
    }
    known
}
