//! `cargo pyx new`: all files of a project, a repository around them, and its lock files.

use crate::edit::Edit;
use crate::error::{Exit, Result};
use crate::facts::Network;
use crate::ground::Ground;
use crate::invocation::Invocation;
use crate::scaffold::Scaffold;

use super::lock::{Locks, push};
use super::steps::{self, step};
use super::{Action, Listen, Plan};

/// # Errors
/// [`Error::Offline`](crate::error::Error::Offline) where uv is missing and may not be fetched;
/// [`Error::Usage`](crate::error::Error::Usage) with `--locked`.
pub fn new(scaffold: &Scaffold, ground: &Ground, network: Network) -> Result<Plan> {
    let locks = Locks {
        folder: &ground.folder,
        network,
        scrubbed: &ground.scrubbed,
        verb: "Creating",
    };
    locks.check("new")?;
    let files = scaffold.files();
    let edits = files.into_iter().map(|(path, after)| Edit {
        path: ground.folder.join(&path),
        shown: path,
        before: None,
        after,
        changes: Vec::new(),
    });
    let subject = format!("{} in {}", scaffold.name.distribution, ground.shown);
    let action = Action::Edit(edits.collect());
    let mut plan = Plan::of(step("files", "Creating", subject, action));
    if let Some(git) = ground.git.as_ref().filter(|_| !ground.in_checkout) {
        let call = Invocation::new(git.clone(), &ground.folder).args(["init", "--quiet"]);
        let call = call.without(&ground.scrubbed);
        let action = steps::run(call, Listen::Quiet, Exit::Environment);
        push(&mut plan, step("git", "Creating", "a repository", action));
    }
    let manifest = scaffold.manifest();
    let words = ["generate-lockfile", "--quiet", "--manifest-path"];
    let words = [&words[..], &[manifest.as_str()]].concat();
    locks.cargo(&mut plan, &ground.cargo, &words);
    locks.uv(&mut plan, &ground.uv, ground.any_python.as_ref())?;
    Ok(plan)
}
