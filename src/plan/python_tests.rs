//! The Python tests of a plan.

use std::collections::BTreeMap;

use crate::facts::dependencies::TestRunner;
use crate::facts::suites::PythonSuite;
use crate::facts::{Build, Testing};
use crate::model::invocation::Invocation;
use crate::model::runner_options::{PYTEST, UNITTEST, WordRole};
use crate::model::step::StepId;
use crate::model::venv;
use crate::world::interpreter::Probe;

use super::action::Action;
use super::context::PlanContext;
use super::step::Step;
use super::test_action::{REPORT, Reporter, Runner, SHARD, Test};

/// As in [`TestFacts::assigned`](crate::facts::TestFacts).
pub(super) type Assigned = BTreeMap<String, BTreeMap<String, u32>>;

/// Runs a suite; `None` if its member or the interpreter is not known.
pub(super) fn suite(
    context: &PlanContext<'_>,
    suite: &PythonSuite,
    testing: &Testing,
    assigned: &Assigned,
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
        .env(environment.variable(), environment.path.as_str())
        .path(&[&environment.bin()], &context.caller.path);
    let mut test = Test::of(context, build, testing, call, runner);
    test.suite = suite.label();
    if let Some(share) = &mut test.share {
        share.assigned = assigned.get(&test.suite).cloned().unwrap_or_default();
    }
    let action = Action::Test(Box::new(test));
    let id = StepId::PythonTests(suite.dir.clone());
    let subject = format!("Python tests of {}", suite.member);
    Some(Step::new(id, "Testing", subject, action))
}

/// In the environment, so that runs in different environments do not conflict.
fn reporter(context: &PlanContext<'_>, probe: &Probe, module: &str) -> Reporter {
    let environment = &context.target.environment;
    let packages = environment.site_packages_for(probe);
    Reporter {
        module: packages.join(format!("{module}.py")),
        report: environment.path.join("pyx-tests.json"),
        shard: environment.path.join("pyx-shard.json"),
    }
}

/// What the module is told through variables.
fn told(call: Invocation, reporter: &Reporter, testing: &Testing) -> Invocation {
    let call = call.env(REPORT, reporter.report.as_str());
    match testing.reporting.shard {
        Some(_) => call.env(SHARD, reporter.shard.as_str()),
        None => call,
    }
}

/// A script of the environment, run by its Python: its first line names the place where it was installed, and
/// `python -m` would import what is in the working directory. Where programs are not scripts, as on Windows,
/// it is run directly.
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
    let call = if suite.as_module {
        let python = context.target.environment.python();
        context.call(&python, &suite.dir).args(["-m", "pytest"])
    } else {
        script(context, suite, "pytest")
    };
    let call = call
        .args(["-p", MODULE])
        .args(configured.iter().cloned())
        .args(own)
        .args(testing.fail_fast.then_some("-x"))
        .args(testing.quiet.then_some("-q"))
        .args(workers(testing))
        .args(testing.arguments.iter().cloned());
    (told(call, &reporter, testing), Runner::Pytest(reporter))
}

/// For pytest-xdist. A debugger, and anything other than a test run, uses one process.
fn workers(testing: &Testing) -> Vec<String> {
    let words = &testing.arguments;
    let is_said = PYTEST.says(words, &["-n", "--numprocesses", "--maxprocesses"]);
    let is_alone = is_said || PYTEST.wants_terminal(words) || PYTEST.only_asks(words);
    match testing.threads {
        // by its name, as the project may load no plugin by itself, or leave this one out
        Some(threads) if threads > 1 && !is_alone => {
            vec![
                "-p".into(),
                "xdist".into(),
                format!("--numprocesses={threads}"),
            ]
        }
        _ => Vec::new(),
    }
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
        .args(testing.arguments.iter().cloned());
    (told(call, &reporter, testing), Runner::Unittest(reporter))
}

/// It has no flag to stop at the first failure.
fn stestr(
    context: &PlanContext<'_>,
    suite: &PythonSuite,
    testing: &Testing,
) -> (Invocation, Runner) {
    let concurrency = testing.threads.map(|it| format!("--concurrency={it}"));
    let call = script(context, suite, "stestr")
        .arg("run")
        .args(concurrency)
        .args(testing.arguments.iter().cloned());
    (call, Runner::Stestr)
}
