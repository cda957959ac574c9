//! Commands that build the project into its environment: `dev`, `test` and `run`.

use clap::{Args, Subcommand};

use crate::driver::{Driver, matrix, verdict, watch};
use crate::facts::build::Flags;
use crate::facts::dependencies::DependencySelection;
use crate::facts::suites::Languages;
use crate::facts::{Part, Purpose, Request, Running, Testing};
use crate::model::error::{Error, Result};
use crate::world::python_request::ALL;

use super::global::Context;

/// Commands that build the project into its environment.
#[derive(Debug, Subcommand)]
pub enum Work {
    Dev(Dev),
    #[command(visible_alias = "t")]
    Test(Test),
    #[command(visible_alias = "r")]
    Run(Run),
}

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
    pub common: Common,
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

/// Build the project, then run a program in its environment
///
/// Any command, with stdin, stdout, stderr and its exit code passed through; or a cargo example or
/// binary that embeds Python, which gets the environment's interpreter and packages.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo pyx run python -c 'import hello'
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
    pub common: Common,
    /// The Python to run with: a version, a range, or a path
    #[arg(long, value_name = "REQ")]
    pub python: Option<String>,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND",
          required_unless_present_any = ["example", "bin"])]
    pub command: Vec<String>,
}

impl Work {
    fn common(&self) -> &Common {
        match self {
            Self::Dev(dev) => &dev.common,
            Self::Test(test) => &test.common,
            Self::Run(run) => &run.common,
        }
    }

    /// `--python`, as often as it is given.
    fn pythons(&self) -> &[String] {
        match self {
            Self::Dev(dev) => dev.python.as_slice(),
            Self::Test(test) => &test.python,
            Self::Run(run) => run.python.as_slice(),
        }
    }

    fn purpose(&self, quiet: bool) -> Purpose {
        match self {
            Self::Dev(_) => Purpose::Dev,
            Self::Test(test) => Purpose::Test(Testing {
                languages: match (test.languages.rust, test.languages.py) {
                    (true, _) => Languages::Rust,
                    (_, true) => Languages::Python,
                    _ => Languages::Both,
                },
                arguments: test.arguments.clone(),
                fail_fast: test.fail_fast,
                quiet,
                wheel: test.wheel,
            }),
            Self::Run(run) => {
                let arguments = run.command.clone();
                let target = |kind, name: &String| Running::Target {
                    kind,
                    name: name.clone(),
                    arguments: arguments.clone(),
                };
                Purpose::Run(match (&run.example, &run.bin) {
                    (Some(name), _) => target("example", name),
                    (_, Some(name)) => target("bin", name),
                    _ => Running::Command(arguments),
                })
            }
        }
    }
}

/// What every command that builds takes.
#[derive(Debug, Default, Args)]
pub struct Common {
    /// Build this package, by name or folder, and those it needs
    #[arg(short = 'p', long = "package", value_name = "MEMBER")]
    pub package: Vec<String>,
    #[command(flatten)]
    pub build: BuildArgs,
    /// Install this dependency group as well
    #[arg(long, value_name = "GROUP")]
    pub group: Vec<String>,
    /// Install this extra (optional dependencies) as well
    #[arg(long, value_name = "EXTRA")]
    pub extra: Vec<String>,
    /// Do everything again, whatever is recorded
    #[arg(long)]
    pub force: bool,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct WatchArgs {
    /// Do it again after every change of a file, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

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
    pub common: Common,
    /// The Python to build for: a version, a range, or a path
    #[arg(long, value_name = "REQ")]
    pub python: Option<String>,
    #[command(flatten)]
    pub watch: WatchArgs,
}

#[derive(Debug, Default, Args)]
pub struct BuildArgs {
    /// Build with the release profile
    #[arg(short, long, conflicts_with = "profile")]
    pub release: bool,
    /// Build with this cargo profile
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Cargo features on top of those in [tool.maturin], separated by blanks or commas
    #[arg(short = 'F', long, value_name = "FEATURES")]
    pub features: Vec<String>,
    /// Do not enable the crate's default features
    #[arg(long)]
    pub no_default_features: bool,
}

impl BuildArgs {
    pub(super) fn flags(&self) -> Flags {
        let features = self.features.iter().flat_map(|text| text.split([' ', ',']));
        Flags {
            profile: if self.release {
                Some("release".into())
            } else {
                self.profile.clone()
            },
            features: features
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            no_default_features: self.no_default_features,
        }
    }
}

impl Work {
    fn request(&self, context: Context<'_>) -> Request {
        let Context {
            global, session, ..
        } = context;
        let common = self.common();
        Request {
            manifest: global.manifest(session),
            members: common.package.clone(),
            build: common.build.flags(),
            python: self.pythons().first().cloned(),
            wanted: DependencySelection {
                groups: common.group.clone(),
                extras: common.extra.clone(),
            },
            force: common.force,
            network: global.network.into(),
            purpose: self.purpose(global.quiet),
            part: Part::Whole,
        }
    }

    pub(super) fn perform(&self, context: Context<'_>) -> Result<()> {
        let Context {
            global,
            session,
            ui,
        } = context;
        let request = self.request(context);
        let command = Driver {
            session,
            ui,
            request: &request,
        };
        let watch = match self {
            Self::Dev(dev) => dev.watch.watch,
            Self::Test(test) => test.watch.watch,
            Self::Run(_) => false,
        };
        let several = self.pythons().len() > 1;
        let all = self.pythons().iter().any(|word| word == ALL);
        if all && !matches!(request.purpose, Purpose::Test(_)) {
            return Err(Error::Usage("`--python all` is for `test` only".into()));
        }
        if watch && (all || several) {
            return Err(Error::Usage(
                "`--watch` watches for one `--python` only".into(),
            ));
        }
        let pythons = matrix::pythons(session, ui, &request, self.pythons())?;
        if global.dry_run {
            return command.show(&pythons);
        }
        if watch {
            return watch::run(&command);
        }
        if several || all {
            return matrix::run(&command, &pythons);
        }
        let test_results = command.perform()?;
        match request.purpose {
            Purpose::Test(_) => verdict(&test_results, &session.cwd),
            Purpose::Dev
            | Purpose::Run(_)
            | Purpose::Release(_)
            | Purpose::Just(_)
            | Purpose::Look => Ok(()),
        }
    }
}
