//! `cargo pyx just`: a fresh build, then a recipe in the environment.

use crate::facts::Just;
use crate::model::error::Result;
use crate::model::step::StepId;

use super::action::{Action, Show};
use super::context::PlanContext;
use super::step::{Plan, Step};
use super::{dev, recipe_call};

/// `words`: the recipe and its arguments; empty if the recipes are to be listed.
///
/// # Errors
/// [`Error::Refused`](crate::model::error::Error::Refused) for a recipe that is unknown, or already running.
pub(super) fn just(context: &PlanContext<'_>, just: &Just, words: &[String]) -> Result<Plan> {
    let mut plan = Plan::default();
    if !recipe_call::ready(&mut plan, context, just)? {
        return Ok(plan);
    }
    let recipes = just.recipes.clone().unwrap_or_default();
    let Some(name) = recipes.path(words) else {
        return Ok(plan); // to be listed
    };
    let recipe = recipe_call::find(context, just, &name)?;
    let no_build = recipe.no_build || recipe.is_listed(&context.project.config.just.no_build);
    if !no_build {
        plan = dev::dev(context)?;
        if plan.again {
            return Ok(plan);
        }
    }
    let call = recipe_call::call(context, just, &recipe, words).dir(context.caller.cwd.clone());
    let action = Action::Show(Box::new(Show::of(call)));
    let step = Step::new(StepId::HandOver, "Running", &name, action);
    plan.hand_over = Some(step);
    Ok(plan)
}
