//! What `release publish` uploads: the files in `release.json` that still are what was released.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::DistributionName;
use crate::model::error::{Error, Result};
use crate::model::finding::Finding;
use crate::world::disk;

use super::context::ReleaseContext;
use super::index::Index;
use super::linter::OWN_RULES;
use super::package::Package;
use super::record::{Entry, RELEASE_AGAIN, RELEASE_RECORD, ReleaseRecord, SUMS};

#[derive(Clone, Debug, Default)]
pub struct Publication {
    /// Wheels before sdists: users who install in between must not have to compile.
    pub files: Vec<Publishable>,
    /// Why nothing may be published, one sentence each.
    pub refused: Vec<String>,
    /// Distributions in `dist/` that were not released, absolute.
    pub foreign: Vec<Utf8PathBuf>,
    pub index: Index,
}

/// A file of the release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publishable {
    /// Absolute.
    pub path: Utf8PathBuf,
    pub entry: Entry,
}

impl ReleaseRecord {
    pub(super) fn publishable(&self, dist: &Utf8Path) -> Vec<Publishable> {
        let file = |(name, entry): (&String, &Entry)| Publishable {
            path: dist.join(name),
            entry: entry.clone(),
        };
        self.files.iter().map(file).collect()
    }
}

impl Publishable {
    pub fn name(&self) -> &str {
        self.path.file_name().unwrap_or_default()
    }
}

impl Publication {
    /// `packages`: of the project in its current state.
    ///
    /// # Errors
    /// [`Error::Refused`] if no such file was released, or for an index that is not determined.
    pub(super) fn gather(
        around: &ReleaseContext<'_>,
        dist: &Utf8Path,
        packages: &[Package],
    ) -> Result<Self> {
        let record = ReleaseRecord::read(dist);
        let sums = sums(&disk::read_text(&dist.join(SUMS))?.unwrap_or_default());
        let files = chosen(around, dist, &record)?;
        let judge = |file: &Publishable| {
            let version = packages
                .iter()
                .find(|package| package.name == file.entry.distribution)
                .map(|package| package.version.as_str())
                .filter(|version| !version.is_empty());
            refusals(file, sums.get(file.name()), version)
        };
        Ok(Self {
            refused: files.iter().flat_map(judge).collect(),
            foreign: foreign(dist, &record),
            index: Index::gather(around.session, around.project, &around.releasing.publishing)?,
            files,
        })
    }

    /// The files that this version of pyx has not checked itself: the record's results for the others are
    /// about the very same bytes.
    pub(super) fn unchecked(&self) -> Vec<Utf8PathBuf> {
        let own = env!("CARGO_PKG_VERSION");
        let by_us = |entry: &Entry| {
            let pyx = entry.tools.get("cargo-pyx");
            pyx.is_some_and(|version| version == own) && entry.checks.contains_key(OWN_RULES)
        };
        let unchecked = self.files.iter().filter(|file| !by_us(&file.entry));
        unchecked.map(|file| file.path.clone()).collect()
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.foreign.iter().map(|path| not_released(path)).collect();
        if !self.index.listed {
            let url = &self.index.url;
            let message =
                format!("nothing says where {url} lists its files, so they are not compared");
            let blind = Finding::warning("no-check-url", message);
            findings.push(blind.hint("add `--check-url URL`, or set UV_PUBLISH_CHECK_URL"));
        }
        findings
    }
}

/// All files of the record, or those that the command line names.
fn chosen(
    around: &ReleaseContext<'_>,
    dist: &Utf8Path,
    record: &ReleaseRecord,
) -> Result<Vec<Publishable>> {
    let shown = around.project.display(dist);
    let none = |what: String| Error::refused(what, RELEASE_AGAIN);
    if record.files.is_empty() {
        return Err(none(format!(
            "`{shown}/{RELEASE_RECORD}` lists no released files"
        )));
    }
    let mut files = record.publishable(dist);
    let named = &around.releasing.files;
    let is = |file: &Publishable, path: &Utf8Path| {
        file.path == path || disk::resolve(&file.path) == disk::resolve(path)
    };
    let foreign = |path: &&Utf8PathBuf| !files.iter().any(|file| is(file, path));
    if let Some(path) = named.iter().find(foreign) {
        let message = format!(
            "`{shown}/{RELEASE_RECORD}` does not list `{}`",
            around.project.display(path)
        );
        if disk::is_there(path) {
            return Err(none(message));
        }
        let names: Vec<&str> = files.iter().map(Publishable::name).collect();
        let hint = format!("it lists `{}`", names.join("`, `"));
        return Err(Error::refused(message, hint));
    }
    if !named.is_empty() {
        files.retain(|file| named.iter().any(|path| is(file, path)));
    }
    if !around.members.is_empty() {
        let members = around.project.named(around.members)?;
        files.retain(|file| members.contains(&file.entry.distribution));
        if files.is_empty() {
            let members = members.join("`, `");
            return Err(none(format!("no file of `{members}` was released")));
        }
    }
    files.sort_by_key(|file| file.entry.kind);
    Ok(files)
}

/// Distributions in `dist/` that were not released, absolute.
pub(super) fn foreign(dist: &Utf8Path, record: &ReleaseRecord) -> Vec<Utf8PathBuf> {
    let foreign = disk::names(dist)
        .into_iter()
        .filter(|name| DistributionName::parse(name).is_some() && !record.files.contains_key(name));
    foreign.map(|name| dist.join(name)).collect()
}

pub(super) fn not_released(path: &Utf8Path) -> Finding {
    let message = format!("`{RELEASE_RECORD}` does not list it, so it will not be published");
    Finding::warning("not-released", message).at(path, None)
}

/// Hashes by file name, in the format of `sha256sum`.
pub(super) fn sums(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    lines
        .map(|(hash, name)| (name.to_owned(), hash.to_owned()))
        .collect()
}

/// What keeps a file from being published.
///
/// `sum`: its hash in SHA256SUMS. `version`: of its package in the project's current state.
pub(super) fn refusals(
    file: &Publishable,
    sum: Option<&String>,
    version: Option<&str>,
) -> Vec<String> {
    let (name, entry) = (file.name(), &file.entry);
    let Some(hash) = disk::hash(&file.path) else {
        return vec![format!("`{name}` is missing")];
    };
    let mut refused = Vec::new();
    if hash != entry.sha256 {
        let (is, was) = (short(&hash), short(&entry.sha256));
        refused.push(format!(
            "`{name}` is not the file that was released: its SHA-256 is {is}…, but was {was}…"
        ));
    }
    if sum != Some(&entry.sha256) {
        refused.push(format!(
            "`{SUMS}` and `{RELEASE_RECORD}` disagree about `{name}`"
        ));
    }
    if let Some(version) = version.filter(|version| **version != entry.version) {
        let old = &entry.version;
        refused.push(format!(
            "`{name}` has version {old}, but the project has {version}"
        ));
    }
    refused.extend(entry.failures().map(|why| format!("`{name}`: {why}")));
    refused
}

/// Enough of a hash for people.
pub fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::super::CheckOutcome;
    use super::*;

    fn file(dir: &Utf8Path) -> Publishable {
        let path = dir.join("x-1.0.tar.gz");
        disk::write(&path, b"content").unwrap();
        let entry = Entry {
            version: "1.0".into(),
            sha256: disk::hash(&path).unwrap(),
            tests: [("cp312".to_owned(), "Python 2 passed, 1 skipped".to_owned())].into(),
            checks: [("twine".to_owned(), CheckOutcome::Pass)].into(),
            ..Entry::default()
        };
        Publishable { path, entry }
    }

    #[test]
    fn only_what_was_released_and_passed_is_published() {
        let temp = tempfile::tempdir().unwrap();
        let good = file(Utf8Path::from_path(temp.path()).unwrap());
        let sum = good.entry.sha256.clone();
        let refused = |file: &Publishable| refusals(file, Some(&sum), Some("1.0")).join("; ");
        assert_eq!(refused(&good), "");
        let mut failed = good.clone();
        failed.entry.failed.insert("cp312".to_owned());
        assert!(refused(&failed).ends_with("on cp312: Python 2 passed, 1 skipped"));
        let mut crashed = good.clone();
        crashed
            .entry
            .checks
            .insert("twine".into(), CheckOutcome::Crashed);
        assert!(refused(&crashed).contains("twine"));
        let others = refusals(&good, None, Some("2.0")).join("; ");
        assert!(others.contains("disagree about") && others.contains("the project has 2.0"));
        disk::write(&good.path, b"changed").unwrap();
        assert!(refused(&good).contains("not the file that was released"));
        disk::remove_file(&good.path).unwrap();
        assert_eq!(refused(&good), "`x-1.0.tar.gz` is missing");
    }
}
