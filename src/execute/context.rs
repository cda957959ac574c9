//! What every action may use, and the outcome of the plan so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use camino::Utf8PathBuf;

use crate::facts::fingerprint::Artifact;
use crate::facts::release::Checked;
use crate::model::reason::Reason;
use crate::model::test_result::{TestKind, TestResult};
use crate::ui::Ui;
use crate::world::session::Session;

/// The outcome of a plan.
#[derive(Debug, Default)]
pub struct PlanOutcome {
    /// In the order in which they ended.
    pub test_results: Vec<TestResult>,
    /// Results of checks, in the order in which they ended.
    pub checks: Vec<Checked>,
    /// Distributions that would harm whoever unpacks them, absolute.
    pub(super) harmful: BTreeSet<Utf8PathBuf>,
    /// Why the rest is left undone.
    pub stop: Option<Stop>,
    /// What was put in place of what was installed, by member.
    pub(super) replaced: BTreeMap<String, Replaced>,
    /// The longest step: subject and seconds.
    pub slowest: Option<(String, f64)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A test, where the first failure is enough.
    TestFailed,
    /// Something changed while it was built, so that it must be built again.
    Changed(Reason),
}

#[derive(Clone, Debug)]
pub(super) struct Replaced {
    /// Where the first of the artifacts is now, absolute.
    pub(super) modules: Vec<Utf8PathBuf>,
    pub(super) artifacts: Vec<Artifact>,
}

pub(super) struct Context<'a> {
    pub(super) session: &'a Session,
    pub(super) ui: &'a Ui,
    /// When the facts behind the plan were gathered, in nanoseconds since the epoch. What is written later
    /// may not be what the builds saw.
    pub(super) since: u64,
    pub(super) outcome: Mutex<PlanOutcome>,
}

impl Context<'_> {
    pub(super) fn note(&self, change: impl FnOnce(&mut PlanOutcome)) {
        change(&mut self.lock());
    }

    /// Access to the outcome so far.
    pub(super) fn with<T>(&self, look: impl FnOnce(&PlanOutcome) -> T) -> T {
        look(&self.lock())
    }

    /// A panic while it was held left earlier notes in place: none of them may be lost.
    fn lock(&self) -> MutexGuard<'_, PlanOutcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a result; those of Rust come first, whichever ran first.
    pub(super) fn count(&self, test_result: TestResult, fail_fast: bool) {
        self.note(|outcome| {
            if fail_fast && test_result.failure.is_some() {
                outcome.stop.get_or_insert(Stop::TestFailed);
            }
            let results = &mut outcome.test_results;
            results.push(test_result);
            results.sort_by_key(|result| result.kind != TestKind::Rust);
        });
    }
}

impl PlanOutcome {
    pub(super) fn is_to_repeat(&self) -> bool {
        matches!(self.stop, Some(Stop::Changed(_)))
    }

    pub(super) fn note_seconds(&mut self, what: String, seconds: f64) {
        let slowest = self.slowest.as_ref().map_or(0.0, |(_, seconds)| *seconds);
        if seconds > slowest {
            self.slowest = Some((what, seconds));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::OutputOptions;

    #[test]
    fn what_was_noted_outlives_who_panics_with_it() {
        let context = Context {
            session: &Session::default(),
            ui: &Ui::new(OutputOptions::default()),
            since: 0,
            outcome: Mutex::default(),
        };
        let panicked = std::thread::scope(|scope| {
            let note = || {
                context.note(|outcome| {
                    outcome.stop = Some(Stop::TestFailed);
                    panic!("on purpose");
                });
            };
            scope.spawn(note).join().is_err()
        });
        assert!(panicked && context.outcome.is_poisoned());
        assert!(context.with(|outcome| outcome.stop.is_some()));
    }
}
