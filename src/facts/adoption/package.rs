//! A Python package that another backend builds, or none.

use std::ops::Range;
use std::sync::Arc;

use camino::Utf8Path;
use toml_edit::{Item, TableLike};

use crate::facts::new_project::in_workspace;
use crate::facts::versions::literals;
use crate::model::error::{Error, Result};
use crate::model::invocation::quote;
use crate::model::package_name;
use crate::model::version;
use crate::world::disk;
use crate::world::manifest::{Manifests, PyProject};

/// Backends that pack Python files and compile nothing.
const PACKERS: [&str; 9] = [
    "flit_core.buildapi",
    "hatchling.build",
    "hatchling.ouroboros",
    "pdm.backend",
    "poetry.core.masonry.api",
    "poetry_dynamic_versioning.backend",
    "setuptools.build_meta",
    "setuptools.build_meta:__legacy__",
    "uv_build",
];

/// Names for the module in Rust, the first that is free.
const LEAVES: [&str; 3] = ["_core", "_rust", "_native"];

/// Folders beside a package that are none themselves.
const ASIDE: [&str; 6] = ["benchmarks", "docs", "examples", "scripts", "test", "tests"];

#[derive(Debug)]
pub struct PythonPackage {
    pub pyproject: Arc<PyProject>,
    /// As cargo spells it.
    pub version: semver::Version,
    /// The folder that holds the packages, from the root: `src`, `python` or `.`.
    pub source: &'static str,
    /// The package that gets the module.
    pub name: String,
    /// All packages of the folder, where there are several.
    pub all: Vec<String>,
    /// Whether it is in a cargo workspace of others.
    pub nested: bool,
    /// The module's name in the package.
    pub leaf: &'static str,
}

impl PythonPackage {
    pub(super) fn read(manifests: &Manifests, pyproject: Arc<PyProject>) -> Result<Self> {
        let root = pyproject.dir().to_owned();
        check_metadata(&pyproject)?;
        let (source, all, name) = packages(&pyproject)?;
        let folder = root.join(source).join(&name);
        let version = version(&pyproject, &folder)?;
        let taken = disk::names(&folder);
        let is_free = |leaf: &&str| {
            taken
                .iter()
                .all(|name| name.split('.').next() != Some(leaf))
        };
        let leaf = LEAVES.into_iter().find(is_free).unwrap_or(LEAVES[0]);
        Ok(Self {
            pyproject,
            version,
            source,
            name,
            all,
            nested: in_workspace(manifests, &root)?,
            leaf,
        })
    }
}

/// Checks that maturin can take the package over.
///
/// # Errors
/// [`Error::Manifest`] and [`Error::Refused`] for what maturin would lose or not build.
fn check_metadata(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    if pyproject.name().is_none() {
        let message = format!("`{}` has no `[project]` with a name", toml.path);
        let hint = "describe the package in `[project]` first: maturin reads nothing else";
        return Err(Error::refused(message, hint));
    }
    let keys = ["build-system", "build-backend"];
    if let Some(backend) = toml.spanned(&keys)
        && !PACKERS.contains(&backend.value.as_str())
    {
        let message = format!(
            "`{}` may compile code that maturin would not",
            backend.value
        );
        let hint = "init a folder of its own for the Rust module: cargo pyx new NAME".to_owned();
        return Err(toml.error(&backend.span, message, Some(hint)));
    }
    check_build(pyproject)?;
    let filled = |field: &str| field == "version";
    let dynamic = toml.spanned_strings(&["project", "dynamic"]);
    if let Some(field) = dynamic.iter().find(|field| !filled(&field.value)) {
        let name = &field.value;
        let message =
            format!("`{name}` is dynamic, which maturin does not fill for a Python package");
        let hint = format!("state `{name}` in `[project]`, and take it out of `dynamic`");
        return Err(toml.error(&field.span, message, Some(hint)));
    }
    let setup = disk::read_text(&pyproject.dir().join("setup.py"))?;
    if setup.is_some_and(|text| text.contains("ext_modules")) {
        let message = "setup.py compiles extension modules, which maturin would not".to_owned();
        return Err(Error::refused(
            message,
            "cargo pyx new NAME, in a folder of its own",
        ));
    }
    Ok(())
}

/// Settings of packing backends that bring what maturin leaves out, and what they do.
const LOST: [(&[&str], &str); 7] = [
    (&["setuptools", "ext-modules"], "compiles extension modules"),
    (
        &["setuptools", "py-modules"],
        "packs modules outside of packages",
    ),
    (&["hatch", "build", "hooks"], "runs code while it builds"),
    (
        &["hatch", "build", "targets", "wheel", "hooks"],
        "runs code while it builds",
    ),
    (&["poetry", "build"], "runs code while it builds"),
    (&["pdm", "build", "run-setup"], "runs code while it builds"),
    (
        &["pdm", "build", "custom-hook"],
        "runs code while it builds",
    ),
];

/// Checks the settings of the present backend.
///
/// # Errors
/// [`Error::Manifest`] for what the old backend does besides packing the package.
fn check_build(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    for (keys, what) in LOST {
        let keys = [&["tool"], keys].concat();
        let Some(item) = toml.get(&keys).filter(|item| !is_off(item)) else {
            continue;
        };
        let message = format!("`{}` {what}, which maturin would not", keys.join("."));
        let hint = "cargo pyx new NAME, in a folder of its own for the Rust module";
        return Err(toml.error(&place(item), message, Some(hint.to_owned())));
    }
    Ok(())
}

/// Whether a setting says that there is nothing.
fn is_off(item: &Item) -> bool {
    item.as_bool() == Some(false)
        || item.as_array().is_some_and(toml_edit::Array::is_empty)
        || item.as_table_like().is_some_and(TableLike::is_empty)
}

/// Where it is; for a table that only its parts name, the first of these.
fn place(item: &Item) -> Range<usize> {
    let first = || {
        let (_, below) = item.as_table_like()?.iter().next()?;
        Some(place(below))
    };
    item.span().or_else(first).unwrap_or_default()
}

/// Where the packages are, all of them, and the one of the project's name.
fn packages(pyproject: &PyProject) -> Result<(&'static str, Vec<String>, String)> {
    let (root, name) = (pyproject.dir(), pyproject.name().unwrap_or_default());
    let wanted = package_name::escape(name);
    for source in ["src", "python", "."] {
        let found = below(&root.join(source));
        let named = found.iter().find(|one| one.to_lowercase() == wanted);
        let chosen = named.or(if let [only] = &found[..] {
            Some(only)
        } else {
            None
        });
        if let Some(chosen) = chosen.cloned() {
            return Ok((source, found, chosen));
        }
    }
    let message = format!("no package `{wanted}` in `{root}`: no folder with an __init__.py");
    let file = format!("{wanted}.py");
    let single = ["src", "."]
        .iter()
        .find(|dir| disk::is_file(&root.join(dir).join(&file)));
    let hint = match single {
        Some(&dir) => {
            let dir = if dir == "." {
                String::new()
            } else {
                format!("{dir}/")
            };
            format!(
                "(cd {} && mkdir {dir}{wanted} && git mv {dir}{file} {dir}{wanted}/__init__.py)",
                quote(root.as_str())
            )
        }
        None => format!("make one: {wanted}/__init__.py"),
    };
    Err(Error::refused(message, hint))
}

fn below(dir: &Utf8Path) -> Vec<String> {
    let mut names = disk::names(dir);
    names.retain(|name| {
        let is_aside = ASIDE.contains(&name.as_str()) || name.starts_with('.');
        !is_aside && disk::is_file(&dir.join(name).join("__init__.py"))
    });
    names
}

/// The version for Cargo.toml: what `[project]` states, else the package's `__version__`.
fn version(pyproject: &PyProject, folder: &Utf8Path) -> Result<semver::Version> {
    let toml = &pyproject.toml;
    let keys = ["project", "version"];
    let stated = toml.string(&keys);
    let text = disk::read_text(&folder.join("__init__.py"))?.unwrap_or_default();
    let literal = literals(&text)
        .into_iter()
        .next()
        .map(|span| text[span].to_owned());
    let Some(said) = stated.or(literal) else {
        let message = "the version is in neither `[project]` nor a `__version__` of the package, and \
                       maturin asks neither git nor Python code for it";
        let keys = ["project", "dynamic"];
        let span = toml.get(&keys).and_then(toml_edit::Item::span);
        let hint = "version = \"1.0.0\"".to_owned();
        return Err(toml.error(&span.unwrap_or_default(), message.into(), Some(hint)));
    };
    let spelled = version::parse(&said).and_then(|version| version::cargo(&version));
    spelled.ok_or_else(|| {
        let message = format!("cargo has no version `{said}`, and crate and package share it");
        Error::refused(
            message,
            "a version of three numbers, as in 1.2.0, or 1.2.0rc1",
        )
    })
}
