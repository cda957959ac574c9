//! Calls a recipe: just must be available, and the environment is active for whatever the recipe does.

use crate::facts::recipes::Recipe;
use crate::facts::{Just, OwnFolder, RecipeFacts, RecipeMark};
use crate::model::error::{Error, MachineError, Result};
use crate::model::invocation::Invocation;
use crate::model::step::StepId;
use crate::model::variable_list;
use crate::world::session::RECIPES_RUNNING;

use super::action::Action;
use super::context::{PlanContext, activate, with_toolchain};
use super::environment;
use super::step::{Plan, Step};

/// Whether just is available and the recipes are known; otherwise plans what provides them.
pub(super) fn ready(plan: &mut Plan, context: &PlanContext<'_>, just: &Just) -> Result<bool> {
    if just.recipes.is_some() {
        return Ok(true);
    }
    environment::provide(plan, context, Some(&just.tool))?;
    if !just.written {
        let action = Action::WriteRecipes {
            folder: just.folder.clone(),
        };
        let id = StepId::WriteRecipes;
        plan.then(Step::new(id, "Writing", "the recipes of cargo pyx", action));
    }
    plan.again = true;
    Ok(false)
}

/// The recipe of a name, the project's own before pyx's.
///
/// # Errors
/// [`Error::Refused`] for a recipe that is unknown, or already running; [`MachineError::NoExec`].
pub(super) fn find(context: &PlanContext<'_>, just: &Just, name: &str) -> Result<Recipe> {
    let recipes = just.recipes.clone().unwrap_or_default();
    let recipe = recipes
        .find(name)
        .ok_or_else(|| recipes.unknown(name, "cargo pyx just"))?;
    if context
        .caller
        .inside
        .contains(&RecipeMark::new(&context.project.root, name))
    {
        let message = format!("recipe `{name}` calls itself through `cargo pyx just {name}`");
        let hint = format!("call the commands of `just {name}` directly, or rename the recipe");
        return Err(Error::refused(message, &hint));
    }
    if let (true, Some((variable, dir))) = (recipe.is_script, &context.caller.noexec) {
        return Err(MachineError::NoExec {
            variable: variable.clone(),
            dir: dir.clone(),
            recipe: recipe.name,
        }
        .into());
    }
    Ok(recipe)
}

/// just, with the environment active for whatever the recipe does.
pub(super) fn call(
    context: &PlanContext<'_>,
    just: &Just,
    recipe: &Recipe,
    words: &[String],
) -> Invocation {
    let project = context.project;
    let caller = context.caller;
    let modules = project.members.iter().map(|member| member.module.as_str());
    let modules: Vec<&str> = modules.filter(|module| !module.is_empty()).collect();
    let profile = context
        .builds
        .first()
        .map(|build| build.options.profile.as_str());
    let this = RecipeMark::new(&project.root, &recipe.name);
    let inside = caller.inside.iter().chain([&this]);
    let inside: Vec<String> = inside.map(ToString::to_string).collect();
    let bin = context.target.environment.bin();
    let tools = [
        &just.tool.path,
        &context.tools.uv.path,
        &context.tools.cargo,
    ];
    let tools = tools.iter().filter_map(|program| program.parent());
    let (before, after) = match &caller.own_folder {
        OwnFolder::OnPath => (None, None),
        OwnFolder::Alone(folder) => (Some(folder.as_path()), None),
        OwnFolder::WithTools(folder) => (None, Some(folder.as_path())),
    };
    let first = std::iter::once(bin.as_path()).chain(before);
    let first: Vec<_> = first.chain(tools).chain(after).collect();
    let own = just.folder.join("justfile");
    let place = recipe.built_in.then(|| {
        [
            "--justfile",
            own.as_str(),
            "--working-directory",
            project.root.as_str(),
        ]
        .map(str::to_owned)
    });
    let places = [&just.checkout, &project.home, &caller.cache];
    let told = RecipeFacts::of(places, context.target, context.builds);
    let call = context.call(&just.tool.path, &project.root);
    with_toolchain(activate(call, context.target, caller), context.builds)
        .args(place.into_iter().flatten())
        .args(words.iter().cloned())
        .env("CARGO_PYX", caller.program.as_str())
        .env(
            "CARGO_PYX_PYTHON",
            context.target.environment.python().as_str(),
        )
        .env("CARGO_PYX_MODULE", modules.join(" "))
        .env("CARGO_PYX_PROFILE", profile.unwrap_or("dev"))
        .env("CARGO_PYX_DIST", project.root.join("dist").as_str())
        .env("CARGO_PYX_PROJECT", project.root.as_str())
        .env("CARGO_PYX_STATE", project.state.as_str())
        .env("CARGO_PYX_RECIPES", just.folder.as_str())
        .env("CARGO_PYX_UV", context.tools.uv.path.as_str())
        .env("CARGO_PYX_FACTS", told.json())
        .env(RECIPES_RUNNING, variable_list::write(&inside))
        .path(&first, &caller.path)
}
