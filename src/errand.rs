//! One command from facts to done: gather, plan, take the lock, gather again, execute.

use std::time::Instant;

use camino::Utf8Path;

use crate::disk::{self, Lock};
use crate::error::{Error, Result};
use crate::execute::execute;
use crate::facts::{Facts, Request};
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
    pub decide: fn(&Request, &Facts) -> Result<Plan>,
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
            self.say_fresh(&plan);
            return Ok(());
        }
        let _lock = self.lock(&facts)?;
        let mut unavailable = Vec::new();
        loop {
            // another process may have done it all while this one waited for the lock
            let (facts, plan) = self.plan(&unavailable)?;
            self.ui.plan(&plan);
            let failed = execute(self.session, &plan, self.ui)?;
            let wanted = facts.python_to_download();
            unavailable.extend(wanted.filter(|_| !failed.is_empty()).map(str::to_owned));
            if !plan.again {
                self.say_fresh(&plan);
                self.say_finished(&plan, start);
                return Ok(());
            }
        }
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
