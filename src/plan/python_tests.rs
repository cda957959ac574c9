//! The Python tests of a plan.

use crate::facts::dependencies::TestRunner;
use crate::facts::suites::PythonSuite;
use crate::facts::{Build, Testing};
use crate::model::invocation::Invocation;
use crate::model::runner_options::{PYTEST, UNITTEST, WordRole};
use crate::model::step::StepId;
use crate::model::venv;
use crate::world::interpreter::Probe;

use super::action::{Action, REPORT, Reporter, Runner, Test};
use super::context::PlanContext;
use super::step::Step;

/// Runs a suite; nothing where its member or the interpreter is not known.
pub(super) fn suite(
    context: &PlanContext<'_>,
    suite: &PythonSuite,
    testing: &Testing,
) -> Option<Step> {
    let build = context.build(&suite.member)?;
    let probe = context.target.probe.as_ref()?;
    let environment = &context.target.environment;
    let (call, runner) = match suite.runner {
        TestRunner::Pytest => pytest(context, probe, suite, build, testing),
        TestRunner::Unittest => unittest(context, probe, suite, testing),
        TestRunner::Stestr => stestr(context, suite, testing),
    };
    let call = call
        .env("VIRTUAL_ENV", environment.path.as_str())
        .path(&[&environment.bin()], &context.caller.path);
    let action = Action::Test(Box::new(Test::of(build, testing, call, runner)));
    let id = StepId::PythonTests(suite.dir.clone());
    let subject = format!("Python tests of {}", suite.member);
    Some(Step::new(id, "Testing", subject, action))
}

/// In the environment, so that runs in others do not meet.
fn reporter(context: &PlanContext<'_>, probe: &Probe, module: &str) -> Reporter {
    let environment = &context.target.environment;
    let packages = environment.site_packages_for(probe);
    Reporter {
        module: packages.join(format!("{module}.py")),
        report: environment.path.join("pyx-tests.json"),
    }
}

/// A script of the environment, run by its Python: the first line of one names that of the place where
/// it was installed, and `python -m` would import what lies in the working directory. Where programs
/// are no scripts, as on Windows, it is run itself.
fn script(context: &PlanContext<'_>, suite: &PythonSuite, name: &str) -> Invocation {
    let environment = &context.target.environment;
    let program = venv::program(&environment.path, name);
    if cfg!(windows) {
        return context.call(&program, &suite.dir);
    }
    let python = environment.python();
    context.call(&python, &suite.dir).arg(program.as_str())
}

fn pytest(
    context: &PlanContext<'_>,
    probe: &Probe,
    suite: &PythonSuite,
    build: &Build,
    testing: &Testing,
) -> (Invocation, Runner) {
    const MODULE: &str = "_pyx_pytest";
    let reporter = reporter(context, probe, MODULE);
    let configured = &build.member.config().test.pytest;
    let mut own = suite.args.clone();
    if PYTEST.names_tests(configured) || PYTEST.names_tests(&testing.arguments) {
        let roles = PYTEST.roles(&own);
        let mut roles = roles.iter();
        own.retain(|_| roles.next() != Some(&WordRole::Test));
    }
    let call = script(context, suite, "pytest")
        .args(["-p", MODULE])
        .args(configured.iter().cloned())
        .args(own)
        .args(testing.fail_fast.then_some("-x"))
        .args(testing.quiet.then_some("-q"))
        .args(testing.arguments.iter().cloned())
        .env(REPORT, reporter.report.as_str());
    (call, Runner::Pytest(reporter))
}

fn unittest(
    context: &PlanContext<'_>,
    probe: &Probe,
    suite: &PythonSuite,
    testing: &Testing,
) -> (Invocation, Runner) {
    const MODULE: &str = "_pyx_unittest";
    let reporter = reporter(context, probe, MODULE);
    let mut own = suite.args.clone();
    if UNITTEST.names_tests(&testing.arguments) {
        own.clear();
    }
    let call = context
        .call(&context.target.environment.python(), &suite.dir)
        .args(["-m", MODULE])
        .args(own)
        .args(testing.fail_fast.then_some("--failfast"))
        .args(testing.quiet.then_some("--quiet"))
        .args(testing.arguments.iter().cloned())
        .env(REPORT, reporter.report.as_str());
    (call, Runner::Unittest(reporter))
}

/// It has no flag to stop at the first failure.
fn stestr(
    context: &PlanContext<'_>,
    suite: &PythonSuite,
    testing: &Testing,
) -> (Invocation, Runner) {
    let call = script(context, suite, "stestr")
        .arg("run")
        .args(testing.arguments.iter().cloned());
    (call, Runner::Stestr)
}
