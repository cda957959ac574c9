//! `cargo pyx init`: the other language for a project that has one of the two.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::scaffold::FileChange;
use crate::facts::Network;
use crate::facts::adoption::{Adoption, History, Subject};
use crate::model::error::{Error, Result};
use crate::model::file_edit::Edit;
use crate::model::invocation::quote;
use crate::model::path::slashed;
use crate::model::step::StepId;

use super::action::Action;
use super::lock_files::LockFiles;
use super::step::{Plan, Step};

/// The Rust file to write the code in that Python calls, in a sentence.
pub fn next_source(adoption: &Adoption, plan: &Plan) -> Option<String> {
    let is_rust = |edit: &&Edit| edit.path.extension() == Some("rs");
    if let Some(function) = &adoption.function {
        let path = &edits(plan).find(is_rust)?.shown;
        return Some(format!("write `{}` in {path}", function.path.function));
    }
    let made = |edit: &&Edit| edit.before.is_none() && is_rust(edit);
    let path = &edits(plan).find(made)?.shown;
    Some(format!("add your own functions to {path}"))
}

/// The files that a plan changes or removes; relative to the root, else absolute.
pub fn changed_files(adoption: &Adoption, plan: &Plan) -> Vec<Utf8PathBuf> {
    let changed = edits(plan).filter(|edit| edit.before.is_some());
    let mut files: Vec<Utf8PathBuf> = changed.map(|edit| edit.shown.clone()).collect();
    files.extend(adoption.changed_locks());
    files
}

/// The files that a plan creates, relative to the root.
pub fn new_files(plan: &Plan) -> Vec<Utf8PathBuf> {
    let new = edits(plan).filter(|edit| edit.before.is_none());
    new.map(|edit| edit.shown.clone()).collect()
}

/// The command that undoes the plan in a checkout that has committed the current state of the files
/// `changed`, to paste in the folder `cwd`, absolute: new files are removed, changed ones restored from git,
/// and nothing else is touched.
pub fn way_back(
    adoption: &Adoption,
    plan: &Plan,
    changed: &[Utf8PathBuf],
    cwd: &Utf8Path,
) -> String {
    let new = new_files(plan);
    let mut files: Vec<String> = new.iter().map(|path| slashed(path)).collect();
    if adoption.locks() && !adoption.locked {
        let lock = adoption.manifest().with_file_name("Cargo.lock");
        files.push(slashed(&lock));
    }
    let commands = undo(changed, &files, &adoption.there);
    if adoption.root == cwd {
        commands
    } else {
        format!("(cd {} && {commands})", quote(&slashed(&adoption.root)))
    }
}

/// Restores `changed` from git and removes `new` files, with the folders that become empty.
///
/// All paths relative to the root; `there`: what was at the root before.
fn undo(changed: &[Utf8PathBuf], new: &[String], there: &BTreeSet<Utf8PathBuf>) -> String {
    let quoted = |words: &mut dyn Iterator<Item = &str>| {
        let words: Vec<_> = words.map(quote).collect();
        words.join(" ")
    };
    let tops = new.iter().filter_map(|file| Some(file.split_once('/')?.0));
    let is_new = |top: &&str| !top.is_empty() && !there.contains(Utf8Path::new(top));
    let folders: BTreeSet<&str> = tops.filter(is_new).collect();
    let mut commands = Vec::new();
    if !changed.is_empty() {
        let changed = quoted(&mut changed.iter().map(|path| path.as_str()));
        commands.push(format!("git checkout -- {changed}"));
    }
    let new = quoted(&mut new.iter().map(String::as_str));
    commands.push(format!("rm -f {new}"));
    if !folders.is_empty() {
        let folders = quoted(&mut folders.into_iter());
        commands.push(format!("find {folders} -type d -empty -delete"));
    }
    commands.join(" && ")
}

fn edits(plan: &Plan) -> impl Iterator<Item = &Edit> {
    plan.steps.iter().flat_map(|step| match &step.action {
        Action::Edit(edits) => &edits[..],
        _ => &[],
    })
}

/// Writes the module and what it needs, and locks.
///
/// # Errors
/// [`Error::Refused`] if a file would be overwritten;
/// [`MachineError::Offline`](crate::model::error::MachineError::Offline) if uv is missing and may not be
/// fetched; [`Error::Usage`] with `--locked`.
pub fn init(adoption: &Adoption, network: Network) -> Result<Plan> {
    if let Subject::AlreadyMixed(name) = &adoption.subject {
        return Ok(Plan {
            fresh: vec![name.clone()],
            ..Plan::default()
        });
    }
    let locks = LockFiles {
        folder: &adoption.root,
        network,
        scrubbed: &adoption.scrubbed,
        verb: "Locking",
    };
    locks.check("init")?;
    if let Subject::NeedsBackend(_) = &adoption.subject {
        let message = "only the build backend knows this package's metadata, and asking it runs the project's code";
        return Err(Error::refused(message.into(), "cargo pyx init --yes"));
    }
    check_kept(adoption)?;
    let edits = adoption.wanted()?.into_iter();
    let edits: Vec<Edit> = edits
        .map(|one| edit(one, adoption))
        .collect::<Result<_>>()?;
    let subject = adoption.root.file_name().unwrap_or_default();
    let mut plan = Plan::of(Step::new(
        StepId::Edit,
        "Adopting",
        subject,
        Action::Edit(edits),
    ));
    if !adoption.locks() {
        return Ok(plan);
    }
    // the packages that are locked stay as they are
    let words: &[&str] = if adoption.locked {
        &["update", "--workspace", "--quiet", "--manifest-path"]
    } else {
        &["generate-lockfile", "--quiet", "--manifest-path"]
    };
    let manifest = adoption.manifest();
    let words = [words, &[manifest.as_str()]].concat();
    locks.cargo(&mut plan, &adoption.cargo, &words);
    if let Some(uv) = adoption.uv.as_ref().filter(|_| adoption.has_uv_lock) {
        locks.uv(&mut plan, uv, adoption.any_python.as_ref())?;
    }
    Ok(plan)
}

/// What pyproject.toml takes over is removed from other files, of which git must have a copy.
fn check_kept(adoption: &Adoption) -> Result<()> {
    let setup = adoption.subject.setup();
    if setup.is_empty() || adoption.history == History::Same {
        return Ok(());
    }
    let files = setup.join(" ");
    let message = format!(
        "pyproject.toml takes over the settings of {files}, whose current state is not committed"
    );
    let root = slashed(&adoption.root);
    let root = quote(&root);
    let git = format!("git -C {root}");
    let begin = match adoption.history {
        History::None => format!("{git} init && "),
        History::Other | History::Same => String::new(),
    };
    let hint = format!("{begin}{git} add {files} && {git} commit -m \"before Rust\"");
    Err(Error::refused(message, hint))
}

fn edit(wanted: FileChange, adoption: &Adoption) -> Result<Edit> {
    if wanted.before.is_none() && adoption.there.contains(&wanted.path) {
        let message = format!("`{}` already exists, and is not overwritten", wanted.path);
        let path = adoption.root.join(&wanted.path);
        let path = slashed(&path);
        let path = quote(&path);
        return Err(Error::refused(message, format!("mv {path} {path}.old")));
    }
    Ok(Edit {
        path: adoption.root.join(&wanted.path),
        shown: slashed(&wanted.path).into(),
        before: wanted.before,
        after: wanted.after,
        changes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_quotes_each_path_whole() {
        let new = ["my pkg/core/lib.rs", "src/x.rs", "Cargo.toml"].map(str::to_owned);
        let there = BTreeSet::from(["src".into()]);
        assert_eq!(
            undo(&["a b.toml".into()], &new, &there),
            "git checkout -- 'a b.toml' && rm -f 'my pkg/core/lib.rs' src/x.rs Cargo.toml \
             && find 'my pkg' -type d -empty -delete"
        );
        assert_eq!(undo(&[], &new[2..], &there), "rm -f Cargo.toml");
    }
}
