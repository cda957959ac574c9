//! `cargo pyx just`, and the recipes that a project wants around other commands.

use crate::facts::recipe::Recipe;
use crate::facts::{Facts, Just, Purpose, Request, Tools};
use crate::model::error::{Error, Exit, Result};
use crate::model::invocation::Invocation;

use super::linked::names;
use super::steps::{self, PlanContext, activate, step};
use super::{Action, Plan, RunRecipe, dev, sync};

/// A decision of one command.
type Decide = fn(&Request, &Facts) -> Result<Plan>;

/// # Errors
/// [`Error::Refused`] for a recipe that nobody has, or that is running already.
pub fn just(request: &Request, facts: &Facts) -> Result<Plan> {
    let Purpose::Just(words) = &request.purpose else {
        return dev::dev(request, facts);
    };
    let mut plan = Plan::default();
    let Some((context, just)) = context(request, facts) else {
        return Ok(plan);
    };
    if !ready(&mut plan, &context, just)? {
        return Ok(plan);
    }
    let Some(name) = words.iter().find(|word| !word.contains('=')) else {
        return Ok(plan); // to be listed
    };
    let recipe = find(facts, just, name)?;
    let no_build = recipe.no_build || facts.project.config.just.no_build.contains(name);
    if !no_build {
        plan = dev::dev(request, facts)?;
        if plan.again {
            return Ok(plan);
        }
    }
    let call = call(&context, just, &recipe, words).dir(facts.cwd.clone());
    plan.hand_over = Some(step("just", "Running", name, Action::Show(call)));
    Ok(plan)
}

/// A command with the project's recipes before and after it. What they change is seen: everything
/// is looked at again when the first ones have run.
pub(super) fn around(request: &Request, facts: &Facts, decide: Decide) -> Result<Plan> {
    if let Some(first) = before(request, facts)? {
        return Ok(first);
    }
    let mut plan = decide(request, facts)?;
    if !plan.again {
        after(&mut plan, request, facts)?;
    }
    Ok(plan)
}

/// The recipes that run first; `None` once they have.
pub(super) fn before(request: &Request, facts: &Facts) -> Result<Option<Plan>> {
    let recipes = &facts.hooks;
    let Some((context, just)) = context(request, facts).filter(|_| !recipes.is_empty()) else {
        return Ok(None);
    };
    let mut plan = Plan::default();
    if !ready(&mut plan, &context, just)? {
        return Ok(Some(plan));
    }
    for name in recipes.before.iter().chain(&recipes.after) {
        find(facts, just, name)?; // before the first of them changes anything
    }
    let step_name = |name: &String| format!("before: {name}");
    let mut left = recipes.before.iter().map(step_name);
    if left.any(|name| !facts.done.contains(&name)) && !environment(&mut plan, &context)? {
        return Ok(Some(plan));
    }
    for name in &recipes.before {
        let step_name = step_name(name);
        if !facts.done.contains(&step_name) {
            let mut step = part(&context, just, (&step_name, name), false)?;
            step.needs = names(&plan);
            plan.steps.push(step);
            plan.again = true;
        }
    }
    Ok(plan.again.then_some(plan))
}

/// The environment with its packages, in which recipes run. `false` where something has to be
/// fetched before more of it can be planned.
fn environment(plan: &mut Plan, context: &PlanContext<'_>) -> Result<bool> {
    let facts = context.facts;
    let staleness = [
        &facts.environment_stale,
        &facts.sync_stale,
        &facts.test_sync_stale,
    ];
    // where all is forced, it is due for ever
    if staleness.iter().all(|staleness| staleness.is_none()) || facts.done.contains(steps::RECORD) {
        return Ok(true);
    }
    if !steps::provide(plan, context)? || !steps::environment(plan, context)? {
        return Ok(false);
    }
    sync::sync(plan, context);
    steps::record_sync(plan, context);
    Ok(true)
}

/// The recipes that run last, after all that is planned.
pub(super) fn after(plan: &mut Plan, request: &Request, facts: &Facts) -> Result<()> {
    let Some((context, just)) = context(request, facts) else {
        return Ok(());
    };
    for name in &facts.hooks.after {
        let step_name = format!("after: {name}");
        let mut step = part(&context, just, (&step_name, name), true)?;
        step.needs = names(plan);
        plan.steps.push(step);
    }
    Ok(())
}

fn context<'a>(request: &'a Request, facts: &'a Facts) -> Option<(PlanContext<'a>, &'a Just)> {
    let tools: &Tools = facts.tools.as_ref()?;
    let context = PlanContext {
        facts,
        request,
        tools,
    };
    Some((context, facts.just.as_ref()?))
}

/// Whether just is here and the recipes are known; else what brings them.
fn ready(plan: &mut Plan, context: &PlanContext<'_>, just: &Just) -> Result<bool> {
    if just.recipes.is_some() {
        return Ok(true);
    }
    steps::provide(plan, context)?;
    if !just.written {
        let action = Action::WriteRecipes {
            folder: just.folder.clone(),
        };
        let mut step = step("recipes", "Writing", "the recipes of cargo pyx", action);
        step.needs = names(plan);
        plan.steps.push(step);
    }
    plan.again = true;
    Ok(false)
}

fn find(facts: &Facts, just: &Just, name: &str) -> Result<Recipe> {
    let recipes = just.recipes.clone().unwrap_or_default();
    let recipe = recipes
        .find(name)
        .ok_or_else(|| recipes.unknown(name, "cargo pyx just"))?;
    if facts.inside.contains(&mark(facts, name)) {
        let message = format!("recipe `{name}` calls itself through `cargo pyx just {name}`");
        let hint = format!("call `just {name}`'s own commands there, or give it another name");
        return Err(Error::refused(message, &hint));
    }
    Ok(recipe)
}

/// What `PYX_RECIPE` holds of a running recipe: other projects may have one of the same name.
fn mark(facts: &Facts, name: &str) -> String {
    format!("{}#{name}", facts.project.root)
}

/// A recipe as a step of a plan, from the project's root.
fn part(
    context: &PlanContext<'_>,
    just: &Just,
    (step_name, name): (&str, &str),
    after: bool,
) -> Result<super::Step> {
    let recipe = find(context.facts, just, name)?;
    let words = [name.to_owned()];
    let mut held = context.facts.locks_held.clone();
    held.push(context.facts.project.lock_path().into_string());
    let invocation = call(context, just, &recipe, &words)
        .dir(context.facts.project.root.clone())
        // who waits for the recipe has the lock
        .env("PYX_LOCK", held.join("\n"));
    let action = Action::Recipe(Box::new(RunRecipe {
        invocation,
        exit: Exit::Failed,
        after,
    }));
    Ok(step(step_name, "Running", format!("recipe {name}"), action))
}

/// just, with the environment active for whatever the recipe does.
fn call(context: &PlanContext<'_>, just: &Just, recipe: &Recipe, words: &[String]) -> Invocation {
    let facts = context.facts;
    let project = &facts.project;
    let modules = project.members.iter().map(|member| member.module.as_str());
    let modules: Vec<&str> = modules.filter(|module| !module.is_empty()).collect();
    let profile = facts
        .builds
        .first()
        .map(|build| build.options.profile.as_str());
    let mut inside = facts.inside.clone();
    inside.push(mark(facts, &recipe.name));
    let bin = facts.environment.bin();
    let tools = [
        &just.tool.path,
        &context.tools.uv.path,
        &context.tools.cargo,
    ];
    let tools = tools.iter().filter_map(|program| program.parent());
    let first: Vec<_> = std::iter::once(bin.as_path()).chain(tools).collect();
    let own = just.folder.join("justfile");
    let place = recipe.ours.then(|| {
        [
            "--justfile",
            own.as_str(),
            "--working-directory",
            project.root.as_str(),
        ]
        .map(str::to_owned)
    });
    let call = context.call(&just.tool.path, &project.root);
    activate(call, facts)
        .args(place.into_iter().flatten())
        .args(words.iter().cloned())
        .env("PYX", just.program.as_str())
        .env("PYX_PYTHON", facts.environment.python().as_str())
        .env("PYX_MODULE", modules.join(" "))
        .env("PYX_PROFILE", profile.unwrap_or("dev"))
        .env("PYX_DIST", project.root.join("dist").as_str())
        .env("PYX_PROJECT", project.root.as_str())
        .env("PYX_STATE", project.state.as_str())
        .env("PYX_RECIPES", just.folder.as_str())
        .env("PYX_UV", context.tools.uv.path.as_str())
        .env("PYX_RECIPE", inside.join("\n"))
        .path(&first, &facts.path)
}
