//! What maturin takes over of a package, once its current build backend has described it.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, Result};
use crate::model::package_name::of_requirement;
use crate::model::path::slashed;
use crate::world::disk;
use crate::world::manifest::PyProject;

use super::built::{BuiltPackage, description_file};
use super::options::BESIDE;
use super::source_files::to_carry;

#[derive(Debug)]
pub struct Takeover {
    pub built: BuiltPackage,
    /// The folder of the packages, from the root.
    pub source: &'static str,
    /// The file that the long description is read from, from the root.
    pub description: Option<Utf8PathBuf>,
    /// Modules beside the packages, and other files of the wheel; from the root.
    pub included: Vec<String>,
    /// Patterns of what the sdist holds besides, from the root.
    pub carried: Vec<String>,
    /// Patterns of what the wheel leaves out of the packages' folders, from the root.
    pub excluded: Vec<String>,
    /// The file into which a version from git is written whenever something is built.
    pub version_file: Option<VersionFile>,
    /// Files of setuptools that are taken over, from the root, and their texts.
    pub setup: BTreeMap<Utf8PathBuf, String>,
    /// Whether `LICENSE` and its like are all, as maturin finds them.
    pub has_usual_licences: bool,
}

#[derive(Debug)]
pub struct VersionFile {
    /// From the root.
    pub path: Utf8PathBuf,
    /// What an earlier build has left there, which git ignores.
    pub there: Option<String>,
    /// What the current build backend writes.
    pub made: String,
}

/// Folders of packages, those first that say that they are.
const SOURCES: [&str; 4] = ["src", "python", "lib", "."];

/// What maturin takes for licences by itself.
const LICENCES: [&str; 4] = ["LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*"];

impl Takeover {
    /// What of the present wheel maturin has to be told, so that it packs the same.
    ///
    /// # Errors
    /// [`Error::Refused`] for a wheel with files that are made while it is built.
    pub(super) fn of(pyproject: &PyProject, built: BuiltPackage) -> Result<Self> {
        let root = pyproject.dir();
        let kept = disk::kept_files(root);
        let source = source_of(root, &kept, &built);
        let from_root = |path: &str| {
            let path = slashed(&Utf8Path::new(source).join(path));
            path.trim_start_matches("./").to_owned()
        };
        let there: BTreeSet<&str> = kept.iter().map(|path| path.as_str()).collect();
        let version = built.text("Version").unwrap_or_default();
        let mut version_file = None;
        let mut included = Vec::new();
        for (name, bytes) in &built.files {
            let path = from_root(name);
            let text = String::from_utf8_lossy(bytes);
            let has_version =
                Utf8Path::new(name).extension() == Some("py") && text.contains(version);
            if there.contains(&*path) {
                if !name.contains('/') {
                    included.push(path);
                }
            } else if has_version && version_file.is_none() && !name.starts_with(".data/") {
                version_file = Some(VersionFile {
                    there: disk::read_text(&root.join(&path))?,
                    path: path.into(),
                    made: text.into_owned(),
                });
            } else {
                return Err(made_while_building(name));
            }
        }
        let (packages, _) = built.tops();
        let folders: Vec<String> = packages.iter().map(|name| from_root(name)).collect();
        let usual: BTreeSet<String> = LICENCES
            .iter()
            .flat_map(|pattern| disk::matching(root, pattern))
            .filter_map(|path| path.file_name().map(str::to_owned))
            .collect();
        let has_usual_licences = built.licences.keys().eq(usual.iter());
        let excluded = left_out(&kept, &folders, &|path| {
            let prefix = if source == "." {
                String::new()
            } else {
                format!("{source}/")
            };
            built
                .files
                .contains_key(path.strip_prefix(&*prefix).unwrap_or(path))
        });
        let description = description_file(root, &kept, &built.metadata.body);
        let has = |path: &Utf8Path| {
            folders.iter().any(|folder| path.starts_with(folder))
                || included.iter().any(|one| one == path.as_str())
                || built.licences.contains_key(path.as_str())
                || description.as_deref() == Some(path)
        };
        Ok(Self {
            carried: to_carry(&kept, &built.sources, &has),
            description,
            setup: setup(pyproject)?,
            source,
            included,
            excluded,
            version_file,
            has_usual_licences,
            built,
        })
    }
}

fn made_while_building(name: &str) -> Error {
    let message = format!(
        "its wheel has `{name}`, which is not a file of the project: the current build backend creates or moves it"
    );
    Error::refused(message, BESIDE)
}

/// Where most of the wheel's files are.
fn source_of(root: &Utf8Path, kept: &[Utf8PathBuf], built: &BuiltPackage) -> &'static str {
    let there: BTreeSet<&Utf8PathBuf> = kept.iter().collect();
    let count = |source: &&str| {
        let path = |name: &String| match *source {
            "." => Utf8PathBuf::from(name),
            source => Utf8Path::new(source).join(name),
        };
        let is_same = |(name, bytes): &(&String, &Vec<u8>)| {
            let path = path(name);
            there.contains(&path)
                && disk::read(&root.join(path)).is_ok_and(|text| text.as_ref() == Some(bytes))
        };
        built.files.iter().filter(is_same).count()
    };
    let mut best = SOURCES[3];
    for source in SOURCES {
        if count(&source) > count(&best) {
            best = source;
        }
    }
    best
}

/// Files below the packages that the wheel has not: a folder of only such as a whole.
fn left_out(kept: &[Utf8PathBuf], folders: &[String], has: &dyn Fn(&str) -> bool) -> Vec<String> {
    let is_below = |path: &&Utf8PathBuf| folders.iter().any(|folder| path.starts_with(folder));
    let inside: Vec<&Utf8PathBuf> = kept.iter().filter(is_below).collect();
    let full: BTreeSet<&Utf8Path> = inside
        .iter()
        .filter(|path| has(path.as_str()))
        .flat_map(|path| path.ancestors())
        .collect();
    let pattern = |path: &&Utf8PathBuf| {
        let empty = path
            .ancestors()
            .skip(1)
            .take_while(|dir| !full.contains(dir))
            .last();
        match empty {
            Some(dir) => format!("{dir}/**/*"),
            None => path.to_string(),
        }
    };
    let mut patterns: Vec<String> = inside
        .iter()
        .filter(|path| !has(path.as_str()))
        .map(pattern)
        .collect();
    patterns.dedup();
    patterns
}

/// Whether setuptools reads what is there, also below a backend that is made of it.
fn builds_with_setuptools(pyproject: &PyProject) -> bool {
    let keys = ["build-system", "requires"];
    let required = pyproject.toml.strings(&keys);
    let mut required = required.iter().filter_map(|one| of_requirement(one));
    let backend = pyproject.toml.str(&["build-system", "build-backend"]);
    backend.is_none_or(|backend| backend.starts_with("setuptools"))
        || required.any(|name| ["pbr", "setuptools"].contains(&&*name))
}

fn setup(pyproject: &PyProject) -> Result<BTreeMap<Utf8PathBuf, String>> {
    let mut found = BTreeMap::new();
    if !builds_with_setuptools(pyproject) {
        return Ok(found);
    }
    for name in ["setup.py", "setup.cfg"] {
        if let Some(text) = disk::read_text(&pyproject.dir().join(name))? {
            found.insert(name.into(), text);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_wheel_leaves_out_is_named_by_folders() {
        let kept = [
            "a/__init__.py",
            "a/b/x.py",
            "a/b/y.c",
            "a/tests/d/t.py",
            "a/tests/u.py",
            "c.py",
        ];
        let kept = kept.map(Utf8PathBuf::from);
        let has = |path: &str| path.ends_with("__init__.py") || path == "a/b/x.py";
        let patterns = left_out(&kept, &["a".to_owned()], &has);
        assert_eq!(patterns, ["a/b/y.c", "a/tests/**/*"]);
    }
}
