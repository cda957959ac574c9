//! What a release does with files: unpack, seal, check, start, promote, publish.

mod answer;
mod check_result;
mod checks;
mod compare;
mod launch;
mod linters;
mod mend_lock;
mod promote;
mod publish;
mod seal;
mod stubs;
mod unpack;

use crate::model::error::Result;
use crate::plan::ReleaseAction;
use crate::ui::Activity;

use super::context::Context;
use super::{diagnosis, files};

pub(super) fn act(
    context: &Context<'_>,
    action: &ReleaseAction,
    activity: &Activity<'_>,
) -> Result<()> {
    match action {
        ReleaseAction::ProvideTools { toolbox, uv } => toolbox
            .provide(context.session, uv)
            .map_err(diagnosis::explained),
        ReleaseAction::RecordTools(toolbox) => toolbox.record_again(context.session),
        ReleaseAction::CopySources { from, to, without } => {
            files::copy_sources(context.session, from, to, without)
        }
        ReleaseAction::MendLock(mend) => mend_lock::mend_lock(context, mend),
        ReleaseAction::Unpack(unpack) => unpack::unpack(unpack),
        ReleaseAction::Seal(seal) => seal::seal(context.session, seal),
        ReleaseAction::Compare { first, second } => {
            compare::compare(first, second)?;
            let name = first.file_name().unwrap_or_default();
            context.ui.status("Reproduced", name);
            Ok(())
        }
        ReleaseAction::Check(check) => checks::check(context, check),
        ReleaseAction::RecordChecks(record) => checks::record(context, record),
        ReleaseAction::Verdict(verdict) => checks::verdict(context, verdict),
        ReleaseAction::Launch(launch) => launch::launch(launch),
        ReleaseAction::Promote(promote) => promote::promote(context, promote),
        ReleaseAction::Confirm(confirm) => publish::confirm(context, confirm),
        ReleaseAction::Publish(publish) => publish::publish(context, publish, activity),
    }
}
