//! How long each test took in its last run.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::facts::project::Project;
use crate::model::error::{Error, Result};
use crate::model::shard::{balanced, without_parameters};
use crate::model::test_result::{TestKind, TestResult};
use crate::world::disk;

/// The default file name.
pub const RECORDED: &str = "test-durations.json";

/// The version of the file format.
const SCHEMA: u32 = 1;

/// Recorded seconds of Python tests, to be kept under version control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Durations {
    schema: u32,
    /// By suite, as in [`TestResult::suite`], and by the name of a test without its parameters.
    suites: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            suites: BTreeMap::new(),
        }
    }
}

impl Durations {
    /// Where those of the last run are kept, absolute.
    pub fn path(project: &Project) -> Utf8PathBuf {
        project.own_state().join(RECORDED)
    }

    /// Empty if the file is absent.
    ///
    /// # Errors
    /// [`Error::Usage`] for a file that is something else, or has a newer format.
    pub fn read(path: &Utf8Path) -> Result<Self> {
        let Some(text) = disk::read_text(path)? else {
            return Ok(Self::default());
        };
        let found: Self = serde_json::from_str(&text).map_err(|error| {
            Error::Usage(format!("`{path}` contains no test durations: {error}"))
        })?;
        if found.schema > SCHEMA {
            let message = format!("`{path}` was written by a newer cargo-pyx");
            return Err(Error::Usage(message));
        }
        Ok(found)
    }

    /// Like [`read`](Self::read), for a file that must exist.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is absent too.
    pub fn present(path: &Utf8Path) -> Result<Self> {
        if disk::is_file(path) {
            return Self::read(path);
        }
        let message = format!("there is no `{path}`: `cargo pyx test --durations` writes it");
        Err(Error::Usage(message))
    }

    /// By suite and name, the shard of each recorded test.
    pub fn assigned(&self, count: u32) -> BTreeMap<String, BTreeMap<String, u32>> {
        let mut seconds = BTreeMap::new();
        for (suite, tests) in &self.suites {
            for (name, time) in tests {
                seconds.insert((suite.clone(), name.clone()), *time);
            }
        }
        let mut assigned: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
        for ((suite, name), shard) in balanced(&seconds, count) {
            assigned.entry(suite).or_default().insert(name, shard);
        }
        assigned
    }

    /// Adds what ran; `is_whole`: tests recorded for the same suites that did not run are dropped.
    pub fn record(&mut self, test_results: &[TestResult], is_whole: bool) {
        let python = test_results.iter();
        let python = python.filter(|it| it.kind == TestKind::Python);
        for test_result in python {
            let mut timed: BTreeMap<String, f64> = BTreeMap::new();
            for case in &test_result.cases {
                let name = without_parameters(&case.name).to_owned();
                *timed.entry(name).or_default() += case.seconds.unwrap_or_default();
            }
            // to the millisecond: what differs by less is the same
            let rounded = |seconds: &mut f64| *seconds = (*seconds * 1000.0).round() / 1000.0;
            timed.values_mut().for_each(rounded);
            if timed.is_empty() {
                continue; // its runner has told of none
            }
            let known = self.suites.entry(test_result.suite.clone()).or_default();
            if is_whole && test_result.failure.is_none() {
                known.clear();
            }
            known.extend(timed);
        }
        self.suites.retain(|_, tests| !tests.is_empty());
    }

    /// The total of all recorded seconds.
    pub fn total(&self) -> f64 {
        self.suites.values().flat_map(BTreeMap::values).sum()
    }

    /// The file's content.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
