//! A package that switches to maturin: its current build backend is asked for the metadata, and both wheels
//! are compared.

use camino::Utf8Path;

use crate::execute::execute;
use crate::facts::Network;
use crate::facts::adoption::{
    Adoption, AdoptionOptions, BuiltPackage, History, Subject, differences, lost_sources, unsaid,
};
use crate::model::error::{Error, Result};
use crate::plan::{self, Plan};
use crate::ui::Ui;
use crate::world::disk;
use crate::world::git::Git;
use crate::world::session::{CacheFolder, Session};

/// Builds the package with its current build backend, and reads the result.
///
/// # Errors
/// Those of the build; [`Error::Refused`] for what maturin cannot take over.
pub fn ask(
    session: &Session,
    ui: &Ui,
    adoption: Adoption,
    options: &AdoptionOptions,
    network: Network,
) -> Result<Adoption> {
    let trial = disk::staging(&session.cached(CacheFolder::Adoption))?;
    let folder = trial.path();
    let plan = plan::present_wheel(&adoption, folder, network)?;
    execute(session, &plan, ui, disk::now())?;
    let built = BuiltPackage::in_folder(&plan::wheel_folder(folder))?;
    adoption.read_built(session, built, options)
}

/// Builds the package with maturin, and compares.
///
/// # Errors
/// Those of the build; [`Error::Refused`] with unwanted differences.
pub fn prove(
    session: &Session,
    ui: &Ui,
    adoption: &Adoption,
    plan: &Plan,
    network: Network,
) -> Result<()> {
    let Subject::Package(package) = &adoption.subject else {
        return Ok(());
    };
    let Some(takeover) = &package.takeover else {
        return Ok(());
    };
    let trial = disk::staging(&session.cached(CacheFolder::Adoption))?;
    let folder = trial.path();
    let made = plan::new_files(plan);
    let plan = plan::adopted_wheel(adoption, folder, network, plan)?;
    execute(session, &plan, ui, disk::now())?;
    let after = BuiltPackage::in_folder(&plan::wheel_folder(folder))?;
    let edited = adoption.function.as_ref().map(|function| &function.file);
    let found = differences(&takeover.built, &after, &package.asked(edited, &made));
    if found.is_empty() {
        for line in unsaid(&takeover.built, &after) {
            let text = format!("`{line}` is left out: `[project]` has no field for it");
            ui.warn(&text);
        }
        let lost = lost_sources(&takeover.built, &after);
        if !lost.is_empty() {
            ui.warn(&format!("the sdist lacks {}", some_of(&lost)));
        }
        let files = takeover.built.files.len();
        ui.status(
            "Compared",
            &format!("both wheels: metadata and all {files} files match"),
        );
        return Ok(());
    }
    Err(differ(&adoption.root, &found))
}

/// The command that undoes a plan that is yet to be done, to paste; `None` if git has not committed the
/// current state of every file that it changes.
///
/// # Errors
/// Those of git.
pub fn way_back(session: &Session, adoption: &Adoption, plan: &Plan) -> Result<Option<String>> {
    if adoption.history == History::None || plan.is_empty() {
        return Ok(None);
    }
    let git = Git {
        session,
        dir: &adoption.root,
    };
    let mut changed = plan::changed_files(adoption, plan);
    for lock in adoption.changed_locks() {
        if is_ignored(git, &lock)? {
            changed.retain(|path| *path != lock);
        }
    }
    let names: Vec<&str> = changed.iter().map(|path| path.as_str()).collect();
    let is_kept = names.is_empty() || git.keeps(&names)?;
    Ok(is_kept.then(|| plan::way_back(adoption, plan, &changed, &session.started_in)))
}

/// Whether git ignores a file, which can then be regenerated: cargo and uv do.
fn is_ignored(git: Git<'_>, path: &Utf8Path) -> Result<bool> {
    Ok(!git.tracks(path.as_str())? && !git.shows(path)?)
}

/// The first few of them, quoted.
fn some_of(all: &[String]) -> String {
    let shown = all.iter().take(SHOWN).map(|one| format!("`{one}`"));
    let shown: Vec<String> = shown.collect();
    let more = all.len() - shown.len();
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    format!("{}{more}", shown.join(", "))
}

/// This many differences suggest the others.
const SHOWN: usize = 8;

fn differ(root: &Utf8Path, found: &[String]) -> Error {
    let mut lines: Vec<String> = found
        .iter()
        .take(SHOWN)
        .map(|one| format!("  {one}"))
        .collect();
    if found.len() > SHOWN {
        lines.push(format!("  and {} more", found.len() - SHOWN));
    }
    let name = root.file_name().unwrap_or_default();
    let message = format!(
        "the wheel of `{name}` would differ: nothing was written:\n{}",
        lines.join("\n")
    );
    Error::refused(message, crate::facts::adoption::BESIDE)
}
