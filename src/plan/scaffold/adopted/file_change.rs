//! Files that an adoption creates, changes or removes.

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

/// Where cargo looks for the sources of a crate that names no place.
pub(super) const SOURCES: &str = "src";

/// What uv builds again for: the manifests and the crate's sources, never what was built. `sources`: their
/// folder, from the crate.
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
