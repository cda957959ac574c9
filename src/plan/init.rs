//! `cargo pyx init`: the other language for a project that has one of the two.

use crate::adoption::{Adoption, Subject};
use crate::edit::Edit;
use crate::error::{Error, Exit, Result};
use crate::facts::Network;
use crate::invocation::Invocation;
use crate::scaffold::Wanted;

use super::steps::{self, step};
use super::{Action, Listen, Plan};

/// # Errors
/// [`Error::Refused`] where a file would be overwritten; [`Error::Offline`] where uv is missing.
pub fn init(adoption: &Adoption, network: Network) -> Result<Plan> {
    if let Subject::Whole(name) = &adoption.subject {
        return Ok(Plan {
            fresh: vec![name.clone()],
            ..Plan::default()
        });
    }
    let edits = adoption.wanted().into_iter();
    let edits: Vec<Edit> = edits
        .map(|one| edit(one, adoption))
        .collect::<Result<_>>()?;
    let subject = adoption.root.file_name().unwrap_or_default();
    let mut plan = Plan::of(step("files", "Adopting", subject, Action::Edit(edits)));
    // the packages that are locked stay as they are
    let words: &[&str] = if adoption.locked {
        &["update", "--workspace", "--quiet"]
    } else {
        &["generate-lockfile", "--quiet"]
    };
    let manifest = adoption.manifest();
    let cargo = Invocation::new(adoption.cargo.clone(), &adoption.root)
        .args(words.iter().copied())
        .args(["--manifest-path", manifest.as_str()]);
    lock(&mut plan, "Cargo.lock", cargo, (adoption, network));
    if let Some(uv) = &adoption.uv {
        if let Some(provision) = uv.missing.as_ref().filter(|_| network.offline) {
            return Err(Error::Offline(provision.label()));
        }
        let uv = Invocation::new(uv.path.clone(), &adoption.root).args(["lock", "--quiet"]);
        lock(&mut plan, "uv.lock", uv, (adoption, network));
    }
    Ok(plan)
}

fn edit(wanted: Wanted, adoption: &Adoption) -> Result<Edit> {
    if wanted.before.is_none() && adoption.there.contains(&wanted.path) {
        let message = format!("`{}` is there already, and is not overwritten", wanted.path);
        return Err(Error::refused(
            message,
            format!("git mv {0} OTHER, then run it again", wanted.path),
        ));
    }
    Ok(Edit {
        path: adoption.root.join(&wanted.path),
        shown: wanted.path,
        before: wanted.before,
        after: wanted.after,
        changes: Vec::new(),
    })
}

fn lock(plan: &mut Plan, file: &str, call: Invocation, (adoption, network): (&Adoption, Network)) {
    let call = call
        .without(&adoption.scrubbed)
        .args(network.offline.then_some("--offline"));
    let action = steps::run(call, Listen::Quiet, Exit::Environment);
    let mut step = step(file, "Locking", file, action);
    step.needs = plan.step_names().collect();
    plan.steps.push(step);
}
