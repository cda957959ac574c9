//! Recipes: those of the project's justfile, and those that are part of the program.
//!
//! A built-in recipe is a file of `recipes/` that `built_in` names; `dump` asks just what a justfile
//! contains.

mod built_in;
mod dump;
mod options;
mod recipe;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, ProjectError, Result};
use crate::model::invocation::Invocation;
use crate::model::nearest::nearest;
use crate::world::process;
use crate::world::session::Session;
use crate::world::tool::Tool;

use dump::dump;

pub use built_in::{FILES, are_written, folder, imports, names, text};
#[doc(hidden)] // for `fuzz/`
pub use dump::Module;
pub use options::recipe_words;
pub use recipe::Recipe;

/// The available recipes.
#[derive(Clone, Debug, Default)]
pub struct Recipes {
    /// The project's justfile, absolute.
    pub justfile: Option<Utf8PathBuf>,
    /// Of the project, ordered by name; private ones and aliases can be called, but are not listed.
    pub project: Vec<Recipe>,
    /// The project's private recipes and aliases.
    pub hidden: Vec<Recipe>,
    /// Those of justfiles above that the project's falls back to, the nearest first; they can be called, but
    /// are not listed.
    pub above: Vec<Recipe>,
    /// The paths of the project's modules, `web` or `web::api`, each with that of its default recipe.
    pub modules: BTreeMap<String, Option<String>>,
    pub built_in: Vec<Recipe>,
}

impl Recipes {
    /// All of them; the built-in ones must have been [written](are_written).
    ///
    /// `dir`: where just looks for the project's justfile, there and above; one outside `within` belongs to
    /// someone else.
    ///
    /// # Errors
    /// [`ProjectError::Justfile`] with just's own message for a file that it cannot read.
    pub fn gather(
        session: &Session,
        just: &Tool,
        dir: &Utf8Path,
        within: &Utf8Path,
    ) -> Result<Self> {
        let justfile = folder(session).join("justfile");
        let built_in = dump(session, just, dir, Some(&justfile))?.unwrap_or_default();
        Ok(Self {
            built_in: built_in.listed(true),
            ..Self::of_project(session, just, dir, within)?
        })
    }

    /// Those of the project's justfile only.
    ///
    /// # Errors
    /// As [`gather`](Self::gather).
    pub fn of_project(
        session: &Session,
        just: &Tool,
        dir: &Utf8Path,
        within: &Utf8Path,
    ) -> Result<Self> {
        let own = dump(session, just, dir, None)?;
        let mut recipes = Self::default();
        let is_own = |own: &Module| {
            let source = own.source.as_deref().map(Utf8Path::new);
            source.is_none_or(|source| source.starts_with(within))
        };
        if let Some(own) = own.filter(is_own) {
            let mut nearest = own.falls_back().then(|| own.source.clone()).flatten();
            while let Some(justfile) = nearest.take() {
                let folder = Utf8Path::new(&justfile).parent().and_then(Utf8Path::parent);
                let Some(folder) = folder else { break };
                if let Some(above) = dump(session, just, folder, None)?.filter(is_own) {
                    recipes.above.extend(above.listed(false));
                    nearest = above.falls_back().then(|| above.source.clone()).flatten();
                }
            }
            recipes.project = own.listed(false);
            recipes.hidden = own.hidden();
            recipes.modules = own.modules();
            recipes.justfile = own.source.map(Utf8PathBuf::from);
        }
        Ok(recipes)
    }

    /// The path of the recipe that just takes `words` to begin with: modules may come before it as separate
    /// words (just's manual, "Modules"). Its own options and overrides, `name=value`, are skipped.
    pub fn path(&self, words: &[String]) -> Option<String> {
        let mut words = recipe_words(words).iter();
        let mut path = words.next()?.clone();
        while self.modules.contains_key(&path)
            && let Some(next) = words.next()
        {
            path = format!("{path}::{next}");
        }
        let stands_for_it = self.modules.get(&path).cloned().flatten();
        Some(stands_for_it.unwrap_or(path))
    }

    /// The recipe with that name: the project's takes precedence over a built-in one.
    pub fn find(&self, name: &str) -> Option<Recipe> {
        let named = |recipe: &&Recipe| recipe.name == name;
        let own = self.project.iter().chain(&self.hidden);
        let others = self.above.iter().chain(&self.built_in);
        own.chain(others).find(named).cloned()
    }

    /// The error that there is no such recipe; the hint is the call with the nearest existing one.
    pub fn unknown(&self, name: &str, call: &str) -> Error {
        if name.starts_with('-') {
            let message = format!("`{call}` does not pass the option `{name}` on to just");
            return Error::refused(message, format!("{call} --help"));
        }
        let all = self.project.iter().chain(&self.above);
        let all = all.chain(&self.built_in);
        let hint = match nearest(name, all.map(|recipe| recipe.name.as_str())) {
            Some(near) => format!("{call} {near}"),
            None => "cargo pyx just --list".to_owned(),
        };
        Error::refused(format!("no recipe `{name}`"), &hint)
    }

    /// The built-in ones that the project does not define itself.
    pub fn offered(&self) -> impl Iterator<Item = &Recipe> {
        self.built_in.iter().filter(|recipe| {
            let is_same = |own: &Recipe| own.name == recipe.name;
            let own = self.project.iter().chain(&self.hidden);
            !own.chain(&self.above).any(is_same) && !self.modules.contains_key(&recipe.name)
        })
    }
}

/// The text of a recipe of the project that the working directory is in.
///
/// # Errors
/// [`ProjectError::Justfile`] if just has none.
pub fn source(session: &Session, just: &Tool, name: &str) -> Result<String> {
    let call = Invocation::new(just.path.clone(), &session.cwd)
        .args(["--show", name, "--color", "never"])
        .without(&session.scrubbed());
    let output = process::read(&call)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = output.stderr.trim().trim_start_matches("error: ");
    Err(ProjectError::Justfile(said.to_owned()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_recipe_wins_over_a_built_in_one() {
        let named = |name: &str, built_in| Recipe {
            name: name.to_owned(),
            built_in,
            ..Recipe::default()
        };
        let recipes = Recipes {
            project: vec![named("lint", false)],
            hidden: vec![named("ci", false)],
            built_in: vec![named("lint", true), named("ci", true), named("docs", true)],
            ..Recipes::default()
        };
        assert!(!recipes.find("lint").unwrap().built_in && !recipes.find("ci").unwrap().built_in);
        assert!(recipes.find("docs").unwrap().built_in);
        assert_eq!(recipes.find("x"), None);
        let offered: Vec<_> = recipes.offered().map(|recipe| &*recipe.name).collect();
        assert_eq!(offered, ["docs"]);
    }
    #[test]
    fn a_recipe_of_a_module_is_named_as_just_lets_one_name_it() {
        let first = |path: &str| Some(path.to_owned());
        let modules = [
            ("docs".to_owned(), first("docs::build")),
            ("docs::api".to_owned(), first("docs::api::all")),
            ("empty".to_owned(), None),
        ];
        let docs = Recipe {
            name: "docs".to_owned(),
            built_in: true,
            ..Recipe::default()
        };
        let recipes = Recipes {
            modules: modules.into(),
            built_in: vec![docs],
            ..Recipes::default()
        };
        for (words, path) in [
            ("docs build", Some("docs::build")),
            ("docs::build --open", Some("docs::build")),
            ("docs", Some("docs::build")),
            ("docs api", Some("docs::api::all")),
            ("mode=fast docs api one two", Some("docs::api::one")),
            ("--yes --set mode fast docs build", Some("docs::build")),
            ("--summary", Some("--summary")),
            ("empty", Some("empty")),
            ("lint docs", Some("lint")),
            ("mode=fast", None),
        ] {
            let split: Vec<String> = words.split(' ').map(str::to_owned).collect();
            assert_eq!(recipes.path(&split).as_deref(), path, "{words}");
        }
        assert_eq!(recipes.offered().count(), 0, "just would run the module's");
    }
}
