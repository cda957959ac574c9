//! Unsuitable interpreters and environments, and modules that Python does not find in them.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::exit::Exit;
use crate::model::invocation::quote;

#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    #[error("no Python interpreter that satisfies {wanted}; found: {found}")]
    NoInterpreter { wanted: String, found: String },

    #[error("requires-python `{requires}` does not allow {wanted} ({from})")]
    Excluded {
        /// As the user wrote it.
        wanted: String,
        /// What asks for it, for people.
        from: String,
        requires: String,
    },

    #[error("{supported}, not for {found}")]
    Unsupported {
        /// The interpreter, for people.
        found: String,
        /// The Pythons that PyO3 supports, as a sentence.
        supported: String,
        /// How to ask for the nearest suitable one, if there is one: `3.12`, `pypy3.11`.
        other: Option<String>,
    },

    #[error("cannot build for the interpreter `{path}`: {message}")]
    BadInterpreter { path: Utf8PathBuf, message: String },

    #[error("the environment `{path}` cannot be used: {why}; neither uv nor pyx created it")]
    ForeignEnvironment {
        path: Utf8PathBuf,
        why: String,
        /// Whether conda or pixi has to create it.
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

    #[error(
        "the Rust code of {member} cannot be linked with Python: `{python}` has no shared libpython"
    )]
    StaticPython {
        member: String,
        python: Utf8PathBuf,
        /// Major and minor.
        version: String,
    },
}

impl PythonError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::ForeignEnvironment { .. } | Self::Shadowed { .. } => Exit::Usage,
            Self::NotInstalled { .. } => Exit::Failed,
            _ => Exit::Tool,
        }
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoInterpreter { .. } => {
                Some("run `uv python install`, or pass `--python /path/to/python`".into())
            }
            Self::Excluded { requires, .. } => Some(format!(
                "choose a Python that satisfies `{requires}`, or omit the request"
            )),
            Self::Unsupported { other, .. } => Some(match other {
                Some(other) => format!("pass `--python {other}`, or use another PyO3 (`cargo add pyo3`)"),
                None => "choose another one with `--python`".into(),
            }),
            Self::ForeignEnvironment {
                is_condas: true, ..
            } => Some(
                "change it with the tool that created it, or set UV_PROJECT_ENVIRONMENT to another one".into(),
            ),
            Self::ForeignEnvironment { .. } => Some(
                "set UV_PROJECT_ENVIRONMENT to another folder, or move the existing folder away"
                    .into(),
            ),
            Self::NoEnvironment { .. } => Some("cargo pyx dev".into()),
            Self::Shadowed {
                found, is_tracked, ..
            } => Some(out_of_the_way(found, *is_tracked)),
            Self::StaticPython { version, .. } => Some(format!(
                "install one that has it and remove the environment, or pass it to `--python`: `uv python install {version}`, or pyenv with PYTHON_CONFIGURE_OPTS=--enable-shared; for the system's Python, install `python3-dev`"
            )),
            Self::BadInterpreter { .. } | Self::NotInstalled { .. } => None,
        }
    }
}

/// How to make Python find a module that a file or folder hides. What git tracks is never to be deleted.
pub fn out_of_the_way(path: &Utf8Path, is_tracked: bool) -> String {
    if is_tracked {
        return "rename it, or give the module another name (`module-name` in `[tool.maturin]`)"
            .into();
    }
    format!("rm -r {}", quote(path.as_str()))
}
