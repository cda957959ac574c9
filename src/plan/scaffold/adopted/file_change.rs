//! Files that an adoption makes, changes or removes.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::path::{shown, slashed};
use crate::world::manifest::Toml;

/// A file as it is, where it is, and as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// From the root.
    pub path: Utf8PathBuf,
    pub before: Option<String>,
    /// Nothing where the file goes.
    pub after: Option<String>,
}

/// The crate beside an adopted package.
pub(super) const RUST: &str = "rust/";

pub(super) fn made(path: impl Into<Utf8PathBuf>, after: String) -> FileChange {
    let path = slashed(&path.into()).into();
    FileChange {
        path,
        before: None,
        after: Some(after),
    }
}

pub(super) fn changed(root: &Utf8Path, toml: &Toml, after: String) -> FileChange {
    FileChange {
        path: shown(root, &toml.path),
        before: Some(toml.text().to_owned()),
        after: Some(after),
    }
}

/// What uv builds again for: the manifests and the crate's sources, never what was built.
pub(super) fn cache_keys(crate_dir: &str) -> Vec<String> {
    let files = ["Cargo.toml", "Cargo.lock", "src/**/*.rs"];
    let of_crate = files.iter().map(|file| format!("{crate_dir}{file}"));
    std::iter::once("pyproject.toml".to_owned())
        .chain(of_crate)
        .collect()
}
