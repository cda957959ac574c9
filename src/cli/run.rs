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
    /// Run this Python module, as `python -m` does
    #[arg(short, long, value_name = "MODULE", conflicts_with_all = ["example", "bin"])]
    pub module: Option<String>,
    #[command(flatten)]
    pub common: CommonArgs,
    /// The Python to run with: a version, a range, or a path
    #[arg(long, value_name = "REQ")]
    pub python: Option<String>,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND",
          required_unless_present_any = ["example", "bin", "module"])]
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
        match (&self.example, &self.bin, &self.module) {
            (Some(name), _, _) => target("example", name),
            (_, Some(name), _) => target("bin", name),
            (_, _, Some(module)) => {
                let python = ["python", "-m", module].map(str::to_owned);
                Running::Command(python.into_iter().chain(arguments).collect())
            }
            _ => Running::Command(arguments),
        }
    }
}
