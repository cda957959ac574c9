//! `cargo pyx dev`: its options; `build_command` does the work.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::build_args::{CommonArgs, WatchArgs};

/// Create the environment and build the project into it
///
/// Creates `.venv`, installs the project's dependencies, compiles and installs its extension modules,
/// and proves that Python imports what was built. Does nothing twice.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx dev                      build what changed
  cargo pyx dev --release            optimised
  cargo pyx dev -p alpha             one package of a workspace, and what it needs
  cargo pyx dev --python 3.13        in its own environment under target/pyx/envs
  cargo pyx dev --watch              repeat after every change
  cargo pyx dev --dry-run            only print the commands")]
pub struct Dev {
    #[command(flatten)]
    pub common: CommonArgs,
    /// Python to build for: a version, a range, or a path
    #[arg(long, value_name = "REQ", value_parser = NonEmptyStringValueParser::new())]
    pub python: Option<String>,
    #[command(flatten)]
    pub watch: WatchArgs,
}
