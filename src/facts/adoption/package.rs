//! A Python package that another build backend builds, or that has none.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use toml_edit::{Item, TableLike};

use crate::facts::new_project::in_workspace;
use crate::facts::versions::literals;
use crate::model::error::{Error, Result};
use crate::model::invocation::quote;
use crate::model::package_name;
use crate::model::path::slashed;
use crate::model::version;
use crate::world::disk;
use crate::world::manifest::{Manifests, PyProject, tables_of};
use crate::world::python_source;
use crate::world::session::Session;

use super::built::BuiltPackage;
use super::comparison::Asked;
use super::inner_module::{ASIDE, InnerModule, declares_namespace, package_of};
use super::options::{AdoptionOptions, BESIDE};
use super::takeover::Takeover;

/// Build backends known to pack Python files and compile nothing: others are asked.
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

/// Build backends made to compile, by their top-level modules.
const COMPILERS: [&str; 6] = [
    "cmeel",
    "enscons",
    "mesonpy",
    "py_build_cmake",
    "scikit_build_core",
    "sipbuild",
];

#[derive(Debug)]
pub struct PythonPackage {
    /// Empty if there is none.
    pub pyproject: Arc<PyProject>,
    /// The distribution's name.
    pub distribution: String,
    /// In cargo's spelling.
    pub version: semver::Version,
    /// The folder that holds the packages, relative to the root: `src`, `python` or `.`.
    pub source: &'static str,
    /// The package that gets the module, dotted.
    pub name: String,
    /// All packages at the top level of the folder, if there are several.
    pub all: Vec<String>,
    /// Whether it is in a cargo workspace of others.
    pub nested: bool,
    /// The module's name in the package.
    pub leaf: String,
    /// What its build backend said, if it was asked.
    pub takeover: Option<Takeover>,
}

impl PythonPackage {
    /// What can be read without asking the build backend.
    pub(super) fn read(
        manifests: &Manifests,
        pyproject: Arc<PyProject>,
        options: &AdoptionOptions,
    ) -> Result<Self> {
        let root = pyproject.dir().to_owned();
        check_metadata(&pyproject)?;
        check_dynamic(&pyproject)?;
        let (source, all, name) = packages(&pyproject)?;
        let folder = root.join(source).join(&name);
        let version = version(&pyproject, &folder)?;
        let module = inner(&root.join(source), name, options)?;
        Ok(Self {
            distribution: pyproject.name().unwrap_or_default().to_owned(),
            pyproject,
            version,
            source,
            leaf: module.leaf,
            name: module.package,
            all,
            nested: in_workspace(manifests, &root)?,
            takeover: None,
        })
    }

    /// What the package is according to the wheel of its current build backend.
    pub(super) fn of_built(
        manifests: &Manifests,
        pyproject: Arc<PyProject>,
        built: BuiltPackage,
        options: &AdoptionOptions,
    ) -> Result<Self> {
        let root = pyproject.dir().to_owned();
        check_pure(&pyproject, &built)?;
        let distribution = built.text("Name").unwrap_or_default().to_owned();
        let version = built.text("Version").unwrap_or_default().to_owned();
        let takeover = Takeover::of(&pyproject, built)?;
        let (packages, modules) = takeover.built.tops();
        let source = root.join(takeover.source);
        let module = match (
            package_of(&takeover.built.files, &distribution),
            &modules[..],
        ) {
            (Some(package), _) => inner(&source, package, options)?,
            (None, [module, ..]) => beside(&source, module, options)?,
            (None, []) => {
                let message = format!("the wheel of `{distribution}` has no module in Python");
                return Err(Error::refused(message, BESIDE));
            }
        };
        Ok(Self {
            distribution,
            version: spelled(&version)?,
            source: takeover.source,
            leaf: module.leaf,
            name: module.package,
            all: packages,
            nested: in_workspace(manifests, &root)?,
            pyproject,
            takeover: Some(takeover),
        })
    }

    /// What may differ in maturin's wheel. `edited`: a file of the package, `made`: new files; relative to
    /// the root.
    pub fn asked(&self, edited: Option<&Utf8PathBuf>, made: &[Utf8PathBuf]) -> Asked {
        let takeover = self.takeover.as_ref();
        let version = takeover.and_then(|takeover| takeover.version_file.as_ref());
        let below = |path: &str| {
            path.strip_prefix(&format!("{}/", self.source))
                .unwrap_or(path)
                .to_owned()
        };
        let is_new = takeover.is_some() && self.all.is_empty();
        let folder = self.name.replace('.', "/");
        let module = if is_new {
            format!("{folder}/")
        } else {
            format!("{folder}/{}", self.leaf)
        };
        let made = made.iter().map(|path| below(path.as_str()));
        Asked {
            new: std::iter::once(module).chain(made).collect(),
            rewritten: version
                .map(|file| &file.path)
                .into_iter()
                .chain(edited)
                .map(|path| below(path.as_str()))
                .collect(),
            version: true,
            people: said_people(&self.pyproject),
            licence: said_licence(&self.pyproject),
        }
    }

    /// Whether the new module needs a package around it.
    pub fn is_around_modules(&self) -> bool {
        self.takeover.is_some() && self.all.is_empty()
    }
}

/// The people that `[project]` names.
fn said_people(pyproject: &PyProject) -> BTreeSet<String> {
    let lists = ["authors", "maintainers"].map(|role| pyproject.toml.get(&["project", role]));
    let persons = lists
        .into_iter()
        .flatten()
        .flat_map(tables_of)
        .map(|(table, _)| table);
    let words = persons
        .flat_map(|person| person.iter())
        .filter_map(|(_, word)| word.as_str());
    words.map(str::to_owned).collect()
}

/// The licence that `[project]` states as text: some build backends leave it out next to a classifier.
fn said_licence(pyproject: &PyProject) -> Option<String> {
    let toml = &pyproject.toml;
    let said = toml.str(&["project", "license", "text"]);
    said.or(toml.str(&["project", "license"]))
        .map(str::to_owned)
}

/// As requested, or with its default name in `package`.
fn inner(source: &Utf8Path, package: String, options: &AdoptionOptions) -> Result<InnerModule> {
    match &options.module {
        Some(wished) => InnerModule::wished(source, wished, &package),
        None => Ok(InnerModule::of(source, package)),
    }
}

/// In a new package, next to the only module.
///
/// # Errors
/// [`Error::Refused`] if its folder exists.
fn beside(source: &Utf8Path, module: &str, options: &AdoptionOptions) -> Result<InnerModule> {
    let stem = module.split('.').next().unwrap_or_default();
    let package = format!("_{}", stem.trim_start_matches('_'));
    let folder = source.join(&package);
    if !disk::names(&folder).is_empty() {
        let message =
            format!("`{package}` already exists, but the module's package would go there");
        let folder = slashed(&folder);
        let folder = quote(&folder);
        return Err(Error::refused(message, format!("mv {folder} {folder}.old")));
    }
    let own = InnerModule::of(source, package);
    match &options.module {
        Some(wished) if *wished != format!("{}.{}", own.package, own.leaf) => {
            InnerModule::wished(source, wished, &own.package)
        }
        _ => Ok(own),
    }
}

/// Whether `[project]` has everything that maturin needs.
pub(super) fn is_plain(pyproject: &PyProject) -> bool {
    only_packs(pyproject)
        && check_metadata(pyproject).is_ok()
        && check_dynamic(pyproject).is_ok()
        && packages(pyproject).is_ok_and(|(source, _, name)| {
            version(pyproject, &pyproject.dir().join(source).join(name)).is_ok()
        })
}

/// Whether the package's current wheel is for every platform.
///
/// # Errors
/// [`Error::Manifest`] and [`Error::Refused`] for a platform-specific wheel.
fn check_pure(pyproject: &PyProject, built: &BuiltPackage) -> Result<()> {
    if built.is_pure {
        return Ok(());
    }
    check_native(pyproject)?;
    check_build(pyproject)?;
    let message = "its wheel is platform-specific: the current build backend compiles code, which maturin would not";
    Err(Error::refused(message.to_owned(), BESIDE))
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
    check_native(pyproject)?;
    check_build(pyproject)
}

/// Checks that nothing is compiled today, as far as that is stated.
///
/// # Errors
/// [`Error::Manifest`] and [`Error::Refused`] with the place.
pub(super) fn check_native(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    if let Some(backend) = toml.spanned(&BACKEND)
        && COMPILERS.contains(&backend.value.split(['.', ':']).next().unwrap_or_default())
    {
        let message = format!("`{}` compiles code, which maturin would not", backend.value);
        return Err(toml.error(&backend.span, message, Some(BESIDE.to_owned())));
    }
    for keys in [&["setuptools", "ext-modules"][..], &["setuptools-rust"]] {
        let keys = [&["tool"], keys].concat();
        if let Some(item) = toml.get(&keys).filter(|item| !is_off(item)) {
            let message = format!(
                "`{}` compiles extension modules, which maturin would not",
                keys.join(".")
            );
            return Err(toml.error(&place(item), message, Some(BESIDE.to_owned())));
        }
    }
    Ok(())
}

const BACKEND: [&str; 2] = ["build-system", "build-backend"];

/// Whether it is known without asking that Python files are packed and nothing is compiled.
fn only_packs(pyproject: &PyProject) -> bool {
    let backend = pyproject.toml.str(&BACKEND);
    let is_inside = pyproject
        .toml
        .get(&["build-system", "backend-path"])
        .is_some();
    let is_known = is_inside || backend.is_none_or(|backend| PACKERS.contains(&backend));
    is_known && native_words(pyproject).is_ok_and(|mut words| words.next().is_none())
}

/// Checks that setup.py does not say that it compiles, as far as Python's parser finds out.
///
/// # Errors
/// [`Error::Refused`] with the place.
pub(super) fn check_setup(session: &Session, pyproject: &PyProject) -> Result<()> {
    if native_words(pyproject)?.next().is_none() {
        return Ok(());
    }
    let path = pyproject.dir().join(SETUP);
    let arguments = python_source::setup_arguments(session, &path)?;
    for (word, what) in NATIVE {
        if let Some(line) = arguments.get(word) {
            let message = format!("{SETUP}:{line}: {what}");
            return Err(Error::refused(message, BESIDE));
        }
    }
    Ok(())
}

const SETUP: &str = "setup.py";

/// Words about compiling in setup.py, even in a comment.
fn native_words(pyproject: &PyProject) -> Result<impl Iterator<Item = &'static str>> {
    let text = disk::read_text(&pyproject.dir().join(SETUP))?.unwrap_or_default();
    let words = NATIVE.into_iter().map(|(word, _)| word);
    Ok(words.filter(move |word| text.contains(word)))
}

/// Arguments of `setup()` for what maturin would not do.
const NATIVE: [(&str, &str); 3] = [
    (
        "ext_modules",
        "it compiles extension modules, which maturin would not",
    ),
    (
        "rust_extensions",
        "setuptools-rust compiles its modules, which maturin would not",
    ),
    (
        "cffi_modules",
        "it compiles cffi modules, which maturin would not",
    ),
];

/// Whether maturin fills in everything that the package leaves to its build backend.
///
/// # Errors
/// [`Error::Manifest`] for what maturin does not fill in.
fn check_dynamic(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    let filled = |field: &str| field == "version";
    let dynamic = toml.spanned_strings(&["project", "dynamic"]);
    if let Some(field) = dynamic.iter().find(|field| !filled(&field.value)) {
        let name = &field.value;
        let message =
            format!("`{name}` is dynamic, but maturin does not fill it in for a Python package");
        let hint = format!("set `{name}` in `[project]`, and remove it from `dynamic`");
        return Err(toml.error(&field.span, message, Some(hint)));
    }
    Ok(())
}

/// Settings of packing build backends that bring what maturin leaves out, and what they do.
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

/// Checks the settings of the current build backend.
///
/// # Errors
/// [`Error::Manifest`] for what it does besides packing the package.
fn check_build(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    for (keys, what) in LOST {
        let keys = [&["tool"], keys].concat();
        let Some(item) = toml.get(&keys).filter(|item| !is_off(item)) else {
            continue;
        };
        let message = format!("`{}` {what}, which maturin would not", keys.join("."));
        return Err(toml.error(&place(item), message, Some(BESIDE.to_owned())));
    }
    Ok(())
}

/// Whether a setting is empty or off.
fn is_off(item: &Item) -> bool {
    item.as_bool() == Some(false)
        || item.as_array().is_some_and(toml_edit::Array::is_empty)
        || item.as_table_like().is_some_and(TableLike::is_empty)
}

/// Its byte range; for a table that only exists through its subtables, that of the first.
fn place(item: &Item) -> Range<usize> {
    let first = || {
        let (_, below) = item.as_table_like()?.iter().next()?;
        Some(place(below))
    };
    item.span().or_else(first).unwrap_or_default()
}

/// Where the packages are, all of them, and the one with the project's name.
fn packages(pyproject: &PyProject) -> Result<(&'static str, Vec<String>, String)> {
    let (root, name) = (pyproject.dir(), pyproject.name().unwrap_or_default());
    let wanted = package_name::escape(name);
    for source in ["src", "python", "."] {
        let mut found = below(&root.join(source));
        found.retain(|name| {
            let init = disk::read_text(&root.join(source).join(name).join("__init__.py"));
            !init.is_ok_and(|text| text.is_some_and(|text| declares_namespace(&text)))
        });
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

/// Folders with an `__init__.py`, except those that by convention are next to a package.
pub(super) fn below(dir: &Utf8Path) -> Vec<String> {
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
        let message = "the version is neither in `[project]` nor in the package's `__version__`, and maturin reads it from neither git nor Python code";
        let keys = ["project", "dynamic"];
        let span = toml.get(&keys).and_then(toml_edit::Item::span);
        let hint = "version = \"1.0.0\"".to_owned();
        return Err(toml.error(&span.unwrap_or_default(), message.into(), Some(hint)));
    };
    spelled(&said)
}

/// A version in cargo's spelling; without what git added to it.
fn spelled(said: &str) -> Result<semver::Version> {
    let parsed = version::parse(said).map(pep440_rs::Version::without_local);
    let spelled = parsed.and_then(|version| version::cargo(&version));
    spelled.ok_or_else(|| {
        let message = format!(
            "`{said}` is not a valid cargo version, and crate and package share the version"
        );
        Error::refused(
            message,
            "use a version of three numbers, as in 1.2.0 or 1.2.0rc1",
        )
    })
}
