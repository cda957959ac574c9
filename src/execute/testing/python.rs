//! pytest and unittest, which report what ran through a module of ours.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::error::Result;
use crate::model::runner_options::{PYTEST, RunnerOptions, UNITTEST};
use crate::plan::{Reporter, Runner, Test};
use crate::world::disk;
use crate::world::process::{self, Status};

use super::super::context::Context;
use super::result::{Idle, PYTHON, TestResult};
use super::voice::Voice;

const PYTEST_REPORT: &str = include_str!("pytest_report.py");
const UNITTEST_REPORT: &str = include_str!("unittest_report.py");

pub(super) fn run(
    context: &Context<'_>,
    test: &Test,
    mut voice: Voice<'_, '_>,
    reporter: &Reporter,
) -> Result<TestResult> {
    let (name, module, options) = match &test.runner {
        Runner::Unittest(_) => ("unittest", UNITTEST_REPORT, &UNITTEST),
        _ => ("pytest", PYTEST_REPORT, &PYTEST),
    };
    disk::write(&reporter.module, module.as_bytes())?;
    disk::remove_file(&reporter.report)?;
    let is_seen = !voice.quiet || options.wants_terminal(&test.arguments);
    let status = if is_seen && context.ui.owns_the_terminal() {
        let status = process::show(&test.invocation, context.session.stdin_is_terminal)?;
        process::check_signals()?;
        status
    } else {
        let color = if context.ui.colors() { "1" } else { "0" };
        let invocation = test.invocation.clone().env("PY_COLORS", color);
        process::stream(&invocation, |stream, line| voice.hear(stream, line))?
    };
    let report = Report::read(disk::read_text(&reporter.report)?.as_deref());
    if let Some(trouble) = &report.trouble {
        context.ui.warn(trouble);
    }
    if matches!(status, Status::Signal(_)) && test.unoptimised {
        context.ui.warn(
            "the build is not optimised: deep recursion needs more stack; try `cargo pyx test --release`",
        );
    }
    let failure = report.failure(name, status, &test.arguments);
    voice.end(failure.is_some());
    Ok(TestResult {
        language: PYTHON,
        member: test.member.clone(),
        idle: report.idle(status, options, &test.arguments),
        counts: report.counts.unwrap_or_default(),
        failure,
        ..TestResult::default()
    })
}

#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event {
    /// The tests are looked for from here on.
    Session,
    Start {
        test: String,
    },
    Finish {
        test: String,
    },
    End {
        counts: BTreeMap<String, u64>,
        #[serde(default)]
        deselected: u64,
        /// What most of the tests say that fail alike, how many say it, and in which phase:
        /// `setup` or `call`.
        #[serde(default)]
        trouble: String,
        #[serde(default)]
        when: String,
        #[serde(default)]
        count: u64,
    },
    /// The runner has come to its own end, whatever it was asked for.
    Done,
}

/// What our module wrote.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    /// Whether the runner has loaded the module at all.
    loaded: bool,
    /// Whether it has begun to look for tests.
    begun: bool,
    done: bool,
    /// `None` when the tests did not come to their end.
    counts: Option<BTreeMap<String, u64>>,
    deselected: u64,
    /// The test that had begun last and not finished.
    running: Option<String>,
    /// One line on what several tests miss alike.
    trouble: Option<String>,
}

impl Report {
    fn read(text: Option<&str>) -> Self {
        let mut report = Self {
            loaded: text.is_some(),
            ..Self::default()
        };
        let lines = text.unwrap_or_default().lines();
        for event in lines.filter_map(|line| serde_json::from_str(line).ok()) {
            report.hear(event);
        }
        report
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Session => self.begun = true,
            Event::Start { test } => self.running = Some(test),
            Event::Finish { test } => self.running = self.running.take().filter(|it| *it != test),
            Event::Done => self.done = true,
            Event::End {
                counts,
                deselected,
                trouble,
                when,
                count,
            } => {
                self.counts = Some(counts);
                self.deselected = deselected;
                let said = count > 1 && !trouble.is_empty();
                let what = match &*when {
                    "call" => "failed",
                    _ => "could not be set up,",
                };
                self.trouble =
                    said.then(|| format!("{count} tests {what} for the same reason: {trouble}"));
            }
        }
    }

    /// `arguments`: those of the command line; pytest's `--version` loads no plugin.
    fn failure(&self, name: &str, status: Status, arguments: &[String]) -> Option<String> {
        let ended = self.done || self.counts.is_some();
        let (code, running) = match (status, &self.running) {
            (Status::Code(0 | 5), _) if ended => return None, // 5: no tests
            (Status::Code(0), _) if !self.loaded && !arguments.is_empty() => return None,
            (Status::Code(1), _) if ended => return Some("Python tests failed".to_owned()),
            (Status::Code(_), _) if ended => {
                return Some(format!("{name} could not run all tests ({status})"));
            }
            (Status::Signal(number), running) => {
                let at = running.as_ref().map(|test| format!(" in {test}"));
                let signal = signal_name(number);
                return Some(format!(
                    "{name} killed by {signal}{}",
                    at.unwrap_or_default()
                ));
            }
            (Status::Code(code), running) => (code, running),
        };
        Some(match running {
            Some(test) => format!("{name} was ended by {test} with exit code {code}"),
            None if self.begun => {
                format!("{name} was ended outside of any test with exit code {code}")
            }
            None => format!("{name} did not start its tests ({status})"),
        })
    }

    fn idle(&self, status: Status, options: &RunnerOptions, arguments: &[String]) -> Option<Idle> {
        let total: u64 = self.counts.iter().flat_map(BTreeMap::values).sum();
        match status {
            Status::Code(5) if options.selects(arguments) => {
                Some(Idle::Unselected(format!("`{}`", arguments.join(" "))))
            }
            Status::Code(5) if self.deselected > 0 => {
                Some(Idle::Unselected("the project's own options".to_owned()))
            }
            Status::Code(5) => Some(Idle::Nothing),
            Status::Code(0) if total == 0 => Some(Idle::Unasked),
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
    const NONE: &str = "{\"event\":\"end\",\"counts\":{\"passed\":0},\"deselected\":2}\n";
    const DONE: &str = "{\"event\":\"done\"}\n";

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_report_without_an_end_names_the_test_that_ran() {
        let text = "{\"event\":\"start\",\"test\":\"a\"}\n{\"event\":\"finish\",\"test\":\"a\"}\n{\"event\":\"start\",\"test\":\"b\"}\n{\"ev";
        let report = Report::read(Some(text));
        let failure = report.failure("pytest", Status::Code(0), &[]);
        let expected = "pytest was ended by b with exit code 0";
        assert_eq!(failure.as_deref(), Some(expected));
    }

    #[test]
    fn exit_code_0_without_an_end_is_a_failure_unless_the_runner_was_asked_for_its_version() {
        let failure = |text: Option<&str>, arguments: &[&str]| {
            Report::read(text).failure("pytest", Status::Code(0), &words(arguments))
        };
        for (text, arguments) in [
            (Some(SESSION), &["-v"][..]),
            (Some(""), &["-v"]), // a conftest.py ended it
            (None, &[]),
        ] {
            assert!(failure(text, arguments).is_some(), "{text:?}");
        }
        assert_eq!(failure(None, &["--version"]), None);
        assert_eq!(failure(Some(DONE), &["--help"]), None);
    }

    #[test]
    fn no_tests_are_told_from_none_selected_and_none_asked_for() {
        let idle = |code, text: &str, arguments: &[&str]| {
            let report = Report::read(Some(text));
            report.idle(Status::Code(code), &PYTEST, &words(arguments))
        };
        let empty = NONE.replace('2', "0");
        assert_eq!(idle(5, &empty, &["-v"]), Some(Idle::Nothing));
        let unselected = |by: &str| Some(Idle::Unselected(by.to_owned()));
        assert_eq!(idle(5, NONE, &["-kno"]), unselected("`-kno`"));
        assert_eq!(idle(5, &empty, &["a.py"]), unselected("`a.py`"));
        assert_eq!(idle(5, &empty, &["--tb", "short"]), Some(Idle::Nothing));
        assert_eq!(
            idle(5, NONE, &["--tb", "short"]),
            unselected("the project's own options")
        );
        assert_eq!(idle(5, NONE, &[]), unselected("the project's own options"));
        assert_eq!(idle(0, &empty, &["--collect-only"]), Some(Idle::Unasked));
        let one = NONE.replace(":0", ":1");
        assert_eq!(idle(0, &one, &[]), None);
    }

    #[test]
    fn what_several_tests_miss_alike_is_said_once() {
        let end = |count| {
            let text = format!(
                "{{\"event\":\"end\",\"counts\":{{}},\"trouble\":\"no server\",\"count\":{count}}}"
            );
            Report::read(Some(&text)).trouble
        };
        assert_eq!(end(1), None);
        assert!(
            end(9)
                .unwrap()
                .contains("9 tests could not be set up, for the same reason: no server")
        );
    }
}
