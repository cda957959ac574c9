//! Walks a plan: the only place that changes anything.

mod cargo;
mod prove;
mod uv_cache;

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Instant;

use crate::disk;
use crate::error::{Error, Result};
use crate::fingerprint::{EnvironmentRecord, SyncRecord, store};
use crate::plan::{Action, Listen, Plan, RecordSync, Run, Step};
use crate::process;
use crate::session::Session;
use crate::ui::{Activity, Ui};

/// Runs every step once all that it needs have succeeded, independent ones side by side; after
/// a failure nothing new is started. Returns the names of optional steps that failed.
pub fn execute(session: &Session, plan: &Plan, ui: &Ui) -> Result<Vec<String>> {
    let context = Context {
        session,
        ui,
        since: disk::now(),
    };
    let mut waiting: Vec<&Step> = plan.steps.iter().collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut failed_optional = Vec::new();
    let mut first_error = None;
    let mut running = 0;
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        loop {
            if first_error.is_none() {
                let ready = |step: &&Step| step.needs.iter().all(|need| done.contains(&**need));
                let (now, later) = waiting.iter().copied().partition(ready);
                waiting = later;
                let now: Vec<&Step> = now;
                for step in now {
                    running += 1;
                    let (sender, context) = (sender.clone(), &context);
                    scope.spawn(move || {
                        let _ = sender.send((step, context.run(step)));
                    });
                }
            }
            if running == 0 {
                break;
            }
            let Ok((step, result)) = receiver.recv() else {
                break;
            };
            running -= 1;
            match result {
                Ok(()) => {
                    done.insert(&step.name);
                }
                Err(error) if step.optional && !matches!(error, Error::Interrupted(_)) => {
                    done.insert(&step.name);
                    failed_optional.push(step.name.clone());
                }
                Err(error) => first_error = first_error.take().or(Some(error)),
            }
        }
    });
    match first_error {
        Some(error) => Err(error),
        None => Ok(failed_optional),
    }
}

/// What every action may use.
pub(crate) struct Context<'a> {
    pub(crate) session: &'a Session,
    pub(crate) ui: &'a Ui,
    /// When the plan began: what is written later may not have been seen by its builds.
    /// Nanoseconds since the epoch.
    pub(crate) since: u64,
}

impl Context<'_> {
    fn run(&self, step: &Step) -> Result<()> {
        process::check_signals()?;
        let shown = matches!(step.action, Action::Run(_) | Action::Provide { .. });
        let activity = self.ui.start(step, shown);
        let start = Instant::now();
        let result = self.act(step, &activity);
        activity.finish(result.is_ok(), start.elapsed().as_secs_f64());
        result
    }

    fn act(&self, step: &Step, activity: &Activity<'_>) -> Result<()> {
        match &step.action {
            Action::Run(run) => self.call(step, run, activity),
            Action::Provide {
                provision,
                python,
                uv,
            } => provision.run(self.session, python, uv),
            Action::Replace(replace) => prove::replace(replace),
            Action::Prove(prove) => prove::prove(self, prove),
            Action::RecordSync(record) => record_sync(record),
        }
    }

    fn call(&self, step: &Step, run: &Run, activity: &Activity<'_>) -> Result<()> {
        let mut invocation = run.invocation.clone();
        if run.listen != Listen::Quiet {
            let color = if self.ui.colors() { "always" } else { "never" };
            invocation = invocation
                .env("CARGO_TERM_COLOR", color)
                .env("CARGO_TERM_PROGRESS_WHEN", "never");
        }
        let mut listener = cargo::Listener::new(run.listen, activity);
        let status = process::stream(&invocation, |stream, line| listener.hear(stream, line))?;
        if status.success() {
            return Ok(());
        }
        if !step.optional {
            listener.repeat();
        }
        Err(Error::Step {
            step: format!("{} {}", step.verb.to_lowercase(), step.subject),
            status: status.to_string(),
            invocation: Box::new(run.invocation.clone()),
            exit: run.exit,
            hint: run.hint.clone(),
        })
    }
}

fn record_sync(record: &RecordSync) -> Result<()> {
    let path = record.environment.record_path();
    let mut known = EnvironmentRecord::load(&path).record;
    known.schema = crate::fingerprint::SCHEMA;
    known.requested = record.requested.clone().or(known.requested);
    known.sync = Some(SyncRecord {
        settings: record.settings.clone(),
        inputs: record.dependencies.inputs(&record.environment),
    });
    store(&path, &known)
}
