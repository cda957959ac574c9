//! What the sdist of a package holds that its wheel has not: tests, documentation, scripts.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::Sdist;

/// What backends make or read at the top, and nobody else misses.
const OF_BACKENDS: [&str; 5] = [
    "MANIFEST.in",
    "PKG-INFO",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
];

/// The paths in an sdist, from its folder.
pub(super) fn paths(sdist: &Sdist) -> BTreeSet<String> {
    let below = |name: &str| Some(name.split_once('/')?.1.to_owned());
    let members = sdist.members.iter();
    members.filter_map(|member| below(&member.name)).collect()
}

/// Whether nobody misses a path: what a backend makes, and at the top what only a checkout needs.
pub(super) fn is_of_backend(path: &str) -> bool {
    let is_made = |part: &str| part.ends_with(".egg-info");
    OF_BACKENDS.contains(&path) || path.starts_with('.') || path.split('/').any(is_made)
}

/// Patterns, from the root, of the files in an sdist that maturin would not take into its own. `kept`: all
/// of the project; `has`: whether maturin takes one by itself.
pub(super) fn to_carry(
    kept: &[Utf8PathBuf],
    sources: &BTreeSet<String>,
    has: &dyn Fn(&Utf8Path) -> bool,
) -> Vec<String> {
    let is_lost = |path: &Utf8Path| {
        sources.contains(path.as_str()) && !is_of_backend(path.as_str()) && !has(path)
    };
    let lost = kept.iter().filter(|path| is_lost(path));
    let mut patterns: Vec<String> = lost.map(|path| pattern(path, kept, &is_lost)).collect();
    patterns.dedup();
    let unique: BTreeSet<String> = patterns.into_iter().collect();
    unique.into_iter().collect()
}

/// The widest that means no file besides: a folder as a whole, else the files of one ending in it.
fn pattern(path: &Utf8Path, kept: &[Utf8PathBuf], is_lost: &dyn Fn(&Utf8Path) -> bool) -> String {
    let are_lost = |dir: &Utf8Path, ending: Option<&str>| {
        let inside = kept.iter().filter(|one| one.starts_with(dir));
        let mut meant = inside.filter(|one| ending.is_none() || one.extension() == ending);
        meant.all(|one| is_lost(one))
    };
    let folders: Vec<&Utf8Path> = path.ancestors().skip(1).filter(|dir| *dir != "").collect();
    let widest = |ending: Option<&str>| {
        let mut outer = folders.iter().rev();
        outer.find(|dir| are_lost(dir, ending)).copied()
    };
    let escaped = |path: &Utf8Path| globset::escape(path.as_str());
    let by_ending = path.extension().and_then(|ending| {
        let dir = widest(Some(ending))?;
        Some((dir, ending))
    });
    match (widest(None), by_ending) {
        (Some(whole), None) => format!("{}/**/*", escaped(whole)),
        (Some(whole), Some((dir, _))) if dir.starts_with(whole) => {
            format!("{}/**/*", escaped(whole))
        }
        (_, Some((dir, ending))) => format!("{}/**/*.{}", escaped(dir), globset::escape(ending)),
        (None, None) => escaped(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn what_an_sdist_holds_besides_is_named_by_few_patterns() {
        let kept = [
            ".github/ci.yml",
            "CHANGES [old].md",
            "README.md",
            "a/__init__.py",
            "docs/conf.py",
            "docs/data/big.bin",
            "docs/deep/index.py",
            "notes.txt",
            "pyproject.toml",
            "setup.py",
            "tests/data/x.json",
            "tests/test_a.py",
        ];
        let mut sources = set(&kept);
        for gone in ["docs/data/big.bin", "notes.txt"] {
            sources.remove(gone);
        }
        for made in [
            "PKG-INFO",
            "a.egg-info/SOURCES.txt",
            "setup.cfg",
            "a/_version.py",
        ] {
            sources.insert(made.to_owned());
        }
        let has = |path: &Utf8Path| path == "README.md" || path.starts_with("a");
        let kept = kept.map(Utf8PathBuf::from);
        let patterns = to_carry(&kept, &sources, &has);
        assert_eq!(
            patterns,
            ["CHANGES [[]old[]].md", "docs/**/*.py", "tests/**/*"]
        );
        assert_eq!(to_carry(&kept, &BTreeSet::new(), &has), [""; 0]);
    }
}
