//! `cargo pyx test --wheel`: the tests against a built wheel, in a clean environment, outside the
//! source tree.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::{target_dir, target_dir_in};
use crate::facts::project::Bindings;
use crate::facts::suites::PythonSuite;
use crate::facts::{Build, TestFacts, Testing};
use crate::model::error::{Result, TestError};
use crate::model::exit::Exit;
use crate::model::step::StepId;
use crate::world::session::CacheFolder;

use super::action::{Action, Listen, Pack, Run};
use super::arguments::{maturin_feature_args, passed_args};
use super::context::PlanContext;
use super::environment::Made;
use super::step::{Plan, Step};
use super::test::selected;
use super::test_action::CopyTests;
use super::{environment, python_tests, sync};

/// Builds the members' wheels and tests them.
///
/// # Errors
/// As [`super::test::test`]; [`TestError::NoTests`] if there are none in Python.
pub(super) fn test(
    context: &PlanContext<'_>,
    facts: &TestFacts,
    testing: &Testing,
) -> Result<Plan> {
    if facts.suites.python.is_empty() {
        return Err(TestError::NoTests(context.project.root.clone()).into());
    }
    let mut plan = Plan::default();
    if environment::prepare(&mut plan, context)? == Made::LookAgain {
        return Ok(plan);
    }
    let wheels = context.own_folder(context.project.own_state().join("wheels"));
    let is_packed = |build: &&Build| build.member.bindings != Bindings::Embed;
    let packed: Vec<&Build> = context.builds.iter().filter(is_packed).collect();
    for build in &packed {
        plan.then(wheel(context, build, &wheels));
    }
    let probe = context.target.probe.clone();
    let base = context.target.base();
    let clean = context
        .target
        .clean(clean_environment(context), base.clone(), probe);
    let inside = context.at(&clean);
    let mut trial = Plan::default();
    environment::create(&mut trial, &inside, &base);
    sync::sync(&mut trial, &inside);
    for build in &packed {
        trial.then(install(&inside, build, &wheels));
    }
    for (suite, testing) in selected(&facts.suites.python, &facts.words, testing) {
        let away = away(context, suite);
        trial.then(copy(context, suite, &away));
        let moved = (away.clone(), suite.dir.clone());
        let label = suite.label();
        let suite = suite.installed(away);
        if let Some(mut step) = python_tests::suite(&inside, &suite, &testing, &facts.assigned) {
            if let Action::Test(test) = &mut step.action {
                test.moved = Some(moved);
                if let Some(share) = &mut test.share {
                    share.assigned = facts.assigned.get(&label).cloned().unwrap_or_default();
                }
                test.suite = label;
            }
            trial.then(step);
        }
    }
    let before: Vec<StepId> = plan.ids().collect();
    plan.append("wheel test", trial, |_| before.clone());
    Ok(plan)
}

/// Where a suite's copy goes: neither in the source tree, where imports would find the sources, nor below it,
/// where a later pytest would collect it.
pub(super) fn away(context: &PlanContext<'_>, suite: &PythonSuite) -> Utf8PathBuf {
    let project = crate::world::disk::digest(context.project.root.as_str().as_bytes());
    let folder = CacheFolder::WheelTests.within(&context.caller.cache);
    let folder = folder.join(&project[..16]);
    let root = context.own_folder(folder).join(&suite.member);
    // `join` of nothing ends in a slash
    match suite.place() {
        place if place.as_str().is_empty() => root,
        place => root.join(place),
    }
}

/// The environment in which a member's wheel is tested.
fn clean_environment(context: &PlanContext<'_>) -> Utf8PathBuf {
    let name = match context.target.environment.alternative(context.project) {
        Some(name) => format!("wheel-{name}"),
        None => "wheel".to_owned(),
    };
    context.project.envs().join(name)
}

fn wheel(context: &PlanContext<'_>, build: &Build, wheels: &Utf8Path) -> Step {
    let name = &build.member.name;
    let dir = wheels.join(name);
    let maturin = context.tools.maturin.get(name);
    let maturin = maturin.map_or_else(|| Utf8PathBuf::from("maturin"), |tool| tool.path.clone());
    // the wheel of a build that serves several interpreters is made where it was compiled
    let (environment, target) = match &build.reusable {
        Some(reusable) => (
            &reusable.environment,
            target_dir_in(&reusable.target, &build.member),
        ),
        None => (&context.target.environment, target_dir(&build.member)),
    };
    let python = environment.python();
    let call = context
        .cargo_call(&maturin, build, &target)
        .args(["build", "--auditwheel", "skip", "--out", dir.as_str()])
        .args(["--interpreter", python.as_str()])
        .args(["--target-dir", target.as_str()])
        .args(["--profile", build.options.profile.as_str()])
        .args(maturin_feature_args(&build.options))
        .args(passed_args(context.request, &build.options))
        .path(&context.tool_dirs(), &context.caller.path)
        .env("VIRTUAL_ENV", environment.path.as_str())
        .env("CARGO_TARGET_DIR", target.as_str());
    let packages = build.locked.packages;
    let run = Run::building(call, Listen::Maturin { packages });
    let subject = format!("the wheel of {name} [{}]", build.options.profile);
    let action = Action::Pack(Box::new(Pack { run, dir }));
    Step::new(StepId::TestWheel(name.clone()), "Building", subject, action)
}

fn install(context: &PlanContext<'_>, build: &Build, wheels: &Utf8Path) -> Step {
    let name = &build.member.name;
    let dir = wheels.join(name);
    // the tests' requirements may have brought another distribution of that name, which would satisfy uv
    let what = ["--reinstall-package", name, "--find-links", dir.as_str()];
    let action = install_action(context, &[&what[..], &[name]].concat());
    let subject = format!("the wheel of {name}");
    Step::new(StepId::Install(name.clone()), "Installing", subject, action)
}

/// Wheels, and nothing else: `what` are words of `uv pip install`.
pub(super) fn install_action(context: &PlanContext<'_>, what: &[&str]) -> Action {
    let call = context
        .uv()
        .args(["pip", "install", "--quiet", "--no-deps"])
        .args(["--no-index", "--no-cache"])
        .args(["--python", context.target.environment.python().as_str()])
        .args(what.iter().copied());
    Action::Run(Run::quiet(call, Exit::Failed))
}

pub(super) fn copy(context: &PlanContext<'_>, suite: &PythonSuite, to: &Utf8Path) -> Step {
    let packages = context
        .project
        .members
        .iter()
        .filter_map(|member| member.module.split('.').next());
    let action = Action::CopyTests(Box::new(CopyTests {
        from: suite.dir.clone(),
        to: to.to_owned(),
        root: to
            .ancestors()
            .nth(suite.place().components().count())
            .unwrap_or(to)
            .to_owned(),
        packages: packages.map(str::to_owned).collect(),
    }));
    let subject = format!("the tests of {}", suite.member);
    let id = StepId::CopyTests(to.to_owned()); // a member may have several suites
    Step::new(id, "Copying", subject, action)
}
