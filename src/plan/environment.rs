//! What comes first in every plan: the tools, and an environment.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build::target_dir;
use crate::facts::environment::{Environment, State};
use crate::facts::project::Bindings;
use crate::facts::{DEV, DEVELOPERS, TEST};
use crate::model::error::{MachineError, PythonError, Result, ToolError};
use crate::model::exit::Exit;
use crate::model::invocation::Invocation;
use crate::model::path::relative;
use crate::model::step::StepId;
use crate::world::interpreter::Interpreter;
use crate::world::python_request::{InterpreterChoice, PythonRequest};
use crate::world::tool::{Provision, Tool};

use super::action::{Action, RecordSync, Run};
use super::arguments::without_notes;
use super::context::PlanContext;
use super::step::{Plan, Step};

/// Provides the missing tools, including `just` if a recipe is to be run. `false` if one of them has to
/// report its version before more can be planned.
pub(super) fn provide(
    plan: &mut Plan,
    context: &PlanContext<'_>,
    just: Option<&Tool>,
) -> Result<bool> {
    let tools = &context.tools;
    let uvs = tools.first_uv.iter().chain([&tools.uv]);
    let own = uvs.chain(tools.maturin.values());
    let all = own.chain(&tools.patchelf).chain(just);
    for provision in all.filter_map(|tool| tool.missing.clone()) {
        let label = provision.label();
        if plan.has(&StepId::Provide(label.clone())) {
            continue;
        }
        if context.request.network.offline {
            return Err(MachineError::Offline(label).into());
        }
        let any_python = context.tools.any_python.as_ref();
        plan.then(fetch(
            provision,
            any_python,
            &context.tools.fetching_uv().path,
        )?);
    }
    let mut maturin = context.tools.maturin.values();
    plan.again |= context.tools.first_uv.is_some() || maturin.any(|tool| tool.version.is_none());
    toolchain(plan, context)?;
    Ok(!plan.again)
}

/// Provides the toolchain that a package pins, if it is missing: its name is an input of builds.
///
/// # Errors
/// [`MachineError::Offline`]
fn toolchain(plan: &mut Plan, context: &PlanContext<'_>) -> Result<()> {
    for build in context.builds {
        let Some((pin, path)) = &build.toolchain.missing_pin else {
            continue;
        };
        let id = StepId::Toolchain(pin.clone());
        if plan.has(&id) || context.run_state.done.contains(&id) {
            continue;
        }
        if context.request.network.offline {
            return Err(MachineError::Offline(format!("toolchain {pin}")).into());
        }
        // with what else the folder's file asks for
        let call = context
            .call("rustup".into(), &build.member.dir)
            .args(["toolchain", "install"]);
        let subject = format!("toolchain {pin} ({})", context.show(path));
        let action = Action::Run(Run::quiet(call, Exit::Tool));
        plan.push(Step::new(id, "Downloading", subject, action));
        plan.again = true;
    }
    Ok(())
}

/// The step that fetches a tool, with uv or with only a Python.
///
/// # Errors
/// [`ToolError::Missing`] if no Python can fetch the tool.
pub(super) fn fetch(
    provision: Provision,
    any_python: Option<&Utf8PathBuf>,
    uv: &Utf8Path,
) -> Result<Step> {
    let python = any_python.cloned().ok_or_else(|| ToolError::Missing {
        tool: "python3",
        get: "install uv or any Python 3.7 or newer; pyx provides the rest".into(),
    })?;
    let label = provision.label();
    let action = Action::Provide {
        provision,
        python,
        uv: uv.to_owned(),
    };
    let id = StepId::Provide(label.clone());
    Ok(Step::new(id, "Downloading", label, action))
}

/// What can be planned of what comes after an environment.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    Ready,
    /// Nothing before the facts are gathered anew: something decides about its interpreter that is not
    /// known yet, or that has to be downloaded first.
    LookAgain,
}

/// The tools, and the environment when it is due.
///
/// # Errors
/// [`PythonError::ForeignEnvironment`]; as [`provide`] and [`download`].
pub(super) fn prepare(plan: &mut Plan, context: &PlanContext<'_>) -> Result<Made> {
    if provide(plan, context, None)? {
        make(plan, context)
    } else {
        Ok(Made::LookAgain)
    }
}

fn make(plan: &mut Plan, context: &PlanContext<'_>) -> Result<Made> {
    if context.target.stale.is_none() {
        return Ok(Made::Ready);
    }
    lock(plan, context);
    if plan.again {
        return Ok(Made::LookAgain);
    }
    let environment = &context.target.environment;
    if let State::Bad {
        why,
        replaceable: false,
    } = &environment.state
    {
        return Err(PythonError::ForeignEnvironment {
            path: environment.path.clone(),
            why: why.clone(),
            is_condas: environment.is_condas,
        }
        .into());
    }
    match &context.target.interpreter {
        Some(InterpreterChoice::Use(interpreter)) => {
            create(plan, context, interpreter);
            Ok(Made::Ready)
        }
        Some(InterpreterChoice::Download(wanted)) => {
            let mut step = download(context, &wanted.text, &from(wanted))?.after(provided(plan));
            if let Action::Run(run) = &mut step.action
                && wanted.is_soft()
            {
                run.invocation
                    .set
                    .insert("UV_HTTP_RETRIES".into(), "0".into()); // another will do
            }
            plan.push(step);
            plan.again = true;
            Ok(Made::LookAgain)
        }
        None => Ok(Made::Ready),
    }
}

/// The environment of an interpreter that was chosen for it; what is there and is no good goes.
pub(super) fn create(plan: &mut Plan, context: &PlanContext<'_>, interpreter: &Interpreter) {
    let Environment { path, state, .. } = &context.target.environment;
    let clear = matches!(state, State::Bad { .. }).then_some("--clear");
    let call = context
        .uv()
        .args(["venv", "--quiet", "--no-project", "--no-config"])
        .args(clear)
        .args(["--python", interpreter.path.as_str()])
        .arg(path.as_str());
    let subject = format!("{} ({interpreter})", context.show(path));
    let action = Action::Run(Run::quiet(call, Exit::Environment));
    let reason = clear.and(context.target.stale.clone());
    let step = Step::new(StepId::Environment, "Creating", subject, action)
        .because(reason)
        .after(provided(plan));
    plan.push(step);
}

/// What is locked before a Python is chosen, and nothing else.
///
/// # Errors
/// As [`provide`].
pub(super) fn lock_crates(context: &PlanContext<'_>) -> Result<Plan> {
    let mut plan = Plan::default();
    if provide(&mut plan, context, None)? {
        lock(&mut plan, context);
    }
    Ok(plan)
}

/// Which Pythons PyO3 supports depends on its version, which a project without Cargo.lock leaves to cargo.
fn lock(plan: &mut Plan, context: &PlanContext<'_>) {
    if context.request.network.locked {
        return; // cargo says what it thinks of that
    }
    for build in context.builds {
        let member = &build.member;
        let id = StepId::Lock(member.workspace.clone());
        let takes_pyo3 = member.bindings.is_pyo3() || member.bindings == Bindings::Embed;
        if build.locked.exists
            || !takes_pyo3
            || plan.has(&id)
            || context.run_state.done.contains(&id)
        {
            continue;
        }
        let target = target_dir(member);
        let call = context
            .cargo_call(&context.tools.cargo, build, &target)
            .args([
                "generate-lockfile",
                "--manifest-path",
                member.manifest().as_str(),
            ])
            .args(context.request.network.offline.then_some("--offline"))
            .args(build.options.cargo.building());
        let action = Action::Run(Run::quiet(without_notes(call), Exit::Failed));
        let subject = format!("the crates of {}", member.name);
        plan.push(Step::new(id, "Locking", subject, action).after(provided(plan)));
        plan.again = true;
    }
}

fn from(wanted: &PythonRequest) -> String {
    format!(" ({})", wanted.from)
}

/// uv fetches a Python; if it is still missing, that is reported when the facts are gathered again.
///
/// # Errors
/// [`MachineError::Offline`]
pub(super) fn download(context: &PlanContext<'_>, wanted: &str, from: &str) -> Result<Step> {
    if context.request.network.offline {
        return Err(MachineError::Offline(format!("Python {wanted}")).into());
    }
    let call = context.uv().args(["python", "install", "--no-bin", wanted]);
    let id = StepId::Interpreter(wanted.to_owned());
    let subject = format!("Python {wanted}{from}");
    let action = Action::Run(Run::quiet(call, Exit::Tool));
    Ok(Step::new(id, "Downloading", subject, action).optional())
}

fn provided(plan: &Plan) -> Vec<StepId> {
    let is_tool = |id: &StepId| matches!(id, StepId::Provide(_));
    plan.ids().filter(is_tool).collect()
}

/// The steps that whatever works in the environment waits for.
pub(super) fn needs(plan: &Plan) -> Vec<StepId> {
    let mut needs = provided(plan);
    let own = [StepId::Environment, StepId::KeptPackages];
    needs.extend(own.into_iter().filter(|id| plan.has(id)));
    needs
}

/// Tells uv which packages stay as they are before it installs anything.
pub(super) fn keep_packages(plan: &mut Plan, context: &PlanContext<'_>) {
    let Some(path) = kept_packages(context).filter(|_| !plan.has(&StepId::KeptPackages)) else {
        return;
    };
    let mut text = context.target.kept_packages.join("\n");
    text.push('\n');
    let subject = context.show(&path);
    let action = Action::Write {
        path,
        text,
        is_program: false,
    };
    plan.push(Step::new(StepId::KeptPackages, "Writing", subject, action));
}

/// The file with the packages that a conda environment keeps, as constraints; `None` for others.
pub(super) fn kept_packages(context: &PlanContext<'_>) -> Option<Utf8PathBuf> {
    let is_empty = context.target.kept_packages.is_empty();
    (!is_empty).then(|| context.project.own_state().join("kept-packages.txt"))
}

/// That file, and those that uv was already told about: pyx's option or variable would replace them.
fn constraint_files(context: &PlanContext<'_>) -> Vec<Utf8PathBuf> {
    let Some(kept) = kept_packages(context) else {
        return Vec::new();
    };
    let others = context.caller.constraints.iter().cloned();
    std::iter::once(kept).chain(others).collect()
}

/// As uv options.
pub(super) fn constraints(context: &PlanContext<'_>) -> Vec<String> {
    let files = constraint_files(context).into_iter();
    let pairs = files.map(|path| ["--constraint".to_owned(), path.into_string()]);
    pairs.flatten().collect()
}

/// The same for a program that calls uv.
pub(super) fn constrain(call: Invocation, context: &PlanContext<'_>) -> Invocation {
    let files = constraint_files(context);
    if files.is_empty() {
        return call;
    }
    // blanks stand between the files of that list
    let word = |path: &Utf8PathBuf| {
        if path.as_str().contains(' ') {
            relative(&call.dir, path)
        } else {
            path.to_string()
        }
    };
    let words: Vec<String> = files.iter().map(word).collect();
    call.env("UV_CONSTRAINT", words.join(" "))
}

/// Records what was installed into the environment, after everything else.
pub(super) fn record(plan: &mut Plan, context: &PlanContext<'_>) {
    if plan.is_empty() {
        return;
    }
    let target = context.target;
    let mut installed = Vec::new();
    for (name, packages) in [
        (DEV, &target.dependencies),
        (TEST, &target.test_dependencies),
        (DEVELOPERS, &target.developer_dependencies),
    ] {
        if packages.stale.is_some() {
            installed.push((name, packages.dependencies.clone()));
        }
    }
    let made = target.stale.is_some();
    let requested = target.requested.as_ref();
    let requested = requested.filter(|request| !request.is_of_this_run() && made);
    let action = Action::RecordSync(Box::new(RecordSync {
        environment: target.environment.clone(),
        members: context
            .project
            .all()
            .map(|member| member.dir.clone())
            .collect(),
        installed,
        requested: requested.map(|request| request.text.clone()),
        made,
    }));
    let id = StepId::RecordEnvironment;
    plan.then(Step::new(id, "Recording", "the environment", action));
}
