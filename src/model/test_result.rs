//! How test runs ended.

use std::collections::BTreeMap;
use std::fmt;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

/// What a test run is about.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum TestKind {
    Rust,
    #[default]
    Python,
    /// No tests: the modules of a distribution, imported.
    #[serde(rename = "imports")]
    Imports,
}

impl TestKind {
    /// The message for a run that finished with failures.
    pub fn failed(self) -> &'static str {
        match self {
            Self::Rust => "Rust tests failed",
            Self::Python => "Python tests failed",
            Self::Imports => "modules cannot be imported",
        }
    }

    /// One of them.
    pub fn one(self) -> &'static str {
        match self {
            Self::Rust => "Rust test",
            Self::Python => "Python test",
            Self::Imports => "import",
        }
    }
}

impl fmt::Display for TestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::Imports => "imports",
        })
    }
}

/// How one run of tests ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    #[serde(rename = "language")]
    pub kind: TestKind,
    pub member: String,
    /// What distinguishes the run from others of the member: the folder of Python tests, the manifest of Rust
    /// ones, relative to the project; `doctests of …`.
    #[serde(default)]
    pub suite: String,
    /// The interpreter, if there are several.
    pub on: Option<String>,
    /// The interpreter, `3.12`, wherever it is known.
    #[serde(default)]
    pub python: Option<String>,
    /// How many tests ended how: `passed`, `failed`, `skipped`, … in the runner's words.
    pub counts: BTreeMap<String, u64>,
    /// Why it was not successful, as a sentence of its own.
    pub failure: Option<String>,
    /// What to do about the failure, if known.
    pub hint: Option<String>,
    /// Why no test ran although nothing failed.
    pub no_tests: Option<NoTestsReason>,
    pub seconds: f64,
    /// The tests, in the order in which they ended; those that a runner does not report are missing.
    #[serde(default)]
    pub cases: Vec<TestCase>,
    /// How much of all tests ran, if this was one of several shards.
    #[serde(default)]
    pub sharing: Option<Sharing>,
}

/// How many of all tests a shard has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharing {
    pub found: u64,
    /// `None` if the runner counts those of other shards as skipped.
    pub taken: Option<u64>,
}

/// How one test ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TestCase {
    /// As its runner knows it: pytest's node id, unittest's dotted name, the path in a test program.
    pub name: String,
    /// The test program of a Rust test, as cargo calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    pub outcome: CaseOutcome,
    /// `None` if the runner does not report it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// What is wrong, or why it was skipped; the first line is a summary.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Where it failed, else where it is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<SourceLine>,
}

/// A line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLine {
    /// Absolute, or as the runner reports it.
    pub file: String,
    /// From 1.
    pub line: u64,
}

impl SourceLine {
    /// Parses `FILE:LINE:COLUMN`, as rustc and panics print it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, ':');
        let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            file: file.to_owned(),
            line: line.parse().ok()?,
        })
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseOutcome {
    #[default]
    Passed,
    Failed,
    /// What the test needs could not be set up or taken down.
    Error,
    /// Not run, or expected to fail.
    Skipped,
}

impl CaseOutcome {
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Error)
    }
}

/// Why no test ran although nothing failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoTestsReason {
    /// The runner found none.
    Nothing,
    /// None of those that it found was selected, by what is named here.
    Unselected(String),
    /// The runner was asked for something else: its version, a list of the tests.
    NotATestRun,
}

impl TestResult {
    /// Changes places in a folder's copy into places in the folder.
    pub fn move_places(&mut self, copy: &Utf8Path, original: &Utf8Path) {
        for place in self.cases.iter_mut().filter_map(|case| case.place.as_mut()) {
            if let Ok(below) = Utf8Path::new(&place.file).strip_prefix(copy) {
                place.file = original.join(below).into_string();
            }
        }
    }

    /// Whether any test was not skipped.
    pub fn has_run(&self) -> bool {
        let skipped = ["skipped", "ignored"];
        let mut counts = self.counts.iter();
        counts.any(|(kind, count)| *count > 0 && !skipped.contains(&kind.as_str()))
    }

    /// `3 passed, 1 skipped`; in the order in which people look for them.
    pub fn wording(&self) -> String {
        const ORDER: [&str; 8] = [
            "failed", "error", "passed", "ignored", "skipped", "xfailed", "xpassed", "measured",
        ];
        let words: Vec<String> = ORDER
            .iter()
            .filter_map(|kind| {
                let count = *self.counts.get(*kind)?;
                (count > 0 || *kind == "passed").then(|| format!("{count} {kind}"))
            })
            .collect();
        match (&words[..], &self.failure) {
            ([], Some(_)) => "not finished".to_owned(),
            ([], None) => "not asked to run".to_owned(),
            _ => words.join(", "),
        }
    }
}

/// One for each kind and package: doctests are counted with the other tests, and what ran on several
/// interpreters is counted together. A run without counts stays separate.
pub fn summed(test_results: &[TestResult]) -> Vec<TestResult> {
    let mut sums: Vec<TestResult> = Vec::new();
    for test_result in test_results {
        let joins = |sum: &&mut TestResult| {
            let same = (sum.kind, &sum.member) == (test_result.kind, &test_result.member);
            same && !sum.counts.is_empty() && !test_result.counts.is_empty()
        };
        let Some(sum) = sums.iter_mut().find(joins) else {
            sums.push(test_result.clone());
            continue;
        };
        for (kind, count) in &test_result.counts {
            *sum.counts.entry(kind.clone()).or_default() += count;
        }
    }
    sums
}

/// The tests of one interpreter on one machine.
#[derive(Clone, Debug, Default)]
pub struct ReportRow {
    /// `3.12`; with the machine, if there are several.
    pub name: String,
    pub test_results: Vec<TestResult>,
    /// In total, if it was merged from several shards.
    pub seconds: f64,
    pub passed: bool,
    /// Why they did not run, or did not finish.
    pub error: Option<String>,
    /// Whether they were not started because others had failed.
    pub is_left: bool,
}

impl ReportRow {
    /// For people: the name, the tests of each kind, seconds, how it ended.
    pub fn cells(&self) -> Vec<String> {
        let of = |kind: TestKind| {
            let sums = summed(&self.test_results);
            let mine = sums.iter().filter(|it| it.kind == kind);
            let words: Vec<String> = mine.map(TestResult::wording).collect();
            if words.is_empty() {
                "-".to_owned()
            } else {
                words.join("; ")
            }
        };
        let word = match self.passed {
            true => "ok",
            false if self.is_left => "not run",
            false => "FAILED",
        };
        vec![
            self.name.clone(),
            of(TestKind::Rust),
            of(TestKind::Python),
            format!("{:.1}", self.seconds),
            word.to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_counts_is_counted_together_by_language_and_package() {
        let test_result = |kind, member: &str, counts: &[(&str, u64)]| {
            let counts = counts
                .iter()
                .map(|(kind, count)| ((*kind).to_owned(), *count));
            TestResult {
                kind,
                member: member.to_owned(),
                counts: counts.collect(),
                ..TestResult::default()
            }
        };
        let test_results = [
            test_result(TestKind::Rust, "a", &[("passed", 2), ("failed", 1)]),
            test_result(TestKind::Python, "a", &[("passed", 1)]),
            test_result(TestKind::Rust, "a", &[("passed", 3)]),
            test_result(TestKind::Rust, "b", &[("passed", 1)]),
            test_result(TestKind::Rust, "a", &[]),
        ];
        let sums = summed(&test_results);
        let words: Vec<String> = sums
            .iter()
            .map(|sum| format!("{} {}: {}", sum.kind, sum.member, sum.wording()))
            .collect();
        assert_eq!(
            words,
            [
                "Rust a: 1 failed, 5 passed",
                "Python a: 1 passed",
                "Rust b: 1 passed",
                "Rust a: not asked to run"
            ]
        );
    }
}
