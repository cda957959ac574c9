//! Every way in which cargo-pyx can fail, with one text per error.
//!
//! Two total functions answer what a caller asks: [`Error::exit`] and [`Error::hint`].

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use camino::{Utf8Path, Utf8PathBuf};

use crate::model::counted::counted;
use crate::model::invocation::{Invocation, quote};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The documented exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Success,
    /// 1: a compilation, a test or a check failed.
    Failed,
    /// 2: the command line or the project's configuration is wrong.
    Usage,
    /// 3: a tool or an interpreter is missing, too old or fails its hash.
    Tool,
    /// 4: disk, permissions, lock timeout, network.
    Environment,
    /// 5: there is no test at all, or none that was asked for.
    NoTests,
    /// 70: a bug in pyx.
    Bug,
    /// `run` passes its child's code through.
    Child(u8),
    /// A signal ended the run: the process dies of it, the shell sees 128 + n.
    Signal(i32),
}

impl Exit {
    /// The process exit code; for a signal, what a shell reports.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Tool => 3,
            Self::Environment => 4,
            Self::NoTests => 5,
            Self::Bug => 70,
            Self::Child(code) => code,
            Self::Signal(number) => u8::try_from(128 + number).unwrap_or(128),
        }
    }
}

/// A place in a text file, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub path: Utf8PathBuf,
    /// Counts from 1.
    pub line: usize,
    /// The offending line; of a long one not all that follows the place.
    pub text: String,
    /// The bytes of `text` that are meant.
    pub span: Range<usize>,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let snippet = Snippet::source(&self.text)
            .path(self.path.as_str())
            .line_start(self.line)
            .annotation(AnnotationKind::Primary.span(self.span.clone()));
        let group = Group::with_level(Level::ERROR).element(snippet);
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("path is not UTF-8: {0}")]
    NotUtf8(String),

    #[error(
        "no Rust-in-Python project in `{0}`, above it or below (examples, fixtures and tests do not count)"
    )]
    NoProject(Utf8PathBuf),

    #[error("no manifest at `{0}`")]
    NoManifest(Utf8PathBuf),

    #[error("`{path}` does not build with maturin: its build backend is `{backend}`")]
    NotMaturin { path: Utf8PathBuf, backend: String },

    #[error("no member `{wanted}` in this project; its members are {known}")]
    UnknownMember {
        wanted: String,
        known: String,
        similar: Option<String>,
    },

    #[error("{message}\n{location}")]
    Manifest {
        message: String,
        location: Box<Location>,
        hint: Option<String>,
    },

    #[error("`{tool}` not found on PATH")]
    NoTool { tool: &'static str, get: String },

    #[error("{tool} {found} found at `{path}`, need {need}")]
    ToolTooOld {
        tool: &'static str,
        found: String,
        path: Utf8PathBuf,
        need: String,
    },

    #[error("cannot tell the version of `{path}`: `{invocation}` printed `{output}`")]
    UnknownToolVersion {
        path: Utf8PathBuf,
        invocation: Box<Invocation>,
        output: String,
    },

    #[error("`{path}` is not the file that was provisioned: its SHA-256 differs")]
    ToolHash { path: Utf8PathBuf },

    #[error("cannot provision {tool} {version}: {message}")]
    Provision {
        tool: &'static str,
        version: String,
        message: String,
        /// What the machine lacks, where it is that.
        lack: Option<String>,
    },

    #[error("the toolchain {pin} ({path}) is not installed, and rustup may not fetch it")]
    NoToolchain { pin: String, path: Utf8PathBuf },

    #[error("rustup has no Rust to build with: none is its default, and the project names none")]
    NoDefaultToolchain,

    #[error("offline: missing {0}")]
    Offline(String),

    #[error("no Python interpreter that satisfies {wanted}; found: {found}")]
    NoInterpreter { wanted: String, found: String },

    #[error("requires-python `{requires}` does not allow {wanted} ({from})")]
    ExcludedPython {
        /// As it was asked for.
        wanted: String,
        /// What asks for it, for people.
        from: String,
        requires: String,
    },

    #[error("{supported}, not for {found}")]
    UnsupportedPython {
        /// The interpreter, for people.
        found: String,
        /// What PyO3 is for, as a sentence.
        supported: String,
        /// How the nearest is asked for that will do, where there is one: `3.12`, `pypy3.11`.
        other: Option<String>,
    },

    #[error("cannot build for the interpreter `{path}`: {message}")]
    BadInterpreter { path: Utf8PathBuf, message: String },

    #[error("the environment `{path}` cannot be used: {why}; neither uv nor pyx made it")]
    ForeignEnvironment {
        path: Utf8PathBuf,
        why: String,
        /// Whether it is for conda or pixi to make.
        is_condas: bool,
    },

    #[error("cannot use the environment `{path}`: {why}")]
    NoEnvironment { path: Utf8PathBuf, why: String },

    #[error(
        "`{module}` would be imported from `{found}`, not from what was just built in `{built}`"
    )]
    Shadowed {
        module: String,
        found: Utf8PathBuf,
        built: Utf8PathBuf,
        /// Whether it is under version control.
        is_tracked: bool,
    },

    #[error("`{module}` is not importable after the build: {message}")]
    NotInstalled { module: String, message: String },

    #[error("{step} failed ({status})\n  {invocation}")]
    Step {
        step: String,
        status: String,
        invocation: Box<Invocation>,
        exit: Exit,
        hint: Option<String>,
    },

    #[error("cannot start `{}`: {source}", invocation.program)]
    Spawn {
        invocation: Box<Invocation>,
        source: std::io::Error,
    },

    /// A child that was stopped when it would read the terminal.
    #[error("`{}` is waiting for input, but there is no terminal to type it at", .0.program)]
    Asks(Box<Invocation>),

    #[error("timed out after {seconds} s waiting for the {what} lock `{path}`{holder}")]
    LockTimeout {
        /// Whose it is: `project`.
        what: &'static str,
        path: Utf8PathBuf,
        seconds: u64,
        holder: String,
    },

    #[error("cannot {verb} `{path}`: {source}")]
    Io {
        verb: &'static str,
        path: Utf8PathBuf,
        source: std::io::Error,
    },

    /// A folder of pyx's own that it cannot make or write.
    #[error("cannot {verb} `{path}` in the user cache: {source}")]
    Cache {
        verb: &'static str,
        path: Utf8PathBuf,
        source: std::io::Error,
    },

    #[error("HOME is not set, and the system knows no home folder of this user")]
    NoHome,

    #[error("TMPDIR names `{0}`, which is no folder")]
    NoTemp(Utf8PathBuf),

    #[error(
        "{variable} is mounted noexec: just cannot run the script of recipe `{recipe}` in `{dir}`"
    )]
    NoExec {
        /// What says where scripts are written, or the folder where nothing does.
        variable: String,
        dir: Utf8PathBuf,
        recipe: String,
    },

    #[error("cannot write what was asked for to standard output: {0}")]
    OutputLost(std::io::Error),

    #[error("interrupted")]
    Interrupted(i32),

    #[error("aborting because of {} in the project", counted(*.0, "error"))]
    Findings(usize),

    #[error("found {} in the project", counted(*.0, "error"))]
    ProblemsFound(usize),

    /// Checks or tests of what is to be released failed; they have said so themselves.
    #[error("nothing was released: {0}")]
    NotReleased(String),

    /// `release check`: checks that have not passed; they have said why.
    #[error("checks failed: {0}")]
    ChecksFailed(String),

    /// Not every file that was to be published is in the index.
    #[error("{message}")]
    NotPublished {
        message: String,
        exit: Exit,
        hint: Option<String>,
    },

    #[error("two builds differ in {}: {first} and {second}", .members.join(", "))]
    NotReproducible {
        first: Utf8PathBuf,
        second: Utf8PathBuf,
        /// The members of the archives that differ.
        members: Vec<String>,
    },

    #[error("the toolchain {toolchain} has no standard library for {target}")]
    NoTarget { target: String, toolchain: String },

    #[error("no tests in `{0}`")]
    NoTests(Utf8PathBuf),

    /// There are tests, but none that was asked for; by what.
    #[error("no test is selected by {0}")]
    NoneSelected(String),

    /// Tests failed; they have said so themselves.
    #[error("{0}")]
    TestsFailed(String),

    /// Linux' inotify is asked for more than it gives.
    #[error("cannot watch `{0}`: the system's limit for watched folders is reached")]
    TooManyFolders(Utf8PathBuf),

    /// Tests failed because of what can be helped.
    #[error("{message}")]
    TestsNotRun { message: String, hint: String },

    /// The child of `run` ended with this code, and has spoken.
    #[error("exit code {0}")]
    Child(u8),

    /// The child of `run` died of this signal.
    #[error("killed by signal {0}")]
    ChildKilled(i32),

    #[error("no program `{0}` in the environment or on PATH")]
    NoProgram(String),

    #[error(
        "the Rust code of {member} cannot be linked with Python: `{python}` has no shared libpython"
    )]
    StaticPython {
        member: String,
        python: Utf8PathBuf,
        /// Major and minor.
        version: String,
    },

    /// just's own words about a justfile that it cannot read.
    #[error("{0}")]
    Justfile(String),

    #[error("{0}")]
    Usage(String),

    /// What was asked for makes no sense for this project.
    #[error("{message}")]
    Refused { message: String, hint: String },

    #[error("`{0}` changed on disk meanwhile; nothing was written")]
    Changed(Utf8PathBuf),

    #[error("this is a bug in cargo-pyx; the message above says where")]
    Bug,
}

impl Error {
    pub fn refused(message: String, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        Self::Refused { message, hint }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::NotUtf8(_)
            | Self::NoProject(_)
            | Self::NoManifest(_)
            | Self::NoProgram(_)
            | Self::NotMaturin { .. }
            | Self::UnknownMember { .. }
            | Self::Manifest { .. }
            | Self::ForeignEnvironment { .. }
            | Self::Shadowed { .. }
            | Self::Refused { .. }
            | Self::Findings(_)
            | Self::Justfile(_)
            | Self::Usage(_) => Exit::Usage,
            Self::NoTests(_) | Self::NoneSelected(_) => Exit::NoTests,
            Self::Child(code) => Exit::Child(*code),
            Self::NoTool { .. }
            | Self::ToolTooOld { .. }
            | Self::UnknownToolVersion { .. }
            | Self::ToolHash { .. }
            | Self::NoInterpreter { .. }
            | Self::ExcludedPython { .. }
            | Self::UnsupportedPython { .. }
            | Self::NoEnvironment { .. }
            | Self::BadInterpreter { .. }
            | Self::NoToolchain { .. }
            | Self::NoDefaultToolchain
            | Self::StaticPython { .. }
            | Self::NoTarget { .. }
            | Self::Provision { lack: None, .. } => Exit::Tool,
            Self::NotInstalled { .. }
            | Self::ProblemsFound(_)
            | Self::NotReleased(_)
            | Self::ChecksFailed(_)
            | Self::NotReproducible { .. }
            | Self::TestsFailed(_)
            | Self::TestsNotRun { .. } => Exit::Failed,
            Self::Step { exit, .. } | Self::NotPublished { exit, .. } => *exit,
            Self::Spawn { .. }
            | Self::Asks(_)
            | Self::LockTimeout { .. }
            | Self::Changed(_)
            | Self::OutputLost(_)
            | Self::Offline(_)
            | Self::Provision { lack: Some(_), .. }
            | Self::Cache { .. }
            | Self::NoHome
            | Self::NoTemp(_)
            | Self::NoExec { .. }
            | Self::TooManyFolders(_)
            | Self::Io { .. } => Exit::Environment,
            Self::Interrupted(signal) | Self::ChildKilled(signal) => Exit::Signal(*signal),
            Self::Bug => Exit::Bug,
        }
    }

    /// How another Python or environment is named.
    fn hint_for_python(&self) -> Option<String> {
        match self {
            Self::NoInterpreter { .. } => {
                Some("`uv python install`, or pass `--python /path/to/python`".into())
            }
            Self::ExcludedPython { requires, .. } => Some(format!(
                "choose a Python that satisfies `{requires}`, or omit the request"
            )),
            Self::UnsupportedPython { other, .. } => Some(match other {
                Some(other) => format!("--python {other}, or another PyO3 (`cargo add pyo3`)"),
                None => "name another one with `--python`".into(),
            }),
            Self::ForeignEnvironment {
                is_condas: true, ..
            } => Some(
                "change it with what made it, or name another with UV_PROJECT_ENVIRONMENT".into(),
            ),
            Self::ForeignEnvironment { .. } => Some(
                "name another folder with UV_PROJECT_ENVIRONMENT, or move the existing folder away"
                    .into(),
            ),
            _ => None,
        }
    }

    /// What to do next, as something one can paste where there is such a thing.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoProject(_) => Some(
                "`cargo pyx new NAME` starts one, `cargo pyx init` makes one of a Python package or a crate; \
                 or pass `-C DIR`, a folder whose pyproject.toml has `build-backend = \"maturin\"`"
                    .into(),
            ),
            Self::NoManifest(_) => Some(
                "name a pyproject.toml or Cargo.toml, or leave `--manifest-path` out: the nearest is taken"
                    .into(),
            ),
            Self::NotMaturin { .. } => Some(
                "`cargo pyx init` gives a Python package a module in Rust; where it has one, set \
                 `build-backend = \"maturin\"` and `requires = [\"maturin>=1,<2\"]` under [build-system]"
                    .into(),
            ),
            Self::UnknownMember { similar, .. } => Some(match similar {
                Some(name) => format!("did you mean `-p {name}`?"),
                None => "pass one of them to `-p`, or omit `-p` for all".into(),
            }),
            Self::Manifest { hint, .. }
            | Self::Step { hint, .. }
            | Self::NotPublished { hint, .. } => hint.clone(),
            Self::NoTool { get, .. } => Some(get.clone()),
            Self::Provision { lack, .. } => lack.clone(),
            Self::Cache { .. } => {
                Some("name a writable folder with CARGO_PYX_CACHE_DIR".into())
            }
            Self::NoHome => Some("export HOME=/path/to/a/folder".into()),
            Self::NoTemp(path) => Some(format!("mkdir -p {}, or unset TMPDIR", quote(path.as_str()))),
            Self::NoExec { recipe, .. } => Some(format!(
                "JUST_TEMPDIR=. cargo pyx just {recipe}, which is just's `--tempdir`: any folder whose programs may run"
            )),
            Self::ToolTooOld { tool, .. } => Some(format!(
                "upgrade {tool} as it was installed, or take it off PATH and pyx provides its own"
            )),
            Self::ToolHash { path } => Some(format!(
                "rm -r {} (the next run provisions it again)",
                quote(path.parent().unwrap_or(path).as_str())
            )),
            Self::NoDefaultToolchain => Some("rustup default stable".into()),
            Self::NoToolchain { pin, .. } => Some(format!(
                "rustup toolchain install {pin}\n      or, with another one: cargo +stable pyx …"
            )),
            Self::Offline(_) => Some("run it once without `--offline`".into()),
            Self::NoInterpreter { .. }
            | Self::ExcludedPython { .. }
            | Self::UnsupportedPython { .. }
            | Self::ForeignEnvironment { .. } => self.hint_for_python(),
            Self::NoEnvironment { .. } => Some("cargo pyx dev".into()),
            Self::Shadowed {
                found, is_tracked, ..
            } => Some(out_of_the_way(found, *is_tracked)),
            Self::Asks(invocation) => Some(format!("run it once by hand: {invocation}")),
            Self::LockTimeout { .. } => {
                Some("wait for the other command, or raise CARGO_PYX_LOCK_TIMEOUT (seconds)".into())
            }
            Self::Io { source, .. } => hint_of_io(source).map(str::to_owned),
            Self::StaticPython { version, .. } => Some(format!(
                "get one that has it and remove the environment, or name it with `--python`: \
                 `uv python install {version}`, or pyenv with PYTHON_CONFIGURE_OPTS=--enable-shared; \
                 a Python of the system has it with its `python3-dev`"
            )),
            Self::NoTests(_) => {
                Some("write `tests/test_*.py` for pytest, or a `#[test]` in Rust".into())
            }
            Self::TooManyFolders(_) => Some("sudo sysctl fs.inotify.max_user_watches=524288".into()),
            Self::NoneSelected(_) => Some("`cargo pyx test` runs all of them".into()),
            Self::NoTarget { target, .. } => Some(format!("rustup target add {target}")),
            Self::Bug => Some("run it again with RUST_BACKTRACE=1 and report what it prints".into()),
            Self::NoProgram(_) => Some("cargo pyx run --help".into()),
            Self::TestsFailed(_)
            | Self::Justfile(_)
            | Self::Findings(_)
            | Self::ProblemsFound(_)
            | Self::NotReleased(_)
            | Self::ChecksFailed(_)
            | Self::NotReproducible { .. }
            | Self::ChildKilled(_)
            | Self::Child(_)
            | Self::NotUtf8(_)
            | Self::UnknownToolVersion { .. }
            | Self::BadInterpreter { .. }
            | Self::NotInstalled { .. }
            | Self::Spawn { .. }
            | Self::OutputLost(_)
            | Self::Usage(_) // its sentence names what was wrong
            | Self::Interrupted(_) => None,
            Self::TestsNotRun { hint, .. } | Self::Refused { hint, .. } => Some(hint.clone()),
            Self::Changed(_) => Some("run it again".into()),
        }
    }
}

/// What lets Python find a module behind a file or folder. What git tracks is somebody's work.
pub fn out_of_the_way(path: &Utf8Path, is_tracked: bool) -> String {
    if is_tracked {
        return "rename it, or give the module another name (`module-name` in `[tool.maturin]`)"
            .into();
    }
    format!("rm -r {}", quote(path.as_str()))
}

fn hint_of_io(source: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    match source.kind() {
        PermissionDenied | ReadOnlyFilesystem => {
            Some("name writable folders with CARGO_TARGET_DIR and UV_PROJECT_ENVIRONMENT")
        }
        _ => None,
    }
}
