//! What every plan is made of: the tools and the environment, and how a step is written down.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::Options;
use crate::facts::environment::{Environment, State};
use crate::facts::{Build, DEV, Facts, Request, TEST, Tools};
use crate::model::error::{Error, Exit, Result};
use crate::model::invocation::Invocation;
use crate::world::interpreter::Choice;
use crate::world::tool::Provision;

use super::{Action, Listen, Plan, RecordSync, Run, Step};

/// How the names of steps begin that ask uv for a Python.
pub(super) const INTERPRETER: &str = "interpreter";

/// The step that records the environment.
pub(super) const RECORD: &str = "record";

/// What every step of a plan is made from.
pub(super) struct PlanContext<'a> {
    pub(super) facts: &'a Facts,
    pub(super) request: &'a Request,
    pub(super) tools: &'a Tools,
}

impl PlanContext<'_> {
    pub(super) fn offline(&self) -> Option<String> {
        self.request.network.offline.then(|| "--offline".to_owned())
    }

    /// Without the variables that would lead a tool elsewhere.
    pub(super) fn call(&self, program: &Utf8Path, dir: &Utf8Path) -> Invocation {
        Invocation::new(program, dir).without(&self.facts.scrubbed)
    }

    /// For programs that run cargo in the target directory `target`: with the toolchain that pyx
    /// found, never with a download of one.
    pub(super) fn cargo_call(
        &self,
        program: &Utf8Path,
        build: &Build,
        target: &Utf8Path,
    ) -> Invocation {
        let mut call = self
            .call(program, &build.member.dir)
            .env("MATURIN_NO_INSTALL_RUST", "1");
        if build.member.cargo.build.is_some() {
            let dir = build.member.intermediate_dir(target);
            call = call.env("CARGO_BUILD_BUILD_DIR", dir.as_str());
        }
        match &build.toolchain.name {
            Some(toolchain) => call.env("RUSTUP_TOOLCHAIN", toolchain.clone()),
            None => call,
        }
    }

    pub(super) fn show(&self, path: &Utf8Path) -> String {
        self.facts.project.display(path).to_string()
    }
}

/// As in a shell where the environment is active, and uv leaves it as it is.
pub(super) fn activate(call: Invocation, facts: &Facts) -> Invocation {
    let environment = &facts.environment;
    call.env("VIRTUAL_ENV", environment.path.as_str())
        .path(&[&environment.bin()], &facts.path)
        .env("UV_NO_SYNC", "1")
        .env("UV_PROJECT_ENVIRONMENT", environment.path.as_str())
}

pub(super) fn step(
    name: impl Into<String>,
    verb: &'static str,
    subject: impl Into<String>,
    action: Action,
) -> Step {
    Step {
        name: name.into(),
        verb,
        subject: subject.into(),
        reason: None,
        needs: Vec::new(),
        action,
        optional: false,
    }
}

pub(super) fn run(invocation: Invocation, listen: Listen, exit: Exit) -> Action {
    Action::Run(Run {
        invocation,
        listen,
        exit,
        hint: None,
    })
}

/// Tools that are not there yet. `false` when one of them has to tell its version before more can
/// be planned.
pub(super) fn provide(plan: &mut Plan, context: &PlanContext<'_>) -> Result<bool> {
    let tools = std::iter::once(&context.tools.uv).chain(context.tools.maturin.values());
    let tools = tools.chain(context.facts.just.iter().map(|just| &just.tool));
    let missing: Vec<_> = tools.filter_map(|tool| tool.missing.clone()).collect();
    for provision in missing {
        let label = provision.label();
        if plan.has(&format!("provide {label}")) {
            continue;
        }
        if context.request.network.offline {
            return Err(Error::Offline(label));
        }
        let mut step = fetch(
            provision,
            context.tools.any_python.as_ref(),
            &context.tools.uv.path,
        )?;
        step.needs = plan.steps.iter().map(|step| step.name.clone()).collect();
        plan.steps.push(step);
    }
    plan.again = context
        .tools
        .maturin
        .values()
        .any(|tool| tool.version.is_none());
    Ok(!plan.again)
}

/// # Errors
/// [`Error::NoTool`] where no Python can fetch the tool.
pub(super) fn fetch(
    provision: Provision,
    any_python: Option<&Utf8PathBuf>,
    uv: &Utf8Path,
) -> Result<Step> {
    let python = any_python.cloned().ok_or_else(|| Error::NoTool {
        tool: "python3",
        get: "install uv or any Python from 3.7 on; pyx gets the rest".into(),
    })?;
    let label = provision.label();
    let action = Action::Provide {
        provision,
        python,
        uv: uv.to_owned(),
    };
    Ok(step(
        format!("provide {label}"),
        "Downloading",
        label,
        action,
    ))
}

fn provided(plan: &Plan) -> Vec<String> {
    let names = plan.steps.iter().map(|step| &step.name);
    names
        .filter(|name| name.starts_with("provide "))
        .cloned()
        .collect()
}

/// The environment, when it is due. `false` when an interpreter has to be downloaded first.
pub(super) fn environment(plan: &mut Plan, context: &PlanContext<'_>) -> Result<bool> {
    let Some(reason) = &context.facts.environment_stale else {
        return Ok(true);
    };
    let Environment { path, state } = &context.facts.environment;
    if let State::Bad { why, ours: false } = state {
        return Err(Error::ForeignEnvironment {
            path: path.clone(),
            why: why.clone(),
        });
    }
    let uv = &context.tools.uv.path;
    match &context.tools.interpreter {
        Some(Choice::Use(interpreter)) => {
            let clear = matches!(state, State::Bad { .. }).then_some("--clear");
            let call = context
                .call(uv, &context.facts.project.home)
                .args(["venv", "--quiet", "--no-project", "--no-config"])
                .args(clear)
                .args(["--python", interpreter.path.as_str()])
                .arg(path.as_str());
            let mut step = step(
                "environment",
                "Creating",
                format!("{} ({interpreter})", context.show(path)),
                run(call, Listen::Quiet, Exit::Environment),
            );
            step.reason = clear.map(|_| reason.clone());
            step.needs = provided(plan);
            plan.steps.push(step);
            Ok(true)
        }
        Some(Choice::Download(wanted)) => {
            if context.request.network.offline {
                return Err(Error::Offline(format!("Python {}", wanted.text)));
            }
            let mut call = context.call(uv, &context.facts.project.home).args([
                "python",
                "install",
                "--no-bin",
                wanted.text.as_str(),
            ]);
            if wanted.soft {
                call = call.env("UV_HTTP_RETRIES", "0"); // there is another that will do
            }
            let mut step = step(
                INTERPRETER,
                "Downloading",
                format!("Python {} ({})", wanted.text, wanted.from),
                run(call, Listen::Quiet, Exit::Tool),
            );
            step.needs = provided(plan);
            step.optional = true;
            plan.steps.push(step);
            plan.again = true;
            Ok(false)
        }
        None => Ok(true),
    }
}

pub(super) fn environment_needs(plan: &Plan) -> Vec<String> {
    let mut needs = provided(plan);
    needs.extend(plan.has("environment").then(|| "environment".to_owned()));
    needs
}

/// The record of what [`sync`] and the installs left in the environment.
pub(super) fn record_sync(plan: &mut Plan, context: &PlanContext<'_>) {
    if plan.steps.is_empty() {
        return;
    }
    let facts = context.facts;
    let mut installed = Vec::new();
    if facts.sync_stale.is_some() {
        installed.push((DEV, facts.dependencies.clone()));
    }
    if facts.test_sync_stale.is_some() {
        installed.push((TEST, facts.test_dependencies.clone()));
    }
    let made = facts.environment_stale.is_some();
    let requested = facts.python.as_ref();
    let requested = requested.filter(|request| !request.is_flag() && made);
    let mut step = step(
        RECORD,
        "Recording",
        "the environment",
        Action::RecordSync(Box::new(RecordSync {
            environment: context.facts.environment.clone(),
            installed,
            requested: requested.map(|request| request.text.clone()),
            made,
        })),
    );
    step.needs = plan.steps.iter().map(|step| step.name.clone()).collect();
    plan.steps.push(step);
}

pub(super) fn feature_args(features: &[String]) -> Vec<String> {
    let pairs = features.iter();
    pairs
        .flat_map(|feature| ["--features".to_owned(), feature.clone()])
        .collect()
}

/// What cargo is told of a build: profile, features, lock files.
pub(super) fn build_args(request: &Request, options: &Options) -> Vec<String> {
    let mut args = profile_args(&options.profile);
    args.extend(feature_args(&options.features));
    args.extend(
        options
            .no_default_features
            .then(|| "--no-default-features".to_owned()),
    );
    args.extend(lock_args(request).map(str::to_owned));
    args
}

pub(super) fn profile_args(profile: &str) -> Vec<String> {
    match profile {
        "dev" => Vec::new(),
        other => vec!["--profile".into(), other.into()],
    }
}

pub(super) fn lock_args(request: &Request) -> impl Iterator<Item = &'static str> {
    let flags = [
        (request.network.offline, "--offline"),
        (request.network.locked, "--locked"),
    ];
    flags
        .into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, flag)| flag)
}
