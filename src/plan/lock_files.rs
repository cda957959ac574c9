//! Lock files of a project that is created or adopted: written by the tools themselves, once the files are
//! there.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::Network;
use crate::model::error::{Error, MachineError, Result};
use crate::model::exit::Exit;
use crate::model::invocation::Invocation;
use crate::model::step::StepId;
use crate::world::tool::Tool;

use super::action::{Action, Run};
use super::arguments::without_notes;
use super::environment;
use super::step::{Plan, Step};

/// Where and how the lock files are written.
#[derive(Clone, Copy)]
pub(super) struct LockFiles<'a> {
    pub(super) folder: &'a Utf8Path,
    pub(super) network: Network,
    pub(super) scrubbed: &'a BTreeSet<String>,
    /// As in cargo's output: `Locking`.
    pub(super) verb: &'static str,
}

impl LockFiles<'_> {
    /// Checks that lock files may be written.
    ///
    /// # Errors
    /// [`Error::Usage`] if `--locked` forbids what the command does.
    pub(super) fn check(&self, command: &str) -> Result<()> {
        if self.network.locked {
            let message = format!("`{command}` writes lock files, which `--locked` forbids");
            return Err(Error::Usage(message));
        }
        Ok(())
    }

    /// `cargo` with the words that create or update Cargo.lock.
    pub(super) fn cargo(&self, plan: &mut Plan, cargo: &Utf8Path, words: &[&str]) {
        let call = Invocation::new(cargo, self.folder).args(words.iter().copied());
        self.call(plan, "Cargo.lock", without_notes(call));
    }

    /// `uv lock`, with a uv that may have to be fetched first.
    ///
    /// # Errors
    /// [`MachineError::Offline`] if uv is missing and may not be fetched.
    pub(super) fn uv(
        &self,
        plan: &mut Plan,
        uv: &Tool,
        any_python: Option<&Utf8PathBuf>,
    ) -> Result<()> {
        if let Some(provision) = uv.missing.clone() {
            if self.network.offline {
                return Err(MachineError::Offline(provision.label()).into());
            }
            plan.then(environment::fetch(provision, any_python, &uv.path)?);
        }
        let call = Invocation::new(uv.path.clone(), self.folder).args(["lock", "--quiet"]);
        self.call(plan, "uv.lock", call);
        Ok(())
    }

    fn call(&self, plan: &mut Plan, file: &'static str, call: Invocation) {
        let call = call
            .without(self.scrubbed)
            .args(self.network.offline.then_some("--offline"));
        let action = Action::Run(Run::quiet(call, Exit::Environment));
        plan.then(Step::new(StepId::LockFile(file), self.verb, file, action));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::tool::{Origin, Provision, ToolName};

    const ONLINE: Network = Network {
        offline: false,
        locked: false,
    };

    fn planned(uv: &Tool, network: Network) -> Result<String> {
        let scrubbed = BTreeSet::new();
        let locks = LockFiles {
            folder: Utf8Path::new("/p"),
            network,
            scrubbed: &scrubbed,
            verb: "Locking",
        };
        locks.check("init")?;
        let mut plan = Plan::default();
        locks.cargo(&mut plan, Utf8Path::new("/bin/cargo"), &["update"]);
        locks.uv(&mut plan, uv, Some(&"/bin/python3".into()))?;
        let order = plan.steps.iter().map(|step| step.needs.len());
        assert!(order.eq(0..plan.steps.len()));
        Ok(plan.to_string())
    }

    fn uv(missing: bool) -> Tool {
        let missing = missing.then(|| Provision {
            kind: ToolName::Uv,
            origin: Origin::Ranged {
                requirement: "uv==1".into(),
            },
            dir: "/cache/uv".into(),
        });
        Tool {
            path: "/cache/uv/uv".into(),
            version: None,
            missing,
        }
    }

    #[test]
    fn a_uv_that_is_missing_is_fetched_before_it_locks() {
        insta::assert_snapshot!(planned(&uv(true), ONLINE).unwrap());
        let plain = planned(&uv(false), ONLINE).unwrap();
        assert!(!plain.contains("Downloading"));
        let offline = Network {
            offline: true,
            ..ONLINE
        };
        let error = planned(&uv(true), offline).unwrap_err();
        assert!(matches!(error, Error::Machine(MachineError::Offline(_))));
        assert!(planned(&uv(false), offline).unwrap().contains("--offline"));
    }

    #[test]
    fn locks_that_must_stay_are_not_written() {
        let locked = Network {
            locked: true,
            ..ONLINE
        };
        let error = planned(&uv(false), locked).unwrap_err();
        let text = "`init` writes lock files, which `--locked` forbids";
        assert_eq!(error.to_string(), text);
    }
}
