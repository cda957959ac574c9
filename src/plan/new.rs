//! `cargo pyx new`: all files of a project, a repository around them, and its lock files.

use super::scaffold::Scaffold;
use crate::facts::Network;
use crate::facts::new_project::NewProjectFacts;
use crate::model::error::Result;
use crate::model::exit::Exit;
use crate::model::file_edit::Edit;
use crate::model::invocation::Invocation;
use crate::model::step::StepId;

use super::action::{Action, Run};
use super::lock_files::LockFiles;
use super::step::{Plan, Step};

/// Writes a new project, and locks.
///
/// # Errors
/// [`MachineError::Offline`](crate::model::error::MachineError::Offline) if uv is missing and may not be
/// fetched; [`Error::Usage`](crate::model::error::Error::Usage) with `--locked`.
pub fn new(scaffold: &Scaffold, facts: &NewProjectFacts, network: Network) -> Result<Plan> {
    let locks = LockFiles {
        folder: &facts.folder,
        network,
        scrubbed: &facts.scrubbed,
        verb: "Creating",
    };
    locks.check("new")?;
    let files = scaffold.files();
    let edits = files.into_iter().map(|(path, after)| Edit {
        path: facts.folder.join(&path),
        shown: path,
        before: None,
        after: Some(after),
        changes: Vec::new(),
    });
    let subject = format!("{} in {}", scaffold.name.distribution, facts.shown);
    let action = Action::Edit(edits.collect());
    let mut plan = Plan::of(Step::new(StepId::Edit, "Creating", subject, action));
    if let Some(git) = &facts.git
        && !facts.in_checkout
    {
        let call = Invocation::new(git.clone(), &facts.folder).args(["init", "--quiet"]);
        let call = call.without(&facts.scrubbed);
        let action = Action::Run(Run::quiet(call, Exit::Environment));
        plan.then(Step::new(StepId::Git, "Creating", "a repository", action));
    }
    let manifest = scaffold.manifest();
    let words = ["generate-lockfile", "--quiet", "--manifest-path"];
    let words = [&words[..], &[manifest.as_str()]].concat();
    locks.cargo(&mut plan, &facts.cargo, &words);
    locks.uv(&mut plan, &facts.uv, facts.any_python.as_ref())?;
    Ok(plan)
}
