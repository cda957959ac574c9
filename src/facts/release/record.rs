//! What is kept about wheels that were built: their checks, and the set in `dist/`.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::model::error::{Error, Result};
use crate::model::invocation::quote;
use crate::model::path::slashed;
use crate::world::disk;

/// How a check of one file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    Pass,
    /// It found something that no release should have.
    Finding,
    /// The check itself failed: nothing is known.
    Crashed,
    NotApplicable,
}

/// One check of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// [`OWN_RULES`](super::OWN_RULES), or a [`Linter`](super::Linter)'s name.
    pub check: String,
    /// The file's name.
    pub file: String,
    pub outcome: CheckOutcome,
    /// What it found, one line each.
    pub messages: Vec<String>,
}

impl CheckOutcome {
    /// Whether the file may be published as far as the check knows.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Pass | Self::NotApplicable)
    }
}

/// `checks.json` next to a staged wheel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// What determines the results besides the file: tools and rules, hashed.
    pub rules: String,
    pub results: Vec<Checked>,
}

impl Checks {
    /// Those of an earlier run, if the rules are the same and everything passed.
    pub fn read(path: &Utf8Path, rules: &str) -> Option<Vec<Checked>> {
        let text = disk::read_text(path).ok().flatten()?;
        let checks: Self = serde_json::from_str(&text).ok()?;
        let good = checks.results.iter().all(|one| one.outcome.is_good());
        (good && checks.rules == rules).then_some(checks.results)
    }
}

/// The name of the file next to a staged wheel with the variables that its build read.
pub const VARIABLES: &str = "variables.json";

/// The command that makes a new set, to paste.
pub const RELEASE_AGAIN: &str = "cargo pyx release wheel && cargo pyx release sdist";

/// The name of the file that describes the set in `dist/`.
pub const RELEASE_RECORD: &str = "release.json";

/// The name of the file that `sha256sum --check` reads.
pub const SUMS: &str = "SHA256SUMS";

/// `release.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseRecord {
    pub schema: u64,
    /// By file name.
    pub files: BTreeMap<String, Entry>,
}

/// In upload order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DistributionKind {
    #[default]
    Wheel,
    Sdist,
}

/// One published file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Normalised.
    pub distribution: String,
    pub version: String,
    pub kind: DistributionKind,
    /// Hex.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
    /// As in the file's name; empty for an sdist.
    pub tags: Vec<String>,
    /// The lowest glibc that it runs with, if it is linked with one: `2.17`.
    pub glibc: Option<String>,
    /// The commit that it was built from, if there is one.
    pub commit: Option<String>,
    /// SHA-256 of the sdist that it was built from, or that it is; hex.
    pub source: Option<String>,
    /// In seconds since the epoch.
    pub source_date_epoch: u64,
    /// Versions of what built and checked it, by name.
    pub tools: BTreeMap<String, String>,
    /// By interpreter, in words: `3 passed`.
    pub tests: BTreeMap<String, String>,
    /// The interpreters among them on which not everything passed; older versions wrote no set with such.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub failed: BTreeSet<String>,
    /// Why it was not run, if it was built for another machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_run: Option<String>,
    /// By name of the check.
    pub checks: BTreeMap<String, CheckOutcome>,
}

impl Entry {
    /// The size for people: `12.3 KiB`.
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    pub fn kibibytes(&self) -> String {
        format!("{:.1} KiB", self.size as f64 / 1024.0)
    }

    /// Where it ran, for people: `cp311 on aarch64-gnu under qemu-aarch64`, `built, not run: …`.
    pub fn ran(&self) -> String {
        let places: Vec<&str> = self.tests.keys().map(String::as_str).collect();
        let lack = self.not_run.as_deref().map(not_run);
        lack.unwrap_or_else(|| places.join(", "))
    }

    /// Which checks and tests did not pass, one sentence each.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        let checks = self.checks.iter().filter(|(_, outcome)| !outcome.is_good());
        let checks = checks.map(|(check, _)| format!("check {check} did not pass"));
        let tests = self.failed.iter().map(|on| {
            let words = self.tests.get(on).map_or("not finished", String::as_str);
            format!("tests did not pass on {on}: {words}")
        });
        checks.chain(tests)
    }
}

/// The text about a wheel that no Python here could test.
pub fn not_run(why: &str) -> String {
    format!("built, not run: {why}")
}

impl ReleaseRecord {
    /// The format number that this version writes.
    pub const SCHEMA: u64 = 1;

    /// Empty if there is none.
    ///
    /// # Errors
    /// [`Error::Refused`] for a file of that name that something else wrote.
    pub fn of(dist: &Utf8Path) -> Result<Self> {
        let path = dist.join(RELEASE_RECORD);
        let Some(text) = disk::read_text(&path)? else {
            return Ok(Self::default());
        };
        serde_json::from_str(&text).map_err(|_| {
            let message = format!("`{path}` was not written by cargo pyx");
            let path = slashed(&path);
            let path = quote(&path);
            Error::refused(message, format!("mv {path} {path}.old"))
        })
    }

    /// Empty if there is none, or it cannot be read.
    pub fn read(dist: &Utf8Path) -> Self {
        let text = disk::read_text(&dist.join(RELEASE_RECORD)).ok().flatten();
        let read = text.and_then(|text| serde_json::from_str(&text).ok());
        read.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_where_its_file_ran_or_why_it_did_not() {
        let tests = ["cp311", "cp311 under qemu-arm"];
        let tests = tests.map(|on| (on.to_owned(), "imports 1 passed".to_owned()));
        let mut entry = Entry {
            tests: tests.into(),
            ..Entry::default()
        };
        assert_eq!(entry.ran(), "cp311, cp311 under qemu-arm");
        entry.tests.clear();
        assert_eq!(entry.ran(), "");
        entry.not_run = Some("there is no Python for arm-gnueabihf here".into());
        assert_eq!(
            entry.ran(),
            "built, not run: there is no Python for arm-gnueabihf here"
        );
        assert_eq!(entry.failures().count(), 0, "nothing of it has failed");
        let before = serde_json::to_value(Entry::default()).unwrap();
        assert_eq!(before.get("not_run"), None, "as older versions wrote it");
    }

    #[test]
    fn tests_have_passed_unless_it_is_recorded_that_they_have_not() {
        let old = r#"{"distribution": "x", "version": "1", "kind": "wheel", "sha256": "", "size": 1,
            "tags": [], "glibc": null, "commit": null, "source": null, "source_date_epoch": 1, "tools": {},
            "tests": {"cp313": "Python 3 passed, 1 xfailed"}, "checks": {}}"#;
        let mut entry: Entry = serde_json::from_str(old).unwrap();
        assert_eq!(entry.failures().count(), 0);
        entry.failed.insert("cp313".to_owned());
        let said: Vec<String> = entry.failures().collect();
        let words = "tests did not pass on cp313: Python 3 passed, 1 xfailed";
        assert_eq!(said, [words]);
        let written = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&written).unwrap(), entry);
    }
}
