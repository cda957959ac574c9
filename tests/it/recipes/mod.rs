//! What the recipes of `cargo pyx just` promise, in real projects with the real tools.

mod asking;
mod call;
mod checks;
mod decisions;
mod form;
mod made;

use std::path::{Path, PathBuf};

use crate::support::Project;
use call::{just, result};

/// The files of `recipes/`.
fn recipes() -> Vec<PathBuf> {
    let mut files = crate::support::entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes"));
    files.retain(|path| path.is_file());
    files
}

/// A copy of `bin`, which compiles within a second: it has no dependencies. It is in a folder that
/// shells misread.
fn small(folder: &Path) -> Project {
    Project::cold(&folder.join("it's a \"copy\"/bin"), "bin")
}
