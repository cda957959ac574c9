//! `cargo pyx ci`: continuous integration, derived from the project itself.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};

use crate::facts::project::Project;
use crate::facts::{CiPlan, Request, ci_edit};
use crate::model::error::{Error, Result};
use crate::plan;
use crate::plan::scaffold::automation::{self, AutomationFile, Matrix};

use super::apply::{Consent, apply};
use super::global::CommandContext;

/// Generate CI matrices and workflows
///
/// The Pythons, systems and platforms follow from requires-python, PyO3 and the stable ABI. The number of
/// test shards follows from recorded durations: `test-durations.json` under version control, otherwise those
/// of the last run.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  cargo pyx ci matrix test      one line of JSON for a job's `matrix`
  cargo pyx ci github           workflows in .github/workflows/: show the patch, and ask
  cargo pyx ci gitlab --yes     .gitlab-ci.yml, without asking")]
pub enum Ci {
    Matrix(MatrixArgs),
    /// Write GitHub workflows: sharded tests with one report, checks, and a release
    ///
    /// Shows a patch and asks. The patch would remove manual edits from files that pyx wrote. Workflows
    /// that pyx did not write stay as they are: its own are then called pyx.yml and pyx-release.yml.
    #[command(after_help = "\
Examples:
  cargo pyx ci github             show the patch, and ask
  cargo pyx ci github --yes       do not ask
  cargo pyx ci github --dry-run   only print the patch")]
    Github(WriteArgs),
    /// Write a GitLab pipeline: the same plan in .gitlab-ci.yml
    ///
    /// Shows a patch and asks. The patch would remove manual edits from a file that pyx wrote. A pipeline
    /// that pyx did not write stays as it is: its own is then called pyx.gitlab-ci.yml, to be included
    /// from there.
    #[command(after_help = "\
Examples:
  cargo pyx ci gitlab             show the patch, and ask
  cargo pyx ci gitlab --yes       do not ask
  cargo pyx ci gitlab --dry-run   only print the patch")]
    Gitlab(WriteArgs),
}

/// Print a job's matrix as one line of JSON
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo pyx ci matrix test                              systems, Pythons and shards
  cargo pyx ci matrix wheels                            targets, and the machines they are built on
  cargo pyx ci matrix test --shards 4                   four shards for each Python")]
pub struct MatrixArgs {
    /// The jobs to list: tests or wheels
    #[arg(value_enum)]
    pub which: Matrix,
    /// Number of shards to split the tests into, whatever is recorded
    #[arg(long, value_name = "N", value_parser = shards)]
    pub shards: Option<u32>,
    /// File with recorded test durations
    #[arg(long, value_name = "FILE")]
    pub durations: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub struct WriteArgs {
    /// Make the changes without asking
    #[arg(long)]
    pub yes: bool,
}

impl Ci {
    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        match self {
            Self::Matrix(matrix) => matrix.perform(context),
            Self::Github(write) => {
                let files = automation::github(&gather(context, None)?);
                write.perform(context, files, "ci github --yes")
            }
            Self::Gitlab(write) => {
                let files = automation::gitlab(&gather(context, None)?);
                write.perform(context, files, "ci gitlab --yes")
            }
        }
    }
}

impl WriteArgs {
    /// `instead`: what is to be called where nobody can be asked.
    fn perform(
        &self,
        context: CommandContext<'_>,
        files: Vec<AutomationFile>,
        instead: &str,
    ) -> Result<()> {
        let project = Project::discover(context.session, &request(context).selection())?;
        let mut edits = Vec::new();
        for AutomationFile { names, text } in files {
            edits.push(ci_edit(project.checkout(), names, text)?);
        }
        let names: Vec<&str> = edits.iter().map(|edit| edit.shown.as_str()).collect();
        let subject = names.join(", ");
        let plan = plan::edits("Writing", &subject, edits);
        let instead = context.global.command(instead);
        apply(context, &plan, Consent::of(self.yes, &instead)).map(drop)
    }
}

fn shards(text: &str) -> std::result::Result<u32, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=256).contains(number));
    number.ok_or_else(|| "a number from 1 to 256".to_owned())
}

impl MatrixArgs {
    fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext { session, ui, .. } = context;
        if self.which == Matrix::Wheels && self.shards.is_some() {
            let message = "wheels have no shards: `--shards` is for `ci matrix test`";
            return Err(Error::Usage(message.into()));
        }
        let durations = self.durations.as_ref();
        let durations = durations.map(|path| session.absolute(path.as_str()));
        let mut plan = gather(context, durations.as_ref())?;
        plan.shards = self.shards.unwrap_or(plan.shards);
        let matrix = automation::matrix(&plan, self.which);
        ui.data(&format!("{matrix}\n"));
        ui.matrix(&matrix);
        Ok(())
    }
}

fn request(context: CommandContext<'_>) -> Request {
    let CommandContext {
        global, session, ..
    } = context;
    Request {
        network: global.network.into(),
        ..Request::look(global.manifest(session))
    }
}

fn gather(context: CommandContext<'_>, durations: Option<&Utf8PathBuf>) -> Result<CiPlan> {
    CiPlan::gather(context.session, &request(context), durations)
}
