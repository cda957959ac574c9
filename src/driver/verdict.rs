//! Whether a run of tests is a success.

use camino::Utf8Path;

use crate::model::error::{Error, Result, TestError};
use crate::model::test_result::{NoTestsReason, TestKind, TestResult};

/// Tests that ran are a success if no runner failed, and at least one did what it was asked to.
///
/// # Errors
/// [`TestError::Failed`] or [`TestError::NotRun`] with each failure once; [`TestError::NoneSelected`] and
/// [`TestError::NoTests`] if none ran.
pub fn verdict(test_results: &[TestResult], root: &Utf8Path) -> Result<()> {
    let mut failures: Vec<&str> = Vec::new();
    for failure in test_results.iter().filter_map(|one| one.failure.as_deref()) {
        if !failures.contains(&failure) {
            failures.push(failure);
        }
    }
    if !failures.is_empty() {
        let message = failures.join("; ");
        let hint = test_results
            .iter()
            .find_map(|test_result| test_result.hint.clone());
        return Err(match hint {
            Some(hint) => Error::Test(TestError::NotRun { message, hint }),
            None => Error::Test(TestError::Failed(message)),
        });
    }
    // what follows `--` is for the Python runner where there is one: it has chosen nothing, whatever
    // passed in Rust
    let python = test_results
        .iter()
        .filter(|test_result| test_result.kind == TestKind::Python);
    let unselected = python.map(|test_result| match &test_result.no_tests {
        Some(NoTestsReason::Unselected(what)) => Some(what),
        _ => None,
    });
    let unselected: Vec<Option<&String>> = unselected.collect();
    if let Some(Some(what)) = unselected.first()
        && unselected.iter().all(Option::is_some)
    {
        return Err(TestError::NoneSelected((*what).clone()).into());
    }
    let mut by = None;
    for test_result in test_results {
        match &test_result.no_tests {
            None | Some(NoTestsReason::NotATestRun) => return Ok(()),
            Some(NoTestsReason::Unselected(what)) => by = Some(what),
            Some(NoTestsReason::Nothing) => {}
        }
    }
    Err(match by {
        Some(what) => Error::Test(TestError::NoneSelected(what.clone())),
        None => Error::Test(TestError::NoTests(root.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_result(kind: TestKind, no_tests: Option<NoTestsReason>) -> TestResult {
        TestResult {
            kind,
            no_tests,
            ..TestResult::default()
        }
    }

    #[test]
    fn what_several_runs_say_alike_is_said_once() {
        let failed = |kind, failure: &str| TestResult {
            failure: Some(failure.to_owned()),
            ..test_result(kind, None)
        };
        let (rust, python) = ("Rust tests failed", "Python tests failed");
        let results = [
            failed(TestKind::Python, python),
            failed(TestKind::Rust, rust),
            failed(TestKind::Python, python),
            failed(TestKind::Rust, rust),
        ];
        let error = verdict(&results, Utf8Path::new("/p")).unwrap_err();
        assert_eq!(error.to_string(), format!("{python}; {rust}"));
    }

    #[test]
    fn a_selection_that_selects_nothing_is_no_success_whatever_passed_in_rust() {
        let unselected = || Some(NoTestsReason::Unselected("`-k nosuch`".into()));
        let verdict = |test_results: &[TestResult]| verdict(test_results, Utf8Path::new("/p"));
        let rust = test_result(TestKind::Rust, None);
        let nothing = [rust.clone(), test_result(TestKind::Python, unselected())];
        let error = verdict(&nothing).unwrap_err().to_string();
        assert_eq!(error, "no tests are selected by `-k nosuch`");
        // in one of several packages it has
        let one = [
            rust,
            test_result(TestKind::Python, unselected()),
            test_result(TestKind::Python, None),
        ];
        verdict(&one).unwrap();
    }
}
