//! What a package's sdist contains beyond its wheel: tests, documentation, scripts.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::Sdist;

/// Top-level files that build backends write or read, and nothing else needs.
const OF_BACKENDS: [&str; 5] = [
    "MANIFEST.in",
    "PKG-INFO",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
];

/// The paths in an sdist, relative to its folder.
pub(super) fn paths(sdist: &Sdist) -> BTreeSet<String> {
    let below = |name: &str| Some(name.split_once('/')?.1.to_owned());
    let members = sdist.members.iter();
    members.filter_map(|member| below(&member.name)).collect()
}

/// Whether a path may be lost: what a build backend writes, and at the top level what only a checkout needs.
pub(super) fn is_of_backend(path: &str) -> bool {
    let is_made = |part: &str| part.ends_with(".egg-info");
    OF_BACKENDS.contains(&path) || path.starts_with('.') || path.split('/').any(is_made)
}

/// Patterns, relative to the root, of the files in an sdist that maturin would not include. `kept`: all of
/// the project's; `has`: whether maturin includes one by itself.
pub(super) fn to_carry(
    kept: &[Utf8PathBuf],
    sources: &BTreeSet<String>,
    has: &dyn Fn(&Utf8Path) -> bool,
) -> Vec<String> {
    let is_lost = |path: &Utf8Path| {
        sources.contains(path.as_str()) && !is_of_backend(path.as_str()) && !has(path)
    };
    let (lost, staying): (Vec<&Utf8PathBuf>, Vec<_>) = kept.iter().partition(|path| is_lost(path));
    let staying = Staying::of(staying.into_iter());
    let patterns: BTreeSet<String> = lost.into_iter().map(|path| staying.pattern(path)).collect();
    patterns.into_iter().collect()
}

/// Where the files are that no pattern may match: projects have thousands.
#[derive(Debug, Default)]
struct Staying<'a> {
    folders: BTreeSet<&'a Utf8Path>,
    /// Each with the suffix of a file below it.
    endings: BTreeSet<(&'a Utf8Path, Option<&'a str>)>,
}

impl<'a> Staying<'a> {
    fn of(files: impl Iterator<Item = &'a Utf8PathBuf>) -> Self {
        let mut staying = Self::default();
        for path in files {
            for dir in path.ancestors().skip(1) {
                staying.folders.insert(dir);
                staying.endings.insert((dir, path.extension()));
            }
        }
        staying
    }

    /// The widest pattern that matches a file and none of these: a whole folder, else the files with one
    /// suffix in it.
    fn pattern(&self, path: &Utf8Path) -> String {
        let folders: Vec<&Utf8Path> = path.ancestors().skip(1).filter(|dir| *dir != "").collect();
        let widest = |is_free: &dyn Fn(&Utf8Path) -> bool| {
            let mut outer = folders.iter().rev();
            outer.find(|dir| is_free(dir)).copied()
        };
        let whole = widest(&|dir| !self.folders.contains(dir));
        let by_ending = path.extension().and_then(|ending| {
            let dir = widest(&|dir| !self.endings.contains(&(dir, Some(ending))))?;
            Some((dir, ending))
        });
        let escaped = |path: &Utf8Path| globset::escape(path.as_str());
        match (whole, by_ending) {
            (Some(whole), None) => format!("{}/**/*", escaped(whole)),
            (Some(whole), Some((dir, _))) if dir.starts_with(whole) => {
                format!("{}/**/*", escaped(whole))
            }
            (_, Some((dir, ending))) => {
                format!("{}/**/*.{}", escaped(dir), globset::escape(ending))
            }
            (None, None) => escaped(path),
        }
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
