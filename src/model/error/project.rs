//! What is wrong with the project, or with how the command names it.

use camino::Utf8PathBuf;

use crate::model::counted::counted;
use crate::model::exit::Exit;

#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("path is not UTF-8: {0}")]
    NotUtf8(String),

    #[error(
        "no Rust-in-Python project in `{0}`, above it or below (examples, fixtures and tests do not count)"
    )]
    NoProject(Utf8PathBuf),

    /// A crate unrelated to the packages in its checkout.
    #[error("`{name}` is not part of any Python package ({manifest})")]
    Unconnected { name: String, manifest: Utf8PathBuf },

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

    #[error("several members are in a folder `{wanted}`: {known}")]
    AmbiguousMember { wanted: String, known: String },

    /// just's own message about a justfile that it cannot read.
    #[error("{0}")]
    Justfile(String),

    /// Errors in the project stop a command before anything is created.
    #[error("aborting because of {} in the project", counted(*.0, "error"))]
    Findings(usize),

    /// `doctor` found errors.
    #[error("found {} in the project", counted(*.0, "error"))]
    ProblemsFound(usize),

    #[error("`{0}` changed on disk in the meantime; nothing was written")]
    Changed(Utf8PathBuf),
}

impl ProjectError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::ProblemsFound(_) => Exit::Failed,
            Self::Changed(_) => Exit::Environment,
            _ => Exit::Usage,
        }
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoProject(_) => Some(
                "`cargo pyx new NAME` starts one, `cargo pyx init` turns a Python package or a crate into one; or pass `-C DIR` with a folder whose pyproject.toml has `build-backend = \"maturin\"`"
                    .into(),
            ),
            Self::Unconnected { .. } => {
                Some("run `cargo test`, or pass `-C DIR` with the folder of a package".into())
            }
            Self::NoManifest(_) => Some(
                "pass the path of a pyproject.toml or Cargo.toml, or omit `--manifest-path` to use the nearest one"
                    .into(),
            ),
            Self::NotMaturin { .. } => Some(
                "`cargo pyx init` gives a Python package a Rust module; if it already has one, set \
                 `build-backend = \"maturin\"` and `requires = [\"maturin>=1,<2\"]` under [build-system]"
                    .into(),
            ),
            Self::UnknownMember { similar, .. } => Some(match similar {
                Some(name) => format!("did you mean `-p {name}`?"),
                None => "pass one of them to `-p`, or omit `-p` for all".into(),
            }),
            Self::AmbiguousMember { .. } => {
                Some("pass the name of one of them to `-p`, or its folder from the root on".into())
            }
            Self::Changed(_) => Some("run it again".into()),
            Self::NotUtf8(_) | Self::Justfile(_) | Self::Findings(_) | Self::ProblemsFound(_) => None,
        }
    }
}
