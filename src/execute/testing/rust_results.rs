//! What cargo test and cargo-nextest report about the tests they run.

use std::collections::BTreeMap;

use crate::model::runner_options;
use crate::model::test_result::{CaseOutcome, NoTestsReason, Sharing, TestCase, TestKind};
use crate::world::process::{Status, Stream};

use super::super::compile_errors::CompileErrors;
use super::super::diagnosis::Diagnoses;
use super::libtest::{self, Libtest};
use super::nextest::Nextest;

/// Which result format to read; nextest repeats that of the programs that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Libtest {
        /// Whether no program has another format.
        alone: bool,
    },
    Nextest,
}

/// nextest's exit code if no test was to be run.
const NO_TESTS: i32 = 4;

/// How cargo says that a crate or its build script has failed.
const UNCOMPILED: [&str; 2] = [
    "error: could not compile ",
    "error: failed to run custom build command ",
];

/// What the runner has reported so far.
pub(super) struct Results {
    pub(super) dialect: Dialect,
    pub(super) counts: BTreeMap<String, u64>,
    /// How many tests were not selected.
    filtered: u64,
    /// The programs that have begun and not reported their result, each inside a test of the one before it.
    begun: Vec<Begun>,
    /// How many programs cargo has started.
    outer: usize,
    /// How many of them have reported theirs.
    told: usize,
    /// Whether a test has failed, according to its line.
    has_failed: bool,
    /// The first module that Python did not find, according to Python or to a test's error.
    pub(super) missing: Option<String>,
    /// Whether the linker found no libpython.
    unlinked: bool,
    /// Whether cargo could not compile what it was to run.
    uncompiled: bool,
    diagnoses: Diagnoses,
    pub(super) libtest: Libtest,
    pub(super) nextest: Nextest,
    pub(super) errors: CompileErrors,
}

impl Results {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            counts: BTreeMap::new(),
            filtered: 0,
            begun: Vec::new(),
            outer: 0,
            told: 0,
            has_failed: false,
            missing: None,
            unlinked: false,
            uncompiled: false,
            diagnoses: Diagnoses::default(),
            libtest: Libtest::default(),
            nextest: Nextest::default(),
            errors: CompileErrors::default(),
        }
    }

    /// Handles a line; whether it is only machine-readable.
    pub(super) fn hear(&mut self, stream: Stream, line: &[u8]) -> bool {
        let text = anstream::adapter::strip_bytes(line).into_vec();
        let text = String::from_utf8_lossy(&text);
        if self.dialect == Dialect::Nextest {
            if stream == Stream::Stdout && self.nextest.hear(&text) {
                return true;
            }
        } else if stream == Stream::Stderr || !self.is_inside_after(&text) {
            self.has_failed |= self.libtest.hear(stream, text.trim_end());
        }
        if stream == Stream::Stderr {
            self.errors.hear(&text);
            if self.libtest.started() == 0 {
                self.diagnoses.hear(&text); // the tests' own words are none of the compiler's
                self.uncompiled |= UNCOMPILED.iter().any(|it| text.starts_with(it));
            }
        }
        self.count(&text);
        false
    }

    /// Why it was not successful.
    pub(super) fn failure(&self, status: Status) -> Option<String> {
        let failed = self.counts.get("failed").copied().unwrap_or_default();
        match status {
            Status::Code(0) if self.has_lost_a_program() => {
                Some("a Rust test ended its process before the other tests ran".to_owned())
            }
            // whatever ends a program may choose its exit code, and print a result before
            Status::Code(0) if failed > 0 || self.has_failed => {
                Some(TestKind::Rust.failed().to_owned())
            }
            Status::Code(0) => None,
            Status::Code(NO_TESTS) if self.dialect == Dialect::Nextest => None,
            _ if self.unlinked => {
                Some("the Rust tests could not be linked with libpython".to_owned())
            }
            Status::Code(_) if !self.counts.is_empty() => Some(TestKind::Rust.failed().to_owned()),
            _ if self.uncompiled => Some("the Rust tests could not be compiled".to_owned()),
            status => Some(format!(
                "the Rust tests did not run to completion ({status})"
            )),
        }
    }

    /// What the compilation lacked, where it failed.
    pub(super) fn lacked(&mut self) -> Option<String> {
        let diagnoses = std::mem::take(&mut self.diagnoses);
        let found = diagnoses.first().filter(|_| self.uncompiled);
        found.map(|diagnosis| diagnosis.text)
    }

    /// libtest's `running 5 tests` and `test result: ok. 5 passed; 0 failed; …`; nextest's
    /// `Summary [   0.005s] 3 tests run: 2 passed (1 slow), 1 failed, 0 skipped`.
    fn count(&mut self, line: &str) {
        let text = line.trim_start();
        if self.missing.is_none() {
            self.missing = missing_module(text);
        }
        self.unlinked |= text.contains("undefined reference to `Py")
            || text.contains("unable to find library -lpython");
        match self.dialect {
            Dialect::Libtest { .. } => {
                if let Some(tests) = libtest::begun(text) {
                    let is_outer = self.is_outer_next();
                    self.outer += usize::from(is_outer);
                    self.begun.push(Begun { tests, is_outer });
                }
                if let Some(rest) = text.strip_prefix("test result: ") {
                    self.conclude(rest);
                }
            }
            Dialect::Nextest => {
                if text.starts_with("Summary [")
                    && let Some((_, rest)) = text.split_once(" run: ")
                {
                    self.add(counts_of(rest));
                }
            }
        }
    }

    /// Whether a program has begun that never reported how its tests ended: its exit code may have been 0.
    fn has_lost_a_program(&self) -> bool {
        // a test may print the first line of a program's; where cargo is not quiet it names the programs
        let started = self.libtest.started();
        !self.begun.is_empty() && (started == 0 || started > self.told)
    }

    /// Whether a program that begins now was started by cargo, and not by a test of the last one.
    fn is_outer_next(&self) -> bool {
        self.begun.is_empty() || self.libtest.started() > self.outer
    }

    /// Whether a test runs a program with tests of its own, this line included: its results are the test's
    /// business.
    fn is_inside_after(&self, line: &str) -> bool {
        let is_inner = libtest::begun(line).is_some() && !self.is_outer_next();
        is_inner || self.begun.last().is_some_and(|last| !last.is_outer)
    }

    /// A program has reported how its tests ended: the last one that began with that many. What has begun
    /// since then was printed by that one itself.
    fn conclude(&mut self, results: &str) {
        let counted = counts_of(results);
        let ran: u64 = counted.counts.iter().map(|(_, number)| number).sum();
        let own = self.begun.iter().rposition(|begun| begun.tests == ran);
        let last = self.begun.len().saturating_sub(1); // a harness that counts differently from libtest
        let own = own.unwrap_or(last);
        let is_outer = self.begun.get(own).is_none_or(|begun| begun.is_outer);
        self.begun.truncate(own);
        if is_outer {
            self.told += 1;
            self.add(counted);
        }
    }

    fn add(&mut self, counted: Counted) {
        self.filtered += counted.filtered;
        for (kind, number) in counted.counts {
            *self.counts.entry(kind).or_default() += number;
        }
    }

    /// Why not everything that a shard has taken ran, although nothing failed.
    pub(super) fn lost(&self, sharing: Option<Sharing>) -> Option<String> {
        let taken = sharing?.taken?;
        let ran: u64 = self.counts.values().sum();
        (ran != taken).then(|| format!("only {ran} of the shard's {taken} Rust tests ran"))
    }

    /// Why it was not successful, although everything that cargo started ended well: libtest programs report
    /// a result even without tests, unless the command line's `arguments` ask for something else.
    pub(super) fn silent(&self, arguments: &[String]) -> Option<String> {
        let is_libtest = self.dialect == (Dialect::Libtest { alone: true });
        let asks = runner_options::LIBTEST.only_asks(arguments)
            || arguments.iter().any(|word| word.starts_with("--format"));
        let has_told = !self.counts.is_empty() || !self.begun.is_empty();
        let is_silent = is_libtest && !asks && !has_told && self.libtest.started() > 0;
        is_silent.then(|| {
            "the Rust test programs reported no result: does cargo's `runner` setting run them?"
                .to_owned()
        })
    }

    /// nextest counts tests of other shards as skipped; ignored tests are reported by name.
    pub(super) fn of_partition(&mut self) -> Sharing {
        let counted = ["passed", "failed", "skipped"].map(|kind| self.counts.get(kind));
        let found = counted.into_iter().flatten().sum();
        let is_ignored = |case: &&TestCase| case.outcome == CaseOutcome::Skipped;
        let ignored = self.nextest.cases().filter(is_ignored).count();
        self.counts.insert("skipped".to_owned(), ignored as u64);
        let taken = None;
        Sharing { found, taken }
    }

    /// Why there is no test in any shard; `arguments`: those of the command line.
    pub(super) fn none_found(arguments: &[String]) -> NoTestsReason {
        if runner_options::LIBTEST.selects(arguments) {
            return NoTestsReason::Unselected(format!("`{}`", arguments.join(" ")));
        }
        NoTestsReason::Nothing
    }

    /// `arguments`: those of the command line.
    pub(super) fn no_tests(&self, arguments: &[String]) -> Option<NoTestsReason> {
        if self.counts.is_empty() {
            return Some(NoTestsReason::NotATestRun);
        }
        let ran = self
            .counts
            .iter()
            .any(|(kind, number)| *kind != "skipped" && *number > 0);
        if ran || self.dialect == (Dialect::Libtest { alone: false }) {
            return None;
        }
        // nextest skips what is not selected
        let skipped = self.counts.get("skipped").copied().unwrap_or_default();
        Some(
            match (
                self.filtered + skipped,
                runner_options::LIBTEST.selects(arguments),
            ) {
                (0, _) => NoTestsReason::Nothing,
                (_, false) => NoTestsReason::Unselected("the project's own options".to_owned()),
                (_, true) => NoTestsReason::Unselected(format!("`{}`", arguments.join(" "))),
            },
        )
    }
}

/// A program with tests that has begun.
struct Begun {
    tests: u64,
    /// Whether cargo has started it.
    is_outer: bool,
}

/// The content of a results line.
#[derive(Default)]
struct Counted {
    /// How many ran, or were ignored, by outcome.
    counts: Vec<(String, u64)>,
    /// How many were not selected.
    filtered: u64,
}

fn counts_of(results: &str) -> Counted {
    let mut counted = Counted::default();
    // in brackets, nextest gives details of the preceding count
    let results: String = results.split(['(', ')']).step_by(2).collect();
    for part in results.split(['.', ';', ',']) {
        let mut words = part.split_whitespace();
        let number = words.next().and_then(|word| word.parse::<u64>().ok());
        let (Some(number), Some(kind)) = (number, words.next()) else {
            continue;
        };
        match (kind, words.next()) {
            ("filtered", Some("out")) => counted.filtered += number,
            ("exec", Some("failed")) | ("timed", Some("out")) => {
                counted.counts.push(("failed".to_owned(), number));
            }
            (kind, None) => counted.counts.push((kind.to_owned(), number)),
            _ => {}
        }
    }
    counted
}

/// `ModuleNotFoundError: No module named 'a.b'`, or its `Debug` form.
fn missing_module(line: &str) -> Option<String> {
    let (_, error) = line.split_once("ModuleNotFoundError")?;
    let (_, rest) = error.split_once("No module named ")?;
    let rest = rest.trim_start_matches(['\\', '\'']);
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use crate::model::test_result::TestResult;

    use super::*;

    #[test]
    fn a_module_that_python_did_not_find_is_heard_however_it_is_said() {
        for line in [
            "ModuleNotFoundError: No module named 'num_py.core'",
            "E: \u{1b}[31mModuleNotFoundError: No module named 'num_py.core'\u{1b}[0m",
            "called `Result::unwrap()` on an `Err` value: PyErr { type: <class 'ModuleNotFoundError'>, value: ModuleNotFoundError(\"No module named 'num_py.core'\"), traceback: None }",
            r#"Custom { error: "ModuleNotFoundError: No module named \'num_py.core\'" }"#,
        ] {
            let mut results = Results::new(LIBTEST);
            results.hear(Stream::Stderr, line.as_bytes());
            results.hear(
                Stream::Stderr,
                b"ModuleNotFoundError: No module named 'later'",
            );
            assert_eq!(results.missing.as_deref(), Some("num_py.core"), "{line}");
        }
        for line in ["ModuleNotFoundError", "ImportError: No module named x"] {
            assert_eq!(missing_module(line), None, "{line}");
        }
    }

    const LIBTEST: Dialect = Dialect::Libtest { alone: true };

    #[test]
    fn results_of_several_programs_add_up() {
        let mut results = Results::new(LIBTEST);
        for line in [
            "running 6 tests",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
            "running 3 tests",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "test a::b ... ok",
        ] {
            results.hear(Stream::Stderr, line.as_bytes());
        }
        assert!(results.begun.is_empty());
        let counts = results.counts;
        let test_result = TestResult {
            counts,
            ..TestResult::default()
        };
        assert_eq!(test_result.wording(), "2 failed, 6 passed, 1 ignored");
    }

    #[test]
    fn what_does_not_compile_is_said_as_in_a_build() {
        let mut results = Results::new(LIBTEST);
        for line in [
            "error: failed to run custom build command for `crfs v0.1.0`",
            "  is `cmake` not installed?",
        ] {
            results.hear(Stream::Stderr, line.as_bytes());
        }
        let failure = results.failure(Status::Code(101));
        assert_eq!(
            failure.as_deref(),
            Some("the Rust tests could not be compiled")
        );
        assert_eq!(
            results.lacked().as_deref(),
            Some("the program cmake is missing: install it")
        );

        let mut results = Results::new(LIBTEST);
        results.hear(
            Stream::Stderr,
            b"     Running unittests src/lib.rs (target/debug/deps/a-1)",
        );
        results.hear(Stream::Stderr, b"  is `cmake` not installed?");
        assert_eq!(results.lacked(), None);
    }

    #[test]
    fn programs_of_libtest_that_tell_no_result_are_no_success() {
        let silent = |dialect, lines: &[&str], arguments: &[&str]| {
            let mut results = Results::new(dialect);
            for line in lines {
                results.hear(Stream::Stderr, line.as_bytes());
            }
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            results.silent(&arguments).is_some()
        };
        let started = "     Running unittests src/lib.rs (target/debug/deps/a-1)";
        let told = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert!(silent(LIBTEST, &[started], &[]));
        assert!(!silent(LIBTEST, &[started, "running 0 tests", told], &[]));
        assert!(!silent(LIBTEST, &[], &[]));
        assert!(!silent(LIBTEST, &[started], &["--list"]));
        assert!(!silent(LIBTEST, &[started], &["--format=json"]));
        // some program has other words, or none
        assert!(!silent(Dialect::Libtest { alone: false }, &[started], &[]));
    }

    #[test]
    fn a_program_that_ends_before_its_result_is_noticed_whatever_runs_after_it() {
        let lost = |lines: &[&str]| {
            let mut results = Results::new(LIBTEST);
            for line in lines {
                results.hear(Stream::Stdout, line.as_bytes());
            }
            results.failure(Status::Code(0)).is_some()
        };
        let one = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.00s";
        let two = &one.replace("0 ignored", "1 ignored");
        assert!(lost(&["running 2 tests"]));
        assert!(lost(&["running 2 tests", "running 1 test", one]));
        assert!(lost(&["running 1 test", "running 1 test", one]));
        assert!(lost(&["running 1 test", one, "running 1 test"]));
        assert!(!lost(&["running 1 test", one, "running 2 tests", two]));
        // of what a test prints the number is another, or it has its own result
        assert!(!lost(&["running 1 test", "running 9 tests", one]));
        assert!(!lost(&["running 1 test", "running 2 tests", two, one]));
    }

    /// The counts and cases, and why it is no success, of what is said with an exit code of 0.
    fn heard(lines: &[(Stream, &str)]) -> (String, Vec<String>, Option<String>) {
        let mut results = Results::new(LIBTEST);
        for (stream, line) in lines {
            results.hear(*stream, line.as_bytes());
        }
        let failure = results.failure(Status::Code(0));
        let counts = results.counts;
        let cases = results.libtest.into_cases().into_iter();
        let wording = TestResult {
            counts,
            ..TestResult::default()
        }
        .wording();
        (wording, cases.map(|case| case.name).collect(), failure)
    }

    #[test]
    fn what_a_test_starts_is_the_tests_affair() {
        use Stream::{Stderr, Stdout};
        let result =
            |text: &str| format!("test result: {text}; 0 ignored; 0 measured; 0 filtered out");
        let (inner, outer) = (
            result("FAILED. 0 passed; 1 failed"),
            result("ok. 2 passed; 0 failed"),
        );
        let next = result("ok. 1 passed; 0 failed");
        let (wording, cases, failure) = heard(&[
            (
                Stderr,
                "     Running unittests src/lib.rs (target/debug/deps/a-1)",
            ),
            (Stdout, "running 2 tests"),
            (Stdout, "test child ... ok"),
            (Stdout, "running 1 test"),
            (Stdout, "test child ... FAILED"),
            (Stdout, "failures:"),
            (Stdout, "---- child stdout ----"),
            (Stdout, &inner),
            (Stdout, "test starts_itself ... ok"),
            (Stdout, &outer),
            (Stderr, "     Running tests/b.rs (target/debug/deps/b-1)"),
            (Stdout, "running 1 test"),
            (Stdout, "test other ... ok"),
            (Stdout, &next),
        ]);
        assert_eq!((wording.as_str(), failure), ("3 passed", None));
        assert_eq!(cases, ["child", "starts_itself", "other"]);
    }

    #[test]
    fn a_test_that_failed_is_a_failure_whatever_is_printed_after_it() {
        let (_, _, failure) = heard(&[
            (Stream::Stdout, "running 2 tests"),
            (Stream::Stdout, "test a ... FAILED"),
            (
                Stream::Stdout,
                "test result: ok. 2 passed; 0 failed; 0 ignored",
            ),
        ]);
        assert_eq!(failure, Some(TestKind::Rust.failed().to_owned()));
    }

    #[test]
    fn nextest_is_counted_by_its_summary_alone() {
        let mut results = Results::new(Dialect::Nextest);
        results.hear(
            Stream::Stderr,
            b"    test result: FAILED. 0 passed; 1 failed; 0 ignored",
        );
        results.hear(
            Stream::Stderr,
            b"     Summary [   0.005s] 2 tests run: 1 passed (1 slow), 1 failed, 0 skipped",
        );
        let counts = results.counts;
        assert_eq!(
            TestResult {
                counts,
                ..TestResult::default()
            }
            .wording(),
            "1 failed, 1 passed"
        );
    }

    #[test]
    fn whatever_failed_of_nextests_tests_has_failed_and_what_is_in_brackets_is_told_before() {
        let mut results = Results::new(Dialect::Nextest);
        results.hear(
            Stream::Stderr,
            b"     Summary [   0.005s] 9/10 tests run: 5 passed (1 slow, 1 flaky), 2 failed (1 due to being leaky), \
            1 exec failed, 1 timed out, 2 skipped",
        );
        let counts = [("failed", 4), ("passed", 5), ("skipped", 2)];
        let counts = counts.map(|(kind, number)| (kind.to_owned(), number));
        assert_eq!(results.counts, counts.into());
    }

    #[test]
    fn none_selected_is_told_from_none_at_all_and_from_tests_that_ran() {
        let no_tests = |dialect, lines: &[&str], arguments: &[&str]| {
            let mut results = Results::new(dialect);
            for line in lines {
                results.hear(Stream::Stderr, line.as_bytes());
            }
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            results.no_tests(&arguments)
        };
        let typo = Some(NoTestsReason::Unselected("`typo`".to_owned()));
        let zero = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        let two = &zero.replace("0 filtered", "2 filtered");
        assert_eq!(no_tests(LIBTEST, &[two, zero], &["typo"]), typo);
        assert_eq!(
            no_tests(LIBTEST, &[zero], &["typo"]),
            Some(NoTestsReason::Nothing)
        );
        assert_eq!(
            no_tests(LIBTEST, &[zero], &[]),
            Some(NoTestsReason::Nothing)
        );
        assert_eq!(
            no_tests(LIBTEST, &[], &["--list"]),
            Some(NoTestsReason::NotATestRun)
        );
        for kind in ["passed", "ignored", "measured"] {
            let one = &zero.replace(&format!("0 {kind}"), &format!("1 {kind}"));
            assert_eq!(no_tests(LIBTEST, &[two, one], &["typo"]), None, "{kind}");
        }
        // some program may have run without a word that we know
        let own = Dialect::Libtest { alone: false };
        assert_eq!(no_tests(own, &[two], &["typo"]), None);

        let summary = "     Summary [   0.000s] 0 tests run: 0 passed, 2 skipped";
        assert_eq!(no_tests(Dialect::Nextest, &[summary], &["typo"]), typo);
        let options = Some(NoTestsReason::Unselected(
            "the project's own options".to_owned(),
        ));
        for arguments in [&[][..], &["--test-threads", "1"]] {
            let no_tests = no_tests(Dialect::Nextest, &[summary], arguments);
            assert_eq!(no_tests, options, "{arguments:?}");
        }
        let none = &summary.replace('2', "0");
        assert_eq!(
            no_tests(Dialect::Nextest, &[none], &[]),
            Some(NoTestsReason::Nothing)
        );
        let one = &summary.replace("0 passed", "1 passed");
        assert_eq!(no_tests(Dialect::Nextest, &[one], &["typo"]), None);
    }
}
