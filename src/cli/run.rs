//! `cargo pyx run`: its options; `build_command` does it.

use clap::Args;

use crate::facts::Running;

use super::build_args::CommonArgs;

/// Build the project, then run a program in its environment
///
/// Any command, with stdin, stdout, stderr and its exit code passed through; or a cargo example or
/// binary that embeds Python, which gets the environment's interpreter and packages.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx run python -c 'import hello'
  cargo pyx run -m pytest --lf
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
    /// The Python to run with: a version, a range, or a path
    #[arg(long, value_name = "REQ")]
    pub python: Option<String>,
    /// The command and its arguments; `-m MODULE` is a module for the environment's Python
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND",
          required_unless_present_any = ["example", "bin"])]
    pub command: Vec<String>,
}

impl Run {
    pub(super) fn running(&self) -> Running {
        let arguments = self.command.clone();
        let target = |kind, name: &String| Running::Target {
            kind,
            name: name.clone(),
            arguments: arguments.clone(),
        };
        match (&self.example, &self.bin) {
            (Some(name), _) => target("example", name),
            (_, Some(name)) => target("bin", name),
            _ => {
                let is_module = arguments.first().is_some_and(|word| word == "-m");
                let python = is_module.then(|| "python".to_owned());
                Running::Command(python.into_iter().chain(arguments).collect())
            }
        }
    }
}
