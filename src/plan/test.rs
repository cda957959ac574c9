//! `cargo pyx test`: a fresh build, then the tests of both languages against it.

use crate::error::{Error, Result};
use crate::facts::{Build, Facts, Purpose, Request, Testing};
use crate::invocation::Invocation;
use crate::suites::{Languages, PythonSuite, RustSuite};

use super::linked::{self, names};
use super::steps::{Site, feature_args, lock_args, profile_args, step};
use super::{Action, Plan, Runner, Test, dev, wheel};

/// # Errors
/// As [`dev`]; [`Error::NoTests`] where there is nothing to test.
pub fn test(request: &Request, facts: &Facts) -> Result<Plan> {
    let Purpose::Test(testing) = &request.purpose else {
        return dev(request, facts);
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
    let mut plan = dev(request, facts)?;
    let Some(workshop) = facts.workshop.as_ref().filter(|_| !plan.again) else {
        return Ok(plan);
    };
    let site = Site {
        facts,
        request,
        workshop,
    };
    for suite in &facts.suites.rust {
        let build = facts
            .builds
            .iter()
            .find(|build| build.member.name == suite.member);
        if let Some(build) = build {
            rust(&mut plan, &site, (suite, build), testing)?;
        }
    }
    for suite in &facts.suites.python {
        python(&mut plan, &site, suite, testing);
    }
    Ok(plan)
}

fn rust(
    plan: &mut Plan,
    site: &Site<'_>,
    (suite, build): (&RustSuite, &Build),
    testing: &Testing,
) -> Result<()> {
    if suite.links_python {
        linked::prepare(plan, site, build)?;
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
            .cargo_call(&site.workshop.cargo, build)
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
            .args((!nextest).then_some(flag));
        if testing.languages == Languages::Rust && !testing.arguments.is_empty() {
            call = call.arg("--").args(testing.arguments.iter().cloned());
        }
        if suite.links_python {
            call = linked::execute(linked::compile(call, site, build), site, build)?;
        }
        let runner = if nextest {
            Runner::Nextest
        } else {
            Runner::Cargo
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

/// nextest keeps `--profile` for its own.
fn test_profile(nextest: bool, profile: &str) -> Vec<String> {
    let mut args = profile_args(profile);
    if let Some(flag) = args.first_mut().filter(|_| nextest) {
        "--cargo-profile".clone_into(flag);
    }
    args
}

/// The features of the build as far as they are the crate's own: those of PyO3 are for the
/// extension, and would keep the tests from linking.
fn features(suite: &RustSuite, build: &Build) -> Vec<String> {
    let package = suite.tested.iter().find(|name| **name == build.crate_name);
    let own = build.options.features.iter();
    let own = own.filter(|feature| !feature.contains('/') && !feature.contains("extension-module"));
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

fn tests(invocation: Invocation, runner: Runner, build: &Build, testing: &Testing) -> Action {
    Action::Test(Box::new(Test {
        invocation,
        runner,
        member: build.member.name.clone(),
        unoptimised: build.options.profile == "dev",
        fail_fast: testing.fail_fast,
    }))
}

pub(super) fn python(plan: &mut Plan, site: &Site<'_>, suite: &PythonSuite, testing: &Testing) {
    let environment = &site.facts.environment;
    let Some(build) = site
        .facts
        .builds
        .iter()
        .find(|build| build.member.name == suite.member)
    else {
        return;
    };
    let Some(probe) = &site.workshop.probe else {
        return;
    };
    let packages = environment.site_packages_for(probe.major, probe.minor);
    let (bin, arguments) = (environment.bin(), &testing.arguments);
    let says_paths = arguments.iter().any(|argument| !argument.starts_with('-'));
    let args = suite
        .args
        .iter()
        .filter(|arg| arg.starts_with('-') || !says_paths);
    let report = environment.path.join("pyx-pytest.json");
    let call = site
        .call(&bin.join("pytest"), &suite.dir)
        .args(["-p", "_pyx_report"])
        .args(build.member.config.test.pytest.iter().cloned())
        .args(args.cloned())
        .args(testing.fail_fast.then_some("-x"))
        .args(arguments.iter().cloned())
        .env("VIRTUAL_ENV", environment.path.as_str())
        .path(&[&bin], &site.facts.path)
        .env("PYX_REPORT", report.as_str());
    let plugin = packages.join("_pyx_report.py");
    let action = tests(call, Runner::Pytest { plugin, report }, build, testing);
    let name = format!("pytest {}", suite.dir);
    let mut step = step(
        name,
        "Testing",
        format!("Python tests of {}", suite.member),
        action,
    );
    step.needs = names(plan);
    plan.steps.push(step);
}
