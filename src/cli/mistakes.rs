//! Command lines that clap rejects: what is said of them, with tips where pyx knows more than clap.

use std::borrow::Cow;
use std::ffi::OsString;
use std::time::Instant;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::facts::recipes;
use crate::model::exit::Exit;
use crate::model::invocation::quote;
use crate::model::nearest::nearest;
use crate::ui::{MessageFormat, OutputOptions, Ui};

use super::completions::project_has_recipe;

/// `arguments`: the whole command line, the program first; `cli`: what it was to be.
pub(super) fn with_tip(
    mut error: clap::Error,
    arguments: &[OsString],
    cli: &clap::Command,
) -> clap::Error {
    let tip = for_test_runner(&error, arguments, cli);
    if tip.is_some() && error.remove(ContextKind::SuggestedArg).is_some() {
        // it would show what was suggested
        error.remove(ContextKind::Usage);
    }
    let Some(tip) = tip.or_else(|| for_recipe(&error, arguments, cli)) else {
        suggest_command(&mut error, arguments, cli);
        return error;
    };
    error.remove(ContextKind::SuggestedSubcommand);
    error.insert(
        ContextKind::Suggested,
        ContextValue::StyledStrs(vec![tip.into()]),
    );
    error
}

/// Says what is wrong with a command line, to people and to machines that have asked for JSON.
#[expect(
    clippy::disallowed_methods,
    reason = "clap reads variables before there is a session"
)]
pub(super) fn refuse(
    error: clap::Error,
    arguments: &[OsString],
    cli: &clap::Command,
    start: Instant,
) -> Exit {
    let error = naming_variable(error, arguments, cli, &|name| std::env::var_os(name));
    let error = with_tip(error, arguments, cli);
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Success;
    }
    let variable = std::env::var("CARGO_PYX_MESSAGE_FORMAT").ok();
    if asks_for_json(arguments, variable.as_deref()) {
        let ui = Ui::new(OutputOptions {
            format: MessageFormat::Json,
            ..OutputOptions::default()
        });
        let (message, hint) = parts(&error);
        ui.misused(&message, hint.as_deref());
        ui.summary(Exit::Usage, start.elapsed().as_secs_f64());
    }
    Exit::Usage
}

/// Whether events are asked for, as far as that can be seen of a command line that is wrong; `variable`: the value of
/// the option's variable.
pub(super) fn asks_for_json(arguments: &[OsString], variable: Option<&str>) -> bool {
    let words: Vec<&str> = arguments
        .iter()
        .map(|word| word.to_str().unwrap_or_default())
        .take_while(|word| *word != "--")
        .collect();
    let said = words.iter().enumerate().find_map(|(at, word)| {
        let value = word.strip_prefix("--message-format")?;
        match value.strip_prefix('=') {
            Some(value) => Some(value),
            None => words.get(at + 1).copied().filter(|_| value.is_empty()),
        }
    });
    said.or(variable) == Some("json")
}

/// What clap says: the sentence, and its tips.
pub(super) fn parts(error: &clap::Error) -> (String, Option<String>) {
    let text = error.render().to_string();
    let (message, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let message = message.trim().trim_start_matches("error: ").to_owned();
    let tips = rest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("tip: "));
    let tips: Vec<&str> = tips.collect();
    (message, (!tips.is_empty()).then(|| tips.join("\n")))
}

/// A wrong value that no word of the command line has is a variable's, which is named then. `set`: the value of a
/// variable.
pub(super) fn naming_variable(
    mut error: clap::Error,
    arguments: &[OsString],
    cli: &clap::Command,
    set: &dyn Fn(&str) -> Option<OsString>,
) -> clap::Error {
    let option = refused(&error, ContextKind::InvalidArg).unwrap_or_default();
    let value = refused(&error, ContextKind::InvalidValue).unwrap_or_default();
    let is_said = arguments
        .iter()
        .any(|word| word.to_string_lossy().ends_with(value));
    let mut known = cli.get_arguments();
    let known = known.find(|arg| {
        let long = arg.get_long().map(|name| format!("--{name}"));
        long.is_some_and(|long| option.split(' ').any(|word| word == long))
    });
    let variable = known.and_then(|arg| arg.get_env()?.to_str());
    let of_variable = variable.filter(|name| !is_said && set(name).is_some_and(|it| it == value));
    if let Some(name) = of_variable {
        let name = ContextValue::String(name.to_owned());
        error.insert(ContextKind::InvalidArg, name);
    }
    error
}

/// To somebody who gives `test` what the test runner takes, as one gives it to pytest or to a test program.
fn for_test_runner(
    error: &clap::Error,
    arguments: &[OsString],
    cli: &clap::Command,
) -> Option<String> {
    let command = arguments.get(1)?;
    let word = refused(error, ContextKind::InvalidArg)?;
    if error.kind() != ErrorKind::UnknownArgument || !(command == "test" || command == "t") {
        return None;
    }
    let own = cli.find_subcommand("test")?.get_arguments();
    let own = own
        .chain(cli.get_arguments())
        .filter_map(clap::Arg::get_long);
    if let Some(name) = word.strip_prefix("--")
        && nearest(name, own).is_some()
    {
        return None;
    }
    let words: Vec<_> = arguments
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    let at = words.iter().skip(2).position(|it| it.starts_with(word))? + 2;
    let (before, rest) = words.split_at(at);
    let is_chosen = before.iter().any(|it| *it == "--rust" || *it == "--py");
    let language = (!is_chosen).then(|| "--py".to_owned());
    let quoted = |word: &Cow<'_, str>| quote(word).into_owned();
    let before = before[1..].iter().map(quoted);
    let rest = rest.iter().filter(|it| *it != "--").map(quoted);
    let call = before.chain(language).chain(["--".to_owned()]).chain(rest);
    Some(format!(
        "arguments for the test runner follow `--`: cargo pyx {}",
        call.collect::<Vec<_>>().join(" ")
    ))
}

/// The command that was most likely meant, where clap finds none: of two letters in the wrong order it knows nothing.
fn suggest_command(error: &mut clap::Error, arguments: &[OsString], cli: &clap::Command) {
    let Some(word) = refused(error, ContextKind::InvalidSubcommand) else {
        return;
    };
    let before = arguments.iter().take_while(|argument| *argument != word);
    let inner = before.filter_map(|argument| cli.find_subcommand(argument));
    let command = inner.last().unwrap_or(cli);
    let names = command.get_subcommands().map(clap::Command::get_name);
    if error.get(ContextKind::SuggestedSubcommand).is_none()
        && let Some(near) = nearest(word, names)
    {
        let near = ContextValue::Strings(vec![near.to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, near);
    }
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
