//! The command line: clap types to a [`Request`](crate::facts::Request), and `main`.

mod apply;
mod clean;
mod completions;
mod distributions;
mod doctor;
mod editors;
mod env;
#[cfg(test)]
mod examples;
mod init;
mod just;
mod man;
mod new;
mod publish;
mod release;
mod work;

use std::time::Instant;

use camino::Utf8PathBuf;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::disk;
use crate::error::{Error, Exit, Result};
use crate::facts::Network;
use crate::process;
use crate::session::Session;
use crate::ui::{Manner, MessageFormat, Ui};

pub use clean::Clean;
pub use completions::Completions;
pub use doctor::Doctor;
pub use env::Env;
pub use init::Init;
pub use just::Just;
pub use man::Man;
pub use new::New;
pub use release::Release;
pub use work::Work;

const AFTER_HELP: &str = "\
Examples:
  cargo pyx dev                  build the project into its environment
  cargo pyx test                 build, and run the tests of both languages
  cargo pyx run python           any command, after a fresh build
  cargo pyx release wheel        wheels that are checked and tested
  cargo pyx help release wheel   what a command takes

Exit codes: 0 success, 1 the work failed, 2 usage or configuration, 3 a tool or interpreter is \
missing, 4 disk, permissions, lock or network, 5 no tests, 70 a bug in pyx, 128+n signal n.";

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
    Just(Just),
    #[command(subcommand)]
    Release(Release),
    New(New),
    Init(Init),
    Doctor(Doctor),
    Env(Env),
    Clean(Clean),
    Completions(Completions),
    Man(Man),
}

impl Global {
    /// `--manifest-path`, absolute.
    fn manifest(&self, session: &Session) -> Option<Utf8PathBuf> {
        let path = self.manifest_path.as_ref();
        path.map(|path| session.absolute(path))
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
    if completions::answer(std::env::args_os().collect(), Cli::command) {
        return std::process::ExitCode::SUCCESS;
    }
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
        Command::Work(work) => work.perform(&cli.global, &session, ui),
        Command::Just(just) => just.perform(&cli.global, &session, ui),
        Command::Release(release) => release.perform(&cli.global, &session, ui),
        Command::New(new) => new.perform(&cli.global, &session, ui),
        Command::Init(init) => init.perform(&cli.global, &session, ui),
        Command::Doctor(doctor) => doctor.perform(&cli.global, &session, ui),
        Command::Env(env) => env.perform(&cli.global, &session, ui),
        Command::Clean(clean) => clean.perform(&cli.global, &session, ui),
        Command::Completions(completions) => completions.perform(ui),
        Command::Man(man) => man.perform((&cli.global, &session, ui), Cli::command()),
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
            "just",
            "just lint --fix",
            "just --list",
            "just --show cov",
            "just --eject lint fmt",
            "release wheel --python 3.12 --python 3.13 --reproduce --allow-dirty -p a",
            "release wheel --compatibility manylinux_2_28 --target aarch64-unknown-linux-gnu",
            "release sdist --no-test",
            "release check a.whl b.tar.gz",
            "release publish",
            "release publish dist/a.whl dist/b.tar.gz --yes -p a",
            "release publish --index internal --dry-run --message-format json",
            "release publish --publish-url https://a/ --check-url https://a/simple/",
            "release wheel",
            "release wheel --python 3.12 --python 3.13 --compatibility musllinux_1_2 --reproduce",
            "release wheel --target aarch64-unknown-linux-gnu -p a -F x --profile opt --dry-run",
            "release wheel --allow-dirty --no-test --offline",
            "release sdist -p a --allow-dirty --no-test --reproduce",
            "release check",
            "release check dist/a.whl dist/a.tar.gz --allow-dirty",
            "release version",
            "release version 1.2.3-rc.1 -p a --force --dry-run",
            "release version --bump minor -v",
            "init --editor zed --editor vscode --yes",
            "init --editor vscode --dry-run",
            "completions zsh",
            "man",
            "man --out DIR --dry-run",
            "doctor",
            "doctor --fix --yes --message-format json",
            "doctor --fix --dry-run",
            "env",
            "env --json",
            "env --shell powershell",
            "clean",
            "clean --env --dry-run",
            "clean --all",
            "new fast-words",
            "new dir/fast-words --layout embed --dry-run --offline",
            "new dir --name fast-words --layout src --abi3 3.11",
            "new x --layout mixed --message-format json -q",
            "init",
            "init --yes -C dir",
            "init --dry-run --manifest-path a/pyproject.toml --offline",
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
            "just --list --show a",
            "release",
            "release wheel a",
            "release sdist --python 3.12",
            "release publish --index a --publish-url https://a/",
            "release publish --check-url https://a/simple/",
            "release publish --token secret",
            "release wheel dist",
            "release wheel --python",
            "release check --no-test",
            "release version 1.2.3 --bump major",
            "release version --bump last",
            "release version 1 2",
            "init --editor emacs",
            "completions",
            "completions tcsh",
            "doctor --yes",
            "doctor here",
            "env --json --shell fish",
            "env --shell tcsh",
            "clean target",
            "init a",
            "new",
            "new a b",
            "new a --layout flat",
            "new a --abi3 3",
            "new a --abi3 2.7",
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
