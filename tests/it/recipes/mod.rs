//! What the recipes of `cargo pyx just` promise, in real projects with the real tools.

mod asking;
mod checks;
mod decisions;
mod form;
mod made;
mod stubs;

use std::path::{Path, PathBuf};

use crate::support::{CheckOutcome, Project, Pyx};

/// A recipe with its arguments: `cargo pyx just WORDS`, where nobody agrees to an installation.
fn just(project: &Project, words: &[&str]) -> Pyx {
    project.pyx("just").with(words).env("CI", "")
}

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

/// The result of a step in the table at the end.
fn result<'a>(run: &'a CheckOutcome, step: &str) -> &'a str {
    let (_, table) = run.stderr.rsplit_once("\nstep  ").unwrap_or_default();
    let rows = table.lines().take_while(|line| !line.is_empty());
    let found: Vec<&str> = rows.filter_map(|row| row.strip_prefix(step)).collect();
    let [rest] = found[..] else {
        panic!("expected one row `{step}`:\n{run}")
    };
    let (result, seconds) = rest.trim().rsplit_once(' ').unwrap();
    assert!(seconds.parse::<f64>().is_ok(), "{run}");
    result.trim()
}
