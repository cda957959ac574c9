//! What the facts of a release are gathered from.

use crate::facts::member_build::Build;
use crate::facts::project::Project;
use crate::facts::request::Releasing;
use crate::facts::run_state::RunState;
use crate::facts::supported_pythons::SupportedPythons;
use crate::facts::tools::Tools;
use crate::world::session::Session;

pub(in crate::facts) struct ReleaseContext<'a> {
    pub(in crate::facts) session: &'a Session,
    pub(in crate::facts) project: &'a Project,
    /// `-p`
    pub(in crate::facts) members: &'a [String],
    pub(in crate::facts) releasing: &'a Releasing,
    pub(in crate::facts) offline: bool,
    pub(in crate::facts) run_state: &'a RunState,
    pub(in crate::facts) tools: &'a Tools,
}

impl ReleaseContext<'_> {
    /// Any version, if nothing is known about the member's PyO3.
    pub(super) fn supported_pythons(&self, build: &Build) -> SupportedPythons {
        let found = SupportedPythons::of_member(
            self.session,
            &build.member,
            &build.locked,
            &build.toolchain,
            &self.tools.cargo,
            self.offline,
        );
        found.unwrap_or_default()
    }
}
