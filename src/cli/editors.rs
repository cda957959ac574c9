//! `cargo pyx init --editor`: editor configuration.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;

use crate::facts::editor::{self, Editor, Workspace};
use crate::model::error::Result;
use crate::plan;
use crate::world::disk;

use super::apply::{Consent, apply};
use super::global::CommandContext;

/// Fills the files of the editors, after asking.
///
/// # Errors
/// As [`apply`]; what cannot be read of the project, or of a file that is there.
pub(super) fn set_up(context: CommandContext<'_>, editors: &[Editor], yes: bool) -> Result<()> {
    let CommandContext {
        global,
        session,
        ui,
    } = context;
    let project = context.project()?;
    let workspace = Workspace::gather(session, &project)?;
    let editors: BTreeSet<Editor> = editors.iter().copied().collect();
    let editors: Vec<Editor> = editors.into_iter().collect();
    let mut texts = BTreeMap::new();
    for path in editors
        .iter()
        .flat_map(|editor| editor.paths(&project.root))
    {
        if let Some(text) = disk::read_text(&path)? {
            texts.insert(path, text);
        }
    }
    let changes = editor::changes(&editors, &workspace, &texts)?;
    let names = changes
        .edits
        .iter()
        .map(|edit| edit.shown.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let mut plan = plan::edits("Writing", &names, changes.edits);
    plan.fresh = changes.fresh.iter().map(ToString::to_string).collect();
    let words: Vec<String> = editors
        .iter()
        .filter_map(Editor::to_possible_value)
        .map(|word| format!("--editor {}", word.get_name()))
        .collect();
    let instead = global.command(&format!("init {} --yes", words.join(" ")));
    let made = apply(context, &plan, Consent::of(yes, &instead))?;
    for finding in &changes.findings {
        ui.finding(finding, &project.root);
    }
    if made && !disk::is_file(&workspace.python) {
        ui.status(
            "Next",
            "`cargo pyx dev` creates the environment that the editor is set up for",
        );
    }
    Ok(())
}
