//! Completion candidates from the project; none if there is no project, or if it cannot be read.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use camino::Utf8PathBuf;
use clap::builder::Resettable;
use clap::{Arg, Command};
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};

use crate::facts::project::{Project, Selection};
use crate::facts::recipes::{self, Recipe, Recipes};
use crate::world::session::Session;
use crate::world::tool;

/// Where the words are said.
#[derive(Clone, Debug, Default)]
pub(super) struct CompletionContext {
    session: Option<Session>,
    selection: Selection,
    /// Whether the word that is typed follows a recipe.
    in_recipe: bool,
}

impl CompletionContext {
    /// `words`: as far as they are typed, the program first.
    pub(super) fn of(command: Command, words: &[OsString]) -> Arc<Self> {
        let mut session = Session::read().ok();
        let matches = command.ignore_errors(true).try_get_matches_from(words).ok();
        let path = |name: &str| -> Option<Utf8PathBuf> {
            let found = matches.as_ref()?.try_get_one::<Utf8PathBuf>(name).ok()?;
            found.cloned()
        };
        if let (Some(session), Some(directory)) = (&mut session, path("directory")) {
            session.cwd = session.absolute(directory);
        }
        let manifest = path("manifest_path");
        let manifest = session
            .as_ref()
            .zip(manifest)
            .map(|(session, path)| session.absolute(path));
        let just = matches
            .as_ref()
            .and_then(|matches| matches.subcommand_matches("just"));
        let words = just.and_then(|just| just.try_get_many::<String>("words").ok()?);
        Arc::new(Self {
            session,
            selection: Selection {
                manifest,
                ..Selection::default()
            },
            in_recipe: words.is_some_and(|words| words.len() > 1),
        })
    }

    fn project(&self) -> Option<(&Session, Project)> {
        let session = self.session.as_ref()?;
        let project = Project::discover(session, &self.selection).ok()?;
        Some((session, project))
    }

    fn members(&self) -> Vec<CompletionCandidate> {
        let project = self.project().map(|(_, project)| project);
        let members = project.iter().flat_map(Project::all);
        members
            .map(|member| CompletionCandidate::new(&member.name))
            .collect()
    }

    /// The recipes of the project, and the built-in ones that it does not define.
    fn recipes(&self) -> Vec<CompletionCandidate> {
        let Some(own) = self.own() else {
            return Vec::new();
        };
        let of_project = |recipe: &Recipe| candidate(&recipe.name, recipe.doc.as_deref());
        let of_project = own.project.iter().map(of_project);
        of_project.chain(offered(&own)).collect()
    }

    /// The built-in ones that the project does not define.
    fn offered(&self) -> Vec<CompletionCandidate> {
        let own = self.own();
        own.iter().flat_map(offered).collect()
    }

    /// Those of the project, none where just cannot tell them; nothing without a project.
    pub(super) fn own(&self) -> Option<Recipes> {
        let (session, project) = self.project()?;
        let just = tool::just(session).ok();
        let just = just.filter(|just| just.missing.is_none());
        let own = just.and_then(|just| {
            Recipes::of_project(session, &just, &session.cwd, project.checkout()).ok()
        });
        Some(own.unwrap_or_default())
    }
}

fn offered(own: &Recipes) -> impl Iterator<Item = CompletionCandidate> {
    recipes::names()
        .filter(|(name, _)| own.find(name).is_none())
        .map(|(name, doc)| candidate(name, Some(doc)))
}

fn candidate(name: &str, help: Option<&str>) -> CompletionCandidate {
    CompletionCandidate::new(name).help(help.map(|help| help.to_owned().into()))
}

/// A recipe, then files for its arguments.
fn call(context: &CompletionContext, current: &OsStr) -> Vec<CompletionCandidate> {
    if context.in_recipe {
        return PathCompleter::any().complete(current);
    }
    let begins = |candidate: &CompletionCandidate| {
        let value = candidate.get_value().as_encoded_bytes();
        value.starts_with(current.as_encoded_bytes())
    };
    let mut recipes = context.recipes();
    recipes.retain(begins);
    recipes
}

/// The command line, with what it can have of the project.
pub(super) fn offer(command: Command, context: &Arc<CompletionContext>) -> Command {
    let is_just = command.get_name() == "just";
    let command = command.mut_args(|arg| match (arg.get_id().as_str(), is_just) {
        ("package", _) => list(arg, context, CompletionContext::members),
        ("show", true) => list(arg, context, CompletionContext::recipes),
        ("eject", true) => list(arg, context, CompletionContext::offered),
        ("words", true) => {
            let context = context.clone();
            arg.add(ArgValueCompleter::new(move |current: &OsStr| {
                call(&context, current)
            }))
        }
        _ => arg,
    });
    // the engine would offer the first of a command's names in the order of the alphabet: `t` for `test`
    let aliases: Vec<String> = command.get_visible_aliases().map(str::to_owned).collect();
    let command = command.visible_alias(Resettable::Reset).aliases(aliases);
    command.mut_subcommands(|command| offer(command, context))
}

fn list(
    arg: Arg,
    context: &Arc<CompletionContext>,
    candidates: fn(&CompletionContext) -> Vec<CompletionCandidate>,
) -> Arg {
    let context = context.clone();
    arg.add(ArgValueCandidates::new(move || candidates(&context)))
}
