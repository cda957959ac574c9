//! Runs the steps of a plan in order, independent ones side by side.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Instant;

use crate::model::error::{Error, Result};
use crate::model::step::StepId;
use crate::plan::{Action, Plan, Step};
use crate::ui::{Activity, Ui};
use crate::world::disk;
use crate::world::process;
use crate::world::session::Session;

use super::context::{Context, PlanOutcome};
use super::kept::keeping;
use super::testing;
use super::{child, copy_install, diagnosis, edits, files, link, prove, records, release};

/// With several interpreters side by side, builds take turns: cargo fills the machine by itself, and all of
/// them write the project's records and modules next to its sources.
static BUILDING: Mutex<()> = Mutex::new(());

/// Runs every step once everything that it needs has succeeded, independent ones side by side; after a
/// failure nothing new is started. Failing tests do not fail the plan.
///
/// `since`: when the facts behind the plan were gathered, in nanoseconds since the epoch. What is written
/// later may not be what the builds saw.
///
/// # Errors
/// The first failure of a step, others are reported; [`Error::Bug`] for a plan in which a step waits for one
/// that the plan does not have.
pub fn execute(session: &Session, plan: &Plan, ui: &Ui, since: u64) -> Result<PlanOutcome> {
    if !plan.unmet_needs().is_empty() {
        return Err(Error::Bug);
    }
    let context = Context {
        session,
        ui,
        since,
        outcome: Mutex::default(),
    };
    let mut waiting: Vec<&Step> = plan.steps.iter().collect();
    let mut done: BTreeSet<&StepId> = BTreeSet::new();
    let mut first_error = None;
    let mut running = 0;
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        loop {
            if first_error.is_none() && context.with(|outcome| outcome.stop.is_none()) {
                let is_ready = |step: &&Step| step.needs.iter().all(|need| done.contains(need));
                let (ready, later): (Vec<&Step>, Vec<&Step>) =
                    waiting.into_iter().partition(is_ready);
                waiting = later;
                for step in ready {
                    running += 1;
                    let (sender, context) = (sender.clone(), &context);
                    scope.spawn(move || {
                        // a panic would leave the receiver waiting for ever
                        let run = std::panic::AssertUnwindSafe(|| run(context, step));
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
                    done.insert(&step.id);
                }
                Err(error) if step.optional && !matches!(error, Error::Interrupted(_)) => {
                    if matches!(step.id, StepId::Sync(_) | StepId::Sdist(_)) {
                        context.ui.warn(&format!("{error}; continuing without it"));
                    }
                    done.insert(&step.id);
                }
                Err(error) => {
                    if let Some(later) = beside(&mut first_error, error) {
                        context.ui.error(&later);
                    }
                }
            }
        }
    });
    match first_error {
        Some(error) => Err(error),
        None => Ok(context
            .outcome
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)),
    }
}

/// Keeps the first failure, which ends the command and is reported then. A later one, of a step that ran
/// alongside, is returned if it says something else; a signal ends them all.
fn beside(first: &mut Option<Error>, error: Error) -> Option<Error> {
    let Some(first) = first else {
        *first = Some(error);
        return None;
    };
    let is_of_a_signal = [&*first, &error]
        .iter()
        .any(|one| matches!(one, Error::Interrupted(_)));
    let is_other = first.to_string() != error.to_string();
    (is_other && !is_of_a_signal).then_some(error)
}

fn run(context: &Context<'_>, step: &Step) -> Result<()> {
    process::check_signals()?;
    let traits = step.action.traits();
    let turn = traits.builds.then(|| BUILDING.lock());
    let activity = context.ui.start(step, traits.showing);
    let start = Instant::now();
    let result = act(context, step, &activity);
    drop(turn);
    let seconds = start.elapsed().as_secs_f64();
    let what = format!("{} {}", step.verb.to_lowercase(), step.subject);
    context.note(|outcome| outcome.note_seconds(what, seconds));
    activity.finish(result.is_ok(), seconds);
    result
}

fn act(context: &Context<'_>, step: &Step, activity: &Activity<'_>) -> Result<()> {
    match &step.action {
        Action::Run(run) => child::call(context, step, run, activity),
        Action::Provide {
            provision,
            python,
            uv,
        } => provision
            .run(context.session, python, uv)
            .map_err(diagnosis::explained),
        Action::Write {
            path,
            text,
            is_program: true,
        } => disk::write_program(path, text.as_bytes()),
        Action::Write { path, text, .. } => disk::write(path, text.as_bytes()),
        Action::Forget { crates, dirs } => records::forget(crates, dirs, context.since),
        Action::Begin(begin) => records::begin(begin, context.since),
        Action::Replace(replace) => prove::replace(context, replace),
        Action::Install(install) => keeping(&install.environment, &install.member, || {
            child::call(context, step, &install.run, activity)
        }),
        Action::CopyInstall(copy) => keeping(&copy.to, &copy.member, || copy_install::copy(copy)),
        Action::Prove(prove) => prove::prove(context, prove),
        Action::RecordSync(record) => records::record_sync(context, record),
        Action::Seed { to, .. } if disk::is_dir(to) => Ok(()),
        Action::Seed { from, to } => disk::copy_tree(from, to),
        Action::Link(link) => link::link(link, activity),
        Action::Pack(pack) => {
            files::empty(&pack.dir)?;
            child::call(context, step, &pack.run, activity)
        }
        Action::WriteRecipes { folder } => files::write_recipes(folder),
        Action::Recipe(recipe) => child::recipe(context, step, recipe, activity),
        Action::CopyTests(copy) => files::copy_tests(context.session, copy),
        Action::CopyProject(copy) => files::copy_project(context.session, copy),
        Action::Remove { path, kept } => disk::remove_but(path, kept),
        Action::RemoveHollow { path, modules } => {
            disk::remove_hollow(path, &|file| modules.iter().any(|module| module == file))
        }
        Action::RemoveEmpty { path, besides } => disk::remove_empty(path, besides),
        Action::Edit(edits) => edits::edit(edits, context.ui),
        Action::Test(test) => testing::count(context, test, activity),
        Action::Untestable(untestable) => {
            testing::count_untestable(context, untestable);
            Ok(())
        }
        Action::Release(action) => release::act(context, action, activity),
        Action::Show(_) => child::hand_over(context.session, step, context.ui),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_steps_that_ran_side_by_side_each_failure_is_told() {
        let usage = |text: &str| Error::Usage(text.into());
        let signal = || Error::Interrupted(2);
        let mut first = None;
        let failures = [usage("a"), usage("b"), usage("a"), signal(), usage("c")];
        let later = failures.into_iter().filter_map(|it| beside(&mut first, it));
        let later: Vec<String> = later.map(|it| it.to_string()).collect();
        assert_eq!(later, ["b", "c"]);
        assert!(matches!(first, Some(Error::Usage(text)) if text == "a"));

        let mut first = Some(signal());
        assert!(beside(&mut first, usage("killed by it")).is_none());
    }
}
