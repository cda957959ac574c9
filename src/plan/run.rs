//! `cargo pyx run`: a fresh build, then a program in the environment.

use std::collections::BTreeMap;

use crate::facts::build::output_dir_in;
use crate::facts::{Build, Caller, CargoTarget, Program, Running, TargetEnvironment};
use crate::model::error::{Error, Result};
use crate::model::invocation::Invocation;
use crate::model::path::executable;
use crate::model::step::StepId;

use super::action::{Action, Listen, Run, Show};
use super::arguments::{build_args, default_feature_args, feature_args};
use super::context::{PlanContext, activate, with_toolchain};
use super::step::{Plan, Step};
use super::{dev, embedding};

/// The build, after which the program is given the terminal.
///
/// # Errors
/// As [`dev::dev`]; also an unknown example or binary, or a Python that cannot be linked.
pub(super) fn run(context: &PlanContext<'_>, running: &Running) -> Result<Plan> {
    let (words, packages) = match &running.program {
        Program::Command { words, packages } => (words, packages),
        Program::Target {
            target: program,
            arguments,
        } => return target(context, program, arguments, &running.variables),
    };
    let mut plan = dev::dev(context)?;
    if plan.again {
        return Ok(plan);
    }
    plan.hand_over = if packages.is_empty() {
        in_environment(context.target, context.caller, context.builds, running)
    } else {
        let call = with_packages(context, packages).args(words.iter().cloned());
        let call = with_toolchain(call.envs(&running.variables), context.builds);
        words.first().map(|program| hand_over(program, call))
    };
    Ok(plan)
}

/// Any program, if it needs only the environment; `None` for others.
pub(super) fn in_environment(
    target: &TargetEnvironment,
    caller: &Caller,
    builds: &[Build],
    running: &Running,
) -> Option<Step> {
    let Program::Command { words, .. } = &running.program else {
        return None;
    };
    let (program, arguments) = words.split_first()?;
    // a path is relative to where the command was given
    let resolved = if program.contains(std::path::is_separator) {
        caller.cwd.join(program).into_string()
    } else {
        program.clone()
    };
    let call = Invocation::new(resolved, &caller.cwd)
        .args(arguments.iter().cloned())
        .without(&caller.scrubbed)
        .envs(&running.variables);
    let call = with_toolchain(activate(call, target, caller), builds);
    Some(hand_over(program, call))
}

/// uv puts an environment with the packages on top of the project's, which stays unchanged.
fn with_packages(context: &PlanContext<'_>, packages: &[String]) -> Invocation {
    let python = context.target.environment.python();
    let packages = packages.iter().flat_map(|package| ["--with", package]);
    context
        .call(&context.tools.uv.path, &context.caller.cwd)
        .args([
            "run",
            "--quiet",
            "--no-project",
            "--python",
            python.as_str(),
        ])
        .args(context.offline())
        .args(packages)
        .arg("--")
}

fn hand_over(program: &str, call: Invocation) -> Step {
    let action = Action::Show(Box::new(Show::of(call)));
    Step::new(StepId::HandOver, "Running", program, action)
}

/// A cargo example or binary, which embeds Python if its crate links it.
///
/// # Errors
/// As [`dev::dev`]; an unknown example or binary; a Python that cannot be linked.
pub(super) fn target(
    context: &PlanContext<'_>,
    program: &CargoTarget,
    arguments: &[String],
    variables: &BTreeMap<String, String>,
) -> Result<Plan> {
    let mut plan = dev::dev(context)?;
    if plan.again {
        return Ok(plan);
    }
    let build = owner(context, program)?;
    let (kind, name) = (program.kind(), program.name());
    let embeds = build.locked.links_python;
    if embeds {
        let own: Vec<String> = build.options.own_features(&build.member).cloned().collect();
        let mut features = feature_args(&own);
        features.extend(default_feature_args(&build.options).map(str::to_owned));
        embedding::prepare(&mut plan, context, build, &features)?;
    }
    let dir = embedding::dir(build);
    let mut call = context
        .cargo_call(&context.tools.cargo, build, &dir)
        .args(["build", "--message-format", "json-render-diagnostics"])
        .args(["--manifest-path", build.member.manifest().as_str()])
        .args(["--target-dir", dir.as_str()])
        .args([format!("--{kind}"), name.to_owned()])
        .args(build_args(context.request, &build.options));
    if embeds {
        call = embedding::compile(call, context, build)?;
    }
    let packages = build.locked.packages;
    let action = Action::Run(Run::building(call, Listen::Cargo { packages }));
    let subject = format!("{kind} {name} [{}]", build.options.profile);
    let id = StepId::Program(name.to_owned());
    plan.then(Step::new(id, "Building", subject, action));
    let mut folder = output_dir_in(dir, &build.member, &build.options);
    if matches!(program, CargoTarget::Example(_)) {
        folder.push("examples");
    }
    let path = folder.join(executable(name));
    let environment = &context.target.environment;
    let mut call = context
        .call(&path, &context.caller.cwd)
        .args(arguments.iter().cloned())
        .envs(variables)
        .env(environment.variable(), environment.path.as_str())
        .path(&[&environment.bin()], &context.caller.path);
    let mut imports = None;
    if embeds {
        let path = embedding::import_path(variables.get("PYTHONPATH"), context, build)?;
        call = embedding::execute(call, &path, context, build)?;
        imports = Some(path);
    }
    let show = Show {
        invocation: call,
        imports,
    };
    let action = Action::Show(Box::new(show));
    plan.hand_over = Some(Step::new(StepId::HandOver, "Running", name, action));
    Ok(plan)
}

/// The member whose crate has the example or binary.
fn owner<'a>(context: &PlanContext<'a>, program: &CargoTarget) -> Result<&'a Build> {
    let (kind, name) = (program.kind(), program.name());
    let all = |build: &'a Build| match program {
        CargoTarget::Example(_) => build.examples.iter(),
        CargoTarget::Bin(_) => build.member.bins.iter(),
    };
    let mut builds = context.builds.iter();
    let owner = builds.find(|build| all(build).any(|known| known == name));
    owner.ok_or_else(|| {
        let known = context.builds.iter().flat_map(all);
        let known: Vec<&str> = known.map(String::as_str).collect();
        let known = if known.is_empty() {
            "none".into()
        } else {
            known.join(", ")
        };
        Error::Usage(format!(
            "no {kind} `{name}` in this project; it has {known}"
        ))
    })
}
