//! What became of tests, for whoever reads it elsewhere: CI's own pages, the next run, the other shards.

mod annotations;
mod job_summary;
mod junit;

use crate::model::test_result::{Language, TestResult, summed};

pub use annotations::annotate;
pub(super) use annotations::in_workspace;
pub use job_summary::job_summary;
pub use junit::junit;

/// The tests of one interpreter on one machine.
#[derive(Clone, Debug, Default)]
pub struct ReportRow {
    /// `3.12`; with the machine's, where there are several.
    pub name: String,
    pub test_results: Vec<TestResult>,
    pub seconds: f64,
    pub passed: bool,
}

impl ReportRow {
    /// For people: the name, the tests of each language, seconds, how it ended.
    pub fn cells(&self) -> Vec<String> {
        let of = |language: Language| {
            let sums = summed(&self.test_results);
            let mine = sums.iter().filter(|it| it.language == language);
            let words: Vec<String> = mine.map(TestResult::wording).collect();
            if words.is_empty() {
                "-".to_owned()
            } else {
                words.join("; ")
            }
        };
        let word = if self.passed { "ok" } else { "FAILED" };
        vec![
            self.name.clone(),
            of(Language::Rust),
            of(Language::Python),
            format!("{:.1}", self.seconds),
            word.to_owned(),
        ]
    }
}
