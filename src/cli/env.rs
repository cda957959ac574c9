//! `cargo pyx env`: what to export so that other programs see what pyx sees.

use std::collections::BTreeMap;

use clap::Args;

use crate::facts::{Facts, Request, RunState, Tools};
use crate::model::error::Result;
use crate::model::invocation::quote;
use crate::plan;
use crate::world::interpreter;
use crate::world::session::Session;

use super::global::CommandContext;
use super::shell::Shell;

/// Print what to export so that cargo, an IDE or a debugger sees what pyx sees
///
/// Prints the environment, the Python that PyO3 builds for and, for tests and programs that embed Python,
/// how they find it. Only reads: `cargo pyx dev` creates the environment. The target directory is not
/// included: pyx builds in target/pyx, so target/ is free for cargo and the IDE. Later runs of pyx ignore
/// these variables and rebuild nothing because of them.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  eval \"$(cargo pyx env)\"                                    sh, bash, zsh
  cargo pyx env --shell fish | source
  cargo pyx env --shell powershell | Out-String | Invoke-Expression
  cargo pyx env --json                                       one object of names and values")]
pub struct Env {
    /// Print one JSON object
    #[arg(long, conflicts_with = "shell")]
    pub json: bool,
    /// Shell to print for [default: that of $SHELL]
    #[arg(long, value_name = "SHELL")]
    pub shell: Option<Shell>,
}

impl Env {
    pub(super) fn perform(&self, context: CommandContext<'_>) -> Result<()> {
        let CommandContext {
            global,
            session,
            ui,
        } = context;
        let request = Request::look(global.manifest(session));
        let facts = Facts::gather(session, &request, &RunState::default())?;
        plan::environment(&facts)?;
        let tools = match &facts.tools {
            Some(tools) => tools,
            None => &Tools::find(session, &facts.project)?, // for its error
        };
        if facts.target.probe.is_none() {
            interpreter::probe(session, &facts.target.environment.python())?; // as well
        }
        let exports = plan::env(&request, &facts, tools)?;
        if let Some((what, command)) = &exports.missing {
            ui.warn(&format!("{what} (run `{command}` first)"));
        }
        let shell = self.shell.unwrap_or_else(|| Shell::of(session));
        ui.data(&if self.json {
            object(&exports.set)
        } else {
            shell.script(&exports.set)
        });
        ui.exports(&exports.set);
        Ok(())
    }
}

fn object(variables: &BTreeMap<String, String>) -> String {
    serde_json::to_string_pretty(variables).unwrap_or_default() + "\n"
}

impl Shell {
    /// The one that a person works in.
    fn of(session: &Session) -> Self {
        let program = session.path_var("SHELL");
        let name = program.as_ref().and_then(|path| path.file_stem());
        match name {
            Some("fish") => Self::Fish,
            Some("zsh") => Self::Zsh,
            Some("pwsh") => Self::Powershell,
            None if cfg!(windows) => Self::Powershell,
            _ => Self::Bash,
        }
    }

    /// One command a line.
    fn script(self, variables: &BTreeMap<String, String>) -> String {
        let lines = variables.iter().map(|(name, value)| match self {
            Self::Bash | Self::Zsh => format!("export {name}={}\n", quote(value)),
            Self::Fish => format!("set -gx {name} {}\n", fish(value)),
            Self::Powershell => format!("$env:{name} = {}\n", pwsh(value)),
        });
        lines.collect()
    }
}

fn fish(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Typographic quotes end a string there as well.
fn pwsh(value: &str) -> String {
    let quotes = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];
    let mut text = String::new();
    for c in value.chars() {
        text.extend(std::iter::repeat_n(
            c,
            if quotes.contains(&c) { 2 } else { 1 },
        ));
    }
    format!("'{text}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_as_each_shell_reads_them() {
        let value = r"/it's a \ $HOME’s";
        let variables = BTreeMap::from([("A".to_owned(), value.to_owned())]);
        let script = |shell: Shell| shell.script(&variables);
        let bash = script(Shell::Bash);
        let words = shlex::split(bash.trim()).unwrap();
        assert_eq!(words, ["export", &*format!("A={value}")]);
        assert_eq!(script(Shell::Fish), "set -gx A '/it\\'s a \\\\ $HOME’s'\n");
        assert_eq!(
            script(Shell::Powershell),
            "$env:A = '/it''s a \\ $HOME’’s'\n"
        );
    }

    #[test]
    fn the_shell_is_the_one_that_a_person_works_in() {
        let of = |path: &str| {
            let env = [("SHELL".to_owned(), path.to_owned())];
            Shell::of(&Session {
                env: env.into(),
                ..Session::default()
            })
        };
        assert_eq!(of("/usr/bin/fish"), Shell::Fish);
        assert_eq!(of("/bin/dash"), Shell::Bash);
    }
}
