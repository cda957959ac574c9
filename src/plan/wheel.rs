//! `cargo pyx test --wheel`: the tests against a built wheel, in a clean environment, outside the
//! source tree.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::target_dir;
use crate::facts::environment::State;
use crate::facts::project::Bindings;
use crate::facts::suites::PythonSuite;
use crate::facts::{Build, Facts, Request, Testing, Tools};
use crate::model::error::{Exit, Result};
use crate::model::reason::Reason;
use crate::world::interpreter::{Choice, Interpreter};

use super::linked::names;
use super::steps::{self, PlanContext, feature_args, lock_args, run, step};
use super::test::meant;
use super::{Action, CopyTests, Listen, Pack, Plan, Run, Step, member, python, sync};

/// Builds the members' wheels and tests them. `false` when more must be known first.
pub(super) fn plan(
    plan: &mut Plan,
    (facts, request, tools): (&Facts, &Request, &Tools),
    testing: &Testing,
) -> Result<()> {
    let context = PlanContext {
        facts,
        request,
        tools,
    };
    if !steps::provide(plan, &context)? || !steps::environment(plan, &context)? {
        return Ok(());
    }
    let wheels = own(facts, facts.project.own_state().join("wheels"));
    let members = facts
        .builds
        .iter()
        .filter(|build| build.member.bindings != Bindings::Embed);
    for build in members.clone() {
        plan.steps.push(wheel(plan, &context, build, &wheels));
    }
    let clean = with_clean_environment(facts, trial(facts));
    let mut clean_workshop = tools.clone();
    clean_workshop.interpreter = Some(Choice::Use(base(facts, tools)));
    let context = PlanContext {
        facts: &clean,
        request,
        tools: &clean_workshop,
    };
    let mut inside = Plan::default();
    steps::environment(&mut inside, &context)?;
    sync::sync(&mut inside, &context);
    for build in members {
        inside
            .steps
            .push(install(&inside, &context, build, &wheels));
    }
    for (suite, testing) in meant((&facts.suites.python, &facts.words), testing) {
        let away = away(facts, suite);
        inside.steps.push(copy(&inside, &clean, suite, &away));
        python::suite(&mut inside, &context, &suite.installed(away), &testing);
    }
    append(plan, inside);
    Ok(())
}

/// Where a suite's copy goes: neither in the source tree, where imports would find the sources, nor
/// below it, where a later pytest would collect it.
pub(super) fn away(facts: &Facts, suite: &PythonSuite) -> Utf8PathBuf {
    let project = crate::world::disk::digest(facts.project.root.as_str().as_bytes());
    let folder = facts.cache.join("wheel-tests").join(&project[..16]);
    own(facts, folder).join(&suite.member)
}

/// A folder of which every environment has one of its own.
fn own(facts: &Facts, folder: Utf8PathBuf) -> Utf8PathBuf {
    match facts.environment.alternative(&facts.project) {
        Some(name) => folder.join(name),
        None => folder,
    }
}

/// The facts with an environment, at `path`, that is to be made anew.
pub(super) fn with_clean_environment(facts: &Facts, path: Utf8PathBuf) -> Facts {
    let mut clean = facts.clone();
    let reason = Reason::Environment {
        why: "a clean environment for the wheel".into(),
    };
    clean.environment.path = path;
    clean.environment.state = State::Bad {
        why: String::new(),
        ours: true,
    };
    clean.environment_stale = Some(reason.clone());
    clean.sync_stale = Some(reason.clone());
    clean.test_sync_stale = Some(reason);
    clean
}

/// The environment in which a member's wheel is tested.
fn trial(facts: &Facts) -> Utf8PathBuf {
    let name = facts.environment.alternative(&facts.project);
    let name = name.map_or_else(|| "wheel".to_owned(), |name| format!("wheel-{name}"));
    facts.project.envs().join(name)
}

/// The interpreter of the project's environment.
fn base(facts: &Facts, tools: &Tools) -> Interpreter {
    if let Some(Choice::Use(chosen)) = &tools.interpreter {
        return chosen.clone();
    }
    let version = match &facts.environment.state {
        State::Good { version } => version.clone(),
        State::Missing | State::Bad { .. } => pep440_rs::Version::new([3]),
    };
    Interpreter {
        path: facts.environment.python(),
        version,
        free_threaded: false,
    }
}

/// Steps under names of their own, after all that stands before them.
fn append(plan: &mut Plan, inside: Plan) {
    let before = names(plan);
    let named = |name: &String| format!("wheel test: {name}");
    for mut step in inside.steps {
        step.name = named(&step.name);
        step.needs = step.needs.iter().map(named).chain(before.clone()).collect();
        plan.steps.push(step);
    }
}

fn wheel(plan: &Plan, context: &PlanContext<'_>, build: &Build, wheels: &Utf8Path) -> Step {
    let name = &build.member.name;
    let dir = wheels.join(name);
    let maturin = context.tools.maturin.get(name);
    let maturin = maturin.map_or_else(|| Utf8PathBuf::from("maturin"), |tool| tool.path.clone());
    // the wheel of a build that serves several interpreters is made where it was compiled
    let (environment, target) = match &build.reusable {
        Some(reusable) => (&reusable.environment, reusable.target.join("ext")),
        None => (&context.facts.environment, target_dir(&build.member)),
    };
    let options = &build.options;
    let features = if options.features_added {
        &options.features[..]
    } else {
        &[]
    };
    let python = environment.python();
    let call = context
        .cargo_call(&maturin, build, &target)
        .args(["build", "--auditwheel", "skip", "--out", dir.as_str()])
        .args([
            "--interpreter",
            python.as_str(),
            "--target-dir",
            target.as_str(),
        ])
        .args(["--profile", options.profile.as_str()])
        .args(feature_args(features))
        .args(
            options
                .no_default_features
                .then_some("--no-default-features"),
        )
        .args(lock_args(context.request))
        .path(&member::tool_dirs(context), &context.facts.path)
        .env("VIRTUAL_ENV", environment.path.as_str())
        .env("CARGO_TARGET_DIR", target.as_str());
    let run = Run {
        invocation: call,
        listen: Listen::Maturin {
            packages: build.locked.packages,
        },
        exit: Exit::Failed,
        hint: None,
    };
    let subject = format!("the wheel of {name} [{}]", options.profile);
    let action = Action::Pack(Box::new(Pack { run, dir }));
    let mut step = step(format!("wheel {name}"), "Building", subject, action);
    step.needs = names(plan);
    step
}

fn install(plan: &Plan, context: &PlanContext<'_>, build: &Build, wheels: &Utf8Path) -> Step {
    let name = &build.member.name;
    let dir = wheels.join(name);
    let action = install_action(context, &["--find-links", dir.as_str(), name]);
    let subject = format!("the wheel of {name}");
    let mut step = step(format!("install {name}"), "Installing", subject, action);
    step.needs = names(plan);
    step
}

/// Wheels, and nothing else: `what` are words of `uv pip install`.
pub(super) fn install_action(context: &PlanContext<'_>, what: &[&str]) -> Action {
    let call = context
        .call(&context.tools.uv.path, &context.facts.project.home)
        .args(["pip", "install", "--quiet", "--no-deps"])
        .args(["--no-index", "--no-cache"])
        .args(["--python", context.facts.environment.python().as_str()])
        .args(what.iter().copied());
    run(call, Listen::Quiet, Exit::Failed)
}

pub(super) fn copy(plan: &Plan, facts: &Facts, suite: &PythonSuite, to: &Utf8Path) -> Step {
    let packages = facts.project.members.iter();
    let packages = packages.filter_map(|member| member.module.split('.').next());
    let action = Action::CopyTests(Box::new(CopyTests {
        from: suite.dir.clone(),
        to: to.to_owned(),
        packages: packages.map(str::to_owned).collect(),
    }));
    let subject = format!("the tests of {}", suite.member);
    let mut step = step(format!("copy {}", suite.member), "Copying", subject, action);
    step.needs = names(plan);
    step
}
