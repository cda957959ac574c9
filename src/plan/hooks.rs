//! The recipes that a project wants around a command.

use crate::facts::{CommandPart, Just};
use crate::model::error::Result;
use crate::model::exit::Exit;
use crate::model::step::StepId;
use crate::model::variable_list;
use crate::world::session::LOCKS_HELD;

use super::action::{Action, RunRecipe};
use super::context::PlanContext;
use super::environment::Made;
use super::step::{Plan, Step};
use super::{environment, recipe_call, sync};

/// As much of a command as the request is for, with the project's recipes before and after its `work`. Their
/// changes are noticed: everything is looked at again once the first ones have run.
///
/// # Errors
/// Those of `work`; [`Error::Refused`](crate::model::error::Error::Refused) for an unknown recipe.
pub(super) fn around(
    context: &PlanContext<'_>,
    just: &Just,
    work: impl FnOnce() -> Result<Plan>,
) -> Result<Plan> {
    let part = context.request.part;
    if matches!(part, CommandPart::Whole | CommandPart::Before)
        && let Some(first) = before(context, just)?
    {
        return Ok(first);
    }
    let mut plan = match part {
        CommandPart::Whole | CommandPart::Work => work()?,
        CommandPart::Lock | CommandPart::Before | CommandPart::After => Plan::default(),
    };
    if matches!(part, CommandPart::Whole | CommandPart::After) && !plan.again {
        after(&mut plan, context, just)?;
    }
    Ok(plan)
}

/// The recipes that run first; `None` once they have.
fn before(context: &PlanContext<'_>, just: &Just) -> Result<Option<Plan>> {
    let hooks = &just.hooks;
    if hooks.is_empty() {
        return Ok(None);
    }
    let mut plan = Plan::default();
    if !recipe_call::ready(&mut plan, context, just)? {
        return Ok(Some(plan));
    }
    for name in hooks.before.iter().chain(&hooks.after) {
        recipe_call::find(context, just, name)?; // before the first of them changes anything
    }
    let done = &context.run_state.done;
    let is_left = |name: &&String| !done.contains(&StepId::Before((*name).clone()));
    let left: Vec<&String> = hooks.before.iter().filter(is_left).collect();
    if left.is_empty() {
        return Ok(None);
    }
    if !make_environment(&mut plan, context)? {
        return Ok(Some(plan));
    }
    for name in left {
        plan.then(step(context, just, StepId::Before(name.clone()), name)?);
    }
    plan.again = true;
    Ok(Some(plan))
}

/// The environment with its packages, in which recipes run. `false` if something has to be fetched before
/// more can be planned.
fn make_environment(plan: &mut Plan, context: &PlanContext<'_>) -> Result<bool> {
    // where all is forced, it is due for ever
    let made = context.run_state.done.contains(&StepId::RecordEnvironment);
    if made || !context.target.is_stale() {
        return Ok(true);
    }
    if environment::prepare(plan, context)? == Made::LookAgain {
        return Ok(false);
    }
    sync::sync(plan, context);
    environment::record(plan, context);
    Ok(true)
}

/// The recipes that run last, after everything else in the plan.
fn after(plan: &mut Plan, context: &PlanContext<'_>, just: &Just) -> Result<()> {
    for name in &just.hooks.after {
        plan.then(step(context, just, StepId::After(name.clone()), name)?);
    }
    Ok(())
}

/// A recipe as a step of a plan, from the project's root.
fn step(context: &PlanContext<'_>, just: &Just, id: StepId, name: &str) -> Result<Step> {
    let recipe = recipe_call::find(context, just, name)?;
    let words = [name.to_owned()];
    let mut held = context.caller.locks_held.clone();
    held.push(context.project.lock_path().into_string());
    let invocation = recipe_call::call(context, just, &recipe, &words)
        .dir(context.project.root.clone())
        // the command that waits for the recipe has the lock
        .env(LOCKS_HELD, variable_list::write(&held));
    let action = Action::Recipe(Box::new(RunRecipe {
        invocation,
        exit: Exit::Failed,
        after: matches!(id, StepId::After(_)),
    }));
    Ok(Step::new(id, "Running", format!("recipe {name}"), action))
}
