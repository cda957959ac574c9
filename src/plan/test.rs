//! `cargo pyx test`: a fresh build, then the tests of both languages against it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::TestRunner;
use crate::facts::suites::{PythonSuite, RustSuite, Word};
use crate::facts::{Build, TestFacts, Testing};
use crate::model::error::{Result, TestError};
use crate::model::step::StepId;

use super::context::PlanContext;
use super::step::Plan;
use super::{dev, python_tests, rust_tests};

/// The build, then the tests of both languages, each whatever the result of the others.
///
/// # Errors
/// As [`dev::dev`]; [`TestError::NoTests`] if there is nothing to test.
pub(super) fn test(
    context: &PlanContext<'_>,
    facts: &TestFacts,
    testing: &Testing,
) -> Result<Plan> {
    let suites = &facts.suites;
    if suites.is_empty() {
        return Err(TestError::NoTests(context.project.root.clone()).into());
    }
    let mut plan = dev::dev(context)?;
    if plan.again {
        return Ok(plan);
    }
    // what follows `--` is for the Python runner, where one runs
    let mut for_rust = testing.clone();
    if !suites.python.is_empty() {
        for_rust.arguments.clear();
    }
    let rust = suites.rust.iter();
    let rust: Vec<(&RustSuite, &Build)> = rust
        .filter_map(|suite| Some((suite, context.build(&suite.member)?)))
        .collect();
    let built: Vec<StepId> = plan.ids().collect();
    for (_, build) in &rust {
        let name = &build.member.name;
        if let Some(crates) = facts.unseen.get(name)
            && !plan.has(&StepId::ForgetTests(name.clone()))
        {
            plan.then(rust_tests::forget(build, crates));
        }
    }
    for (suite, build) in &rust {
        rust_tests::prepare(&mut plan, context, suite, build, &for_rust)?;
    }
    let is_compiled_apart = |id: StepId| matches!(id, StepId::TestPrograms(_));
    let python = selected(&suites.python, &facts.words, testing);
    if plan.ids().any(is_compiled_apart) {
        // meanwhile those of Python run
        python_suites(&mut plan, context, facts, &python, built);
        return rust_suites(plan, context, &rust, &for_rust);
    }
    let mut plan = rust_suites(plan, context, &rust, &for_rust)?;
    let before = plan.ids().collect();
    python_suites(&mut plan, context, facts, &python, before);
    Ok(plan)
}

fn rust_suites(
    mut plan: Plan,
    context: &PlanContext<'_>,
    suites: &[(&RustSuite, &Build)],
    testing: &Testing,
) -> Result<Plan> {
    for (suite, build) in suites {
        rust_tests::suite(&mut plan, context, suite, build, testing)?;
    }
    Ok(plan)
}

/// One after another, the first after the steps `before`.
fn python_suites(
    plan: &mut Plan,
    context: &PlanContext<'_>,
    facts: &TestFacts,
    suites: &[(&PythonSuite, Testing)],
    mut before: Vec<StepId>,
) {
    for (suite, testing) in suites {
        if let Some(step) = python_tests::suite(context, suite, testing, &facts.assigned) {
            let id = step.id.clone();
            plan.push(step.after(before.iter().cloned()));
            before.push(id);
        }
    }
}

/// The suites to run, each with its arguments: if arguments name files or folders, the suites in whose
/// folders those are, without those in another's; else all.
pub(super) fn selected<'a>(
    suites: &'a [PythonSuite],
    words: &[Word],
    testing: &Testing,
) -> Vec<(&'a PythonSuite, Testing)> {
    let nearest = |path: &Utf8PathBuf| {
        let around = suites.iter().filter(|suite| path.starts_with(&suite.dir));
        let nearest = around.max_by_key(|suite| suite.dir.as_str().len());
        nearest.map(|suite| &*suite.dir)
    };
    let placed = words
        .iter()
        .map(|word| (word, word.path.as_ref().and_then(nearest)));
    let placed: Vec<(&Word, Option<&Utf8Path>)> = placed.collect();
    let dirs: Vec<&Utf8Path> = placed.iter().filter_map(|(_, dir)| *dir).collect();
    let is_selected = |suite: &&PythonSuite| dirs.is_empty() || dirs.contains(&&*suite.dir);
    let with_own = |suite: &'a PythonSuite| {
        let own = placed
            .iter()
            .filter(|(_, dir)| dir.is_none_or(|dir| dir == suite.dir));
        let own = own.map(|(word, _)| match suite.runner {
            TestRunner::Stestr => word.text.clone(), // a pattern
            TestRunner::Pytest | TestRunner::Unittest => word.seen_from(&suite.dir),
        });
        let mut testing = testing.clone();
        testing.arguments = own.collect();
        (suite, testing)
    };
    suites.iter().filter(is_selected).map(with_own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(dir: &str) -> PythonSuite {
        PythonSuite {
            member: dir.into(),
            runner: TestRunner::default(),
            dir: dir.into(),
            args: Vec::new(),
            installed_args: None,
            as_module: false,
            checkout: dir.into(),
        }
    }

    /// What each suite is run with, by its folder.
    fn selected_by(suites: &[PythonSuite], words: &[(&str, &str)]) -> Vec<String> {
        let words = words.iter().map(|(text, path)| Word {
            text: (*text).into(),
            path: (!path.is_empty()).then(|| path.into()),
        });
        let words: Vec<Word> = words.collect();
        let found = selected(suites, &words, &Testing::default());
        let found = found.iter();
        found
            .map(|(suite, testing)| format!("{}: {}", suite.dir, testing.arguments.join(" ")))
            .collect()
    }

    #[test]
    fn what_is_named_is_tested_by_the_suite_it_is_in() {
        let suites = [suite("/p"), suite("/p/one"), suite("/p/two")];
        let (one, two) = ("/p/one/tests/test_a.py", "/p/two/tests");
        let dirs = |words: &[(&str, &str)]| selected_by(&suites, words);
        let named = ("one/tests/test_a.py::test_b", one);
        assert_eq!(
            dirs(&[named, ("-x", "")]),
            ["/p/one: tests/test_a.py::test_b -x"]
        );
        assert_eq!(dirs(&[(one, one)]), ["/p/one: tests/test_a.py"]);
        assert_eq!(dirs(&[("t.py", "/p/tests/t.py")]), ["/p: tests/t.py"]);
        let both = ["/p/one: -x tests/test_a.py", "/p/two: -x tests"];
        assert_eq!(dirs(&[("-x", ""), (one, one), (two, two)]), both);
        // what is elsewhere, or found only there, is for all
        for word in [("tests/test_a.py", ""), ("/q/test_a.py", "/q/test_a.py")] {
            let all = ["/p", "/p/one", "/p/two"].map(|dir| format!("{dir}: {}", word.0));
            assert_eq!(dirs(&[word]), all, "{word:?}");
        }
        assert_eq!(dirs(&[]), ["/p: ", "/p/one: ", "/p/two: "]);
    }

    #[test]
    fn patterns_for_stestr_are_no_files() {
        let runner = TestRunner::Stestr;
        let suites = [PythonSuite {
            runner,
            ..suite("/p")
        }];
        assert_eq!(
            selected_by(&suites, &[("one", "/p/tests/one")]),
            ["/p: one"]
        );
    }
}
