//! cargo test and cargo-nextest.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::plan::Test;
use crate::process::{self, Status};
use crate::ui::Activity;

use super::{Idle, RUST, Tally, Voice};

/// Whose words for results to read; nextest repeats those of the programs that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Libtest,
    Nextest,
}

pub(super) fn run(
    test: &Test,
    activity: &Activity<'_>,
    mut voice: Voice<'_, '_>,
    dialect: Dialect,
) -> Result<Tally> {
    let mut results = Results::new(dialect);
    let color = if activity.colors() { "always" } else { "never" };
    let invocation = test.invocation.clone().env("CARGO_TERM_COLOR", color);
    let mut unlinked = false;
    let status = process::stream(&invocation, |stream, line| {
        let text = String::from_utf8_lossy(line);
        results.hear(&text);
        unlinked |= text.contains("undefined reference to `Py")
            || text.contains("unable to find library -lpython");
        voice.hear(stream, line);
    })?;
    let failure = match status {
        Status::Code(0) if results.open => {
            Some("a Rust test ended its program before the other tests ran".to_owned())
        }
        Status::Code(0) => None,
        _ if unlinked => Some("the Rust tests could not be linked with libpython".to_owned()),
        Status::Code(_) if !results.counts.is_empty() => Some("Rust tests failed".to_owned()),
        status => Some(format!(
            "the Rust tests did not run to their end ({status})"
        )),
    };
    voice.end(failure.is_some());
    let listed = failure.is_none() && results.counts.is_empty();
    Ok(Tally {
        language: RUST,
        member: test.member.clone(),
        counts: results.counts,
        failure,
        idle: listed.then_some(Idle::Unasked),
        ..Tally::default()
    })
}

/// What the runner has said so far.
struct Results {
    dialect: Dialect,
    counts: BTreeMap<String, u64>,
    /// Whether a program has begun its tests and not told their result.
    open: bool,
}

impl Results {
    fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            counts: BTreeMap::new(),
            open: false,
        }
    }

    /// libtest's `running 5 tests` and `test result: ok. 5 passed; 0 failed; …`; nextest's
    /// `Summary [   0.005s] 3 tests run: 2 passed (1 slow), 1 failed, 0 skipped`.
    fn hear(&mut self, line: &str) {
        let plain = anstream::adapter::strip_str(line).to_string();
        let text = plain.trim_start();
        match self.dialect {
            Dialect::Libtest => {
                let begins = text.strip_prefix("running ");
                self.open |=
                    begins.is_some_and(|rest| rest.ends_with(" tests") || rest == "1 test");
                if let Some(rest) = text.strip_prefix("test result: ") {
                    self.open = false;
                    self.add(rest);
                }
            }
            Dialect::Nextest => {
                if text.starts_with("Summary [")
                    && let Some((_, rest)) = text.split_once(" run: ")
                {
                    self.add(rest);
                }
            }
        }
    }

    fn add(&mut self, results: &str) {
        for part in results.split(['.', ';', ',']) {
            let part = part.split('(').next().unwrap_or(part);
            let mut words = part.split_whitespace();
            let number = words.next().and_then(|word| word.parse::<u64>().ok());
            if let (Some(number), Some(kind), None) = (number, words.next(), words.next()) {
                *self.counts.entry(kind.to_owned()).or_default() += number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_add_up() {
        let mut results = Results::new(Dialect::Libtest);
        for line in [
            "running 6 tests",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
            "running 1 test",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "test a::b ... ok",
        ] {
            results.hear(line);
        }
        assert!(!results.open);
        let counts = results.counts;
        let tally = Tally {
            counts,
            ..Tally::default()
        };
        assert_eq!(tally.wording(), "2 failed, 6 passed, 1 ignored");
    }

    #[test]
    fn a_program_that_ends_before_its_result_is_noticed() {
        let mut results = Results::new(Dialect::Libtest);
        results.hear("running 2 tests");
        assert!(results.open);
    }

    #[test]
    fn nextest_is_counted_by_its_summary_alone() {
        let mut results = Results::new(Dialect::Nextest);
        results.hear("    test result: FAILED. 0 passed; 1 failed; 0 ignored");
        results
            .hear("     Summary [   0.005s] 2 tests run: 1 passed (1 slow), 1 failed, 0 skipped");
        let counts = results.counts;
        assert_eq!(
            Tally {
                counts,
                ..Tally::default()
            }
            .wording(),
            "1 failed, 1 passed"
        );
    }
}
