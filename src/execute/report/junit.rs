//! JUnit XML, in the form that Jenkins, GitLab and others read.

use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite, XmlString,
};

use crate::model::error::{Error, Result};
use crate::model::test_result::{self, CaseOutcome, ReportRow, TestKind, TestResult};

/// `name`: of the project.
///
/// # Errors
/// [`Error::Bug`] if it cannot be serialised.
pub fn junit(name: &str, rows: &[ReportRow]) -> Result<String> {
    let mut report = Report::new(name);
    for row in rows {
        for test_result in &row.test_results {
            report.add_test_suite(suite(row, test_result));
        }
        if let Some(error) = &row.error {
            let mut suite = TestSuite::new(format!("the tests of {name} ({})", row.name));
            suite.add_test_case(broken(name, error));
            report.add_test_suite(suite);
        }
    }
    report.to_string().map_err(|_| Error::Bug)
}

fn suite(row: &ReportRow, test_result: &TestResult) -> TestSuite {
    let (member, suite) = (&test_result.member, &*test_result.suite);
    let mut title = match (test_result.kind, suite) {
        (TestKind::Imports, _) => format!("imports of {member}"),
        (TestKind::Rust, "") => format!("Rust tests of {member}"),
        (TestKind::Rust, title) => title.to_owned(),
        (TestKind::Python, "" | ".") => format!("Python tests of {member}"),
        (TestKind::Python, folder) => format!("Python tests of {member} in {folder}"),
    };
    if !row.name.is_empty() {
        title = format!("{title} ({})", row.name);
    }
    let mut suite = TestSuite::new(title);
    suite.set_time(duration(test_result.seconds));
    if let Some(python) = &test_result.python {
        suite.add_property(Property::new("python", python.as_str()));
    }
    for case in &test_result.cases {
        suite.add_test_case(test_case(test_result, case));
    }
    let is_bad = |case: &test_result::TestCase| case.outcome.is_bad();
    let has_bad = test_result.cases.iter().any(is_bad);
    let said = test_result.kind.failed();
    let is_told = |failure: &&String| has_bad && failure.starts_with(said);
    if let Some(failure) = test_result.failure.as_ref().filter(|it| !is_told(it)) {
        suite.add_test_case(broken(&test_result.member, failure));
    }
    suite
}

/// A failed run for which no single test is to blame.
fn broken(name: &str, why: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(plain(why));
    let mut case = TestCase::new("the run", status);
    case.set_classname(name);
    case
}

fn test_case(test_result: &TestResult, case: &test_result::TestCase) -> TestCase {
    let kind = match case.outcome {
        CaseOutcome::Passed => None,
        CaseOutcome::Skipped => Some(TestCaseStatus::skipped()),
        CaseOutcome::Failed => Some(TestCaseStatus::non_success(NonSuccessKind::Failure)),
        CaseOutcome::Error => Some(TestCaseStatus::non_success(NonSuccessKind::Error)),
    };
    let mut status = kind.unwrap_or_else(TestCaseStatus::success);
    if let Some(first) = case.message.lines().next() {
        status.set_message(plain(first));
        if case.outcome.is_bad() {
            status.set_description(plain(&case.message));
        }
    }
    let (class, name) = names(test_result, case);
    let mut test = TestCase::new(XmlString::new(plain(&name)), status);
    test.set_classname(XmlString::new(class));
    test.set_time(duration(case.seconds.unwrap_or_default()));
    test
}

/// The class and the name of a test, as pytest itself writes them; in Rust the program is the class.
fn names(test_result: &TestResult, case: &test_result::TestCase) -> (String, String) {
    if test_result.kind == TestKind::Rust {
        let program = case.program.as_ref().unwrap_or(&test_result.member);
        return (program.clone(), case.name.clone());
    }
    // brackets hold parameters, in which anything may stand
    let (path, parameters) = match case.name.find('[') {
        Some(at) => case.name.split_at(at),
        None => (&*case.name, ""),
    };
    if let Some((class, name)) = path.rsplit_once("::") {
        let class = class.replace(".py::", ".").replace("::", ".");
        let class = class
            .strip_suffix(".py")
            .unwrap_or(&class)
            .replace('/', ".");
        return (class, format!("{name}{parameters}"));
    }
    match path.rsplit_once('.') {
        Some((class, name)) if !path.contains('/') => {
            (class.to_owned(), format!("{name}{parameters}"))
        }
        _ => (test_result.member.clone(), case.name.clone()),
    }
}

/// Without the two characters that XML does not allow (XML 1.0, "Characters"), and that quick-junit leaves
/// in.
fn plain(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_has_the_class_and_name_that_its_runner_gives_it() {
        let class_and_name = |kind, name: &str, program: Option<&str>| {
            let test_result = TestResult {
                kind,
                member: "hello".to_owned(),
                ..TestResult::default()
            };
            let case = test_result::TestCase {
                name: name.to_owned(),
                program: program.map(str::to_owned),
                ..test_result::TestCase::default()
            };
            let (class, name) = names(&test_result, &case);
            format!("{class} | {name}")
        };
        let python = |name| class_and_name(TestKind::Python, name, None);
        assert_eq!(python("tests/test_a.py::test_b"), "tests.test_a | test_b");
        assert_eq!(
            python("tests/test_a.py::TestC::test_b[x::y]"),
            "tests.test_a.TestC | test_b[x::y]"
        );
        assert_eq!(python("tests.test_a.C.test_b"), "tests.test_a.C | test_b");
        assert_eq!(python("tests/test_a.py"), "hello | tests/test_a.py");
        let rust = class_and_name(TestKind::Rust, "a::b", Some("unittests src/lib.rs"));
        assert_eq!(rust, "unittests src/lib.rs | a::b");
    }

    #[test]
    fn a_run_that_ends_before_its_tests_is_an_error_of_its_own() {
        let row = ReportRow {
            test_results: vec![TestResult {
                member: "hello".to_owned(),
                failure: Some("pytest killed by SIGSEGV".to_owned()),
                ..TestResult::default()
            }],
            ..ReportRow::default()
        };
        let text = junit("hello", &[row]).unwrap();
        assert!(
            text.contains("<error message=\"pytest killed by SIGSEGV\""),
            "{text}"
        );
        assert!(text.contains("errors=\"1\""), "{text}");
    }
}
