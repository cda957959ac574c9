//! A tool or toolchain that is missing, too old or not what it should be.

use camino::Utf8PathBuf;

use crate::model::exit::Exit;
use crate::model::invocation::{Invocation, quote};

#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error("`{tool}` not found on PATH")]
    Missing {
        tool: &'static str,
        /// How to get it.
        get: String,
    },

    #[error("{tool} {found} found at `{path}`, but {need} is needed")]
    TooOld {
        tool: &'static str,
        found: String,
        path: Utf8PathBuf,
        need: String,
    },

    #[error("cannot tell the version of `{path}`: `{invocation}` printed `{output}`")]
    UnknownVersion {
        path: Utf8PathBuf,
        invocation: Box<Invocation>,
        output: String,
    },

    #[error("`{path}` is not the file that was provisioned: its SHA-256 differs")]
    WrongHash { path: Utf8PathBuf },

    #[error("cannot provision {tool} {version}: {message}")]
    Provision {
        tool: &'static str,
        version: String,
        message: String,
        /// What the machine lacks, if that is the reason.
        lack: Option<String>,
    },

    #[error("the toolchain {pin} ({path}) is not installed, and rustup is not allowed to fetch it")]
    NoToolchain { pin: String, path: Utf8PathBuf },

    #[error("rustup has no toolchain to build with: it has no default, and the project names none")]
    NoDefaultToolchain,

    #[error("the toolchain {toolchain} has no standard library for {target}")]
    NoTarget { target: String, toolchain: String },
}

impl ToolError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Provision { lack: Some(_), .. } => Exit::Environment,
            _ => Exit::Tool,
        }
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { get, .. } => Some(get.clone()),
            Self::TooOld { tool, .. } => Some(format!(
                "upgrade {tool} the way it was installed, or remove it from PATH so that pyx provides its own"
            )),
            Self::UnknownVersion { .. } => None,
            Self::WrongHash { path } => Some(format!(
                "rm -r {} (the next run provisions it again)",
                quote(path.parent().unwrap_or(path).as_str())
            )),
            Self::Provision { lack, .. } => lack.clone(),
            Self::NoToolchain { pin, .. } => Some(format!(
                "rustup toolchain install {pin}\n      or, with another one: cargo +stable pyx …"
            )),
            Self::NoDefaultToolchain => Some("rustup default stable".into()),
            Self::NoTarget { target, .. } => Some(format!("rustup target add {target}")),
        }
    }
}
