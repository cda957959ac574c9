//! The options of every command. Each can also be set by a variable, `CARGO_PYX_` plus its name in upper
//! case, as in cargo and uv; the command line takes precedence.

use std::ffi::OsString;

use camino::{Utf8Path, Utf8PathBuf};
use clap::builder::{BoolishValueParser, Resettable};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Command};

use crate::facts::Network;
use crate::facts::project::{Project, Selection};
use crate::model::error::Result;
use crate::model::invocation::quote;
use crate::model::path::slashed;
use crate::ui::{MessageFormat, OutputOptions, Ui};
use crate::world::disk;
use crate::world::session::Session;

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Run as if started in DIR
    #[arg(
        short = 'C',
        long = "directory",
        value_name = "DIR",
        global = true,
        env = "CARGO_PYX_DIRECTORY",
        hide_env_values = true
    )]
    pub directory: Option<Utf8PathBuf>,
    /// Path to the project's pyproject.toml or Cargo.toml
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        env = "CARGO_PYX_MANIFEST_PATH",
        hide_env_values = true,
        value_parser = manifest
    )]
    pub manifest_path: Option<Utf8PathBuf>,
    /// Print the commands that would run; write nothing
    #[arg(long, global = true, env = "CARGO_PYX_DRY_RUN", hide_env_values = true,
          value_parser = BoolishValueParser::new())]
    pub dry_run: bool,
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Show the commands (-v), and all output of the tools (-vv)
    #[arg(short, long, action = ArgAction::Count, global = true,
          env = "CARGO_PYX_VERBOSE", hide_env_values = true)]
    pub verbose: u8,
    /// Print only errors and warnings
    #[arg(short, long, global = true,
          env = "CARGO_PYX_QUIET", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub quiet: bool,
    /// When to use colour
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        env = "CARGO_PYX_COLOR",
        hide_env_values = true
    )]
    pub color: clap::ColorChoice,
    /// Output format: for people, or one JSON object per line on stdout
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value = "human",
        global = true,
        env = "CARGO_PYX_MESSAGE_FORMAT",
        hide_env_values = true
    )]
    pub message_format: MessageFormat,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct NetworkArgs {
    /// Do not use the network
    #[arg(long, global = true, env = "CARGO_PYX_OFFLINE", hide_env_values = true,
          value_parser = BoolishValueParser::new())]
    pub offline: bool,
    /// Fail if Cargo.lock or uv.lock would change
    #[arg(long, global = true, env = "CARGO_PYX_LOCKED", hide_env_values = true,
          value_parser = BoolishValueParser::new())]
    pub locked: bool,
    /// Equivalent to --locked and --offline
    #[arg(long, global = true, env = "CARGO_PYX_FROZEN", hide_env_values = true,
          value_parser = BoolishValueParser::new())]
    pub frozen: bool,
}

/// Without the variables that are set and empty, as CI files set them: they count for not set. `set`: the value of
/// a variable.
pub(super) fn with_variables(command: Command, set: &dyn Fn(&str) -> Option<OsString>) -> Command {
    command.mut_args(|arg| {
        let value = arg.get_env().and_then(|name| set(name.to_str()?));
        if value.is_some_and(|value| value.is_empty()) {
            arg.env(Resettable::Reset)
        } else {
            arg
        }
    })
}

/// The path of a manifest, there or not.
fn manifest(text: &str) -> Result<Utf8PathBuf, String> {
    let path = Utf8PathBuf::from(text);
    match path.file_name() {
        Some("Cargo.toml" | "pyproject.toml") => Ok(path),
        _ => Err("expected the path of a Cargo.toml or a pyproject.toml".to_owned()),
    }
}

impl From<NetworkArgs> for Network {
    fn from(args: NetworkArgs) -> Self {
        Self {
            offline: args.offline || args.frozen,
            locked: args.locked || args.frozen,
        }
    }
}

impl Global {
    /// `--quiet` and `--verbose` exclude each other; one on the command line goes before the other's
    /// variable.
    pub(super) fn settle(
        &mut self,
        matches: &ArgMatches,
        command: fn() -> Command,
    ) -> clap::error::Result<()> {
        if !self.quiet || self.verbose == 0 {
            return Ok(());
        }
        let is_said = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
        match (is_said("quiet"), is_said("verbose")) {
            (true, false) => self.verbose = 0,
            (false, true) => self.quiet = false,
            _ => {
                let message = "the argument '--quiet' cannot be used with '--verbose'";
                return Err(command().error(ErrorKind::ArgumentConflict, message));
            }
        }
        Ok(())
    }

    /// `--manifest-path`, absolute, in the folder that is really meant.
    pub(super) fn manifest(&self, session: &Session) -> Option<Utf8PathBuf> {
        let path = self.manifest_path.as_ref();
        path.map(|path| {
            let path = session.absolute(path);
            match (path.parent(), path.file_name()) {
                (Some(dir), Some(name)) => disk::resolve(dir).join(name),
                _ => path,
            }
        })
    }

    /// A path as somebody would name it where pyx was started.
    pub(super) fn seen_from_here(&self, path: &Utf8Path) -> Utf8PathBuf {
        match &self.directory {
            Some(directory) => directory.join(path),
            None => path.to_owned(),
        }
    }

    /// A command of pyx for the same project, to paste.
    pub(super) fn command(&self, words: &str) -> String {
        let flags = [
            ("-C", &self.directory),
            ("--manifest-path", &self.manifest_path),
        ];
        let mut text = format!("cargo pyx {words}");
        for (flag, path) in flags {
            if let Some(path) = path {
                text.extend([" ", flag, " ", &quote(&slashed(path))]);
            }
        }
        text
    }

    /// How to print. `session`: `None` where it could not be read.
    pub(super) fn output_options(&self, session: Option<&Session>) -> OutputOptions {
        let terminal = session.is_some_and(|session| session.stderr_is_terminal);
        let var = |name| session.and_then(|session| session.var(name));
        let ci = session.is_some_and(Session::in_ci);
        OutputOptions {
            format: self.message_format,
            verbosity: if self.quiet {
                -1
            } else {
                i8::try_from(self.verbose).unwrap_or(2)
            },
            interactive: terminal && !ci && var("TERM") != Some("dumb"),
            color: match self.color {
                clap::ColorChoice::Always => true,
                clap::ColorChoice::Never => false,
                clap::ColorChoice::Auto => {
                    var("NO_COLOR").is_none()
                        && (var("CLICOLOR_FORCE").is_some_and(|value| value != "0")
                            || terminal && var("TERM") != Some("dumb"))
                }
            },
        }
    }
}

/// What a command works with.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommandContext<'a> {
    pub(super) global: &'a Global,
    pub(super) session: &'a Session,
    pub(super) ui: &'a Ui,
}

impl CommandContext<'_> {
    /// The project that the command is for, as far as it is found without naming members.
    ///
    /// # Errors
    /// As [`Project::discover`].
    pub(super) fn project(&self) -> Result<Project> {
        let selection = Selection {
            manifest: self.global.manifest(self.session),
            ..Selection::default()
        };
        Project::discover(self.session, &selection)
    }
}
