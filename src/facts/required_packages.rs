//! The packages that an environment must hold, and why they must be installed.

use crate::facts::dependencies::Dependencies;
use crate::facts::fingerprint::{self, EnvironmentRecord, SyncRecord};
use crate::facts::local_distributions::LocalDistribution;
use crate::facts::project::Project;
use crate::model::reason::Reason;
use crate::world::session::Session;

/// The names of the environment's sync records.
pub const DEV: &str = "dev";
pub const TEST: &str = "test";
pub const DEVELOPERS: &str = "developers";

#[derive(Clone, Debug, Default)]
pub struct RequiredPackages {
    pub dependencies: Dependencies,
    /// Why they must be installed; `None` if they are.
    pub stale: Option<Reason>,
    /// Those from this machine's files that changed, which uv would consider installed.
    pub reinstalled: Vec<String>,
}

impl RequiredPackages {
    /// `all`: why everything is to be done again.
    pub(super) fn judge(
        dependencies: Dependencies,
        name: &str,
        record: &EnvironmentRecord,
        all: Option<&Reason>,
        session: &Session,
        project: &Project,
    ) -> Self {
        let compare = || {
            let Some(then) = record.syncs.get(name) else {
                return Some(Reason::First {
                    what: format!("packages for {name}"),
                });
            };
            fingerprint::stale_settings(&then.settings, &dependencies.settings)
                .or_else(|| fingerprint::stale(&then.inputs, session))
                .map(|reason| reason.relative_to(&project.root))
        };
        let stale = all.cloned().or_else(compare);
        Self {
            dependencies,
            stale,
            reinstalled: Vec::new(),
        }
    }

    /// Finds out which distributions from this machine's files changed since they were installed.
    pub(super) fn look_at_local(
        &mut self,
        session: &Session,
        record: Option<&SyncRecord>,
        local: &[LocalDistribution],
    ) {
        let (Some(record), Some(_)) = (record, &self.stale) else {
            return;
        };
        let is_stale = |one: &&LocalDistribution| {
            let mut own = record.inputs.iter();
            let own =
                own.find(|input| input.path().is_some_and(|path| path.starts_with(&one.from)));
            own.is_none_or(|input| input.stale(session).is_some())
        };
        let changed = local.iter().filter(is_stale);
        self.reinstalled = changed.map(|one| one.name.clone()).collect();
    }
}
