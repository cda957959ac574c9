//! `cargo pyx clean`: removes what pyx created.

use clap::Args;
use serde_json::json;

use crate::driver::project_lock;
use crate::execute::execute;
use crate::facts::leftovers::{self, CleanOptions, Leftover};
use crate::model::error::Result;
use crate::plan;
use crate::ui::Ui;
use crate::world::disk::{self, Usage};

use super::global::CommandContext;

/// Remove what pyx made: builds and, with --env, environments
///
/// Removes everything under target/pyx except environments. Never removes anything that git tracks or
/// that pyx did not put there, nor an environment that something else made. Waits for other runs of pyx.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx clean              builds
  cargo pyx clean --dry-run    list them, and how much that frees
  cargo pyx clean --env        also environments
  cargo pyx clean --all        also releases in dist/, and the user cache")]
pub struct Clean {
    /// Also remove the environments that pyx made, and the modules that it put into the sources
    #[arg(long)]
    pub env: bool,
    /// Remove all that, what pyx released into `dist/`, and what projects share: tools in the user
    /// cache, and builds in a target directory outside the project
    #[arg(long)]
    pub all: bool,
}

impl Clean {
    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        let project = context.project()?;
        let options = CleanOptions {
            environments: self.env || self.all,
            everything: self.all,
        };
        if !self.all {
            for folder in leftovers::shared(&project) {
                let why = "other projects may use the builds in it; `--all` removes them";
                ui.status("Keeping", &format!("{folder}: {why}"));
            }
        }
        let found = leftovers::gather(session, &project, options)?;
        let planned = plan::clean(&project, &found);
        if global.dry_run || planned.is_empty() {
            ui.plan(&planned);
            ui.data(&planned.to_string());
            say(&found, global.dry_run, ui);
            return Ok(());
        }
        let _lock = project_lock::take(session, ui, "clean", &project)?;
        let tools = self
            .all
            .then(|| project_lock::take_tools(session, ui, "clean"));
        let _tools = tools.transpose()?;
        let found = leftovers::gather(session, &project, options)?; // whoever had the lock may have built
        let planned = plan::clean(&project, &found);
        ui.plan(&planned);
        execute(session, &planned, ui, disk::now())?;
        say(&found, false, ui);
        Ok(())
    }
}

fn say(found: &[Leftover], dry_run: bool, ui: &Ui) {
    let mut all = Usage::default();
    for leftover in found {
        all += leftover.usage;
    }
    let Usage { bytes, files } = all;
    let text = match files {
        0 => "nothing".to_owned(),
        files => format!("{files} files, {}", Usage::wording(bytes)),
    };
    ui.status(if dry_run { "Would remove" } else { "Removed" }, &text);
    ui.freed(&json!({ "bytes": bytes, "files": files, "dry-run": dry_run }));
}
