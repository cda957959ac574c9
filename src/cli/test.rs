//! `cargo pyx test`: its options; `build_command` does it.

use clap::Args;

use crate::facts::Testing;
use crate::facts::suites::Languages;

use super::build_args::{CommonArgs, WatchArgs};

/// Build the project, then run its Rust and Python tests against the build
///
/// Installs what the tests need, wherever the project says so, and runs both suites even when one
/// of them fails. Rust tests link and load the environment's Python, whatever the manifest says.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx test                     both languages
  cargo pyx test --py -- -k name     Python only; what follows -- goes to pytest
  cargo pyx test --rust -- --list    Rust only; what follows -- goes to the test programs
  cargo pyx test --release           the optimised build
  cargo pyx test --python all        on every interpreter that the project allows")]
pub struct Test {
    #[command(flatten)]
    pub languages: LanguageArgs,
    /// Test a wheel, in a clean environment and outside the source tree
    #[arg(long, conflicts_with = "rust")]
    pub wheel: bool,
    /// Stop at the first failure
    #[arg(long)]
    pub fail_fast: bool,
    #[command(flatten)]
    pub common: CommonArgs,
    /// The Pythons to test on: versions, ranges, paths, or `all`; a table when there are several
    #[arg(long, value_name = "REQ")]
    pub python: Vec<String>,
    #[command(flatten)]
    pub watch: WatchArgs,
    /// Arguments for pytest (or the project's other runner); with --rust for the test programs
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct LanguageArgs {
    /// Run the Rust tests only
    #[arg(long, conflicts_with = "py")]
    pub rust: bool,
    /// Run the Python tests only
    #[arg(long)]
    pub py: bool,
}

impl Test {
    pub(super) fn testing(&self, quiet: bool) -> Testing {
        Testing {
            languages: match (self.languages.rust, self.languages.py) {
                (true, _) => Languages::Rust,
                (_, true) => Languages::Python,
                _ => Languages::Both,
            },
            arguments: self.arguments.clone(),
            fail_fast: self.fail_fast,
            quiet,
            wheel: self.wheel,
        }
    }
}
