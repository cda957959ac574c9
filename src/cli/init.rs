//! `cargo pyx init`: what a project needs beside its code.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use crate::disk;
use crate::editor::{self, Editor, Workspace};
use crate::error::{Error, Result};
use crate::plan::{Action, Plan, Step};
use crate::project::{Project, Selection};
use crate::session::Session;
use crate::ui::Ui;

use super::Global;
use super::apply::{Consent, apply};

/// Set up an editor for the project: tasks, interpreter, rust-analyzer, debugger
///
/// Writes `.zed/` or `.vscode/` below the project's root. In files that are there only what is ours
/// changes: tasks and debug configurations whose names begin with `pyx:`, and settings that nobody
/// has set. Shows the changes as a patch and asks; a second run changes nothing.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx init --editor vscode                  show the changes, ask, make them
  cargo pyx init --editor zed --editor vscode     for both
  cargo pyx init --editor zed --yes               without asking
  cargo pyx init --editor vscode --dry-run        print the patch only")]
pub struct Init {
    /// The editor to set up
    #[arg(long, value_name = "EDITOR", value_enum)]
    pub editor: Vec<Editor>,
    /// Make the changes without asking
    #[arg(long)]
    pub yes: bool,
}

impl Init {
    pub(super) fn perform(&self, global: &Global, session: &Session, ui: &Ui) -> Result<()> {
        if self.editor.is_empty() {
            return Err(Error::Usage(
                "`init` needs `--editor zed` or `--editor vscode`".into(),
            ));
        }
        let around = (global, session, ui);
        editors(around, &self.editor, self.yes)
    }
}

fn editors(
    (global, session, ui): (&Global, &Session, &Ui),
    editors: &[Editor],
    yes: bool,
) -> Result<()> {
    let selection = Selection {
        manifest: global.manifest(session),
        members: Vec::new(),
    };
    let project = Project::discover(session, &selection)?;
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
    let settled = editor::settle(&editors, &workspace, &texts)?;
    let mut plan = Plan::default();
    if !settled.edits.is_empty() {
        let names = settled.edits.iter().map(|edit| edit.shown.as_str());
        plan = Plan::of(Step {
            name: "editors".into(),
            verb: "Writing",
            subject: names.collect::<Vec<_>>().join(", "),
            reason: None,
            needs: Vec::new(),
            action: Action::Edit(settled.edits),
            optional: false,
        });
    }
    plan.fresh = settled.fresh.iter().map(ToString::to_string).collect();
    let consent = if yes {
        Consent::Given
    } else {
        let instead = "pass `--yes` to make them, or `--dry-run` to see them";
        Consent::Asked { instead }
    };
    let made = apply((global, session, ui), &plan, consent)?;
    for finding in &settled.findings {
        ui.finding(finding, &project.root);
    }
    if made && !disk::is_file(&workspace.python) {
        ui.status(
            "Next",
            "`cargo pyx dev` makes the environment that the editor is told of",
        );
    }
    Ok(())
}
