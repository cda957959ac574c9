//! `cargo pyx new`: all files of a project, a repository around them, and its lock files.

use crate::edit::Edit;
use crate::error::{Error, Exit, Result};
use crate::facts::Network;
use crate::ground::Ground;
use crate::invocation::Invocation;
use crate::scaffold::Scaffold;

use super::steps::{self, step};
use super::{Action, Listen, Plan, Step};

/// # Errors
/// [`Error::Offline`] where uv is missing and may not be fetched.
pub fn new(scaffold: &Scaffold, ground: &Ground, network: Network) -> Result<Plan> {
    let files = scaffold.files();
    let edits = files.into_iter().map(|(path, after)| Edit {
        path: ground.folder.join(&path),
        shown: path,
        before: None,
        after,
        changes: Vec::new(),
    });
    let subject = format!("{} in {}", scaffold.name.distribution, ground.shown);
    let mut plan = Plan::of(step(
        "files",
        "Creating",
        subject,
        Action::Edit(edits.collect()),
    ));
    let site = (ground, network);
    if let Some(git) = ground.git.as_ref().filter(|_| !ground.in_checkout) {
        let call = Invocation::new(git.clone(), &ground.folder).args(["init", "--quiet"]);
        push(&mut plan, call_step("git", ("a repository", call), site));
    }
    let manifest = scaffold.manifest();
    let call = Invocation::new(ground.cargo.clone(), &ground.folder).args([
        "generate-lockfile",
        "--quiet",
        "--manifest-path",
        manifest.as_str(),
    ]);
    push(
        &mut plan,
        call_step("cargo lock", ("Cargo.lock", call), site),
    );
    lock(&mut plan, site)?;
    Ok(plan)
}

/// `uv lock`, with a uv that may have to be fetched before.
fn lock(plan: &mut Plan, site: (&Ground, Network)) -> Result<()> {
    let (ground, network) = site;
    if let Some(provision) = ground.uv.missing.clone() {
        if network.offline {
            return Err(Error::Offline(provision.label()));
        }
        push(
            plan,
            steps::fetch(provision, ground.any_python.as_ref(), &ground.uv.path)?,
        );
    }
    let call = Invocation::new(ground.uv.path.clone(), &ground.folder).args(["lock", "--quiet"]);
    push(plan, call_step("uv lock", ("uv.lock", call), site));
    Ok(())
}

fn push(plan: &mut Plan, mut step: Step) {
    step.needs = plan.step_names().collect();
    plan.steps.push(step);
}

fn call_step(
    name: &str,
    (what, call): (&str, Invocation),
    (ground, network): (&Ground, Network),
) -> Step {
    let takes_offline = name != "git" && network.offline;
    let call = call
        .without(&ground.scrubbed)
        .args(takes_offline.then_some("--offline"));
    step(
        name,
        "Creating",
        what,
        steps::run(call, Listen::Quiet, Exit::Environment),
    )
}
