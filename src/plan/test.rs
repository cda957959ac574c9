//! `cargo pyx test`: a fresh build, then the tests of both languages against it.

use camino::Utf8Path;

use crate::error::{Error, Result};
use crate::facts::{Build, Facts, Purpose, Request, Testing};
use crate::invocation::Invocation;
use crate::suites::{Languages, PythonSuite, RustSuite};

use super::linked::{self, names};
use super::steps::{Site, feature_args, lock_args, profile_args, step};
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
        if let Some(workshop) = &facts.workshop {
            wheel::plan(&mut plan, (facts, request, workshop), testing)?;
        }
        return Ok(plan);
    }
    let mut plan = dev::dev(request, facts)?;
    let Some(workshop) = facts.workshop.as_ref().filter(|_| !plan.again) else {
        return Ok(plan);
    };
    let site = Site {
        facts,
        request,
        workshop,
    };
    // what follows `--` is for the Python runner, unless Rust alone is tested
    let mut for_rust = testing.clone();
    if testing.languages != Languages::Rust {
        for_rust.arguments.clear();
    }
    for suite in &facts.suites.rust {
        let build = facts
            .builds
            .iter()
            .find(|build| build.member.name == suite.member);
        if let Some(build) = build {
            rust(&mut plan, &site, (suite, build), &for_rust)?;
        }
    }
    for suite in meant(&facts.suites.python, &testing.arguments) {
        python::suite(&mut plan, &site, suite, testing);
    }
    Ok(plan)
}

/// Where arguments are files, named by their whole path as editors do, the suites in whose folders they
/// are; else all.
fn meant<'a>(suites: &'a [PythonSuite], arguments: &[String]) -> Vec<&'a PythonSuite> {
    let names = arguments
        .iter()
        .map(|word| word.split("::").next().unwrap_or(word));
    let files = names.map(Utf8Path::new);
    let files = files.filter(|path| path.is_absolute() && path.extension() == Some("py"));
    let nearest = |path: &Utf8Path| {
        let around = suites.iter().filter(|suite| path.starts_with(&suite.dir));
        around.max_by_key(|suite| suite.dir.as_str().len())
    };
    let dirs: Vec<&Utf8Path> = files.filter_map(nearest).map(|suite| &*suite.dir).collect();
    let is_meant = |suite: &&PythonSuite| dirs.is_empty() || dirs.contains(&&*suite.dir);
    suites.iter().filter(is_meant).collect()
}

fn rust(
    plan: &mut Plan,
    site: &Site<'_>,
    (suite, build): (&RustSuite, &Build),
    testing: &Testing,
) -> Result<()> {
    if suite.links_python {
        if let Err(error) = linked::probe(site, build) {
            let mut step = untestable(suite, &error, testing);
            step.needs = names(plan);
            plan.steps.push(step);
            return Ok(());
        }
        linked::prepare(plan, site, build, &features(suite, build))?;
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
        let mut call = site
            .cargo_call(&site.workshop.cargo, build, &linked::dir(build))
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
            .args(lock_args(site.request))
            .args((!nextest).then_some(flag))
            .args(quiet_args(nextest, testing).iter().copied());
        if !testing.arguments.is_empty() {
            call = call.arg("--").args(testing.arguments.iter().cloned());
        }
        if suite.links_python {
            call = linked::execute(linked::compile(call, site, build), site, build)?;
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

    #[test]
    fn a_file_is_tested_by_the_suite_it_is_in() {
        let suite = |dir: &str| PythonSuite {
            member: dir.into(),
            runner: crate::dependencies::TestRunner::default(),
            dir: dir.into(),
            args: Vec::new(),
            installed_args: None,
        };
        let suites = [suite("/p"), suite("/p/one"), suite("/p/two")];
        let dirs = |words: &[&str]| -> Vec<String> {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            let found = meant(&suites, &words);
            found.iter().map(|suite| suite.dir.to_string()).collect()
        };
        assert_eq!(dirs(&["/p/one/tests/test_a.py::test_b", "-x"]), ["/p/one"]);
        assert_eq!(dirs(&["/p/tests/test_a.py"]), ["/p"]);
        let all = ["/p", "/p/one", "/p/two"];
        for words in [
            &["tests/test_a.py"][..],
            &["/p/one/log.xml"],
            &["/q/test_a.py"],
            &[],
        ] {
            assert_eq!(dirs(words), all, "{words:?}");
        }
    }
}
