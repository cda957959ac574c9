//! pytest and unittest, which report what ran through a module of pyx.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use serde::Deserialize;
use serde_json::json;

use crate::facts::dependencies::hint_for_missing;
use crate::model::error::{MachineError, Result};
use crate::model::runner_options::{self, RunnerOptions};
use crate::model::test_result::{
    CaseOutcome, NoTestsReason, Sharing, SourceLine, TestCase, TestKind, TestResult,
};
use crate::plan::{Reporter, Share, Test};
use crate::world::disk;
use crate::world::process::{self, Status};

use super::super::context::Context;
use super::runner_output::RunnerOutput;

/// A runner that a module of ours reports on.
pub(super) struct Framework {
    name: &'static str,
    /// The module's source.
    report: &'static str,
    options: &'static RunnerOptions,
}

/// What the modules have in common, next to them.
const REPORT: &str = include_str!("report.py");

pub(super) const PYTEST: Framework = Framework {
    name: "pytest",
    report: include_str!("pytest_report.py"),
    options: &runner_options::PYTEST,
};
pub(super) const UNITTEST: Framework = Framework {
    name: "unittest",
    report: include_str!("unittest_report.py"),
    options: &runner_options::UNITTEST,
};

pub(super) fn run(
    context: &Context<'_>,
    test: &Test,
    mut output: RunnerOutput<'_, '_>,
    reporter: &Reporter,
    framework: &Framework,
) -> Result<TestResult> {
    let Framework { name, options, .. } = framework;
    disk::write(&reporter.module, framework.report.as_bytes())?;
    let common = reporter.module.with_file_name("_pyx_report.py");
    disk::write(&common, REPORT.as_bytes())?;
    disk::remove_file(&reporter.report)?;
    if let Some(share) = &test.share {
        disk::write(&reporter.shard, share_text(share).as_bytes())?;
    }
    let is_seen = !output.quiet || options.wants_terminal(&test.arguments);
    let is_shown = is_seen && context.ui.owns_the_terminal();
    let mut status = if is_shown {
        let status = process::show(&test.invocation, context.session.stdin_is_terminal)?;
        process::check_signals()?;
        status
    } else {
        let color = if context.ui.colors() { "1" } else { "0" };
        let invocation = test.invocation.clone().env("PY_COLORS", color);
        process::stream(&invocation, |stream, line| output.show(stream, line))?
    };
    let report = Report::read(disk::read_text(&reporter.report)?.as_deref());
    if is_shown && context.ui.loses_output() {
        // the runner fails in that, and not in its tests
        let Some(code) = report.code else {
            let lost = context.ui.take_lost();
            return Err(MachineError::OutputLost(lost.unwrap_or(ErrorKind::Other.into())).into());
        };
        status = Status::Code(code);
    }
    if let Some(trouble) = &report.trouble {
        context.ui.warn(trouble);
    }
    if matches!(status, Status::Signal(_)) && test.unoptimised {
        context.ui.warn(
            "the build is not optimised: deep recursion needs more stack; try `cargo pyx test --release`",
        );
    }
    let failure = report.failure(name, status, options, &test.arguments);
    let hint = match (&failure, &report.missing) {
        (Some(_), Some(module)) => hint_for_missing(&test.package, module)?,
        _ => None,
    };
    output.end(failure.is_some());
    Ok(TestResult {
        kind: TestKind::Python,
        member: test.member.clone(),
        no_tests: report.no_tests(status, options, &test.arguments),
        counts: report.counts.unwrap_or_default(),
        failure,
        hint,
        cases: report.cases,
        sharing: report.sharing.filter(|_| test.share.is_some()),
        ..TestResult::default()
    })
}

/// What our module reads about the tests that are not to run.
fn share_text(share: &Share) -> String {
    let Share { shard, assigned } = share;
    let (index, count) = (shard.index, shard.count);
    json!({ "index": index, "count": count, "assigned": assigned }).to_string()
}

/// The cases that a module of ours has recorded.
pub(super) fn cases(text: &str) -> Vec<TestCase> {
    Report::read(Some(text)).cases
}

#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event {
    /// What was to be imported but does not exist.
    Missing {
        module: String,
    },
    /// From here on, tests are collected.
    Session,
    Start {
        test: String,
    },
    Finish {
        test: String,
    },
    /// How a test ended, as in [`TestCase`].
    Case {
        test: String,
        outcome: CaseOutcome,
        #[serde(default)]
        seconds: Option<f64>,
        message: String,
        #[serde(default)]
        place: Option<(String, u64)>,
    },
    /// How many tests are to run.
    Collected {
        count: u64,
    },
    /// How many tests there are, before those of other shards were removed.
    Share {
        found: u64,
        taken: u64,
    },
    End {
        /// With which the runner means to end.
        code: i32,
        counts: BTreeMap<String, u64>,
        #[serde(default)]
        deselected: u64,
        /// What most of the tests that fail alike report, how many report it, and in which phase: `setup` or
        /// `call`.
        #[serde(default)]
        trouble: String,
        #[serde(default)]
        when: String,
        #[serde(default)]
        count: u64,
    },
    /// The runner has reached its own end, whatever it was asked for.
    Done {
        code: i32,
    },
}

/// What our module wrote.
#[derive(Debug, Default, PartialEq)]
struct Report {
    /// Whether the runner has loaded the module at all.
    loaded: bool,
    /// Whether it has begun to collect tests.
    begun: bool,
    /// The exit code that the runner means to end with, as last reported.
    code: Option<i32>,
    /// `None` if the tests did not run to completion.
    counts: Option<BTreeMap<String, u64>>,
    deselected: u64,
    /// How many tests were to run, if the runner says so.
    collected: u64,
    cases: Vec<TestCase>,
    sharing: Option<Sharing>,
    /// The test that began last and has not finished.
    running: Option<String>,
    /// The first missing module.
    missing: Option<String>,
    /// One line about what several tests lack alike.
    trouble: Option<String>,
}

impl Report {
    fn read(text: Option<&str>) -> Self {
        let mut report = Self {
            loaded: text.is_some(),
            ..Self::default()
        };
        for event in text
            .unwrap_or_default()
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
        {
            report.hear(event);
        }
        report
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Missing { module } => self.missing = self.missing.take().or(Some(module)),
            Event::Session => self.begun = true,
            Event::Start { test } => self.running = Some(test),
            Event::Finish { test } => self.running = self.running.take().filter(|it| *it != test),
            Event::Case {
                test,
                outcome,
                seconds,
                message,
                place,
            } => self.cases.push(TestCase {
                name: test,
                program: None,
                outcome,
                seconds,
                message,
                place: place.map(|(file, line)| SourceLine { file, line }),
            }),
            Event::Collected { count } => self.collected = count,
            Event::Share { found, taken } => {
                let taken = Some(taken);
                self.sharing = Some(Sharing { found, taken });
            }
            Event::Done { code } => self.code = Some(code),
            Event::End {
                code,
                counts,
                deselected,
                trouble,
                when,
                count,
            } => {
                self.code = Some(code);
                self.counts = Some(counts);
                self.deselected = deselected;
                let said = count > 1 && !trouble.is_empty();
                let what = match &*when {
                    "call" => "failed",
                    _ => "could not be set up",
                };
                self.trouble =
                    said.then(|| format!("{count} tests {what} for the same reason: {trouble}"));
            }
        }
    }

    /// The exit code: of the process, unless that is 0 and the runner means another one: whatever runs at the
    /// end of a process may have chosen it.
    fn exit(&self, status: Status) -> Status {
        match (status, self.code) {
            (Status::Code(0), Some(code)) => Status::Code(code),
            _ => status,
        }
    }

    /// Whether a test failed, according to its own report or to the counts: either may be missing.
    fn has_failed(&self) -> bool {
        let counts = self.counts.iter().flatten();
        let mut failed = counts.filter(|(kind, _)| ["failed", "error"].contains(&kind.as_str()));
        failed.any(|(_, number)| *number > 0) || self.cases.iter().any(|case| case.outcome.is_bad())
    }

    /// How many tests have reported how they ended.
    fn ended(&self) -> u64 {
        let counted = self.counts.iter().flat_map(BTreeMap::values).sum();
        (self.cases.len() as u64).max(counted)
    }

    /// An exit code by itself is no success: the runner must have reported what it ran, or that it was asked
    /// for something else. `arguments`: those of the command line; pytest's `--version` loads no plugin.
    fn failure(
        &self,
        name: &str,
        status: Status,
        options: &RunnerOptions,
        arguments: &[String],
    ) -> Option<String> {
        let code = match (self.exit(status), &self.running) {
            (Status::Signal(number), running) => {
                let at = running.as_ref().map(|test| format!(" in {test}"));
                let at = at.unwrap_or_default();
                return Some(format!("{name} killed by {}{at}", signal_name(number)));
            }
            (Status::Code(code), _) => code,
        };
        if self.code.is_none() {
            let asked = !self.loaded && options.only_asks(arguments);
            return (code != 0 || !asked).then(|| self.unfinished(name, status, code));
        }
        let only_asks = options.only_asks(arguments);
        let told = self.counts.is_some() || self.begun || only_asks;
        match code {
            1 => Some(TestKind::Python.failed().to_owned()),
            0 | 5 if self.has_failed() => Some(TestKind::Python.failed().to_owned()),
            0 if !told => Some(self.unfinished(name, status, code)),
            0 if !only_asks && self.ended() < self.collected => Some(format!(
                "{name} ended with exit code 0 after {} of {} tests",
                self.ended(),
                self.collected
            )),
            0 | 5 => None, // 5: no tests
            _ if self.code == Some(0) => Some(format!(
                "{name} failed while shutting down, after the tests had run ({status})"
            )),
            _ => Some(format!("{name} could not run all tests ({status})")),
        }
    }

    fn unfinished(&self, name: &str, status: Status, code: i32) -> String {
        match &self.running {
            Some(test) => format!("{name} was ended by {test} with exit code {code}"),
            None if self.begun => {
                format!("{name} was ended outside of any test with exit code {code}")
            }
            None => format!("{name} did not start its tests ({status})"),
        }
    }

    fn no_tests(
        &self,
        status: Status,
        options: &RunnerOptions,
        arguments: &[String],
    ) -> Option<NoTestsReason> {
        let total: u64 = self.counts.iter().flat_map(BTreeMap::values).sum();
        match self.exit(status) {
            // the tests that there are have run elsewhere
            Status::Code(5) if self.sharing.is_some_and(|it| it.found > 0) => None,
            Status::Code(5) if options.selects(arguments) => Some(NoTestsReason::Unselected(
                format!("`{}`", arguments.join(" ")),
            )),
            Status::Code(5) if self.deselected > 0 => Some(NoTestsReason::Unselected(
                "the project's own options".to_owned(),
            )),
            Status::Code(5) => Some(NoTestsReason::Nothing),
            Status::Code(0) if total == 0 => Some(NoTestsReason::NotATestRun),
            Status::Code(_) | Status::Signal(_) => None,
        }
    }
}

fn signal_name(number: i32) -> String {
    #[cfg(unix)]
    if let Some(name) = signal_hook::low_level::signal_name(number) {
        return name.to_owned();
    }
    format!("signal {number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "{\"event\":\"session\"}\n";
    const NONE: &str =
        "{\"event\":\"end\",\"code\":5,\"counts\":{\"passed\":0},\"deselected\":2}\n";
    const DONE: &str = "{\"event\":\"done\",\"code\":0}\n";

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_report_without_an_end_names_the_test_that_ran() {
        let text = "{\"event\":\"start\",\"test\":\"a\"}\n{\"event\":\"finish\",\"test\":\"a\"}\n{\"event\":\"start\",\"test\":\"b\"}\n{\"ev";
        let report = Report::read(Some(text));
        let failure = report.failure("pytest", Status::Code(0), PYTEST.options, &[]);
        let expected = "pytest was ended by b with exit code 0";
        assert_eq!(failure.as_deref(), Some(expected));
    }

    #[test]
    fn exit_code_0_without_an_end_is_a_failure_unless_the_runner_was_asked_for_its_version() {
        let failure = |text: Option<&str>, arguments: &[&str]| {
            let report = Report::read(text);
            report.failure("pytest", Status::Code(0), PYTEST.options, &words(arguments))
        };
        for (text, arguments) in [
            (Some(SESSION), &["-v"][..]),
            (Some(""), &["-v"]), // a conftest.py ended it
            (None, &[]),
            (None, &["-p", "no:_pyx_pytest"]),
            (Some(DONE), &[]), // something else came to an end
            (Some(DONE), &["-v"]),
        ] {
            assert!(failure(text, arguments).is_some(), "{text:?}");
        }
        assert_eq!(failure(None, &["--version"]), None);
        assert_eq!(failure(Some(DONE), &["--help"]), None);
    }

    #[test]
    fn what_the_runner_says_decides_whatever_ends_the_process_with_success() {
        let failure = |code, text: &str| {
            let report = Report::read(Some(&format!("{SESSION}{text}")));
            report.failure("pytest", Status::Code(code), PYTEST.options, &[])
        };
        let end = |code, counts: &str| {
            format!("{{\"event\":\"end\",\"code\":{code},\"counts\":{{{counts}}}}}\n")
        };
        let done = |code| format!("{{\"event\":\"done\",\"code\":{code}}}\n");
        let failed = Some("Python tests failed".to_owned());
        let (good, bad) = ("\"passed\":3", "\"passed\":2,\"failed\":1");
        // os._exit(0) at the end of the process, then before pytest's own
        assert_eq!(failure(0, &(end(1, bad) + &done(1))), failed);
        assert_eq!(failure(0, &end(1, bad)), failed);
        assert_eq!(failure(0, &end(0, "\"error\":1")), failed);
        assert_eq!(failure(0, &end(0, good)), None);
        assert_eq!(failure(0, &(end(0, good) + &done(0))), None);
        // decided after the summary, as by a limit of coverage
        assert_eq!(failure(0, &(end(0, good) + &done(1))), failed);
        // nobody counts, and the session is said to have been a success
        let case = "{\"event\":\"case\",\"test\":\"a\",\"outcome\":\"failed\",\"message\":\"\"}\n";
        assert_eq!(failure(0, &(case.to_owned() + &done(0))), failed);
        let collected = "{\"event\":\"collected\",\"count\":4}\n";
        let few = failure(0, &(collected.to_owned() + &end(0, good)));
        assert_eq!(
            few.unwrap(),
            "pytest ended with exit code 0 after 3 of 4 tests"
        );
        let all = collected.replace('4', "3") + &end(0, good);
        assert_eq!(failure(0, &all), None);
        let late = failure(3, &(end(0, good) + &done(0))).unwrap();
        assert!(late.contains("while shutting down"), "{late}");
        assert!(failure(2, &(end(2, good) + &done(2))).is_some());
    }

    #[test]
    fn no_tests_are_told_from_none_selected_and_none_asked_for() {
        let no_tests = |code, text: &str, arguments: &[&str]| {
            let report = Report::read(Some(text));
            report.no_tests(Status::Code(code), PYTEST.options, &words(arguments))
        };
        let empty = NONE.replace('2', "0");
        assert_eq!(no_tests(5, &empty, &["-v"]), Some(NoTestsReason::Nothing));
        let unselected = |by: &str| Some(NoTestsReason::Unselected(by.to_owned()));
        assert_eq!(no_tests(5, NONE, &["-kno"]), unselected("`-kno`"));
        assert_eq!(no_tests(5, &empty, &["a.py"]), unselected("`a.py`"));
        assert_eq!(
            no_tests(5, &empty, &["--tb", "short"]),
            Some(NoTestsReason::Nothing)
        );
        assert_eq!(
            no_tests(5, NONE, &["--tb", "short"]),
            unselected("the project's own options")
        );
        assert_eq!(
            no_tests(5, NONE, &[]),
            unselected("the project's own options")
        );
        let listed = "{\"event\":\"end\",\"code\":0,\"counts\":{\"passed\":0}}\n";
        assert_eq!(
            no_tests(0, listed, &["--collect-only"]),
            Some(NoTestsReason::NotATestRun)
        );
        let one = "{\"event\":\"end\",\"code\":0,\"counts\":{\"passed\":1}}\n";
        assert_eq!(no_tests(0, one, &[]), None);
        assert_eq!(no_tests(0, &empty, &[]), Some(NoTestsReason::Nothing)); // os._exit(0) at the end
    }

    #[test]
    fn what_several_tests_miss_alike_is_said_once() {
        let end = |count| {
            let text = format!(
                "{{\"event\":\"end\",\"code\":1,\"counts\":{{}},\"trouble\":\"no server\",\"count\":{count}}}"
            );
            Report::read(Some(&text)).trouble
        };
        assert_eq!(end(1), None);
        assert!(
            end(9)
                .unwrap()
                .contains("9 tests could not be set up for the same reason: no server")
        );
    }
}
