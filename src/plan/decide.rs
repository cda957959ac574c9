//! From a purpose to its decision.

use crate::facts::{CommandPart, Facts, Purpose, Request, RunState};
use crate::model::error::{ProjectError, Result};
use crate::model::finding;

use super::context::PlanContext;
use super::step::Plan;
use super::{dev, environment, hooks, just, release, run, test, wheel_test};

/// What a command does.
///
/// # Errors
/// What cannot be planned: a foreign environment that is broken, something missing offline, an unknown
/// recipe; [`TestError::NoTests`](crate::model::error::TestError::NoTests) if there is nothing to test;
/// [`ProjectError::Findings`] if the project that is to be released has errors.
pub fn plan(request: &Request, facts: &Facts, run_state: &RunState) -> Result<Plan> {
    let errors = finding::errors(&facts.findings);
    let existing = facts.release.as_ref().map(|release| &release.existing[..]);
    if errors > 0 && existing.unwrap_or_default().is_empty() {
        return Err(ProjectError::Findings(errors).into());
    }
    let Some(tools) = &facts.tools else {
        return Ok(nothing_due(request, facts));
    };
    let context = PlanContext {
        request,
        run_state,
        project: &facts.project,
        builds: &facts.builds,
        target: &facts.target,
        caller: &facts.caller,
        tools,
    };
    if request.part == CommandPart::Lock {
        return environment::lock_crates(&context);
    }
    match (&request.purpose, &facts.just) {
        (Purpose::Just(words), Some(just)) => just::just(&context, just, words),
        (_, Some(just)) => hooks::around(&context, just, || work(&context, facts)),
        (_, None) => match request.part {
            CommandPart::Whole | CommandPart::Work => work(&context, facts),
            CommandPart::Lock | CommandPart::Before | CommandPart::After => Ok(Plan::default()), // there are no recipes around it
        },
    }
}

/// The command's own work.
fn work(context: &PlanContext<'_>, facts: &Facts) -> Result<Plan> {
    match &context.request.purpose {
        Purpose::Dev => dev::dev(context),
        Purpose::Test(testing) if testing.wheel => wheel_test::test(context, &facts.tests, testing),
        Purpose::Test(testing) => test::test(context, &facts.tests, testing),
        Purpose::Run(running) => run::run(context, running),
        Purpose::Release(releasing) => match &facts.release {
            Some(release) => {
                release::release(context, release, releasing, &facts.tests, &facts.findings)
            }
            None => Ok(Plan::default()),
        },
        Purpose::Just(_) | Purpose::Look => Ok(Plan::default()),
    }
}

/// If everything is up to date, no tool is looked for.
fn nothing_due(request: &Request, facts: &Facts) -> Plan {
    let members = facts.builds.iter().map(|build| build.member.name.clone());
    let hand_over = match &request.purpose {
        Purpose::Run(running) => {
            run::in_environment(&facts.target, &facts.caller, &facts.builds, running)
        }
        _ => None,
    };
    Plan {
        fresh: members.collect(),
        hand_over,
        ..Plan::default()
    }
}
