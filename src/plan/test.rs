//! `cargo pyx test`: a fresh build, then the tests of both languages against it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::TestRunner;
use crate::facts::suites::{PythonSuite, RustSuite, Word};
use crate::facts::{Build, Facts, Purpose, Request, Testing};
use crate::model::error::{Error, Result};
use crate::model::invocation::Invocation;

use super::linked::{self, names};
use super::steps::{PlanContext, feature_args, lock_args, profile_args, step};
use super::{Action, Plan, Runner, Step, Test, Untestable, dev, python, wheel};

/// # Errors
/// As [`dev::dev`]; [`Error::NoTests`] where there is nothing to test.
pub(super) fn test(request: &Request, facts: &Facts) -> Result<Plan> {
    let Purpose::Test(testing) = &request.purpose else {
        return dev::dev(request, facts);
    };
    if facts.suites.is_empty() {
        return Err(Error::NoTests(facts.project.root.clone()));
    }
    if testing.wheel && facts.suites.python.is_empty() {
        return Err(Error::NoTests(facts.project.root.clone()));
    }
    if testing.wheel {
        let mut plan = Plan::default();
        if let Some(tools) = &facts.tools {
            wheel::plan(&mut plan, (facts, request, tools), testing)?;
        }
        return Ok(plan);
    }
    let mut plan = dev::dev(request, facts)?;
    let Some(tools) = facts.tools.as_ref().filter(|_| !plan.again) else {
        return Ok(plan);
    };
    let context = PlanContext {
        facts,
        request,
        tools,
    };
    // what follows `--` is for the Python runner, where one runs
    let mut for_rust = testing.clone();
    if !facts.suites.python.is_empty() {
        for_rust.arguments.clear();
    }
    for suite in &facts.suites.rust {
        let build = facts
            .builds
            .iter()
            .find(|build| build.member.name == suite.member);
        if let Some(build) = build {
            rust(&mut plan, &context, (suite, build), &for_rust)?;
        }
    }
    for (suite, testing) in meant((&facts.suites.python, &facts.words), testing) {
        python::suite(&mut plan, &context, suite, &testing);
    }
    Ok(plan)
}

/// The suites to run, each with what is for it: where arguments name files or folders, the suites in
/// whose folders those are, without what is in another's; else all.
pub(super) fn meant<'a>(
    (suites, words): (&'a [PythonSuite], &[Word]),
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
    let is_meant = |suite: &&PythonSuite| dirs.is_empty() || dirs.contains(&&*suite.dir);
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
    suites.iter().filter(is_meant).map(with_own).collect()
}

fn rust(
    plan: &mut Plan,
    context: &PlanContext<'_>,
    (suite, build): (&RustSuite, &Build),
    testing: &Testing,
) -> Result<()> {
    if suite.links_python {
        if let Err(error) = linked::probe(context, build) {
            let mut step = untestable(suite, &error, testing);
            step.needs = names(plan);
            plan.steps.push(step);
            return Ok(());
        }
        linked::prepare(plan, context, build, &features(suite, build))?;
    }
    let kinds = [
        ("--tests", "Rust tests", &suite.tested),
        ("--doc", "doctests", &suite.documented),
    ];
    for (flag, what, packages) in kinds
        .into_iter()
        .filter(|(_, _, packages)| !packages.is_empty())
    {
        let nextest = suite.nextest && flag == "--tests";
        let mut call = context
            .cargo_call(&context.tools.cargo, build, &linked::dir(build))
            .args(nextest.then_some("nextest"))
            .arg(if nextest { "run" } else { "test" })
            .args(["--manifest-path", suite.manifest.as_str()])
            .args(["--target-dir", linked::dir(build).as_str()])
            .args(
                packages
                    .iter()
                    .flat_map(|name| ["-p".to_owned(), name.clone()]),
            )
            .args(test_profile(nextest, &build.options.profile))
            .args(features(suite, build))
            .args(
                build
                    .options
                    .no_default_features
                    .then_some("--no-default-features"),
            )
            .args((!testing.fail_fast).then_some("--no-fail-fast"))
            .args(lock_args(context.request))
            .args((!nextest).then_some(flag))
            .args(quiet_args(nextest, testing).iter().copied());
        if !testing.arguments.is_empty() {
            call = call.arg("--").args(testing.arguments.iter().cloned());
        }
        if suite.links_python {
            call = linked::execute(linked::compile(call, context, build), context, build)?;
        }
        let runner = if nextest {
            Runner::Nextest
        } else {
            Runner::Cargo {
                own_words: suite.own_harness && flag == "--tests",
            }
        };
        let action = tests(call, runner, build, testing);
        let mut step = step(
            format!("{what} {}", suite.manifest),
            "Testing",
            format!("{what} of {}", packages.join(", ")),
            action,
        );
        step.needs = names(plan);
        plan.steps.push(step);
    }
    Ok(())
}

/// The failure that takes the place of Rust tests that cannot be linked.
fn untestable(suite: &RustSuite, error: &Error, testing: &Testing) -> Step {
    let action = Action::Untestable(Box::new(Untestable {
        member: suite.member.clone(),
        why: error.to_string(),
        hint: error.hint(),
        fail_fast: testing.fail_fast,
    }));
    let packages = suite.tested.iter().chain(&suite.documented);
    let packages: Vec<&str> = packages.map(String::as_str).collect();
    let subject = format!("Rust tests of {}", packages.join(", "));
    step(
        format!("Rust tests {}", suite.manifest),
        "Testing",
        subject,
        action,
    )
}

/// With `-q`, less for a person who sees it only if something fails.
fn quiet_args(nextest: bool, testing: &Testing) -> &'static [&'static str] {
    match (testing.quiet, nextest) {
        (false, _) => &[],
        (true, false) => &["--quiet"],
        (true, true) => &["--cargo-quiet", "--status-level", "fail"],
    }
}

/// nextest keeps `--profile` for its own.
fn test_profile(nextest: bool, profile: &str) -> Vec<String> {
    let mut args = profile_args(profile);
    if let Some(flag) = args.first_mut().filter(|_| nextest) {
        "--cargo-profile".clone_into(flag);
    }
    args
}

/// The crate's own features, of the build and for tests.
fn features(suite: &RustSuite, build: &Build) -> Vec<String> {
    let package = suite.tested.iter().find(|name| **name == build.crate_name);
    let own = build.options.own_features();
    let own = own.chain(&build.member.config.test.rust_features);
    let features: Vec<String> = package
        .into_iter()
        .flat_map(|package| {
            own.clone()
                .map(move |feature| format!("{package}/{feature}"))
        })
        .collect();
    feature_args(&features)
}

pub(super) fn tests(
    invocation: Invocation,
    runner: Runner,
    build: &Build,
    testing: &Testing,
) -> Action {
    Action::Test(Box::new(Test {
        invocation,
        runner,
        member: build.member.name.clone(),
        on: None,
        unoptimised: build.options.profile == "dev",
        fail_fast: testing.fail_fast,
        arguments: testing.arguments.clone(),
    }))
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
        }
    }

    /// What each suite is run with, by its folder.
    fn meant_by(suites: &[PythonSuite], words: &[(&str, &str)]) -> Vec<String> {
        let words = words.iter().map(|(text, path)| Word {
            text: (*text).into(),
            path: (!path.is_empty()).then(|| path.into()),
        });
        let words: Vec<Word> = words.collect();
        let found = meant((suites, &words), &Testing::default());
        let found = found.iter();
        found
            .map(|(suite, testing)| format!("{}: {}", suite.dir, testing.arguments.join(" ")))
            .collect()
    }

    #[test]
    fn what_is_named_is_tested_by_the_suite_it_is_in() {
        let suites = [suite("/p"), suite("/p/one"), suite("/p/two")];
        let (one, two) = ("/p/one/tests/test_a.py", "/p/two/tests");
        let dirs = |words: &[(&str, &str)]| meant_by(&suites, words);
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
        assert_eq!(meant_by(&suites, &[("one", "/p/tests/one")]), ["/p: one"]);
    }
}
