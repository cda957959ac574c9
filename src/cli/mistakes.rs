//! Tips for command lines that clap rejects, where pyx knows more than clap.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};

use crate::facts::recipes;
use crate::model::invocation::quote;

use super::completions::project_has_recipe;

/// `arguments`: the whole command line, the program first; `cli`: what it was to be.
pub(super) fn with_tip(
    mut error: clap::Error,
    arguments: &[OsString],
    cli: &clap::Command,
) -> clap::Error {
    let tip = for_test_runner(&error, arguments).or_else(|| for_recipe(&error, arguments, cli));
    let Some(tip) = tip else {
        return error;
    };
    error.remove(ContextKind::SuggestedSubcommand);
    error.insert(
        ContextKind::Suggested,
        ContextValue::StyledStrs(vec![tip.into()]),
    );
    error
}

/// To somebody who gives `test` what the test runner takes, as one gives it to pytest.
fn for_test_runner(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let command = arguments.get(1)?;
    let word = refused(error, ContextKind::InvalidArg)?;
    if !(command == "test" || command == "t") || word.starts_with('-') {
        return None;
    }
    Some(format!(
        "arguments for the test runner follow `--`: cargo pyx test --py -- {word}"
    ))
}

/// To somebody who calls a recipe, built in or of the project, like a command.
fn for_recipe(error: &clap::Error, arguments: &[OsString], cli: &clap::Command) -> Option<String> {
    let word = refused(error, ContextKind::InvalidSubcommand)?;
    let command = cli.clone().allow_external_subcommands(true);
    let matches = command.try_get_matches_from(arguments).ok()?;
    // a command of pyx that refuses its own next word is none
    let (name, rest) = matches.subcommand()?;
    let rest = rest.get_many::<OsString>("").map_or(0, Iterator::count);
    let is_built_in = recipes::names().any(|(known, _)| known == word);
    if name != word || !(is_built_in || project_has_recipe(word, arguments, cli)) {
        return None;
    }
    let mut words: Vec<String> = Vec::new();
    for argument in &arguments[1..] {
        words.push(quote(&argument.to_string_lossy()).into_owned());
    }
    words.insert(words.len() - 1 - rest, "just".to_owned());
    Some(format!(
        "`{word}` is a recipe: cargo pyx {}",
        words.join(" ")
    ))
}

/// The word that clap refuses as an argument or as a command.
fn refused(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(word) => Some(word),
        _ => None,
    }
}
