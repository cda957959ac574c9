//! Walks a plan: the only place that changes anything.

mod cargo;
mod copy_install;
mod diagnosis;
mod files;
mod link;
mod prove;
mod release;
mod testing;
mod uv_cache;

use std::collections::BTreeSet;
use std::sync::{Mutex, mpsc};
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::environment;
use crate::facts::fingerprint::{EnvironmentRecord, SyncRecord, store};
use crate::facts::release::Checked;
use crate::model::error::{Error, Result};
use crate::model::invocation::{Invocation, SEPARATOR};
use crate::plan::{Action, Listen, Plan, RecordSync, Run, RunRecipe, Step};
use crate::ui::{Activity, MessageFormat, Ui};
use crate::world::disk;
use crate::world::process::{self, Status};
use crate::world::session::Session;

pub use testing::{Idle, PYTHON, RUST, TestResult, summed};

/// What came of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In the order in which they ended.
    pub test_results: Vec<TestResult>,
    /// Results of checks, in the order in which they ended.
    pub checks: Vec<Checked>,
    /// Whether a failed test has stopped the rest.
    pub stopped: bool,
    /// The longest step: subject and seconds.
    pub slowest: Option<(String, f64)>,
}

/// Runs every step once all that it needs have succeeded, independent ones side by side; after
/// a failure nothing new is started. Tests that fail are no failure of the plan.
///
/// `since`: when the facts behind the plan were gathered, in nanoseconds since the epoch. What is
/// written later may not be what the builds saw.
pub fn execute(session: &Session, plan: &Plan, ui: &Ui, since: u64) -> Result<Outcome> {
    let context = Context {
        session,
        ui,
        since,
        outcome: Mutex::default(),
    };
    let mut waiting: Vec<&Step> = plan.steps.iter().collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut first_error = None;
    let mut running = 0;
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        loop {
            if first_error.is_none() && !context.is_stopped() {
                let ready = |step: &&Step| step.needs.iter().all(|need| done.contains(&**need));
                let (now, later) = waiting.iter().copied().partition(ready);
                waiting = later;
                let now: Vec<&Step> = now;
                for step in now {
                    running += 1;
                    let (sender, context) = (sender.clone(), &context);
                    scope.spawn(move || {
                        // a panic would leave the receiver waiting for ever
                        let run = std::panic::AssertUnwindSafe(|| context.run(step));
                        let result = std::panic::catch_unwind(run).unwrap_or(Err(Error::Bug));
                        let _ = sender.send((step, result));
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
                }
                Err(error) => first_error = first_error.take().or(Some(error)),
            }
        }
    });
    match first_error {
        Some(error) => Err(error),
        None => Ok(context.outcome.into_inner().unwrap_or_default()),
    }
}

/// Where several interpreters are served side by side they build in turns: cargo fills the machine
/// by itself, and all of them write the project's records and modules beside its sources.
static BUILDING: Mutex<()> = Mutex::new(());

/// What every action may use.
pub(crate) struct Context<'a> {
    pub(crate) session: &'a Session,
    pub(crate) ui: &'a Ui,
    /// As in [`execute`].
    pub(crate) since: u64,
    outcome: Mutex<Outcome>,
}

impl Context<'_> {
    fn note(&self, change: impl FnOnce(&mut Outcome)) {
        if let Ok(mut outcome) = self.outcome.lock() {
            change(&mut outcome);
        }
    }

    /// A look at what has come of the plan so far.
    fn with<T: Default>(&self, look: impl FnOnce(&Outcome) -> T) -> T {
        self.outcome
            .lock()
            .map_or_else(|_| T::default(), |outcome| look(&outcome))
    }

    fn is_stopped(&self) -> bool {
        self.with(|outcome| outcome.stopped)
    }

    fn count(&self, test_result: TestResult, fail_fast: bool) {
        self.note(|outcome| {
            outcome.stopped |= fail_fast && test_result.failure.is_some();
            outcome.test_results.push(test_result);
        });
    }

    fn run(&self, step: &Step) -> Result<()> {
        process::check_signals()?;
        let is_test = matches!(step.action, Action::Test(_) | Action::Recipe(_));
        let turn = step.action.is_building().then(|| BUILDING.lock());
        let activity = self.ui.start(step, step.action.is_shown(), is_test);
        let start = Instant::now();
        let result = self.act(step, &activity);
        drop(turn);
        let seconds = start.elapsed().as_secs_f64();
        self.note(|outcome| {
            if outcome
                .slowest
                .as_ref()
                .is_none_or(|(_, slowest)| *slowest < seconds)
            {
                outcome.slowest = Some((
                    format!("{} {}", step.verb.to_lowercase(), step.subject),
                    seconds,
                ));
            }
        });
        activity.finish(result.is_ok(), seconds);
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
            Action::Forget { crates, dir } => forget(crates, dir),
            Action::Replace(replace) => prove::replace(replace),
            Action::CopyInstall(copy) => copy_install::copy(copy),
            Action::Prove(prove) => prove::prove(self, prove),
            Action::RecordSync(record) => record_sync(record, self.since),
            Action::Seed { to, .. } if disk::is_dir(to) => Ok(()),
            Action::Seed { from, to } => disk::copy_tree(from, to),
            Action::Link(link) => link::link(link, activity),
            Action::Pack(pack) => {
                for name in disk::names(&pack.dir) {
                    disk::remove_file(&pack.dir.join(name))?;
                }
                self.call(step, &pack.run, activity)
            }
            Action::WriteRecipes { folder } => files::write_recipes(folder),
            Action::Recipe(recipe) => self.recipe(step, recipe, activity),
            Action::ProvideToolbox { toolbox, uv } => toolbox.provide(self.session, uv),
            Action::CopySources { from, to, without } => files::copy_sources(from, to, without),
            Action::Unpack(unpack) => release::unpack(unpack),
            Action::Seal(seal) => release::seal(self.session, seal),
            Action::Compare { first, second } => {
                release::compare(first, second)?;
                let name = first.file_name().unwrap_or_default();
                self.ui.status("Reproduced", name);
                Ok(())
            }
            Action::Check(check) => release::check(self, check),
            Action::RecordChecks(record) => release::record(self, record),
            Action::Verdict {
                files,
                errors,
                known,
            } => release::verdict(self, (files, *errors), known),
            Action::Promote(promote) => release::promote(self, promote),
            Action::Confirm(confirm) => release::confirm(self, confirm),
            Action::Publish(publish) => release::publish(self, publish, activity),
            Action::CopyTests(copy) => files::copy_tests(copy),
            Action::Remove { path, kept } => disk::remove_but(path, kept),
            Action::RemoveEmpty { path, besides } => disk::remove_empty(path, besides),
            Action::Edit(edits) => files::edit(edits, self.ui),
            Action::Test(test) => {
                let start = Instant::now();
                let mut test_result = testing::run(self, test, activity)?;
                test_result.seconds = start.elapsed().as_secs_f64();
                test_result.on.clone_from(&test.on);
                self.count(test_result, test.fail_fast);
                Ok(())
            }
            Action::Untestable(untestable) => {
                self.count(TestResult::from(&**untestable), untestable.fail_fast);
                Ok(())
            }
            Action::Show(_) => hand_over(self.session, step, self.ui),
        }
    }

    fn recipe(&self, step: &Step, recipe: &RunRecipe, activity: &Activity<'_>) -> Result<()> {
        let failed = |outcome: &Outcome| {
            outcome
                .test_results
                .iter()
                .any(|test_result| test_result.failure.is_some())
        };
        if recipe.after && self.with(failed) {
            self.ui
                .status("Skipped", &format!("{}: tests failed", step.subject));
            return Ok(());
        }
        let status = if self.ui.owns_the_terminal() {
            let status = process::show(&recipe.invocation, self.session.stdin_is_terminal)?;
            process::check_signals()?;
            status
        } else {
            process::stream(&recipe.invocation, |stream, line| {
                activity.show(stream, line);
            })?
        };
        if status.success() {
            return Ok(());
        }
        Err(Error::Step {
            step: step.subject.clone(),
            status: status.to_string(),
            invocation: Box::new(recipe.invocation.clone()),
            exit: recipe.exit,
            hint: None,
        })
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
            hint: listener.diagnosis.or_else(|| run.hint.clone()),
        })
    }
}

/// Runs the plan's last step, which has the terminal to itself; with JSON, what it prints is
/// reported as any step's output.
pub fn hand_over(session: &Session, step: &Step, ui: &Ui) -> Result<()> {
    let Action::Show(invocation) = &step.action else {
        return Ok(());
    };
    let invocation = &with_linked(invocation);
    let status = if ui.format() == MessageFormat::Json {
        let activity = ui.start(step, false, true);
        let start = Instant::now();
        let status = process::stream(invocation, |stream, line| activity.show(stream, line))?;
        activity.finish(status.success(), start.elapsed().as_secs_f64());
        status
    } else {
        ui.detail(step.verb, &step.command());
        process::show(invocation, session.stdin_is_terminal).map_err(|error| match error {
            Error::Spawn { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Error::NoProgram(invocation.program.to_string())
            }
            other => other,
        })?
    };
    match status {
        Status::Code(0) => Ok(()),
        Status::Code(code) => Err(Error::Child(u8::try_from(code).unwrap_or(1))),
        Status::Signal(signal) => Err(Error::ChildKilled(signal)),
    }
}

/// A program that embeds Python, with what the packages in its PYTHONPATH lead to by now: they may
/// have been installed since it was planned.
fn with_linked(invocation: &Invocation) -> Invocation {
    let Some(path) = invocation.set.get("PYTHONPATH") else {
        return invocation.clone();
    };
    let packages = path.split(SEPARATOR).next().unwrap_or(path);
    let linked = environment::linked(Utf8Path::new(packages));
    let linked = linked.into_iter().map(Utf8PathBuf::into_string);
    let path: Vec<String> = std::iter::once(packages.to_owned()).chain(linked).collect();
    invocation.clone().env("PYTHONPATH", path.join(SEPARATOR))
}

/// cargo compiles a crate of which it has no fingerprint (`NAME-HASH` in `.fingerprint`).
fn forget(crates: &[String], dir: &Utf8Path) -> Result<()> {
    for folder in disk::names(dir) {
        let name = folder.rsplit_once('-').map_or(&*folder, |(name, _)| name);
        if crates.iter().any(|known| known == name) {
            disk::remove_dir(&dir.join(&folder))?;
        }
    }
    Ok(())
}

fn record_sync(record: &RecordSync, since: u64) -> Result<()> {
    let path = record.environment.record_path();
    let mut known = EnvironmentRecord::load(&path).record;
    known.schema = crate::facts::fingerprint::SCHEMA;
    known.requested = record.requested.clone().or(known.requested);
    known.made |= record.made;
    for (name, dependencies) in &record.installed {
        let record = SyncRecord {
            settings: dependencies.settings.clone(),
            inputs: dependencies.inputs(&record.environment, since),
        };
        known.syncs.insert((*name).to_owned(), record);
    }
    // what was installed for one command is seen, not asked about, by the others
    for input in known.syncs.values_mut().flat_map(|sync| &mut sync.inputs) {
        input.list_again();
    }
    store(&path, &known)
}
