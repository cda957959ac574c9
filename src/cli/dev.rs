//! `cargo pyx dev`: its options; `build_command` does the work.

use clap::Args;

use super::build_args::{CommonArgs, WatchArgs};

/// Make the environment and build the project into it
///
/// Creates `.venv`, installs what the project depends on, compiles its extension modules and
/// installs them, proves that Python imports what was built, and does nothing twice.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx dev                      build what changed
  cargo pyx dev --release            optimised
  cargo pyx dev -p alpha             one package of a monorepo, and what it needs
  cargo pyx dev --python 3.13        in an environment of its own under target/pyx/envs
  cargo pyx dev --watch              again after every change
  cargo pyx dev --dry-run            print the commands only")]
pub struct Dev {
    #[command(flatten)]
    pub common: CommonArgs,
    /// The Python to build for: a version, a range, or a path
    #[arg(long, value_name = "REQ")]
    pub python: Option<String>,
    #[command(flatten)]
    pub watch: WatchArgs,
}
