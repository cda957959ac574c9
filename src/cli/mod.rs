//! The command line: clap types to a [`Request`](crate::facts::Request), and `main`.
//!
//! Each command has a file of its name; what `dev`, `test` and `run` share is in `build_command`, what
//! `release` builds in `distributions`. `global` has the options of all commands, `build_args` those of the
//! commands that build, `apply` the edits that some commands make after asking.

mod apply;
mod build_args;
mod build_command;
mod ci;
mod clean;
mod completions;
mod dev;
mod distributions;
mod doctor;
mod editors;
mod env;
#[cfg(test)]
mod examples;
mod global;
mod init;
mod just;
mod man;
mod mistakes;
mod new;
mod publish;
mod release;
mod run;
mod shell;
mod test;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Instant;

use camino::Utf8Path;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::execute::asking_without_cache;
use crate::model::error::{Error, MachineError, Result};
use crate::model::exit::Exit;
use crate::ui::{MessageFormat, Ui};
use crate::world::disk;
use crate::world::process;
use crate::world::session::Session;

use dev::Dev;
use global::CommandContext;
use run::Run;
use test::Test;

pub use build_command::BuildCommand;
pub use ci::Ci;
pub use clean::Clean;
pub use completions::Completions;
pub use doctor::Doctor;
pub use env::Env;
pub use global::{Global, NetworkArgs};
pub use init::Init;
pub use just::Just;
pub use man::Man;
pub use new::New;
pub use release::Release;

const AFTER_HELP: &str = "\
Examples:
  cargo pyx dev                  build the project into its environment
  cargo pyx test                 build, then run the tests of both languages
  cargo pyx run python           run any command, after a fresh build
  cargo pyx release wheel        build wheels that are checked and tested
  cargo pyx help release wheel   show the options of a command

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

#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(flatten)]
    Build(BuildCommand),
    Just(Just),
    #[command(subcommand)]
    Release(Release),
    New(New),
    Init(Init),
    #[command(subcommand)]
    Ci(Ci),
    Doctor(Doctor),
    Env(Env),
    Clean(Clean),
    Completions(Completions),
    Man(Man),
}

/// The signal that ends programs whose reader has left.
const SIGPIPE: i32 = 13;

impl Command {
    /// `--target-dir`, which goes before `CARGO_TARGET_DIR`.
    fn target_dir(&self) -> Option<&Utf8Path> {
        let common = match self {
            Self::Build(build) => build.common(),
            Self::Just(just) => &just.common,
            _ => return None,
        };
        common.target_dir.as_deref()
    }

    /// Whether it prints what a shell or a pager takes as it is, whatever format messages have.
    fn prints_a_text(&self) -> bool {
        match self {
            Self::Completions(_) => true,
            Self::Man(man) => man.out.is_none(),
            _ => false,
        }
    }

    /// Whether it runs no code of the project.
    fn only_looks(&self, dry_run: bool) -> bool {
        match self {
            Self::Build(_) | Self::New(_) | Self::Init(_) => dry_run,
            Self::Just(just) => dry_run || just.only_looks(),
            Self::Release(release) => dry_run || release.only_looks(),
            Self::Ci(_)
            | Self::Doctor(_)
            | Self::Env(_)
            | Self::Clean(_)
            | Self::Completions(_)
            | Self::Man(_) => true,
        }
    }
}

/// What stands between `cargo pyx` and its words: cargo hands us `pyx` first.
fn arguments() -> Vec<OsString> {
    let mut args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|word| word == "pyx") {
        args.remove(1);
    }
    args
}

/// The arguments as clap takes them apart. What all commands take is a third of a run that has nothing to
/// do: of the commands that people repeat only the one that is asked for is described, and where anything
/// is wrong with its arguments, or help is wanted, all.
#[expect(
    clippy::disallowed_methods,
    reason = "clap reads variables before there is a session"
)]
fn matched(arguments: &[OsString]) -> clap::error::Result<ArgMatches> {
    // to take a description apart again takes a tenth of such a run; it goes with the process
    let of = |command: clap::Command| {
        let command = global::with_variables(command, &|name| std::env::var_os(name));
        ManuallyDrop::new(command).try_get_matches_from_mut(arguments)
    };
    let only = arguments.get(1).and_then(|word| described(word.to_str()?));
    let matches = only.and_then(|command| of(command).ok());
    matches.map_or_else(|| of(Cli::command()), Ok)
}

/// One command and what all take; `None` for those that nobody repeats.
fn described(word: &str) -> Option<clap::Command> {
    let augment = match word {
        "dev" => Dev::augment_args,
        "test" => Test::augment_args,
        "run" => Run::augment_args,
        "just" => Just::augment_args,
        _ => return None,
    };
    let command = augment(clap::Command::new(word.to_owned()));
    let all = Global::augment_args(clap::Command::new("cargo pyx"));
    Some(all.subcommand(command))
}

fn parsed(arguments: &[OsString]) -> clap::error::Result<Cli> {
    let matches = matched(arguments)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    cli.global.settle(&matches, Cli::command)?;
    Ok(cli)
}

pub fn main() -> std::process::ExitCode {
    if completions::answer(std::env::args_os().collect(), Cli::command) {
        return std::process::ExitCode::SUCCESS;
    }
    let start = Instant::now();
    let arguments = arguments();
    let cli = match parsed(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            return mistakes::refuse(error, &arguments, &Cli::command(), start)
                .code()
                .into();
        }
    };
    let session = Session::read();
    let mut options = cli.global.output_options(session.as_ref().ok());
    if cli.command.prints_a_text() {
        options.format = MessageFormat::Human;
    }
    let ui = Arc::new(Ui::new(options));
    let told = ui.clone();
    process::when_it_waits(move |grace| told.waits(grace));
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
    let exit = match ui.take_lost() {
        // whoever listened has left, as `head` does
        Some(lost) if exit == Exit::Success && lost.kind() == ErrorKind::BrokenPipe => {
            Exit::Signal(SIGPIPE)
        }
        Some(lost) if exit == Exit::Success => {
            let error = Error::Machine(MachineError::OutputLost(lost));
            ui.error(&error);
            error.exit()
        }
        _ => exit,
    };
    if let Exit::Signal(signal) = exit {
        process::die_of(signal);
    }
    exit.code().into()
}

fn run(cli: &Cli, mut session: Session, ui: &Ui) -> Result<()> {
    if let Some(directory) = &cli.global.directory {
        session.cwd = session.absolute(directory);
        if !disk::is_dir(&session.cwd) {
            let message = format!("no folder `{}`", session.cwd);
            return Err(Error::refused(message, "`-C` takes an existing folder"));
        }
        // one place is one project, as it is for who changes into the folder
        session.cwd = disk::resolve(&session.cwd);
    }
    if let Some(dir) = cli.command.target_dir() {
        let dir = session.absolute(dir).into_string();
        session.env.insert("CARGO_TARGET_DIR".to_owned(), dir);
    }
    session.looks_only = cli.command.only_looks(cli.global.dry_run);
    let mut shared = asking_without_cache(&session);
    if session.looks_only {
        session.leave_out_relative_path();
        let path = session.env.get("PATH").cloned();
        shared.extend(path.map(|path| ("PATH".to_owned(), path)));
    }
    process::share(shared);
    let context = CommandContext {
        global: &cli.global,
        session: &session,
        ui,
    };
    match &cli.command {
        Command::Build(build) => build.perform(context),
        Command::Just(just) => just.perform(context),
        Command::Release(release) => release.perform(context),
        Command::New(new) => new.perform(context),
        Command::Init(init) => init.perform(context),
        Command::Ci(ci) => ci.perform(context),
        Command::Doctor(doctor) => doctor.perform(context),
        Command::Env(env) => env.perform(context),
        Command::Clean(clean) => clean.perform(context),
        Command::Completions(completions) => completions.perform(ui),
        Command::Man(man) => man.perform(context, Cli::command()),
    }
}

#[cfg(test)]
mod tests;
