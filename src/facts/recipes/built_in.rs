//! The recipes that are part of the program.

use camino::{Utf8Path, Utf8PathBuf};

use crate::world::disk;
use crate::world::session::{CacheFolder, Session};

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../recipes/", $name)))),*]
    };
}

/// Name and text of every file of `recipes/` that the program contains.
pub const FILES: &[(&str, &str)] = embedded![
    "apart.py",
    "audit.just",
    "audit.py",
    "automation.py",
    "bench.just",
    "bench.py",
    "chart.py",
    "ci.just",
    "ci.py",
    "clean.just",
    "clean.py",
    "consent.py",
    "cov.just",
    "cov.py",
    "coverage_of.py",
    "docs.just",
    "docs.py",
    "flame.py",
    "fmt.just",
    "fmt.py",
    "given.py",
    "lint.just",
    "lint.py",
    "machine.py",
    "noxfile.py",
    "packages.py",
    "pairing.py",
    "pgo.just",
    "pgo.py",
    "poetry.py",
    "profile.just",
    "profiling.py",
    "programs.py",
    "project.py",
    "recipe.py",
    "revisions.py",
    "shell.py",
    "source.py",
    "steps.py",
    "stubs.just",
    "stubs.py",
    "stubtest.py",
    "style.py",
    "tasks.py",
    "tools.py",
    "type_checkers.py",
    "types.just",
];

/// The folder of the user cache for the files of this program.
pub fn folder(session: &Session) -> Utf8PathBuf {
    let mut all = String::new();
    for (name, text) in FILES {
        all.push_str(name);
        all.push_str(text);
    }
    let digest = disk::digest(all.as_bytes());
    session.cached(CacheFolder::Recipes).join(&digest[..16])
}

/// Whether [`folder`] is complete.
pub fn are_written(session: &Session) -> bool {
    disk::is_file(&folder(session).join("justfile"))
}

/// The text of a justfile that imports all of them.
pub fn imports() -> String {
    let names = FILES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| Utf8Path::new(name).extension() == Some("just"));
    let lines = names.map(|name| format!("import '{name}'"));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Their names, and the first line of each description.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().filter_map(|(name, text)| {
        let doc = text.lines().next().unwrap_or_default();
        Some((name.strip_suffix(".just")?, doc.trim_start_matches("# ")))
    })
}

/// The text of one, as `--eject` copies it.
pub fn text(name: &str) -> Option<&'static str> {
    let file = format!("{name}.just");
    let (_, text) = FILES.iter().find(|(known, _)| *known == file)?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_imports_comes_along() {
        let known: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
        for (name, text) in FILES {
            for line in text.lines() {
                let words: Vec<&str> = line.split_whitespace().collect();
                let (["import", module] | ["from", module, ..]) = words[..] else {
                    continue;
                };
                let file = format!("{module}.py");
                let is_embedded = known.contains(&&*file);
                assert!(
                    is_embedded || !disk::is_file(&folder.join(&file)),
                    "{name} imports {module}"
                );
            }
        }
    }

    #[test]
    fn they_are_known_without_just() {
        let all: Vec<_> = names().collect();
        assert!(
            all.contains(&("fmt", "Format Rust and Python code")),
            "{all:?}"
        );
        assert!(all.iter().all(|(name, _)| !name.contains('.')));
    }
}
