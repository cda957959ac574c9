//! Edits of the project's files: shown as a patch, and made once the user agrees.

use crate::execute::execute;
use crate::model::error::{Error, Result};
use crate::model::file_edit::Edit;
use crate::plan::{Action, Plan};
use crate::world::disk;

use super::global::CommandContext;

/// Who says that the edits of a plan are to be made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Consent<'a> {
    /// The command line has.
    Given,
    /// The command line has, and the patch is shown all the same.
    Shown,
    /// A person at the terminal, who sees the patch first. Where there is none, the command line to
    /// use instead is told.
    Asked { instead: &'a str },
}

impl<'a> Consent<'a> {
    /// That of `--yes`, else a person's.
    pub(super) fn of(yes: bool, instead: &'a str) -> Self {
        if yes {
            Self::Shown
        } else {
            Self::Asked { instead }
        }
    }
}

/// Makes the edits of `plan`; with `--dry-run` prints them as a patch. Whether they were made.
///
/// # Errors
/// [`Error::Refused`] where nobody can be asked; [`ProjectError::Changed`](crate::model::error::ProjectError::Changed) when a file is no longer as the
/// plan saw it.
pub(super) fn apply(
    context: CommandContext<'_>,
    plan: &Plan,
    consent: Consent<'_>,
) -> Result<bool> {
    let CommandContext {
        global,
        session,
        ui,
    } = context;
    ui.plan(plan);
    for subject in &plan.fresh {
        ui.status("Fresh", subject);
    }
    if global.dry_run {
        ui.data(&plan.to_string());
        return Ok(false);
    }
    if plan.is_empty() {
        return Ok(false);
    }
    let since = disk::now();
    let actions = plan.steps.iter().map(|step| &step.action);
    for action in actions {
        if let Action::Edit(edits) = action {
            let patch: String = edits.iter().map(Edit::diff).collect();
            match consent {
                Consent::Given => ui.verbatim(&patch),
                Consent::Shown => ui.patch(&patch),
                Consent::Asked { .. } => ui.present(&patch),
            }
        }
    }
    if let Consent::Asked { instead } = consent {
        if !(session.stdin_is_terminal && session.stderr_is_terminal) {
            let message = "cannot ask for confirmation: this is not a terminal".into();
            return Err(Error::refused(message, instead));
        }
        if !ui.ask("make these changes?")? {
            ui.status("Kept", "everything as it was");
            return Ok(false);
        }
    }
    execute(session, plan, ui, since)?;
    Ok(true)
}
