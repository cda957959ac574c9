//! Running tests and counting them.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::Deserialize;

use crate::disk;
use crate::error::{Error, Result};
use crate::plan::{Link, Runner, Test};
use crate::process::{self, Status, Stream};
use crate::ui::Activity;

use super::Context;

const PLUGIN: &str = include_str!("report.py");

/// The values of [`Tally::language`].
pub const RUST: &str = "Rust";
pub const PYTHON: &str = "Python";

/// How one run of tests ended.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// What ran: [`RUST`] or [`PYTHON`].
    pub language: &'static str,
    pub member: String,
    /// How many tests ended how: `passed`, `failed`, `skipped`, … in the runner's words.
    pub counts: BTreeMap<String, u64>,
    /// Why it is no success, as a sentence of its own.
    pub failure: Option<String>,
    pub seconds: f64,
}

impl Tally {
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
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
        words.join(", ")
    }
}

pub(super) fn run(context: &Context<'_>, test: &Test, activity: &Activity<'_>) -> Result<Tally> {
    match &test.runner {
        Runner::Cargo => cargo(test, activity, Dialect::Libtest),
        Runner::Nextest => cargo(test, activity, Dialect::Nextest),
        Runner::Pytest { plugin, report } => pytest(context, test, activity, (plugin, report)),
    }
}

/// Whose words for results to read; nextest repeats those of the programs that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Libtest,
    Nextest,
}

fn cargo(test: &Test, activity: &Activity<'_>, dialect: Dialect) -> Result<Tally> {
    let mut results = Results::new(dialect);
    let mut invocation = test.invocation.clone();
    let color = if activity.colors() { "always" } else { "never" };
    invocation = invocation.env("CARGO_TERM_COLOR", color);
    let mut unlinked = false;
    let status = process::stream(&invocation, |stream, line| {
        let text = String::from_utf8_lossy(line);
        results.hear(&text);
        unlinked |= text.contains("undefined reference to `Py")
            || text.contains("unable to find library -lpython");
        activity.show(stream, line);
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
    Ok(Tally {
        language: RUST,
        member: test.member.clone(),
        counts: results.counts,
        failure,
        seconds: 0.0,
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

#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event {
    Start {
        test: String,
    },
    Finish {
        test: String,
    },
    End {
        counts: BTreeMap<String, u64>,
        /// What most of the tests that could not be set up say, and how many say it.
        #[serde(default)]
        trouble: String,
        #[serde(default)]
        count: u64,
    },
}

fn pytest(
    context: &Context<'_>,
    test: &Test,
    activity: &Activity<'_>,
    (plugin, report): (&Utf8Path, &Utf8Path),
) -> Result<Tally> {
    disk::write(plugin, PLUGIN.as_bytes())?;
    disk::remove_file(report)?;
    let status = if context.ui.owns_the_terminal() {
        let status = process::show(&test.invocation, context.session.stdin_is_terminal)?;
        process::check_signals()?;
        status
    } else {
        let color = if activity.colors() { "1" } else { "0" };
        let invocation = test.invocation.clone().env("PY_COLORS", color);
        process::stream(&invocation, |stream, line| activity.show(stream, line))?
    };
    let text = disk::read_text(report)?.unwrap_or_default();
    let Report {
        counts,
        running,
        trouble,
    } = Report::read(&text);
    if let Some(trouble) = trouble {
        context.ui.warn(&trouble);
    }
    let ended = counts.is_some();
    let failure = match status {
        Status::Code(0 | 5) if ended => None, // 5: nothing collected, which may not matter
        Status::Code(1) if ended => Some("Python tests failed".to_owned()),
        Status::Code(_) if ended => Some(format!("pytest could not run all tests ({status})")),
        Status::Code(code) => Some(match &running {
            Some(name) => format!("pytest was ended by {name} with exit code {code}"),
            None => format!("pytest did not start its tests ({status})"),
        }),
        Status::Signal(number) => {
            let at = running.as_ref().map(|name| format!(" in {name}"));
            let signal = signal_name(number);
            Some(format!(
                "pytest killed by {signal}{}",
                at.unwrap_or_default()
            ))
        }
    };
    if matches!(status, Status::Signal(_)) && test.unoptimised {
        context.ui.warn(
            "the build is not optimised: deep recursion needs more stack; try `cargo pyx test --release`",
        );
    }
    Ok(Tally {
        language: PYTHON,
        member: test.member.clone(),
        counts: counts.unwrap_or_default(),
        failure,
        seconds: 0.0,
    })
}

/// What the plugin wrote.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    /// `None` when pytest did not come to its end.
    counts: Option<BTreeMap<String, u64>>,
    /// The test that had begun last and not finished.
    running: Option<String>,
    /// One line on what several tests miss alike.
    trouble: Option<String>,
}

impl Report {
    fn read(text: &str) -> Self {
        let mut report = Self::default();
        for event in text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
        {
            match event {
                Event::Start { test } => report.running = Some(test),
                Event::Finish { test } => {
                    report.running = report.running.filter(|name| *name != test);
                }
                Event::End {
                    counts,
                    trouble,
                    count,
                } => {
                    report.counts = Some(counts);
                    let said = count > 1 && !trouble.is_empty();
                    report.trouble = said.then(|| {
                        format!("{count} tests could not be set up, for the same reason: {trouble}")
                    });
                }
            }
        }
        report
    }
}

fn signal_name(number: i32) -> String {
    #[cfg(unix)]
    if let Some(name) = signal_hook::low_level::signal_name(number) {
        return name.to_owned();
    }
    format!("signal {number}")
}

/// Asks PyO3's build script for its configuration, in its version's own format, and writes it
/// with our lines appended.
pub(super) fn link(link: &Link, activity: &Activity<'_>) -> Result<()> {
    let mut text = String::new();
    let mut inside = false;
    let mut held = Vec::new();
    process::stream(&link.invocation, |stream, line| {
        let line_text = String::from_utf8_lossy(line).trim().to_owned();
        if line_text.starts_with("-- PYO3_PRINT_CONFIG=1 is set") {
            inside = true;
        } else if inside
            && line_text
                .split_once('=')
                .is_some_and(|(key, _)| is_key(key))
        {
            text.push_str(&line_text);
            text.push('\n');
        } else if inside {
            inside = false;
        }
        held.push(line.to_vec());
        activity.mute(stream, line);
    })?;
    if text.is_empty() {
        for line in &held {
            activity.show(Stream::Stderr, line);
        }
        return Err(Error::Step {
            step: "asking PyO3 how it links".into(),
            status: "no configuration printed".into(),
            invocation: Box::new(link.invocation.clone()),
            exit: crate::error::Exit::Failed,
            hint: None,
        });
    }
    for line in &link.lines {
        text.push_str(line);
        text.push('\n');
    }
    disk::write(&link.config, text.as_bytes())
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
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

    #[test]
    fn a_report_without_an_end_names_the_test_that_ran() {
        let text = "{\"event\":\"start\",\"test\":\"a\"}\n{\"event\":\"finish\",\"test\":\"a\"}\n{\"event\":\"start\",\"test\":\"b\"}\n{\"ev";
        let report = Report::read(text);
        assert_eq!(
            (report.counts, report.running),
            (None, Some("b".to_owned()))
        );
        let end = "{\"event\":\"end\",\"counts\":{\"passed\":1},\"exit\":0}";
        assert_eq!(Report::read(end).counts.unwrap()["passed"], 1);
    }

    #[test]
    fn what_several_tests_miss_alike_is_said_once() {
        let end = |count| {
            let text = format!(
                "{{\"event\":\"end\",\"counts\":{{}},\"trouble\":\"no server\",\"count\":{count}}}"
            );
            Report::read(&text).trouble
        };
        assert_eq!(end(1), None);
        assert!(
            end(9)
                .unwrap()
                .contains("9 tests could not be set up, for the same reason: no server")
        );
    }
}
