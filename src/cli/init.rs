//! `cargo pyx init`: the other language for a project that has one of the two, or an editor.

use clap::Args;

use crate::facts::adoption::{Adoption, AdoptionLayout, Wishes};
use crate::facts::editor::Editor;
use crate::model::error::Result;
use crate::plan;

use super::apply::{Consent, apply};
use super::editors;
use super::global::CommandContext;

/// Add a Rust module to a Python package, or a Python module to a crate or workspace
///
/// A package keeps its metadata, dependencies and files, and gets a crate in rust/ and maturin for its
/// build backend. A library keeps its own, and gets PyO3 behind a feature; one that cannot have it gets a
/// crate beside it, which is said with the reason (no std, edition 2015, no unsafe code, an old Rust, the
/// name of a module that Python has). Its package on crates.io stays as it is. A workspace gets a member.
/// Shows all changes as a patch and asks; overwrites nothing; does nothing where both languages are there.
///
/// With `--editor` sets up an editor instead: tasks, interpreter, rust-analyzer and debugger, in `.zed/`
/// or `.vscode/` below the project's root. Changes nothing in files that are there but tasks and debug
/// configurations whose names begin with `pyx:`, and adds settings that nobody has made.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx init                               show the changes, ask, and make them
  cargo pyx init --yes                         ask nothing
  cargo pyx init --dry-run                     print the patch only
  cargo pyx init --layout workspace            a crate for Python beside the library
  cargo pyx init --module fast_words           what Python imports
  cargo pyx init --editor vscode               set up VS Code
  cargo pyx init --editor zed --editor vscode  both editors")]
pub struct Init {
    /// Set up this editor for the project, and nothing else
    #[arg(long, value_name = "EDITOR", value_enum)]
    pub editor: Vec<Editor>,
    /// Where a library gets its module, if not where it is chosen to be
    #[arg(long, value_enum)]
    pub layout: Option<AdoptionLayout>,
    /// What Python imports, where it is not called as the crate
    #[arg(long, value_name = "NAME")]
    pub module: Option<String>,
    /// Make the changes without asking
    #[arg(long)]
    pub yes: bool,
}

impl Init {
    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        if !self.editor.is_empty() {
            return editors::set_up(context, &self.editor, self.yes);
        }
        let manifest = global.manifest(session);
        let root = manifest.as_deref().and_then(camino::Utf8Path::parent);
        let adoption = Adoption::read(session, root.unwrap_or(&session.cwd), &self.wishes())?;
        if let Some(why) = adoption.why_beside() {
            ui.status("Beside", &why);
        }
        let plan = plan::init(&adoption, global.network.into())?;
        let instead = global.command("init --yes");
        let consent = Consent::of(self.yes, &instead);
        if apply(context, &plan, consent)? {
            let next = global.command("test");
            ui.status("Adopted", &format!("both languages; next: {next}"));
            if let Some(path) = plan::adopted_source(&plan) {
                ui.status("Next", &format!("your own functions go into {path}"));
            }
        }
        Ok(())
    }

    fn wishes(&self) -> Wishes {
        Wishes {
            layout: self.layout,
            module: self.module.clone(),
        }
    }
}
