//! How runs of tests ended.

use std::collections::BTreeMap;

use crate::plan::Untestable;

/// The values of [`TestResult::language`].
pub const RUST: &str = "Rust";
pub const PYTHON: &str = "Python";
pub(in crate::execute) const IMPORTS: &str = "imports";

/// How one run of tests ended.
#[derive(Clone, Debug, Default)]
pub struct TestResult {
    /// What ran: [`RUST`], [`PYTHON`] or `IMPORTS`.
    pub language: &'static str,
    pub member: String,
    /// The interpreter, where there are several.
    pub on: Option<String>,
    /// How many tests ended how: `passed`, `failed`, `skipped`, … in the runner's words.
    pub counts: BTreeMap<String, u64>,
    /// Why it is no success, as a sentence of its own.
    pub failure: Option<String>,
    /// What to do about the failure, where that is known.
    pub hint: Option<String>,
    /// Why no test ran although nothing failed.
    pub idle: Option<NoTestsReason>,
    pub seconds: f64,
}

/// Why no test ran although nothing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoTestsReason {
    /// The runner found none.
    Nothing,
    /// None of those that it found was selected, by what is named here.
    Unselected(String),
    /// It was asked for something else: its version, a list of the tests.
    NotATestRun,
}

impl TestResult {
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

/// One for each language and package: doctests are tests like the others, and what ran on several
/// interpreters is counted together. A run without counts stands for itself.
pub fn summed(test_results: &[TestResult]) -> Vec<TestResult> {
    let mut sums: Vec<TestResult> = Vec::new();
    for test_result in test_results {
        let joins = |sum: &&mut TestResult| {
            let same = (sum.language, &sum.member) == (test_result.language, &test_result.member);
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

impl From<&Untestable> for TestResult {
    fn from(tests: &Untestable) -> Self {
        Self {
            language: RUST,
            member: tests.member.clone(),
            failure: Some(tests.why.clone()),
            hint: tests.hint.clone(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_counts_is_counted_together_by_language_and_package() {
        let test_result = |language, member: &str, counts: &[(&str, u64)]| {
            let counts = counts
                .iter()
                .map(|(kind, count)| ((*kind).to_owned(), *count));
            TestResult {
                language,
                member: member.to_owned(),
                counts: counts.collect(),
                ..TestResult::default()
            }
        };
        let test_results = [
            test_result(RUST, "a", &[("passed", 2), ("failed", 1)]),
            test_result(PYTHON, "a", &[("passed", 1)]),
            test_result(RUST, "a", &[("passed", 3)]),
            test_result(RUST, "b", &[("passed", 1)]),
            test_result(RUST, "a", &[]),
        ];
        let sums = summed(&test_results);
        let words: Vec<String> = sums
            .iter()
            .map(|sum| format!("{} {}: {}", sum.language, sum.member, sum.wording()))
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
