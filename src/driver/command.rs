//! One command from facts to done: gather, plan, take the lock, gather again, execute.

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::json;

use crate::execute::{PlanOutcome, Stop, execute, hand_over, with_compiler_cache};
use crate::facts::environment;
use crate::facts::project::Project;
use crate::facts::{CompilerCache, Facts, Request, RunState};
use crate::model::error::{Error, MachineError, Result};
use crate::model::reason::Reason;
use crate::model::test_result::{TestResult, summed};
use crate::plan::{Plan, Step, plan};
use crate::ui::Ui;
use crate::world::disk::{self, FileLock};
use crate::world::session::Session;

use super::project_lock;

/// A command that is about to run; commands differ only in what they ask for.
#[derive(Clone, Copy)]
pub struct Driver<'a> {
    pub session: &'a Session,
    pub ui: &'a Ui,
    pub request: &'a Request,
}

impl Driver<'_> {
    fn plan(&self, run_state: &RunState) -> Result<(Facts, Plan)> {
        let facts = Facts::gather(self.session, self.request, run_state)?;
        for finding in &facts.findings {
            self.ui.finding(finding, &facts.project.root);
        }
        // first, as they may say why there is no plan
        for warning in &facts.warnings {
            self.ui.warn(warning);
        }
        let plan = plan(self.request, &facts, run_state)?;
        Ok((facts, plan))
    }

    /// `--dry-run`: shows the plan as far as it is known; writes nothing, takes no lock.
    ///
    /// `pythons`: the interpreters to plan for; empty for the request's own.
    pub fn show(&self, pythons: &[String]) -> Result<()> {
        let mut requests = vec![self.request.clone()];
        if !pythons.is_empty() {
            let with = |python: &String| Request {
                python: Some(python.clone()),
                ..self.request.clone()
            };
            requests = pythons.iter().map(with).collect();
        }
        for request in &requests {
            let driver = Driver { request, ..*self };
            let mut run_state = RunState::default();
            // as if each stage had been done, as long as more can be told without doing it
            loop {
                let (_, mut plan) = driver.plan(&run_state)?;
                plan.steps.retain(|step| !run_state.done.contains(&step.id));
                self.ui.plan(&plan);
                self.ui.data(&plan.to_string());
                self.say_fresh(&plan);
                let is_new = run_state.note_done(plan.ids());
                if !plan.again || !plan.rest_can_be_told() || !is_new {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Does what is due; takes no lock while nothing is.
    ///
    /// Returns the tests that ran; whether they passed is for [`verdict`](super::verdict()).
    pub fn perform(&self) -> Result<Vec<TestResult>> {
        let start = Instant::now();
        let (facts, plan) = self.plan(&RunState::default())?;
        if plan.is_empty() {
            self.ui.plan(&plan);
            if plan.hand_over.is_some() {
                self.with_cache(&facts.project, || self.last(&plan))?;
            } else {
                self.last(&plan)?;
            }
            return Ok(Vec::new());
        }
        self.check_machine()?;
        let lock = self.lock(&facts.project)?;
        self.with_cache(&facts.project, || self.perform_under(start, || drop(lock)))
    }

    /// Does something during which cargo may compile: an unreachable compiler cache is no reason to fail.
    pub(super) fn with_cache<T>(
        &self,
        project: &Project,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let cache = CompilerCache::gather(self.session, project).unwrap_or_else(|error| {
            self.ui.warn(&format!("{error}: compiling without sccache"));
            None
        });
        with_compiler_cache(
            self.session,
            self.ui,
            cache.as_ref(),
            self.request.network,
            work,
        )
    }

    /// Like [`perform`](Self::perform), with the project's lock held. `release` is called when only what a
    /// person works in, or the report, is left.
    pub fn perform_under(&self, start: Instant, release: impl FnOnce()) -> Result<Vec<TestResult>> {
        let mut run_state = RunState::default();
        loop {
            // another process may have done it all while this one waited for the lock
            let since = disk::now();
            let (facts, plan) = self.plan(&run_state)?;
            self.ui.plan(&plan);
            let outcome = execute(self.session, &plan, self.ui, since)
                .map_err(|error| environment::explained(error, self.session, &facts.project))?;
            // what is not found now that uv was asked for it will not be found later
            if plan.steps.iter().any(Step::is_download) {
                run_state.unavailable.extend(facts.pythons_to_download());
            }
            if let Some(Stop::Changed(reason)) = &outcome.stop {
                let text = format!("{}: {reason}", self.request.purpose.name());
                self.ui.status("Repeating", &text);
                if let Reason::Unlinked { member, .. } = reason {
                    run_state.unlinked.insert(member.clone());
                }
                run_state.rebuilds += 1;
                continue;
            }
            if !run_state.note_done(plan.ids()) && plan.again {
                // else it would be planned for ever
                let ids: Vec<String> = plan.ids().map(|id| id.to_string()).collect();
                self.ui
                    .warn(&format!("these steps had no effect: {}", ids.join(", ")));
                return Err(Error::Bug);
            }
            if !plan.again {
                release();
                if plan.hand_over.is_some() {
                    self.say_finished(&plan, start);
                    self.last(&plan)?;
                } else {
                    self.last(&plan)?;
                    self.say_finished(&plan, start);
                }
                self.say_tested(&outcome);
                return Ok(outcome.test_results);
            }
        }
    }

    fn last(&self, plan: &Plan) -> Result<()> {
        if let Some(step) = &plan.hand_over {
            return hand_over(self.session, step, self.ui);
        }
        self.say_fresh(plan);
        Ok(())
    }

    /// One line for the tests of both languages.
    fn say_tested(&self, outcome: &PlanOutcome) {
        if outcome.test_results.is_empty() {
            return;
        }
        for test_result in &outcome.test_results {
            self.ui.tested(&json!({
                "language": test_result.kind,
                "member": test_result.member,
                "suite": test_result.suite,
                "on": test_result.on,
                "counts": test_result.counts,
                "failure": test_result.failure,
                "seconds": test_result.seconds,
            }));
        }
        let sums = summed(&outcome.test_results);
        let texts: Vec<String> = sums.iter().map(result_text).collect();
        let mut text = texts.join("; ");
        if let Some((step, seconds)) = &outcome.slowest {
            let _ = write!(text, "; slowest: {step}, {seconds:.2}s");
        }
        self.ui.status("Tested", &text);
    }

    fn say_fresh(&self, plan: &Plan) {
        for name in &plan.fresh {
            self.ui.status("Fresh", name);
        }
        if self.request.build.cargo.timings && !plan.fresh.is_empty() {
            let names = plan.fresh.join(", ");
            let text = format!("nothing to compile of {names}, so no timings: add `--force`");
            self.ui.warn(&text);
        }
    }

    fn say_finished(&self, plan: &Plan, start: Instant) {
        if !plan.is_empty() {
            let seconds = start.elapsed().as_secs_f64();
            self.ui.status(
                "Finished",
                &format!("{} in {seconds:.2}s", self.request.purpose.name()),
            );
        }
    }

    /// Checks what every tool needs, but none would name.
    ///
    /// # Errors
    /// [`MachineError::NoTemp`], [`MachineError::NoHome`]
    pub(super) fn check_machine(&self) -> Result<()> {
        let named = self.session.path_var("TMPDIR");
        if let Some(path) = named.filter(|path| !disk::is_dir(path)) {
            return Err(MachineError::NoTemp(path).into());
        }
        if let Some(warning) = self.session.check_home()? {
            self.ui.warn(&warning);
        }
        Ok(())
    }

    /// As [`project_lock::take`].
    pub fn lock(&self, project: &Project) -> Result<Vec<FileLock>> {
        project_lock::take(self.session, self.ui, self.request.purpose.name(), project)
    }
}

fn result_text(test_result: &TestResult) -> String {
    format!(
        "{} ({}) {}",
        test_result.kind,
        test_result.member,
        test_result.wording()
    )
}
