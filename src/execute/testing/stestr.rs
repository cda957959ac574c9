//! stestr, which counts by itself and names the tests that killed a worker.

use std::collections::BTreeMap;

use crate::model::error::{Result, TestError};
use crate::model::invocation::Invocation;
use crate::model::runner_options::STESTR;
use crate::model::test_result::{NoTestsReason, Sharing, TestCase, TestKind, TestResult};
use crate::plan::Test;
use crate::world::disk;
use crate::world::process::{self, Status};

use super::super::context::Context;
use super::runner_output::RunnerOutput;

const REPORT: &str = include_str!("stestr_report.py");

pub(super) fn run(
    context: &Context<'_>,
    test: &Test,
    mut output: RunnerOutput<'_, '_>,
) -> Result<TestResult> {
    let mut results = Results::default();
    let mut invocation = test.invocation.clone();
    let mut sharing = None;
    // removed once the tests have run
    let mut list = None;
    if let Some(share) = &test.share {
        let names = names(test)?;
        let own: Vec<&str> = names.iter().map(String::as_str).collect();
        let own: Vec<&str> = own.into_iter().filter(|name| share.holds(name)).collect();
        sharing = Some(shared(&names, &own));
        if own.is_empty() && !names.is_empty() {
            output.end(false);
            return Ok(TestResult {
                sharing,
                ..of_member(test)
            });
        }
        let file = disk::temporary(lines(&own).as_bytes())?;
        invocation = invocation.args(["--load-list", &*file.path().to_string_lossy()]);
        list = Some(file);
    }
    let status = if STESTR.wants_terminal(&test.arguments) && context.ui.owns_the_terminal() {
        results.untold = true;
        process::show(&invocation, context.session.stdin_is_terminal)?
    } else {
        process::stream(&invocation, |stream, line| {
            results.hear(&String::from_utf8_lossy(line));
            output.show(stream, line);
        })?
    };
    drop(list);
    process::check_signals()?;
    results.untold |= STESTR.only_asks(&test.arguments);
    let failure = results.failure(status, &test.arguments);
    output.end(failure.is_some());
    // those of a run before this one, where this one recorded none
    let is_told = test.by_name && !results.counts.is_empty();
    Ok(TestResult {
        no_tests: results
            .no_tests(&test.arguments)
            .filter(|_| failure.is_none()),
        cases: if is_told { cases(test)? } else { Vec::new() },
        counts: results.counts,
        failure,
        sharing,
        ..of_member(test)
    })
}

/// An empty result for a member's tests.
fn of_member(test: &Test) -> TestResult {
    TestResult {
        kind: TestKind::Python,
        member: test.member.clone(),
        ..TestResult::default()
    }
}

fn lines(names: &[&str]) -> String {
    names.join("\n") + "\n"
}

fn shared(names: &[String], own: &[&str]) -> Sharing {
    let found = names.len() as u64;
    let taken = Some(own.len() as u64);
    Sharing { found, taken }
}

/// stestr, up to its own first argument.
fn program(test: &Test) -> Invocation {
    let mut call = test.invocation.clone();
    let at = call.args.iter().position(|word| word == "run");
    call.args.truncate(at.unwrap_or_default());
    call
}

/// The names of the tests that its arguments select.
fn names(test: &Test) -> Result<Vec<String>> {
    let call = program(test)
        .arg("list")
        .args(test.arguments.iter().cloned());
    let mut output = process::read(&call)?;
    if !output.status.success() {
        // a run makes the folder of its results by itself, a list does not
        process::read(&program(test).arg("init"))?;
        output = process::read(&call)?;
    }
    if !output.status.success() {
        let why = output.stderr.trim().lines().last().unwrap_or_default();
        return Err(TestError::Failed(format!("stestr lists no tests: {why}")).into());
    }
    let names = output.stdout.lines().filter(|line| line.contains('.'));
    Ok(names.map(str::to_owned).collect())
}

/// How each test of the last run ended.
fn cases(test: &Test) -> Result<Vec<TestCase>> {
    let program = program(test);
    let mut call = program.clone();
    call.args = vec![
        "-c".to_owned(),
        REPORT.to_owned(),
        program.program.to_string(),
    ];
    call.args.extend(program.args);
    Ok(super::python::cases(&process::read(&call)?.stdout))
}

/// Its summary.
#[derive(Debug, Default)]
struct Results {
    counts: BTreeMap<String, u64>,
    /// Whether the names of those that ended a worker follow.
    names: bool,
    ended_by: Vec<String>,
    /// Whether the filters match no test.
    unmatched: bool,
    /// Whether no summary is to be expected.
    untold: bool,
}

impl Results {
    fn hear(&mut self, line: &str) {
        const KINDS: [(&str, &str); 5] = [
            (" - Passed: ", "passed"),
            (" - Skipped: ", "skipped"),
            (" - Expected Fail: ", "xfailed"),
            (" - Unexpected Success: ", "xpassed"),
            (" - Failed: ", "failed"),
        ];
        for (prefix, kind) in KINDS {
            let number = line
                .strip_prefix(prefix)
                .and_then(|it| it.trim().parse().ok());
            if let Some(number) = number {
                self.counts.insert(kind.to_owned(), number);
            }
        }
        self.unmatched |= line.contains("regex doesn't match with anything");
        self.names |= line.ends_with("crashed Python:");
        if self.names
            && let Some(name) = line.trim_start().strip_prefix("* ")
        {
            self.ended_by.push(name.to_owned());
        }
    }

    fn has_failed(&self) -> bool {
        let bad = ["failed", "xpassed"].iter();
        let mut numbers = bad.filter_map(|kind| self.counts.get(*kind));
        numbers.any(|number| *number > 0)
    }

    /// Why no test ran if nothing failed; `arguments`: those of the command line.
    fn no_tests(&self, arguments: &[String]) -> Option<NoTestsReason> {
        if self.unmatched {
            let arguments = arguments.join(" ");
            return Some(NoTestsReason::Unselected(format!("`{arguments}`")));
        }
        let is_empty = self.counts.is_empty();
        is_empty.then_some(NoTestsReason::NotATestRun)
    }

    fn failure(&self, status: Status, arguments: &[String]) -> Option<String> {
        match status {
            _ if !self.ended_by.is_empty() => {
                Some(format!("stestr was ended by {}", self.ended_by.join(", ")))
            }
            // whatever ends the process may choose its exit code
            Status::Code(0) if self.has_failed() => Some(TestKind::Python.failed().to_owned()),
            Status::Code(0) if self.untold || !self.counts.is_empty() => None,
            Status::Code(1) if self.unmatched && !arguments.is_empty() => None,
            Status::Code(1) if !self.counts.is_empty() => {
                Some(TestKind::Python.failed().to_owned())
            }
            status => Some(format!("stestr could not run the tests ({status})")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Results {
        let mut results = Results::default();
        text.lines().for_each(|line| results.hear(line));
        results
    }

    #[test]
    fn the_summary_counts() {
        let results = heard(
            "Ran: 4 tests in 0.0341 sec.\n - Passed: 2\n - Skipped: 1\n - Expected Fail: 1\n \
             - Unexpected Success: 0\n - Failed: 0\n",
        );
        assert_eq!(results.counts["passed"], 2);
        assert_eq!(results.counts["xfailed"], 1);
        assert_eq!(results.failure(Status::Code(0), &[]), None);
        assert!(results.failure(Status::Code(1), &[]).is_some());
    }

    #[test]
    fn what_failed_is_no_success_whatever_the_exit_code() {
        let results = heard(" - Passed: 2\n - Failed: 1\n");
        for code in [0, 1] {
            let failure = results.failure(Status::Code(code), &[]);
            assert_eq!(failure.as_deref(), Some("Python tests failed"));
        }
    }

    #[test]
    fn a_test_that_ends_a_worker_is_named_whatever_the_exit_code() {
        let results = heard(
            " - Passed: 2\nThe following tests exited without returning a status\n\
             and likely segfaulted or crashed Python:\n\n\t* tests.test_b.D.test_2\n",
        );
        for code in [0, 1] {
            let failure = results.failure(Status::Code(code), &[]);
            let expected = "stestr was ended by tests.test_b.D.test_2";
            assert_eq!(failure.as_deref(), Some(expected));
        }
    }

    #[test]
    fn no_summary_is_no_success() {
        assert!(heard("").failure(Status::Code(0), &[]).is_some());
        let unmatched = "The specified regex doesn't match with anything";
        let arguments = ["nothing".to_owned()];
        assert_eq!(heard(unmatched).failure(Status::Code(1), &arguments), None);
        assert!(heard(unmatched).failure(Status::Code(1), &[]).is_some());
    }
}
