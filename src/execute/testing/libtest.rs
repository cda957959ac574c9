//! The output of the test programs that rustc builds, test by test.

use std::collections::BTreeMap;

use crate::model::test_result::{CaseOutcome, SourceLine, TestCase};
use crate::world::process::Stream;

/// The tests that one run of cargo has reported so far.
#[derive(Debug, Default)]
pub(super) struct Libtest {
    cases: Vec<TestCase>,
    /// The programs that cargo has started, in its words and order.
    started: Vec<String>,
    /// The first case of each program that has begun its tests.
    firsts: Vec<usize>,
    /// The test whose end is still to come, if it prints to the same line.
    begun: Option<String>,
    /// The failed test that the lines are about.
    failed: Option<String>,
}

impl Libtest {
    /// `line`: without colours. cargo writes to stderr separately: what the programs report about their tests
    /// is all on stdout. Whether the line says that a test has failed.
    pub(super) fn hear(&mut self, stream: Stream, line: &str) -> bool {
        let known = self.cases.len();
        if stream == Stream::Stderr {
            self.started.extend(program(line).map(str::to_owned));
        } else {
            self.hear_program(line);
        }
        let new = self.cases.get(known..).unwrap_or_default();
        new.iter().any(|case| case.outcome == CaseOutcome::Failed)
    }

    fn hear_program(&mut self, line: &str) {
        if begun(line).is_some() {
            self.firsts.push(self.cases.len());
            return;
        }
        if let Some(name) = line.strip_prefix("---- ").and_then(failed_name) {
            self.conclude();
            match self.case(name) {
                Some(case) => case.outcome = CaseOutcome::Failed, // whatever the test itself has printed
                // its line was lost among those of a program that another test ran
                None => self.end(name.to_owned(), CaseOutcome::Failed, ""),
            }
            self.failed = Some(name.to_owned());
            return;
        }
        if line == "failures:" || line.starts_with("test result: ") {
            self.conclude();
        }
        if let Some(name) = self.failed.clone() {
            if let Some(case) = self.case(&name) {
                add(case, line);
            }
            return;
        }
        if let Some((name, rest)) = announced(line) {
            match outcome(rest) {
                Some(outcome) => self.end(name.to_owned(), outcome, rest),
                None => self.begun = Some(name.to_owned()),
            }
        } else if let Some(outcome) = self.begun.as_ref().and_then(|_| ends_with(line))
            && let Some(name) = self.begun.take()
        {
            self.end(name, outcome, line);
        }
    }

    /// How many programs cargo has started, unless it was quiet.
    pub(super) fn started(&self) -> usize {
        self.started.len()
    }

    /// Everything that a failed test printed has been reported.
    fn conclude(&mut self) {
        if let Some(case) = self.failed.take().and_then(|name| self.case(&name)) {
            put_reason_first(case);
        }
    }

    /// The test with that name in the program that runs now.
    fn case(&mut self, name: &str) -> Option<&mut TestCase> {
        let first = self.firsts.last().copied().unwrap_or_default();
        self.cases[first..]
            .iter_mut()
            .find(|case| case.name == name)
    }

    /// The cases, each with its program. cargo names a program on stderr, which is read separately from the
    /// program's output: the first that was named is the first that began. If one prints nothing that is
    /// recognised, none can be assigned.
    pub(super) fn into_cases(mut self) -> Vec<TestCase> {
        if self.started.len() == self.firsts.len() {
            for (at, first) in self.firsts.iter().enumerate() {
                let end = self.firsts.get(at + 1).copied().unwrap_or(self.cases.len());
                for case in &mut self.cases[*first..end] {
                    case.program = Some(self.started[at].clone());
                }
            }
        }
        self.cases
    }

    fn end(&mut self, name: String, outcome: CaseOutcome, said: &str) {
        let message = said.strip_prefix("ignored, ").unwrap_or_default();
        self.cases.push(TestCase {
            place: documented_at(&name),
            name,
            outcome,
            message: message.to_owned(),
            ..TestCase::default()
        });
    }
}

/// `Running unittests src/lib.rs (target/debug/deps/a-1)`, `Doc-tests a`.
fn program(line: &str) -> Option<&str> {
    let line = line.strip_prefix("   ")?.trim_start();
    if let Some(rest) = line.strip_prefix("Running ") {
        return rest.rsplit_once(" (").map(|(name, _)| name);
    }
    line.starts_with("Doc-tests ").then_some(line)
}

/// `running 3 tests`: how many.
pub(super) fn begun(line: &str) -> Option<u64> {
    let rest = line.trim_start().strip_prefix("running ")?;
    let (number, kind) = rest.trim_end().split_once(' ')?;
    matches!(kind, "test" | "tests").then_some(())?;
    number.parse().ok()
}

/// `a::b stdout ----`
fn failed_name(rest: &str) -> Option<&str> {
    rest.strip_suffix(" stdout ----")
}

/// `test a::b ... ok`, after whatever the previous test has left on the line.
fn announced(line: &str) -> Option<(&str, &str)> {
    let at = line.find("test ").filter(|at| *at == 0).or_else(|| {
        // what is printed without a line ending comes before it
        line.rfind("test ").filter(|at| outcome_of(&line[*at..]))
    })?;
    let (name, rest) = line[at + "test ".len()..].split_once(" ... ")?;
    let marks = [" - should panic", " - compile fail", " - compile"];
    let plain = marks.iter().find_map(|mark| name.strip_suffix(mark));
    Some((plain.unwrap_or(name), rest))
}

/// `src/lib.rs - add (line 3)`; what runs is a file that rustdoc has made from it.
fn documented_at(name: &str) -> Option<SourceLine> {
    let (file, rest) = name.split_once(" - ")?;
    let (_, line) = rest.rsplit_once("(line ")?;
    Some(SourceLine {
        file: file.to_owned(),
        line: line.strip_suffix(')')?.parse().ok()?,
    })
}

fn outcome_of(text: &str) -> bool {
    text.split_once(" ... ")
        .is_some_and(|(_, rest)| outcome(rest).is_some())
}

fn outcome(word: &str) -> Option<CaseOutcome> {
    let is_ignored = |word: &str| word == "ignored" || word.starts_with("ignored, ");
    match word.trim_end() {
        "ok" => Some(CaseOutcome::Passed),
        "FAILED" => Some(CaseOutcome::Failed),
        word if is_ignored(word) => Some(CaseOutcome::Skipped),
        _ => None,
    }
}

/// The outcome at the end of a line that the test may have printed to.
fn ends_with(line: &str) -> Option<CaseOutcome> {
    let printed = ["ok", "FAILED"]
        .into_iter()
        .find(|word| line.trim_end().ends_with(word));
    outcome(line).or_else(|| outcome(printed?))
}

/// Adds a line that a failed test printed.
fn add(case: &mut TestCase, line: &str) {
    const LONGEST: usize = 20_000;
    // the last of several has ended it; the place of documentation is known
    if documented_at(&case.name).is_none() {
        case.place = panicked_at(line).or(case.place.take());
    }
    if case.message.len() < LONGEST && !(case.message.is_empty() && line.is_empty()) {
        if !case.message.is_empty() {
            case.message.push('\n');
        }
        case.message.push_str(line);
    }
}

/// What a failed test printed.
pub(super) fn add_output(case: &mut TestCase, output: &str) {
    for line in output.lines() {
        add(case, line);
    }
    put_reason_first(case);
}

/// The line after that of the last panic says why; what the test printed before is not the reason.
fn put_reason_first(case: &mut TestCase) {
    let lines: Vec<&str> = case.message.lines().collect();
    let panicked = lines.iter().rposition(|line| panicked_at(line).is_some());
    let reason = panicked.and_then(|at| lines.get(at + 1).copied());
    let reason = reason.filter(|reason| case.message.lines().next() != Some(*reason));
    if let Some(reason) = reason {
        case.message = format!("{reason}\n\n{}", case.message);
    }
}

/// `thread 'a' (7) panicked at src/lib.rs:3:9:`
fn panicked_at(line: &str) -> Option<SourceLine> {
    let (_, place) = line.split_once(" panicked at ")?;
    SourceLine::parse(place.trim_end_matches(':'))
}

/// The names of the tests among the lines of `--list --format terse`, with how many programs have one with
/// that name.
pub(super) fn listed<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, u64> {
    let mut names = BTreeMap::new();
    let name = |line: &'a str| {
        let test = line.strip_suffix(": test");
        // which are run once, as tests
        test.or_else(|| line.strip_suffix(": benchmark"))
    };
    for name in lines.filter_map(name) {
        *names.entry(name.to_owned()).or_default() += 1;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Vec<TestCase> {
        let mut libtest = Libtest::default();
        for line in text.lines() {
            let stream = match program(line) {
                Some(_) => Stream::Stderr,
                None => Stream::Stdout,
            };
            libtest.hear(stream, line);
        }
        libtest.into_cases()
    }

    #[test]
    fn each_test_is_told_with_its_program_and_its_end() {
        let cases = heard(
            "     Running unittests src/lib.rs (target/debug/deps/a-1)\n\nrunning 3 tests\n\
             test tests::one ... ok\ntest tests::two ... ignored, too slow\n\
             test tests::three ... FAILED\n\nfailures:\n\n---- tests::three stdout ----\n\n\
             thread 'tests::three' (7) panicked at src/lib.rs:12:9:\nassertion failed: x\n\n\n\
             failures:\n    tests::three\n\ntest result: FAILED. 1 passed; 1 failed\n\
             \x20  Doc-tests a\n\nrunning 2 tests\ntest src/lib.rs - add (line 3) ... ok\n\
             test src/lib.rs - no (line 9) - should panic ... ok\n",
        );
        let told: Vec<String> = cases
            .iter()
            .map(|case| {
                let program = case.program.as_deref().unwrap_or_default();
                format!("{program}: {} {:?}", case.name, case.outcome)
            })
            .collect();
        assert_eq!(
            told,
            [
                "unittests src/lib.rs: tests::one Passed",
                "unittests src/lib.rs: tests::two Skipped",
                "unittests src/lib.rs: tests::three Failed",
                "Doc-tests a: src/lib.rs - add (line 3) Passed",
                "Doc-tests a: src/lib.rs - no (line 9) Passed"
            ]
        );
        assert_eq!(cases[1].message, "too slow");
        let place = cases[2].place.as_ref().unwrap();
        assert_eq!((place.file.as_str(), place.line), ("src/lib.rs", 12));
        assert!(
            cases[2]
                .message
                .starts_with("assertion failed: x\n\nthread")
        );
        assert!(!cases[2].message.contains("failures"));
    }

    #[test]
    fn what_tests_print_stands_in_nobodys_way() {
        let cases =
            heard("test a ... said by Python\nok\nno end of line test b ... ok\ntest c ... \nok\n");
        let names: Vec<&str> = cases.iter().map(|case| &*case.name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let cases = heard(
            "running 1 test\ntest a ... ok\nmore\nFAILED\n\nfailures:\n\n---- a stdout ----\nno\n\nfailures:\n",
        );
        assert_eq!(cases[0].outcome, CaseOutcome::Failed);
        let cases = heard("test a ... part\npartok\n");
        assert_eq!(cases.len(), 1);
        assert!(heard("test the waters ... well\n").is_empty());
    }

    #[test]
    fn a_list_counts_each_name() {
        let list = "a: test\nb: benchmark\na: test\nc: other\n\n";
        let names = listed(list.lines());
        assert_eq!(names, [("a".to_owned(), 2), ("b".to_owned(), 1)].into());
    }
}
