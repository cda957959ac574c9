//! One command from facts to done: gather, plan, take the lock, gather again, execute.

use std::fmt::Write as _;
use std::time::Instant;

use camino::Utf8Path;
use serde_json::json;

use crate::execute::{Idle, Outcome, PYTHON, TestResult, execute, hand_over, summed};
use crate::facts::project::Project;
use crate::facts::{Facts, Request, RunState};
use crate::model::error::{Error, Result};
use crate::plan::{Plan, Step};
use crate::ui::Ui;
use crate::world::disk::{self, Lock};
use crate::world::process;
use crate::world::session::Session;

/// A command that is about to run; commands differ only in what they decide.
#[derive(Clone, Copy)]
pub struct Driver<'a> {
    pub session: &'a Session,
    pub ui: &'a Ui,
    pub request: &'a Request,
    /// The command's name, for messages.
    pub name: &'a str,
    pub decide: Decide,
}

/// From a request and the facts to a plan.
pub type Decide = fn(&Request, &Facts) -> Result<Plan>;

fn tally_text(test_result: &TestResult) -> String {
    format!(
        "{} ({}) {}",
        test_result.language,
        test_result.member,
        test_result.wording()
    )
}

/// Whether tests that ran are a success: no runner failed, and at least one did what it was asked.
pub fn verdict(test_results: &[TestResult], root: &Utf8Path) -> Result<()> {
    let failures = test_results
        .iter()
        .filter_map(|test_result| test_result.failure.as_deref());
    let mut failures: Vec<&str> = failures.collect();
    failures.dedup();
    if !failures.is_empty() {
        let message = failures.join("; ");
        let hint = test_results
            .iter()
            .find_map(|test_result| test_result.hint.clone());
        return Err(match hint {
            Some(hint) => Error::TestsNotRun { message, hint },
            None => Error::TestsFailed(message),
        });
    }
    // what follows `--` is for the Python runner where there is one: it has chosen nothing, whatever
    // passed in Rust
    let python = test_results
        .iter()
        .filter(|test_result| test_result.language == PYTHON);
    let unselected = python.map(|test_result| match &test_result.idle {
        Some(Idle::Unselected(what)) => Some(what),
        _ => None,
    });
    let unselected: Vec<Option<&String>> = unselected.collect();
    if let Some(Some(what)) = unselected.first()
        && unselected.iter().all(Option::is_some)
    {
        return Err(Error::NoneSelected((*what).clone()));
    }
    let mut by = None;
    for test_result in test_results {
        match &test_result.idle {
            None | Some(Idle::Unasked) => return Ok(()),
            Some(Idle::Unselected(what)) => by = Some(what),
            Some(Idle::Nothing) => {}
        }
    }
    Err(match by {
        Some(what) => Error::NoneSelected(what.clone()),
        None => Error::NoTests(root.to_owned()),
    })
}

impl Driver<'_> {
    fn plan(&self, run_state: &RunState) -> Result<(Facts, Plan)> {
        let facts = Facts::gather(self.session, self.request, run_state)?;
        for finding in &facts.findings {
            self.ui.finding(finding, &facts.project.root);
        }
        let plan = (self.decide)(self.request, &facts)?;
        for warning in &facts.warnings {
            self.ui.warn(warning);
        }
        Ok((facts, plan))
    }

    /// `--dry-run`: the plan as far as it is known, nothing written, no lock taken.
    ///
    /// `pythons`: the interpreters to plan for; none for the request's own.
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
                plan.steps
                    .retain(|step| !run_state.done.contains(&step.name));
                self.ui.plan(&plan);
                self.ui.data(&plan.to_string());
                self.say_fresh(&plan);
                let known = run_state.done.len();
                run_state.done.extend(plan.step_names());
                if !plan.again || !plan.ends_in_recipes() || run_state.done.len() == known {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Does what is due; without the lock as long as nothing is.
    ///
    /// Returns the tests that ran; whether they passed is for [`verdict`].
    pub fn perform(&self) -> Result<Vec<TestResult>> {
        let start = Instant::now();
        let (facts, plan) = self.plan(&RunState::default())?;
        if plan.is_empty() {
            self.ui.plan(&plan);
            self.last(&plan)?;
            return Ok(Vec::new());
        }
        let lock = self.lock(&facts.project)?;
        self.perform_under(start, || drop(lock))
    }

    /// As [`perform`](Self::perform), for who has the project's lock. `release` is called when
    /// nothing is left but what a person works in, or to tell how it went.
    pub fn perform_under(&self, start: Instant, release: impl FnOnce()) -> Result<Vec<TestResult>> {
        let mut run_state = RunState::default();
        loop {
            // another process may have done it all while this one waited for the lock
            let since = disk::now();
            let (facts, plan) = self.plan(&run_state)?;
            self.ui.plan(&plan);
            let outcome = execute(self.session, &plan, self.ui, since)?;
            // what is not found now that uv was asked for it will not be found later
            if plan.steps.iter().any(Step::is_download) {
                run_state.unavailable.extend(facts.pythons_to_download());
            }
            run_state.done.extend(plan.step_names());
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
    fn say_tested(&self, outcome: &Outcome) {
        if outcome.test_results.is_empty() {
            return;
        }
        for test_result in &outcome.test_results {
            self.ui.tested(&json!({
                "language": test_result.language,
                "member": test_result.member,
                "on": test_result.on,
                "counts": test_result.counts,
                "failure": test_result.failure,
                "seconds": test_result.seconds,
            }));
        }
        let sums = summed(&outcome.test_results);
        let texts: Vec<String> = sums.iter().map(tally_text).collect();
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
    }

    fn say_finished(&self, plan: &Plan, start: Instant) {
        if !plan.is_empty() {
            let seconds = start.elapsed().as_secs_f64();
            self.ui
                .status("Finished", &format!("{} in {seconds:.2}s", self.name));
        }
    }

    /// As [`lock`].
    pub fn lock(&self, project: &Project) -> Result<Option<Lock>> {
        lock(self.session, self.ui, self.name, project)
    }
}

/// Takes the project's lock; says for whom it waits, at most `PYX_LOCK_TIMEOUT` seconds.
///
/// `name`: the command's, for those who will have to wait.
pub fn lock(session: &Session, ui: &Ui, name: &str, project: &Project) -> Result<Option<Lock>> {
    let path = project.lock_path();
    let held = session.var("PYX_LOCK").unwrap_or_default();
    if held.lines().any(|held| held == path) {
        return Ok(None); // a pyx waits for the recipe that we run in
    }
    let limit = session.var("PYX_LOCK_TIMEOUT");
    let wrong = |_| Error::Usage("`PYX_LOCK_TIMEOUT` is a number of seconds".into());
    let limit: Option<u64> = limit.map(|text| text.parse().map_err(wrong)).transpose()?;
    let start = Instant::now();
    let (mut said, mut tries) = (false, 0);
    let me = format!("pid {}: cargo pyx {name}", std::process::id());
    keep_out_of_git(&project.state)?;
    let lock = Lock::take(&path, &me, |holder| {
        let holder = match holder {
            "" => String::new(),
            holder => format!(" (held by {holder})"),
        };
        tries += 1;
        // who takes the lock writes its name a moment later
        if !said && (!holder.is_empty() || tries > 4) {
            said = true;
            let text = format!("waiting for project lock{holder}");
            ui.status("Blocking", &text);
        }
        process::check_signals()?;
        match limit {
            Some(seconds) if start.elapsed().as_secs() >= seconds => Err(Error::LockTimeout {
                path: path.clone(),
                seconds,
                holder,
            }),
            _ => Ok(()),
        }
    })?;
    keep_out_of_git(&project.state)?; // who had the lock may have removed it
    Ok(Some(lock))
}

/// `target/` is not ignored everywhere; what pyx writes there always is.
fn keep_out_of_git(state: &Utf8Path) -> Result<()> {
    let path = state.join(".gitignore");
    if disk::is_file(&path) {
        return Ok(());
    }
    disk::write(&path, b"*\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::RUST;

    fn test_result(language: &'static str, idle: Option<Idle>) -> TestResult {
        TestResult {
            language,
            idle,
            ..TestResult::default()
        }
    }

    #[test]
    fn a_selection_that_selects_nothing_is_no_success_whatever_passed_in_rust() {
        let unselected = || Some(Idle::Unselected("`-k nosuch`".into()));
        let verdict = |test_results: &[TestResult]| verdict(test_results, Utf8Path::new("/p"));
        let rust = test_result(RUST, None);
        let nothing = [rust.clone(), test_result(PYTHON, unselected())];
        let error = verdict(&nothing).unwrap_err().to_string();
        assert_eq!(error, "no test is selected by `-k nosuch`");
        // in one of several packages it has
        let one = [
            rust,
            test_result(PYTHON, unselected()),
            test_result(PYTHON, None),
        ];
        verdict(&one).unwrap();
    }
}
