//! What the steps of a release are made from.

use crate::facts::release::{Package, Release};
use crate::facts::{Build, Releasing, TestFacts};
use crate::model::error::{MachineError, Result};
use crate::model::finding::Finding;
use crate::model::step::StepId;
use crate::plan::action::Action;
use crate::plan::context::PlanContext;
use crate::plan::environment;
use crate::plan::release_action::ReleaseAction;
use crate::plan::step::{Plan, Step};
use crate::world::tool::ToolboxState;

pub(super) struct Stage<'a> {
    pub(super) context: PlanContext<'a>,
    pub(super) release: &'a Release,
    pub(super) releasing: &'a Releasing,
    pub(super) tests: &'a TestFacts,
    /// Problems of the project itself.
    pub(super) findings: &'a [Finding],
}

impl<'a> Stage<'a> {
    /// The packages with their builds.
    pub(super) fn packages(&self) -> impl Iterator<Item = (&'a Package, &'a Build)> {
        let context = self.context;
        self.release
            .packages
            .iter()
            .filter_map(move |package| Some((package, context.build(&package.name)?)))
    }

    /// Provides the release tools, and the interpreters that uv has to get.
    ///
    /// # Errors
    /// [`MachineError::Offline`]
    pub(super) fn provide(&self, plan: &mut Plan) -> Result<()> {
        let toolbox = &self.release.toolbox;
        match self.release.toolbox_state {
            ToolboxState::Intact => {}
            ToolboxState::Same => plan.then(step(
                StepId::ProvideReleaseTools,
                "Recording",
                toolbox.label.to_owned(),
                ReleaseAction::RecordTools(toolbox.clone()),
            )),
            ToolboxState::Missing => self.download_tools(plan, "")?,
            ToolboxState::Changed => {
                self.download_tools(plan, ": the existing ones were changed")?;
            }
        }
        for wanted in &self.release.downloads {
            plan.then(environment::download(&self.context, wanted, "")?);
            plan.again = true;
        }
        Ok(())
    }

    fn download_tools(&self, plan: &mut Plan, why: &str) -> Result<()> {
        let toolbox = &self.release.toolbox;
        if self.context.request.network.offline {
            return Err(MachineError::Offline(toolbox.label.into()).into());
        }
        plan.then(step(
            StepId::ProvideReleaseTools,
            "Downloading",
            format!("{}{why}", toolbox.label),
            ReleaseAction::ProvideTools {
                toolbox: toolbox.clone(),
                uv: self.context.tools.uv.path.clone(),
            },
        ));
        Ok(())
    }
}

/// A step with an action that only a release has.
pub(super) fn step(
    id: StepId,
    verb: &'static str,
    subject: impl Into<String>,
    action: ReleaseAction,
) -> Step {
    Step::new(id, verb, subject, Action::Release(Box::new(action)))
}
