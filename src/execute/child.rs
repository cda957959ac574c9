//! Programs that a plan runs: captured, shown, or given the terminal.

use std::time::Instant;

use crate::facts::environment;
use crate::model::error::{Error, MachineError, Result};
use crate::model::invocation::Invocation;
use crate::plan::{Action, ImportPath, Listen, Run, RunRecipe, Showing, Step};
use crate::ui::{Activity, MessageFormat, Ui};
use crate::world::process::{self, Status};
use crate::world::session::Session;

use super::cargo;
use super::context::{Context, PlanOutcome};
use super::diagnosis::Diagnosis;
use super::kept::INSTALLING;

/// Runs a program of a plan, and interprets its output.
pub(super) fn call(
    context: &Context<'_>,
    step: &Step,
    run: &Run,
    activity: &Activity<'_>,
) -> Result<()> {
    let mut invocation = run.invocation.clone();
    if run.listen != Listen::Quiet {
        let color = if context.ui.colors() {
            "always"
        } else {
            "never"
        };
        invocation = invocation
            .env("CARGO_TERM_COLOR", color)
            .env("CARGO_TERM_PROGRESS_WHEN", "never");
    }
    if let Action::Install(_) = step.action {
        invocation = invocation.env(INSTALLING, "1");
    }
    let mut listener = cargo::Listener::new(run.listen, activity);
    let status = process::stream(&invocation, |stream, line| listener.hear(stream, line))?;
    if status.success() {
        return Ok(());
    }
    if !step.optional {
        listener.repeat();
        let dir = &run.invocation.dir;
        listener.errors.annotate(context.session, context.ui, dir);
    }
    let diagnosis = listener.diagnoses.first();
    let exit = diagnosis.as_ref().and_then(Diagnosis::exit);
    let exit = exit.unwrap_or(run.exit);
    let hint = diagnosis.map(|diagnosis| diagnosis.text);
    Err(Error::Step {
        step: format!("{} {}", step.verb.to_lowercase(), step.subject),
        status: status.to_string(),
        invocation: Box::new(run.invocation.clone()),
        exit,
        hint: hint.or_else(|| run.hint.clone()),
    })
}

/// A recipe of the project; those that come last are skipped once a test has failed.
pub(super) fn recipe(
    context: &Context<'_>,
    step: &Step,
    recipe: &RunRecipe,
    activity: &Activity<'_>,
) -> Result<()> {
    let failed = |outcome: &PlanOutcome| {
        outcome
            .test_results
            .iter()
            .any(|test_result| test_result.failure.is_some())
    };
    if recipe.after && context.with(failed) {
        context
            .ui
            .status("Skipped", &format!("{}: tests failed", step.subject));
        return Ok(());
    }
    let status = if context.ui.owns_the_terminal() {
        let status = process::show(&recipe.invocation, context.session.stdin_is_terminal)?;
        process::check_signals()?;
        status
    } else {
        process::stream(&recipe.invocation, |stream, line| {
            activity.show(stream, line);
        })?
    };
    if status.success() {
        return Ok(());
    }
    Err(Error::Step {
        step: step.subject.clone(),
        status: status.to_string(),
        invocation: Box::new(recipe.invocation.clone()),
        exit: recipe.exit,
        hint: None,
    })
}

/// Runs the plan's last step, which has the terminal to itself; with JSON, its output is reported like any
/// step's.
pub fn hand_over(session: &Session, step: &Step, ui: &Ui) -> Result<()> {
    let Action::Show(show) = &step.action else {
        return Ok(());
    };
    let invocation = &with_linked(&show.invocation, show.imports.as_ref());
    let status = if ui.format() == MessageFormat::Json {
        let activity = ui.start(step, Showing::Silent);
        let start = Instant::now();
        let status = process::stream(invocation, |stream, line| activity.show(stream, line));
        let is_good = status.as_ref().is_ok_and(|status| status.success());
        activity.finish(is_good, start.elapsed().as_secs_f64());
        status
    } else {
        ui.detail(step.verb, &step.command());
        process::show(invocation, session.stdin_is_terminal)
    };
    let status = status.map_err(|error| match error {
        Error::Machine(MachineError::Spawn { source, .. })
            if source.kind() == std::io::ErrorKind::NotFound =>
        {
            Error::NoProgram(invocation.program.to_string())
        }
        other => other,
    })?;
    match status {
        Status::Code(0) => Ok(()),
        Status::Code(code) => Err(Error::Child(u8::try_from(code).unwrap_or(1))),
        Status::Signal(signal) => Err(Error::ChildKilled(signal)),
    }
}

/// A program with the current import folders of its packages: they may have been installed since it was
/// planned.
pub(super) fn with_linked(invocation: &Invocation, imports: Option<&ImportPath>) -> Invocation {
    let call = invocation.clone();
    let Some(imports) = imports else {
        return call;
    };
    let folders = environment::path_file_folders(imports.packages());
    call.env("PYTHONPATH", imports.variable(&folders))
}
