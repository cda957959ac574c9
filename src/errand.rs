//! One command from facts to done: gather, plan, take the lock, gather again, execute.

use std::fmt::Write as _;
use std::time::Instant;

use camino::Utf8Path;
use serde_json::json;

use crate::disk::{self, Lock};
use crate::error::{Error, Result};
use crate::execute::{Outcome, Tally, execute, hand_over};
use crate::facts::{Facts, Purpose, Request};
use crate::plan::Plan;
use crate::process;
use crate::session::Session;
use crate::ui::Ui;

/// A command that is about to run; commands differ only in what they decide.
#[derive(Clone, Copy)]
pub struct Errand<'a> {
    pub session: &'a Session,
    pub ui: &'a Ui,
    pub request: &'a Request,
    /// The command's name, for messages.
    pub name: &'a str,
    pub decide: Decide,
}

/// From a request and the facts to a plan.
pub type Decide = fn(&Request, &Facts) -> Result<Plan>;

fn tally_text(tally: &Tally) -> String {
    format!("{} ({}) {}", tally.language, tally.member, tally.wording())
}

impl Errand<'_> {
    fn plan(&self, unavailable: &[String]) -> Result<(Facts, Plan)> {
        let facts = Facts::gather(self.session, self.request, unavailable)?;
        let plan = (self.decide)(self.request, &facts)?;
        for warning in &facts.warnings {
            self.ui.warn(warning);
        }
        Ok((facts, plan))
    }

    /// `--dry-run`: the plan as far as it is known, nothing written, no lock taken.
    pub fn show(&self) -> Result<()> {
        let (_, plan) = self.plan(&[])?;
        self.ui.plan(&plan);
        self.ui.data(&plan.to_string());
        self.say_fresh(&plan);
        Ok(())
    }

    /// Does what is due; without the lock as long as nothing is.
    pub fn perform(&self) -> Result<()> {
        let start = Instant::now();
        let (facts, plan) = self.plan(&[])?;
        if plan.is_empty() {
            self.ui.plan(&plan);
            return self.last(&plan);
        }
        let lock = self.lock(&facts)?;
        let mut unavailable = Vec::new();
        loop {
            // another process may have done it all while this one waited for the lock
            let (facts, plan) = self.plan(&unavailable)?;
            self.ui.plan(&plan);
            let outcome = execute(self.session, &plan, self.ui)?;
            let wanted = facts.python_to_download();
            let failed = !outcome.failed_optional.is_empty();
            unavailable.extend(wanted.filter(|_| failed).map(str::to_owned));
            if !plan.again {
                drop(lock);
                self.last(&plan)?;
                self.say_finished(&plan, start);
                return self.conclude(&facts, &outcome);
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

    /// One line for the tests of both languages, and whether they are a success.
    fn conclude(&self, facts: &Facts, outcome: &Outcome) -> Result<()> {
        if !matches!(self.request.purpose, Purpose::Test(_)) {
            return Ok(());
        }
        for tally in &outcome.tallies {
            self.ui.tested(&json!({
                "language": tally.language,
                "member": tally.member,
                "counts": tally.counts,
                "failure": tally.failure,
                "seconds": tally.seconds,
            }));
        }
        let failures: Vec<&str> = outcome
            .tallies
            .iter()
            .filter_map(|t| t.failure.as_deref())
            .collect();
        let mut text = outcome
            .tallies
            .iter()
            .map(tally_text)
            .collect::<Vec<_>>()
            .join("; ");
        if let Some((step, seconds)) = &outcome.slowest {
            let _ = write!(text, "; slowest: {step}, {seconds:.2}s");
        }
        self.ui.status("Tested", &text);
        if !failures.is_empty() {
            return Err(Error::TestsFailed(failures.join("; ")));
        }
        if outcome.tallies.iter().all(|tally| tally.total() == 0) {
            return Err(Error::NoTests(facts.project.root.clone()));
        }
        Ok(())
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

    /// Takes the project's lock; says for whom it waits, at most `PYX_LOCK_TIMEOUT` seconds.
    fn lock(&self, facts: &Facts) -> Result<Lock> {
        let path = facts.project.lock_path();
        let limit = self.session.var("PYX_LOCK_TIMEOUT");
        let limit: Option<u64> = limit.and_then(|text| text.parse().ok());
        let start = Instant::now();
        let mut said = false;
        let me = format!("pid {}: cargo pyx {}", std::process::id(), self.name);
        keep_out_of_git(&facts.project.state)?;
        Lock::take(&path, &me, |holder| {
            let holder = match holder {
                "" => String::new(),
                holder => format!(" (held by {holder})"),
            };
            if !std::mem::replace(&mut said, true) {
                let text = format!("waiting for project lock{holder}");
                self.ui.status("Blocking", &text);
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
        })
    }
}

/// `target/` is not ignored everywhere; what pyx writes there always is.
fn keep_out_of_git(state: &Utf8Path) -> Result<()> {
    let path = state.join(".gitignore");
    if disk::is_file(&path) {
        return Ok(());
    }
    disk::write(&path, b"*\n")
}
