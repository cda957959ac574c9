//! `cargo pyx completions`: shells ask the program itself which words may follow.

mod candidates;

use std::ffi::OsString;

use clap::{Args, Command};
use clap_complete::CompleteEnv;
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};

use crate::model::error::{Error, MachineError, Result};
use crate::ui::Ui;

use super::shell::Shell;
use candidates::CompletionContext;

/// Which shell asks, where one does.
const VARIABLE: &str = "CARGO_PYX_COMPLETE";
/// What scripts call, also after an update of the program.
const PROGRAM: &str = "cargo-pyx";

/// Print a completion script for `cargo pyx` and `cargo-pyx`
///
/// Completes commands, options, the project's packages, and recipes, including those of its justfile.
/// Completion of cargo itself stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cargo pyx completions bash          print the script

To enable it in every shell:
  bash        source <(cargo-pyx completions bash)                      in ~/.bashrc
  zsh         source <(cargo-pyx completions zsh)                       in ~/.zshrc, after compinit
  fish        cargo-pyx completions fish | source                       in config.fish
  powershell  cargo-pyx completions powershell | Out-String | iex       in $PROFILE")]
pub struct Completions {
    /// Shell to print the script for
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
            Self::Powershell => &Powershell,
        }
    }

    /// What completes the words after `cargo pyx`.
    fn beside_cargo(self) -> &'static str {
        match self {
            Self::Bash => include_str!("cargo.bash"),
            Self::Zsh => include_str!("cargo.zsh"),
            Self::Fish => include_str!("cargo.fish"),
            Self::Powershell => include_str!("cargo.ps1"),
        }
    }
}

impl Completions {
    pub(super) fn perform(&self, ui: &Ui) -> Result<()> {
        let mut script = Vec::new();
        let completer = self.shell.completer();
        let written =
            completer.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script);
        written.map_err(|source| {
            Error::Machine(MachineError::Io {
                verb: "write",
                path: "the script".into(),
                source,
            })
        })?;
        let script = String::from_utf8_lossy(&script);
        ui.data(&format!("{}\n{}", script.trim(), self.shell.beside_cargo()));
        Ok(())
    }
}

/// Whether the project has a recipe of that name; `words`: the command line, the program first; `cli`:
/// what it is to be.
pub(super) fn project_has_recipe(name: &str, words: &[OsString], cli: &Command) -> bool {
    let context = CompletionContext::of(cli.clone(), words);
    context.own().is_some_and(|own| own.find(name).is_some())
}

/// Answers a shell that asks; `false` where none does.
///
/// `args`: those of the process, `PROGRAM -- WORDS…`.
pub(super) fn answer(args: Vec<OsString>, command: fn() -> Command) -> bool {
    let words: Vec<OsString> = args
        .iter()
        .skip_while(|arg| *arg != "--")
        .skip(1)
        .cloned()
        .collect();
    let factory = || candidates::offer(command(), &CompletionContext::of(command(), &words));
    let asked = CompleteEnv::with_factory(factory).var(VARIABLE);
    // a shell that cannot be answered completes nothing
    asked.try_complete(args, None).unwrap_or(true)
}
