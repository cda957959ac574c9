//! `cargo pyx run`: its options; `build_command` does the work.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Command};

use crate::facts::{CargoTarget, Program, Running};
use crate::model::error::{Error, Result};
use crate::model::nearest::nearest;
use crate::world::disk;
use crate::world::session::Session;

use super::build_args::{CommonArgs, WatchArgs};

/// Build the project, then run a program in its environment
///
/// Runs any command, passing through stdin, stdout, stderr and its exit code; or a cargo example or
/// binary that embeds Python, with the environment's interpreter and packages.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx run python -c 'import hello'
  cargo pyx run -m pytest --lf
  cargo pyx run --watch python -m server   restart it after every file change
  cargo pyx run --with ipython ipython
  cargo pyx run --env-file .env python -m app
  cargo pyx run --release python bench.py
  cargo pyx run --example version")]
pub struct Run {
    /// Run this cargo example
    #[arg(long, value_name = "NAME", conflicts_with = "bin")]
    pub example: Option<String>,
    /// Run this cargo binary
    #[arg(long, value_name = "NAME")]
    pub bin: Option<String>,
    #[command(flatten)]
    pub common: CommonArgs,
    /// Python to run with: a version, a range, or a path
    #[arg(long, value_name = "REQ", value_parser = NonEmptyStringValueParser::new())]
    pub python: Option<String>,
    #[command(flatten)]
    pub watch: WatchArgs,
    /// Add this package on top of the environment, for this run only
    #[arg(long, value_name = "PACKAGE", conflicts_with_all = ["example", "bin"])]
    pub with: Vec<String>,
    /// Set the variables in this file for the program; those already set stay
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<Utf8PathBuf>,
    /// The command and its arguments; `-m MODULE` runs a module with the environment's Python
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND",
          required_unless_present_any = ["example", "bin"])]
    pub command: Vec<String>,
}

impl Run {
    /// What is to run, and the variables of its `--env-file`s.
    ///
    /// # Errors
    /// [`Error::Usage`] for an `--env-file` that is not there or that nobody can read;
    /// [`Error::Refused`] for an option that is none.
    pub(super) fn running(&self, session: &Session) -> Result<Running> {
        self.check_options()?;
        Ok(Running {
            program: self.program(),
            variables: self.variables(session)?,
        })
    }

    /// What clap does not know begins the command, and no program is called like an option: better said
    /// before the build than after it.
    fn check_options(&self) -> Result<()> {
        let has_target = self.example.is_some() || self.bin.is_some();
        let first = self.command.first().filter(|_| !has_target);
        let Some(word) = first.filter(|word| word.starts_with('-') && *word != "-m") else {
            return Ok(());
        };
        let known = Self::augment_args(Command::new("run"));
        let long = known.get_arguments().filter_map(clap::Arg::get_long);
        let name = word.trim_start_matches('-').split('=').next();
        let hint = match nearest(name.unwrap_or_default(), long) {
            Some(near) => format!("cargo pyx run --{near}"),
            None => "cargo pyx run --help".to_owned(),
        };
        Err(Error::refused(
            format!("`run` has no option `{word}`"),
            hint,
        ))
    }

    fn program(&self) -> Program {
        let arguments = self.command.clone();
        let example = self.example.clone().map(CargoTarget::Example);
        let target = example.or_else(|| self.bin.clone().map(CargoTarget::Bin));
        if let Some(target) = target {
            return Program::Target { target, arguments };
        }
        let is_module = arguments.first().is_some_and(|word| word == "-m");
        let python = is_module.then(|| "python".to_owned());
        Program::Command {
            words: python.into_iter().chain(arguments).collect(),
            packages: self.with.clone(),
        }
    }

    /// A later file goes before an earlier one, and the caller's environment before both, as with uv.
    fn variables(&self, session: &Session) -> Result<BTreeMap<String, String>> {
        let mut variables = BTreeMap::new();
        for path in &self.env_file {
            let text = disk::read_text(&session.absolute(path))?;
            let text = text.ok_or_else(|| Error::Usage(format!("no file `{path}`")))?;
            for pair in dotenvy::from_read_iter(text.as_bytes()) {
                let (name, value) = pair.map_err(|error| unreadable(path, &text, &error))?;
                variables.insert(name, value);
            }
        }
        variables.retain(|name, _| !session.env.contains_key(name));
        Ok(variables)
    }
}
/// What is wrong in a file of variables, with its line.
fn unreadable(path: &Utf8Path, text: &str, error: &dotenvy::Error) -> Error {
    let dotenvy::Error::LineParse(wrong, _) = error else {
        return Error::Usage(format!("`{path}`: {error}"));
    };
    // of a line it names all, or only the value
    let wrong = wrong.lines().next().unwrap_or_default().trim();
    let value = |line: &str| {
        line.split_once('=')
            .map(|(_, value)| value.trim().to_owned())
    };
    let is_value = |line: &&str| {
        let fails = || dotenvy::from_read_iter(line.as_bytes()).any(|pair| pair.is_err());
        value(line).is_some_and(|value| value.starts_with(wrong)) && fails()
    };
    let place = |line: usize| format!("{path}:{}", line + 1);
    if let Some(line) = text.lines().position(|line| line.trim() == wrong) {
        let place = place(line);
        let message = format!("{place}: `{wrong}` is not of the form `NAME=VALUE`");
        return Error::Usage(message);
    }
    let line = text.lines().position(|line| is_value(&line));
    let place = line.map_or(path.to_string(), place);
    let message = format!("{place}: `{wrong}` cannot be read as a value");
    if wrong.contains('$') {
        return Error::refused(message, "write variables as `${NAME}`");
    }
    Error::refused(message, "put values with blanks in quotes: `NAME='VALUE'`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_in_a_file_of_variables_is_named_with_its_line() {
        let said = |text: &str| {
            let mut pairs = dotenvy::from_read_iter(text.as_bytes());
            let error = pairs.find_map(Result::err).unwrap();
            let error = unreadable(Utf8Path::new("one.env"), text, &error);
            (error.to_string(), error.hint())
        };
        let (message, hint) = said("A='$HOME'\nJ=\"$HOME\"\n");
        assert_eq!(message, "one.env:2: `\"$HOME\"` cannot be read as a value");
        assert!(hint.unwrap().contains("${NAME}"));
        let (message, hint) = said("# E=a b\nE='a b'\nexport E = a b # c\n");
        assert!(message.starts_with("one.env:3: `a b"), "{message}");
        assert!(hint.unwrap().contains("quotes"));
        let (message, _) = said("A=1\nnothing\n");
        assert_eq!(
            message,
            "one.env:2: `nothing` is not of the form `NAME=VALUE`"
        );
    }
}
