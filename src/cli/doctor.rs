//! `cargo pyx doctor`: what is there, and what will go wrong.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use clap::Args;

use crate::driver::refusal;
use crate::facts::Request;
use crate::facts::doctor::{Checkup, Fix, Problem};
use crate::model::counted::counted;
use crate::model::error::{ProjectError, Result};
use crate::model::finding;
use crate::plan;
use crate::ui::Ui;
use crate::world::disk;
use crate::world::session::Session;

use super::apply::{Consent, apply};
use super::global::CommandContext;

/// Show what pyx finds, and the project's problems
///
/// Shows tools, interpreters, the environment, packages, whether their builds are fresh, and disk usage;
/// then whatever will go wrong, with its place and a remedy. Runs no code of the project; only `--fix`
/// changes anything. Exits with 1 if there are errors.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx doctor                   look only
  cargo pyx doctor --fix             show the safe changes, and make them
  cargo pyx doctor --fix --dry-run   print them as a patch
  cargo pyx doctor --message-format json")]
pub struct Doctor {
    /// Fix what can be fixed without changing what the project does
    #[arg(long)]
    pub fix: bool,
    /// Do not ask before changing files
    #[arg(long, requires = "fix")]
    pub yes: bool,
}

impl Doctor {
    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        let request = Request::look(global.manifest(session));
        let found = checkup(session, &request)?;
        let root = found.facts.project.root.clone();
        let patch_only = self.fix && global.dry_run;
        if !patch_only {
            show(&found, ui);
        }
        let mut left = found.problems;
        if self.fix {
            let plan = plan::fix(&left, &texts(&left)?, &root)?;
            if patch_only && plan.is_empty() {
                ui.status("Found", "nothing to fix");
            }
            let consent = Consent::of(self.yes, "cargo pyx doctor --fix --yes");
            if apply(context, &plan, consent)? {
                left = checkup(session, &request)?.problems;
                again(&left, ui);
            }
        }
        let findings: Vec<_> = left.into_iter().map(|problem| problem.finding).collect();
        match finding::errors(&findings) {
            0 => Ok(()),
            _ if patch_only => Ok(()),
            errors => Err(ProjectError::ProblemsFound(errors).into()),
        }
    }
}

fn checkup(session: &Session, request: &Request) -> Result<Checkup> {
    let mut found = Checkup::gather(session, request)?;
    if let Some(error) = refusal::of_dev(session, request.manifest.clone()) {
        found.add_refusal(&error);
    }
    Ok(found)
}

/// What was in the way of another change, or has only come to light.
fn again(left: &[Problem], ui: &Ui) {
    let more = left
        .iter()
        .filter(|problem| !problem.fix.is_empty())
        .count();
    if more > 0 {
        ui.warn(&format!(
            "{more} more can be fixed: run `cargo pyx doctor --fix` again"
        ));
    }
}

fn show(checkup: &Checkup, ui: &Ui) {
    let rows: Vec<Vec<String>> = checkup.report.rows().into_iter().map(Vec::from).collect();
    ui.report(&rows, &checkup.report);
    for warning in &checkup.facts.warnings {
        ui.warn(warning);
    }
    for problem in &checkup.problems {
        let fixable = !problem.fix.is_empty();
        ui.problem(&problem.finding, &checkup.facts.project.root, fixable);
    }
    let fixable = checkup
        .problems
        .iter()
        .filter(|problem| !problem.fix.is_empty())
        .count();
    let all = checkup.problems.len();
    let problems = counted(all, "problem");
    let text = match (all, fixable) {
        (0, _) => "no problems".to_owned(),
        (_, 0) => problems,
        _ => format!("{problems}; `cargo pyx doctor --fix` fixes {fixable}"),
    };
    ui.status("Found", &text);
}

/// The present text of every file that a fix changes and that is there.
fn texts(problems: &[Problem]) -> Result<BTreeMap<Utf8PathBuf, String>> {
    let fixes = problems.iter().flat_map(|problem| &problem.fix);
    let paths: BTreeSet<&Utf8PathBuf> = fixes
        .map(|fix| match fix {
            Fix::Amend(path, _) | Fix::Create(path) => path,
        })
        .collect();
    let mut texts = BTreeMap::new();
    for path in paths {
        texts.extend(disk::read_text(path)?.map(|text| (path.clone(), text)));
    }
    Ok(texts)
}
