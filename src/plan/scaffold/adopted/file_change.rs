//! Files that an adoption creates, changes or removes.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::path::{shown, slashed};
use crate::world::manifest::Toml;

/// A file's path, its current content and its new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Relative to the root.
    pub path: Utf8PathBuf,
    pub before: Option<String>,
    /// `None` if the file is removed.
    pub after: Option<String>,
}

/// The crate next to an adopted package.
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

/// Where cargo looks for the sources of a crate by default.
pub(super) const SOURCES: &str = "src";

/// What uv rebuilds for: the manifests and the crate's sources, never build outputs. `sources`: their folder,
/// relative to the crate.
pub(super) fn cache_keys(crate_dir: &str, sources: &Utf8Path) -> Vec<String> {
    let sources = match &*slashed(sources) {
        "" => "*.rs".to_owned(), // below it is also what was built
        folder => format!("{folder}/**/*.rs"),
    };
    let files = ["Cargo.toml", "Cargo.lock", &sources];
    let of_crate = files.iter().map(|file| format!("{crate_dir}{file}"));
    std::iter::once("pyproject.toml".to_owned())
        .chain(of_crate)
        .collect()
}
