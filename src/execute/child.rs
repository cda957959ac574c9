//! Programs that a plan runs: captured, shown, or given the terminal.

use std::io::ErrorKind;
use std::time::Instant;

use camino::Utf8Path;

use crate::facts::environment;
use crate::model::error::{Error, MachineError, Result};
use crate::model::invocation::{Invocation, quote};
use crate::plan::{Action, ImportPath, Listen, Run, RunRecipe, Showing, Step};
use crate::ui::{Activity, MessageFormat, Ui};
use crate::world::disk;
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
    let hint = diagnosis.map(|diagnosis| diagnosis.hint(run.hint.as_ref()));
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
    let status = status.map_err(|error| not_started(error, &step.subject, invocation))?;
    match status {
        Status::Code(0) => Ok(()),
        Status::Code(code) => Err(Error::Child(u8::try_from(code).unwrap_or(1))),
        Status::Signal(signal) => Err(Error::ChildKilled(signal)),
    }
}

/// Why a program was not started; `name`: what a person has named, which may be something else.
fn not_started(error: Error, name: &str, invocation: &Invocation) -> Error {
    let Error::Machine(MachineError::Spawn { source, .. }) = &error else {
        return error;
    };
    let program = &invocation.program;
    let is_named = *program == name || *program == invocation.dir.join(name);
    let name = if is_named { name } else { program.as_str() };
    let path = Utf8Path::new(name);
    let arguments: Vec<_> = invocation.args.iter().map(|word| quote(word)).collect();
    if path.extension() == Some("py") && disk::is_file(&invocation.dir.join(path)) {
        let message = format!("`{name}` is a Python script, not a program");
        let call = format!(
            "cargo pyx run python {} {}",
            quote(name),
            arguments.join(" ")
        );
        return Error::refused(message, call.trim_end());
    }
    match source.kind() {
        ErrorKind::NotFound if name.contains(std::path::is_separator) => {
            let message = format!("no program `{name}`");
            Error::refused(
                message,
                "without a folder it is looked for in the environment and on PATH",
            )
        }
        ErrorKind::NotFound => Error::NoProgram(name.to_owned()),
        _ => error,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_did_not_start_is_named_as_it_was_asked_for() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        disk::write(&root.join("my script.py"), b"").unwrap();
        let said = |name: &str, kind: ErrorKind| {
            let invocation = Invocation::new(root.join(name), root).args(["-k", "a b"]);
            let error = Error::Machine(MachineError::Spawn {
                invocation: Box::new(invocation.clone()),
                source: kind.into(),
            });
            let error = not_started(error, name, &invocation);
            (error.to_string(), error.hint().unwrap_or_default())
        };
        for kind in [ErrorKind::NotFound, ErrorKind::PermissionDenied] {
            let (message, hint) = said("my script.py", kind);
            assert_eq!(message, "`my script.py` is a Python script, not a program");
            assert_eq!(hint, "cargo pyx run python 'my script.py' -k 'a b'");
        }
        let (message, hint) = said("./nosuch", ErrorKind::NotFound);
        assert_eq!(message, "no program `./nosuch`");
        assert!(!hint.is_empty());
        let (message, hint) = said("pyhton", ErrorKind::NotFound);
        assert_eq!(message, "no program `pyhton` in the environment or on PATH");
        assert_eq!(hint, "cargo pyx run --with PACKAGE pyhton");
        let (message, _) = said("program", ErrorKind::PermissionDenied);
        assert!(message.contains("permission denied"), "{message}");
    }
}
