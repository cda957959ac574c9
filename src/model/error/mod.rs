//! Every way in which cargo-pyx can fail: one text, one exit code and at most one hint per error.
//!
//! An error belongs to the family in which one looks for its cause; what a command itself is told or
//! encounters is here.

mod machine;
mod project;
mod python;
mod release;
mod test;
mod tool;

pub use machine::MachineError;
pub use project::ProjectError;
pub use python::{PythonError, out_of_the_way};
pub use release::ReleaseError;
pub use test::TestError;
pub use tool::ToolError;

use super::exit::Exit;
use super::invocation::{Invocation, quote};
use super::location::Location;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Project(#[from] ProjectError),

    #[error(transparent)]
    Tool(#[from] ToolError),

    #[error(transparent)]
    Python(#[from] PythonError),

    #[error(transparent)]
    Machine(#[from] MachineError),

    #[error(transparent)]
    Test(#[from] TestError),

    #[error(transparent)]
    Release(#[from] ReleaseError),

    /// A project file with an invalid setting.
    #[error("{message}\n{location}")]
    Manifest {
        message: String,
        location: Box<Location>,
        hint: Option<String>,
    },

    /// The command line; the sentence names what is wrong with it.
    #[error("{0}")]
    Usage(String),

    /// What was asked for does not apply to this project.
    #[error("{message}")]
    Refused { message: String, hint: String },

    #[error("{step} failed ({status})\n  {invocation}")]
    Step {
        step: String,
        status: String,
        invocation: Box<Invocation>,
        exit: Exit,
        hint: Option<String>,
    },

    #[error("interrupted")]
    Interrupted(i32),

    #[error("no program `{0}` in the environment or on PATH")]
    NoProgram(String),

    /// The child of `run` ended with this code, and has reported the reason itself.
    #[error("exit code {0}")]
    Child(u8),

    /// The child of `run` died of this signal.
    #[error("killed by signal {0}")]
    ChildKilled(i32),

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
            Self::Project(error) => error.exit(),
            Self::Tool(error) => error.exit(),
            Self::Python(error) => error.exit(),
            Self::Machine(error) => error.exit(),
            Self::Test(error) => error.exit(),
            Self::Release(error) => error.exit(),
            Self::Manifest { .. } | Self::Usage(_) | Self::Refused { .. } | Self::NoProgram(_) => {
                Exit::Usage
            }
            Self::Step { exit, .. } => *exit,
            Self::Child(code) => Exit::Child(*code),
            Self::Interrupted(signal) | Self::ChildKilled(signal) => Exit::Signal(*signal),
            Self::Bug => Exit::Bug,
        }
    }

    /// What to do next, in a form to paste where possible.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Project(error) => error.hint(),
            Self::Tool(error) => error.hint(),
            Self::Python(error) => error.hint(),
            Self::Machine(error) => error.hint(),
            Self::Test(error) => error.hint(),
            Self::Release(error) => error.hint(),
            Self::Manifest { hint, .. } | Self::Step { hint, .. } => hint.clone(),
            Self::Refused { hint, .. } => Some(hint.clone()),
            Self::NoProgram(name) => Some(format!("cargo pyx run --with PACKAGE {}", quote(name))),
            Self::Bug => {
                Some("run it again with RUST_BACKTRACE=1 and report what it prints".into())
            }
            Self::Usage(_) | Self::Interrupted(_) | Self::Child(_) | Self::ChildKilled(_) => None,
        }
    }
}
