//! The command line: clap types to a [`Request`], and `main`.

mod release;

use std::time::Instant;

use camino::Utf8PathBuf;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::build::Flags;
use crate::dependencies::Wanted;
use crate::disk;
use crate::errand::{Decide, Errand, verdict};
use crate::error::{Error, Exit, Result};
use crate::facts::{Network, Purpose, Request, Running, Testing};
use crate::matrix;
use crate::plan;
use crate::process;
use crate::session::Session;
use crate::suites::Languages;
use crate::ui::{Manner, MessageFormat, Ui};
use crate::watch;

pub use release::Release;

const AFTER_HELP: &str = "\
Exit codes: 0 success, 1 the work failed, 2 usage or configuration, 3 a tool or interpreter is \
missing, 4 disk, permissions, lock or network, 70 a bug in pyx, 128+n signal n.";

/// Build and test Rust-in-Python projects with one command.
#[derive(Debug, Parser)]
#[command(name = "cargo pyx", bin_name = "cargo pyx", version, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub directory: Option<Utf8PathBuf>,
    /// The project's pyproject.toml or Cargo.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub manifest_path: Option<Utf8PathBuf>,
    /// Print the commands that would run; write nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Show the commands (-v), and all that the tools print (-vv)
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Print errors and warnings only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// When to colour the output
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: clap::ColorChoice,
    /// How to report: for people, or one JSON object a line on stdout
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value = "human",
        global = true
    )]
    pub message_format: MessageFormat,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct NetworkArgs {
    /// Use no network
    #[arg(long, global = true)]
    pub offline: bool,
    /// Fail when Cargo.lock or uv.lock would change
    #[arg(long, global = true)]
    pub locked: bool,
    /// As --locked and --offline together
    #[arg(long, global = true)]
    pub frozen: bool,
}

impl From<NetworkArgs> for Network {
    fn from(args: NetworkArgs) -> Self {
        Self {
            offline: args.offline || args.frozen,
            locked: args.locked || args.frozen,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(flatten)]
    Work(Work),
    #[command(subcommand)]
    Release(Release),
}

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

    /// The command's name, and what it decides.
    fn decide(&self) -> (&'static str, Decide) {
        match self {
            Self::Dev(_) => ("dev", plan::dev),
            Self::Test(_) => ("test", plan::test),
            Self::Run(_) => ("run", plan::run),
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
    fn flags(&self) -> Flags {
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

impl Global {
    /// `--manifest-path`, absolute.
    fn manifest(&self, session: &Session) -> Option<Utf8PathBuf> {
        let path = self.manifest_path.as_ref();
        path.map(|path| session.absolute(path))
    }
}

impl Work {
    fn request(&self, global: &Global, session: &Session) -> Request {
        let common = self.common();
        Request {
            manifest: global.manifest(session),
            members: common.package.clone(),
            build: common.build.flags(),
            python: self.pythons().first().cloned(),
            wanted: Wanted {
                groups: common.group.clone(),
                extras: common.extra.clone(),
            },
            force: common.force,
            network: global.network.into(),
            purpose: self.purpose(global.quiet),
        }
    }
}

/// What stands between `cargo pyx` and its words: cargo hands us `pyx` first.
fn arguments() -> Vec<std::ffi::OsString> {
    let mut args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|word| word == "pyx") {
        args.remove(1);
    }
    args
}

pub fn main() -> std::process::ExitCode {
    let matches = match Cli::command().try_get_matches_from(arguments()) {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            let code = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            };
            return code.code().into();
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    process::note_signals();
    let start = Instant::now();
    let session = Session::read();
    let ui = Ui::new(manner(&cli.global, session.as_ref().ok()));
    let work = std::panic::AssertUnwindSafe(|| session.and_then(|session| run(&cli, session, &ui)));
    let result = std::panic::catch_unwind(work).unwrap_or(Err(Error::Bug));
    let exit = match &result {
        Ok(()) => Exit::Success,
        Err(error) => {
            if !matches!(error, Error::Child(_) | Error::ChildKilled(_)) {
                ui.error(error); // else the child has spoken
            }
            error.exit()
        }
    };
    ui.summary(exit, start.elapsed().as_secs_f64());
    if let Exit::Signal(signal) = exit {
        process::die_of(signal);
    }
    exit.code().into()
}

fn manner(global: &Global, session: Option<&Session>) -> Manner {
    let terminal = session.is_some_and(|session| session.stderr_is_terminal);
    let var = |name| session.and_then(|session| session.var(name));
    let ci = session.is_some_and(Session::in_ci);
    Manner {
        format: global.message_format,
        verbosity: if global.quiet {
            -1
        } else {
            i8::try_from(global.verbose).unwrap_or(2)
        },
        interactive: terminal && !ci && var("TERM") != Some("dumb"),
        color: match global.color {
            clap::ColorChoice::Always => true,
            clap::ColorChoice::Never => false,
            clap::ColorChoice::Auto => {
                var("NO_COLOR").is_none()
                    && (var("CLICOLOR_FORCE").is_some_and(|value| value != "0") || terminal)
            }
        },
    }
}

fn run(cli: &Cli, mut session: Session, ui: &Ui) -> Result<()> {
    if let Some(directory) = &cli.global.directory {
        session.cwd = session.absolute(directory);
        if !disk::is_dir(&session.cwd) {
            return Err(Error::Usage(format!("no folder `{}`", session.cwd)));
        }
    }
    match &cli.command {
        Command::Work(work) => perform(work, &cli.global, &session, ui),
        Command::Release(release) => release.perform(&cli.global, &session, ui),
    }
}

fn perform(work: &Work, global: &Global, session: &Session, ui: &Ui) -> Result<()> {
    let request = work.request(global, session);
    let (name, decide) = work.decide();
    let command = Errand {
        session,
        ui,
        request: &request,
        name,
        decide,
    };
    let watch = match work {
        Work::Dev(dev) => dev.watch.watch,
        Work::Test(test) => test.watch.watch,
        Work::Run(_) => false,
    };
    let several = work.pythons().len() > 1;
    let all = work.pythons().iter().any(|word| word == matrix::ALL);
    if all && !matches!(request.purpose, Purpose::Test(_)) {
        return Err(Error::Usage("`--python all` is for `test` only".into()));
    }
    if watch && (all || several) {
        return Err(Error::Usage(
            "`--watch` watches for one `--python` only".into(),
        ));
    }
    let pythons = matrix::pythons(session, &request, work.pythons())?;
    if global.dry_run {
        return command.show(&pythons);
    }
    if watch {
        return watch::run(&command);
    }
    if several || all {
        return matrix::run(&command, &pythons);
    }
    let tallies = command.perform()?;
    match request.purpose {
        Purpose::Test(_) => verdict(&tallies, &session.cwd),
        Purpose::Dev | Purpose::Run(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn literal_command_lines() {
        let valid = [
            "dev",
            "dev -p a -p b --release",
            "dev --profile opt -F a,b --no-default-features",
            "dev --python 3.12 --group g --extra e --force",
            "-C dir dev --dry-run --offline --locked --frozen -vv --color never",
            "dev --message-format json -q --manifest-path rust/Cargo.toml",
            "dev --watch",
            "test",
            "t --rust -- --list",
            "test --py --fail-fast --wheel -- -k name --pdb",
            "test --python 3.9 --python 3.13 --release",
            "run python -c pass",
            "run --release -- python -V",
            "r --example version -- --flag",
            "release version",
            "release version 1.2.3-rc.1 -p a --force --dry-run",
            "release version --bump minor -v",
        ];
        let invalid = [
            "",
            "dve",
            "dev --release --profile x",
            "dev -q -v",
            "dev --message-format xml",
            "dev extra",
            "dev --python 3.9 --python 3.13",
            "test --rust --py",
            "test --rust --wheel",
            "test tests/test_a.py",
            "run",
            "run --bin a --example b",
            "release",
            "release version 1.2.3 --bump major",
            "release version --bump last",
            "release version 1 2",
        ];
        let parse = |line: &str| {
            let words = std::iter::once("cargo pyx").chain(line.split_whitespace());
            Cli::try_parse_from(words)
        };
        for line in valid {
            assert!(parse(line).is_ok(), "{line}");
        }
        for line in invalid {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
