//! The Python tests of a plan.

use crate::environment::Environment;
use crate::facts::{Build, Testing};
use crate::interpreter::Probe;
use crate::suites::PythonSuite;

use super::linked::names;
use super::steps::{Site, step};
use super::test::tests;
use super::{Plan, REPORT, Reporter, Runner};

/// Runs a suite after all that is planned so far.
pub(super) fn suite(plan: &mut Plan, site: &Site<'_>, suite: &PythonSuite, testing: &Testing) {
    let mut builds = site.facts.builds.iter();
    let build = builds.find(|build| build.member.name == suite.member);
    let (Some(build), Some(probe)) = (build, &site.workshop.probe) else {
        return;
    };
    let environment = &site.facts.environment;
    let bin = environment.bin();
    let runner = Runner::Pytest(reporter(environment, probe, "_pyx_pytest.py"));
    let mut call = site.call(&bin.join("pytest"), &suite.dir);
    if let Runner::Pytest(Reporter { report, .. }) = &runner {
        call = call.env(REPORT, report.as_str());
    }
    let call = call
        .args(pytest(suite, build, testing))
        .env("VIRTUAL_ENV", environment.path.as_str())
        .path(&[&bin], &site.facts.path);
    let mut step = step(
        format!("pytest {}", suite.dir),
        "Testing",
        format!("Python tests of {}", suite.member),
        tests(call, runner, build, testing),
    );
    step.needs = names(plan);
    plan.steps.push(step);
}

/// In the environment, so that runs in others do not meet.
fn reporter(environment: &Environment, probe: &Probe, module: &str) -> Reporter {
    let packages = environment.site_packages_for(probe.major, probe.minor);
    Reporter {
        module: packages.join(module),
        report: environment.path.join("pyx-tests.json"),
    }
}

fn pytest(suite: &PythonSuite, build: &Build, testing: &Testing) -> Vec<String> {
    let arguments = &testing.arguments;
    let says_paths = arguments.iter().any(|argument| !argument.starts_with('-'));
    let own = suite.args.iter();
    let own = own.filter(|arg| arg.starts_with('-') || !says_paths);
    let mut args = vec!["-p".to_owned(), "_pyx_pytest".to_owned()];
    args.extend(build.member.config.test.pytest.iter().cloned());
    args.extend(own.cloned());
    args.extend(testing.fail_fast.then(|| "-x".to_owned()));
    args.extend(testing.quiet.then(|| "-q".to_owned()));
    args.extend(arguments.iter().cloned());
    args
}
