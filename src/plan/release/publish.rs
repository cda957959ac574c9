//! `cargo pyx release publish`: checked, confirmed, compared with what the index has, and uploaded one after
//! another.

use crate::facts::release::{Publication, Publishable, RELEASE_AGAIN, short};
use crate::model::counted::counted;
use crate::model::error::{Error, ReleaseError, Result};
use crate::model::exit::Exit;
use crate::model::invocation::Invocation;
use crate::model::step::StepId;
use crate::plan::environment;
use crate::plan::release_action::{Confirm, Publish, ReleaseAction, Upload};
use crate::plan::step::Plan;

use super::checks;
use super::stage::{Stage, step};

/// The first uv whose `publish` has `--dry-run`.
const UV_WITH_TRIAL_UPLOADS: [u64; 3] = [0, 8, 16];

/// Appends the steps that ask, upload and verify that everything arrived.
///
/// # Errors
/// [`ReleaseError::NotPublished`] if a file is not what was released, or has not passed.
pub(super) fn publish(plan: &mut Plan, stage: &Stage<'_>, publication: &Publication) -> Result<()> {
    if !publication.refused.is_empty() {
        return Err(ReleaseError::NotPublished {
            message: format!("nothing was published: {}", publication.refused.join("; ")),
            exit: Exit::Failed,
            hint: Some(RELEASE_AGAIN.into()),
        }
        .into());
    }
    if stage.context.request.network.offline {
        let message = "publishing needs the network".into();
        return Err(Error::refused(message, "run it without `--offline`"));
    }
    if stage.releasing.publishing.unattended {
        let message = "cannot ask for confirmation: this is not a terminal".into();
        return Err(Error::refused(message, "cargo pyx release publish --yes"));
    }
    environment::provide(plan, &stage.context, None)?;
    if !stage.release.existing.is_empty() {
        stage.provide(plan)?;
        checks::existing(plan, stage)?;
    }
    let subject = subject(publication);
    if !stage.releasing.publishing.confirmed {
        let confirm = Confirm {
            question: format!("publish {subject}?"),
            rows: rows(publication),
        };
        let action = ReleaseAction::Confirm(confirm);
        plan.then(step(StepId::Confirm, "Confirming", &subject, action));
    }
    let can_compare = stage.context.tools.uv.at_least(UV_WITH_TRIAL_UPLOADS);
    let publish = Publish {
        compare: (can_compare && publication.index.listed).then(|| compare(stage, publication)),
        uploads: uploads(stage, publication),
        url: publication.index.url.clone(),
    };
    let action = ReleaseAction::Publish(publish);
    plan.then(step(StepId::Publish, "Publishing", subject, action));
    Ok(())
}

fn subject(publication: &Publication) -> String {
    let files = counted(publication.files.len(), "file");
    format!("{files} to {}", publication.index.url)
}

/// By file: size, hash, index.
fn rows(publication: &Publication) -> Vec<Vec<String>> {
    let row = |file: &Publishable| {
        vec![
            file.name().to_owned(),
            file.entry.kibibytes(),
            short(&file.entry.sha256).to_owned(),
            publication.index.url.clone(),
        ]
    };
    publication.files.iter().map(row).collect()
}

/// In the files' own folder, and by name only: uv takes a path for a pattern.
fn call(stage: &Stage<'_>, publication: &Publication) -> Invocation {
    let index = &publication.index;
    let uv = &stage.context.tools.uv.path;
    let call = stage.context.call(uv, &stage.release.dist).arg("publish");
    call.args(index.args.clone()).without(&index.unset)
}

/// What the index would say about all files, before the first one is uploaded.
fn compare(stage: &Stage<'_>, publication: &Publication) -> Invocation {
    let names = publication.files.iter().map(Publishable::name);
    call(stage, publication).arg("--dry-run").args(names)
}

fn uploads(stage: &Stage<'_>, publication: &Publication) -> Vec<Upload> {
    let upload = |file: &Publishable| Upload {
        path: file.path.clone(),
        sha256: file.entry.sha256.clone(),
        size: file.entry.size,
        invocation: call(stage, publication).arg(file.name()),
    };
    publication.files.iter().map(upload).collect()
}
