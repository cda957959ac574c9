//! `cargo pyx just`: the project's recipes, and the built-in ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::driver::Driver;
use crate::facts::recipes::{self, Recipe, Recipes};
use crate::facts::{self, Facts, Purpose, Request, RunState};
use crate::model::error::{Error, Result};
use crate::model::file_edit::{Edit, keep_line_ends};
use crate::plan;
use crate::ui::{self, Ui};
use crate::world::disk;
use crate::world::session::Session;

use super::apply::{Consent, apply};
use super::build_args::CommonArgs;
use super::global::CommandContext;

/// Run a recipe in the project's environment, after a fresh build
///
/// Runs a recipe of the project's justfile, or else a built-in one. The environment is active for the
/// whole recipe, whose exit code is passed on. Without a recipe, lists them all.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx just                   list the project's recipes and the built-in ones
  cargo pyx just lint              run one
  cargo pyx just bench -k parse    with arguments
  cargo pyx just --yes deploy      with options for just: --set NAME VALUE, --no-deps, …
  cargo pyx just --release smoke   after an optimised build
  cargo pyx just --show cov        print one
  cargo pyx just --eject lint      copy a built-in one into the project's justfile

A recipe sees: VIRTUAL_ENV, PATH, UV_PROJECT_ENVIRONMENT, UV_NO_SYNC, and
  CARGO_PYX          this program          CARGO_PYX_PYTHON   the environment's Python
  CARGO_PYX_PROJECT  the project's root    CARGO_PYX_MODULE   the extension module's dotted name
  CARGO_PYX_STATE    target/pyx            CARGO_PYX_PROFILE  the cargo profile of the build
  CARGO_PYX_DIST     dist/                 CARGO_PYX_RECIPES  the built-in recipes
  CARGO_PYX_UV       uv                    CARGO_PYX_FACTS    what pyx knows of the packages, JSON")]
pub struct Just {
    /// List all recipes
    #[arg(short, long)]
    pub list: bool,
    /// Print this recipe
    #[arg(short, long, value_name = "NAME", conflicts_with_all = ["list", "words"])]
    pub show: Option<String>,
    /// Copy these built-in recipes into the project's justfile
    #[arg(long, value_name = "NAME", num_args = 1.., conflicts_with_all = ["list", "show", "words"])]
    pub eject: Vec<String>,
    #[command(flatten)]
    pub common: CommonArgs,
    /// Python to build for: a version, a range, or a path
    #[arg(long, value_name = "REQ", value_parser = NonEmptyStringValueParser::new())]
    pub python: Option<String>,
    /// The recipe and its arguments; options for just may precede it
    #[arg(
        value_name = "RECIPE",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub words: Vec<String>,
}

impl Just {
    /// Whether it runs no recipe.
    pub(super) fn only_looks(&self) -> bool {
        recipes::recipe_words(&self.words).is_empty() || self.list
    }

    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        let runs = !self.only_looks();
        let words = if runs { self.words.clone() } else { Vec::new() };
        let request = self.common.request(context, Purpose::Just(words))?;
        let request = Request {
            python: self.python.clone(),
            ..request
        };
        let driver = Driver {
            session,
            ui,
            request: &request,
        };
        if runs && global.dry_run {
            return driver.show(&[]);
        }
        if !global.dry_run {
            driver.perform()?;
        }
        if runs {
            return Ok(());
        }
        let facts = Facts::gather(session, &request, &RunState::default())?;
        let Some(just) = &facts.just else {
            return Ok(());
        };
        let Some(recipes) = just.recipes.clone() else {
            return driver.show(&[]); // what brings just and the recipes, of which nothing is known before
        };
        match (&self.show, &self.eject[..]) {
            (Some(name), _) => show(session, just, name, ui),
            (None, []) => {
                list(&recipes, ui);
                Ok(())
            }
            (None, names) => {
                let edit = ejected(&recipes, names, &facts)?;
                let plan = plan::edits("Ejecting", &names.join(", "), vec![edit]);
                apply(context, &plan, Consent::Given).map(drop)
            }
        }
    }
}

fn list(recipes: &Recipes, ui: &Ui) {
    let offered: Vec<Recipe> = recipes.offered().cloned().collect();
    let mut text = String::new();
    if !recipes.project.is_empty() {
        let path = recipes.justfile.as_ref().map(ToString::to_string);
        let _ = writeln!(text, "Recipes of {}:", path.unwrap_or_default());
        section(&mut text, &recipes.project);
    }
    text.push_str("Recipes of cargo pyx (`--eject` makes one yours):\n");
    section(&mut text, &offered);
    ui.data(&text);
    ui.recipes(&recipes.project, &offered);
}

/// By group, those without one first; parameters and doc comments in a column of their own.
fn section(text: &mut String, recipes: &[Recipe]) {
    let mut groups: BTreeMap<&str, Vec<&Recipe>> = BTreeMap::new();
    for recipe in recipes {
        let group = recipe.groups.first().map_or("", String::as_str);
        groups.entry(group).or_default().push(recipe);
    }
    let members: Vec<&Recipe> = groups.values().flatten().copied().collect();
    let rows: Vec<Vec<String>> = members.iter().map(|recipe| row(recipe)).collect();
    let mut lines = ui::aligned(&rows.iter().collect::<Vec<_>>()).into_iter();
    for (group, members) in groups {
        if !group.is_empty() {
            let _ = writeln!(text, "  [{group}]");
        }
        for line in lines.by_ref().take(members.len()) {
            let _ = writeln!(text, "{line}");
        }
    }
    text.push('\n');
}

/// How a recipe is called, and what it does.
fn row(recipe: &Recipe) -> Vec<String> {
    let call = format!("    {} {}", recipe.name, recipe.parameters);
    let doc = recipe.doc.as_deref().map(|doc| format!("# {doc}"));
    vec![call.trim_end().to_owned(), doc.unwrap_or_default()]
}

fn show(session: &Session, just: &facts::Just, name: &str, ui: &Ui) -> Result<()> {
    let recipes = just.recipes.clone().unwrap_or_default();
    let unknown = || recipes.unknown(name, "cargo pyx just --show");
    let recipe = recipes.find(name).ok_or_else(unknown)?;
    if recipe.built_in
        && let Some(text) = recipes::text(name)
    {
        ui.recipe(name, text);
        return Ok(());
    }
    ui.recipe(name, &just.source(session, name)?);
    Ok(())
}

/// The project's justfile with some built-in recipes at its end, each once.
///
/// # Errors
/// [`Error::Refused`] for a name that is no built-in recipe's, or that the project has already.
fn ejected(recipes: &Recipes, names: &[String], facts: &Facts) -> Result<Edit> {
    let path = recipes.justfile.clone();
    let path = path.unwrap_or_else(|| facts.project.root.join("justfile"));
    let before = disk::read_text(&path)?;
    let mut after = before.clone().unwrap_or_default();
    let once = names
        .iter()
        .enumerate()
        .filter(|(at, name)| !names[..*at].contains(name));
    for (_, name) in once {
        let unknown = || recipes.unknown(name, "cargo pyx just --eject");
        let own = recipes::text(name).ok_or_else(unknown)?;
        if !recipes.offered().any(|recipe| recipe.name == *name) {
            let message = format!("`{path}` already has a recipe `{name}`");
            let hint = format!("cargo pyx just --show {name}");
            return Err(Error::refused(message, &hint));
        }
        if !after.is_empty() {
            after.truncate(after.trim_end().len());
            after.push_str("\n\n");
        }
        after.push_str(own);
    }
    let after = keep_line_ends(before.as_deref().unwrap_or_default(), &after);
    Ok(Edit {
        shown: facts.project.display(&path),
        path,
        before,
        after: Some(after),
        changes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_are_listed_by_group() {
        let recipe = |name: &str, group: &str| Recipe {
            name: name.to_owned(),
            doc: Some("Doc.".to_owned()),
            groups: vec![group.to_owned()],
            ..Recipe::default()
        };
        let mut text = String::new();
        section(
            &mut text,
            &[recipe("bench", "measure"), recipe("ci", "check")],
        );
        let expected = "  [check]\n    ci     # Doc.\n  [measure]\n    bench  # Doc.\n\n";
        assert_eq!(text, expected);
    }
}
