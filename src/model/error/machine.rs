//! What the machine lacks: disk, permissions, locks, network, processes.

use camino::Utf8PathBuf;

use crate::model::exit::Exit;
use crate::model::invocation::{Invocation, quote};

#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    #[error("offline: missing {0}")]
    Offline(String),

    #[error("cannot start `{}`: {source}", invocation.program)]
    Spawn {
        invocation: Box<Invocation>,
        source: std::io::Error,
    },

    #[error("cannot wait for `{}`: {source}", invocation.program)]
    Wait {
        invocation: Box<Invocation>,
        source: std::io::Error,
    },

    /// A child that was stopped because it tried to read the terminal.
    #[error("`{}` is waiting for input, but there is no terminal to type it at", .0.program)]
    Asks(Box<Invocation>),

    #[error("timed out after {seconds} s waiting for the {what} lock `{path}`{holder}")]
    LockTimeout {
        /// Whose lock it is: `project`.
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

    /// A folder of pyx's own that it cannot create or write.
    #[error("cannot {verb} `{path}` in the user cache: {source}")]
    Cache {
        verb: &'static str,
        path: Utf8PathBuf,
        source: std::io::Error,
    },

    /// A folder for builds or an environment, which variables can move elsewhere.
    #[error("cannot {verb} `{path}`: {source}")]
    Placed {
        verb: &'static str,
        path: Utf8PathBuf,
        source: std::io::Error,
    },

    #[error("HOME is not set, and the system has no home folder for this user")]
    NoHome,

    #[error("TMPDIR is set to `{0}`, which is not a folder")]
    NoTemp(Utf8PathBuf),

    #[error(
        "{variable} is mounted noexec: just cannot run the script of recipe `{recipe}` in `{dir}`"
    )]
    NoExec {
        /// The variable that says where scripts are written, or the folder if none does.
        variable: String,
        dir: Utf8PathBuf,
        recipe: String,
    },

    #[error("cannot write to standard output: {0}")]
    OutputLost(std::io::Error),

    /// Linux's inotify limit is exceeded.
    #[error("cannot watch `{0}`: the system's limit of watched folders is reached")]
    TooManyFolders(Utf8PathBuf),
}

impl MachineError {
    /// As [`Placed`](Self::Placed) if it is about one of these folders.
    #[must_use]
    pub fn placed_in(self, folders: &[Utf8PathBuf]) -> Self {
        match self {
            Self::Io { verb, path, source } if folders.iter().any(|it| path.starts_with(it)) => {
                Self::Placed { verb, path, source }
            }
            other => other,
        }
    }

    pub fn exit(&self) -> Exit {
        Exit::Environment
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Offline(_) => Some("run it once without `--offline`".into()),
            Self::Asks(invocation) => Some(format!("run it once by hand: {invocation}")),
            Self::LockTimeout { .. } => {
                Some("wait for the other command, or raise CARGO_PYX_LOCK_TIMEOUT (seconds)".into())
            }
            Self::Placed { source, .. } => hint_of_io(source).map(str::to_owned),
            Self::Cache { .. } => Some("set CARGO_PYX_CACHE_DIR to a writable folder".into()),
            Self::NoHome => Some("export HOME=/path/to/a/folder".into()),
            Self::NoTemp(path) => Some(format!(
                "mkdir -p {}, or unset TMPDIR",
                quote(path.as_str())
            )),
            Self::NoExec { recipe, .. } => Some(format!(
                "JUST_TEMPDIR=. cargo pyx just {recipe} (just's `--tempdir`: any folder that is not mounted noexec)"
            )),
            Self::TooManyFolders(_) => {
                Some("sudo sysctl fs.inotify.max_user_watches=524288".into())
            }
            Self::Io { .. } | Self::Spawn { .. } | Self::Wait { .. } | Self::OutputLost(_) => None,
        }
    }
}

fn hint_of_io(source: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    match source.kind() {
        PermissionDenied | ReadOnlyFilesystem => {
            Some("set CARGO_TARGET_DIR and UV_PROJECT_ENVIRONMENT to writable folders")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_for_folders_that_they_place_alone() {
        let folders = ["/p/target".into(), "/p/.venv".into()];
        let hint = |path: &str, kind: std::io::ErrorKind| {
            let error = MachineError::Io {
                verb: "create",
                path: path.into(),
                source: kind.into(),
            };
            error.placed_in(&folders).hint()
        };
        let denied = std::io::ErrorKind::PermissionDenied;
        for path in ["/p/target", "/p/target/pyx/lock", "/p/.venv/pyx.json"] {
            assert!(hint(path, denied).unwrap().contains("CARGO_TARGET_DIR"));
        }
        for path in ["/root/x.xml", "/p/.vscode/settings.json", "/p/targets"] {
            assert_eq!(hint(path, denied), None, "{path}");
        }
        assert_eq!(hint("/p/target", std::io::ErrorKind::StorageFull), None);
    }
}
