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
mod mistakes;
mod new;
mod publish;
mod release;
mod work;

use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::facts::Network;
use crate::model::error::{Error, Exit, Result};
use crate::model::invocation::quote;
use crate::ui::{MessageFormat, OutputOptions, Ui};
use crate::world::disk;
use crate::world::process;
use crate::world::session::Session;

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

    /// A path as somebody would name it where pyx was started.
    fn seen_from_here(&self, path: &Utf8Path) -> Utf8PathBuf {
        match &self.directory {
            Some(directory) => directory.join(path),
            None => path.to_owned(),
        }
    }

    /// A command of pyx for the same project, to paste.
    fn command(&self, words: &str) -> String {
        let flags = [
            ("-C", &self.directory),
            ("--manifest-path", &self.manifest_path),
        ];
        let mut text = format!("cargo pyx {words}");
        for (flag, path) in flags {
            if let Some(path) = path {
                text.extend([" ", flag, " ", &quote(path.as_str())]);
            }
        }
        text
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
            let error = mistakes::with_tip(error, &arguments(), &Cli::command());
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
    let ui = Ui::new(output_options(&cli.global, session.as_ref().ok()));
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

fn output_options(global: &Global, session: Option<&Session>) -> OutputOptions {
    let terminal = session.is_some_and(|session| session.stderr_is_terminal);
    let var = |name| session.and_then(|session| session.var(name));
    let ci = session.is_some_and(Session::in_ci);
    OutputOptions {
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
mod tests;
