//! `cargo pyx run`: a fresh build, then a program in the environment.

use crate::facts::{Build, Caller, TargetEnvironment};
use crate::model::error::{Error, Result};
use crate::model::invocation::Invocation;
use crate::model::path::executable;
use crate::model::step::StepId;

use super::action::{Action, Listen, Run};
use super::arguments::{build_args, feature_args};
use super::context::{PlanContext, activate, with_toolchain};
use super::step::{Plan, Step};
use super::{dev, linked};

/// Any program, in the environment; `None` where there are no words.
pub(super) fn command(
    target: &TargetEnvironment,
    caller: &Caller,
    builds: &[Build],
    words: &[String],
) -> Option<Step> {
    let (program, arguments) = words.split_first()?;
    // a path is relative to where the command was given
    let resolved = if program.contains('/') {
        caller.cwd.join(program).into_string()
    } else {
        program.clone()
    };
    let call = Invocation::new(resolved, &caller.cwd)
        .args(arguments.iter().cloned())
        .without(&caller.scrubbed);
    let call = with_toolchain(activate(call, target, caller), builds);
    let action = Action::Show(call);
    Some(Step::new(StepId::HandOver, "Running", program, action))
}

/// A cargo example or binary that embeds Python. `kind`: `example` or `bin`.
///
/// # Errors
/// As [`dev::dev`]; an unknown example or binary; a Python that cannot be linked.
pub(super) fn target(
    context: &PlanContext<'_>,
    kind: &str,
    name: &str,
    arguments: &[String],
) -> Result<Plan> {
    let mut plan = dev::dev(context)?;
    if plan.again {
        return Ok(plan);
    }
    let build = owner(context, kind, name)?;
    let own: Vec<String> = build.options.own_features().cloned().collect();
    linked::prepare(&mut plan, context, build, &feature_args(&own))?;
    let dir = linked::dir(build);
    let call = context
        .cargo_call(&context.tools.cargo, build, &dir)
        .args(["build", "--message-format", "json-render-diagnostics"])
        .args(["--manifest-path", build.member.manifest().as_str()])
        .args(["--target-dir", dir.as_str()])
        .args([format!("--{kind}"), name.to_owned()])
        .args(build_args(context.request, &build.options));
    let call = linked::compile(call, context, build);
    let packages = build.locked.packages;
    let action = Action::Run(Run::building(call, Listen::Cargo { packages }));
    let subject = format!("{kind} {name} [{}]", build.options.profile);
    let id = StepId::Program(name.to_owned());
    plan.then(Step::new(id, "Building", subject, action));
    let mut folder = dir.join(build.options.folder());
    if kind == "example" {
        folder.push("examples");
    }
    let program = folder.join(executable(name));
    let environment = &context.target.environment;
    let call = context
        .call(&program, &context.caller.cwd)
        .args(arguments.iter().cloned())
        .env("VIRTUAL_ENV", environment.path.as_str())
        .path(&[&environment.bin()], &context.caller.path);
    let action = Action::Show(linked::execute(call, context, build)?);
    plan.hand_over = Some(Step::new(StepId::HandOver, "Running", name, action));
    Ok(plan)
}

/// The member whose crate has the example or binary.
fn owner<'a>(context: &PlanContext<'a>, kind: &str, name: &str) -> Result<&'a Build> {
    let has = |build: &&Build| match kind {
        "example" => build.examples.iter().any(|known| known == name),
        _ => build.member.bins.iter().any(|known| known == name),
    };
    context.builds.iter().find(has).ok_or_else(|| {
        let known = context.builds.iter().flat_map(|build| match kind {
            "example" => build.examples.iter(),
            _ => build.member.bins.iter(),
        });
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
