//! `cargo pyx run`: a fresh build, then a program in the environment.

use crate::facts::{Build, Facts, Purpose, Request, Running};
use crate::model::error::{Error, Exit, Result};

use super::linked::{self, names};
use super::steps::{PlanContext, activate, build_args, feature_args, run as run_call, step};
use super::{Action, Listen, Plan, dev};

/// # Errors
/// As [`dev::dev`]; an unknown example or binary.
pub fn run(request: &Request, facts: &Facts) -> Result<Plan> {
    let mut plan = dev::dev(request, facts)?;
    if plan.again {
        return Ok(plan);
    }
    match &request.purpose {
        Purpose::Run(Running::Command(words)) => command(&mut plan, facts, words),
        Purpose::Run(Running::Target {
            kind,
            name,
            arguments,
        }) => {
            let Some(tools) = &facts.tools else {
                return Ok(plan);
            };
            let context = PlanContext {
                facts,
                request,
                tools,
            };
            let build = owner(facts, kind, name)?;
            target(&mut plan, &context, build, (kind, name, arguments))?;
        }
        Purpose::Dev
        | Purpose::Test(_)
        | Purpose::Release(_)
        | Purpose::Just(_)
        | Purpose::Look => {}
    }
    Ok(plan)
}

fn command(plan: &mut Plan, facts: &Facts, words: &[String]) {
    let Some((program, arguments)) = words.split_first() else {
        return;
    };
    // a path is relative to where the command was given
    let resolved = if program.contains('/') {
        facts.cwd.join(program).into_string()
    } else {
        program.clone()
    };
    let call = crate::model::invocation::Invocation::new(resolved, &facts.cwd)
        .args(arguments.iter().cloned())
        .without(&facts.scrubbed);
    let call = activate(call, facts);
    plan.hand_over = Some(step("run", "Running", program, Action::Show(call)));
}

/// The member whose crate has the example or binary.
fn owner<'a>(facts: &'a Facts, kind: &str, name: &str) -> Result<&'a Build> {
    let has = |build: &&Build| match kind {
        "example" => build.examples.iter().any(|known| known == name),
        _ => build.member.bins.iter().any(|known| known == name),
    };
    facts.builds.iter().find(has).ok_or_else(|| {
        let known = facts.builds.iter().flat_map(|build| match kind {
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

fn target(
    plan: &mut Plan,
    context: &PlanContext<'_>,
    build: &Build,
    (kind, name, arguments): (&str, &str, &[String]),
) -> Result<()> {
    let own = build.options.own_features().cloned();
    linked::prepare(
        plan,
        context,
        build,
        &feature_args(&own.collect::<Vec<_>>()),
    )?;
    let member = &build.member;
    let dir = linked::dir(build);
    let call = context
        .cargo_call(&context.tools.cargo, build, &dir)
        .args(["build", "--message-format", "json-render-diagnostics"])
        .args(["--manifest-path", member.manifest.as_str()])
        .args(["--target-dir", dir.as_str()])
        .args([format!("--{kind}"), name.to_owned()])
        .args(build_args(context.request, &build.options));
    let call = linked::compile(call, context, build);
    let packages = build.locked.packages;
    let action = run_call(call, Listen::Cargo { packages }, Exit::Failed);
    let subject = format!("{kind} {name} [{}]", build.options.profile);
    let mut building = step("program", "Building", subject, action);
    building.needs = names(plan);
    plan.steps.push(building);
    let folder = dir.join(build.options.folder());
    let folder = if kind == "example" {
        folder.join("examples")
    } else {
        folder
    };
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let environment = &context.facts.environment;
    let call = context
        .call(&program, &context.facts.cwd)
        .args(arguments.iter().cloned())
        .env("VIRTUAL_ENV", environment.path.as_str())
        .path(&[&environment.bin()], &context.facts.path);
    let call = linked::execute(call, context, build)?;
    plan.hand_over = Some(step("run", "Running", name, Action::Show(call)));
    Ok(())
}
