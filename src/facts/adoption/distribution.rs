//! A distribution of its own for the module, next to a package that keeps its build backend.

use std::sync::Arc;

use camino::Utf8Path;

use crate::facts::new_project::in_workspace;
use crate::facts::project_name::Name;
use crate::model::error::{Error, Result};
use crate::model::invocation::quote;
use crate::model::package_name;
use crate::model::path::slashed;
use crate::world::disk;
use crate::world::manifest::{Manifests, PyProject};

use super::module_name::ModuleName;
use super::options::AdoptionOptions;
use super::package;

/// Where it goes, relative to the root.
pub const FOLDER: &str = "rust";

#[derive(Debug)]
pub struct RustDistribution {
    /// Empty if there is none.
    pub pyproject: Arc<PyProject>,
    /// The package it belongs to.
    pub package: String,
    pub module: ModuleName,
    /// Whether its crate is in a cargo workspace of others.
    pub is_nested: bool,
    /// Whether pyproject.toml can state that the package requires it: the requirements are in `[project]`.
    pub is_required: bool,
    /// The package that setuptools discovers as long as no other folder could be one.
    pub found: Option<String>,
}

impl RustDistribution {
    /// The second distribution, in a folder of its own in the package's repository.
    ///
    /// # Errors
    /// [`Error::Refused`] if the folder or the name is taken, and for a member of a uv workspace.
    pub(super) fn read(
        manifests: &Manifests,
        pyproject: Arc<PyProject>,
        options: &AdoptionOptions,
    ) -> Result<Self> {
        let root = pyproject.dir();
        let folder = root.join(FOLDER);
        if !disk::names(&folder).is_empty() {
            let message = format!("`{folder}` already exists, but the module would go there");
            let folder = slashed(&folder);
            let folder = quote(&folder);
            return Err(Error::refused(message, format!("mv {folder} {folder}.old")));
        }
        if let Some(outer) = uv_workspace_around(manifests, root)? {
            let message =
                format!("`{root}` is in the uv workspace of `{outer}`: add the module there");
            let outer = quote(outer.as_str());
            return Err(Error::refused(
                message,
                format!("cargo pyx new {outer}/NAME"),
            ));
        }
        let poetry = pyproject.toml.str(&["tool", "poetry", "name"]);
        let package = pyproject.name().or(poetry).or(root.file_name());
        let package = package_name::normalize(package.unwrap_or_default());
        let wanted = options.module.clone().unwrap_or(format!("{package}_rust"));
        let hint = |other: &str| format!("--module {}", other.replace('-', "_"));
        Ok(Self {
            module: ModuleName::of(Name::parse(&wanted, &[&package], hint)?),
            is_nested: in_workspace(manifests, root)?,
            is_required: says_requirements(&pyproject),
            found: found(&pyproject)?,
            package,
            pyproject,
        })
    }
}

/// The name of the existing distribution.
pub(super) fn there(manifests: &Manifests, root: &Utf8Path) -> Result<Option<String>> {
    let own = manifests.pyproject(&root.join(FOLDER).join("pyproject.toml"))?;
    let own = own.filter(|own| own.builds_with_maturin());
    Ok(own.map(|own| own.name().unwrap_or(FOLDER).to_owned()))
}

/// What setuptools discovers in a folder whose packages are not declared (its user guide, "Flat-layout"): a
/// second folder that could be one would be an error.
///
/// # Errors
/// [`Error::Refused`] if it cannot be declared.
fn found(pyproject: &PyProject) -> Result<Option<String>> {
    if !is_searched(pyproject)? {
        return Ok(None);
    }
    let packages = package::below(pyproject.dir());
    match &packages[..] {
        [package] if pyproject.name().is_some() => Ok(Some(package.clone())),
        _ => {
            let message = format!(
                "setuptools discovers the packages of `{}` automatically, and would find `{FOLDER}` too",
                pyproject.dir()
            );
            let hint = "list them in `packages` of `setup()`, or in `[tool.setuptools] packages`";
            Err(Error::refused(message, hint))
        }
    }
}

fn is_searched(pyproject: &PyProject) -> Result<bool> {
    let (root, toml) = (pyproject.dir(), &pyproject.toml);
    let backend = toml.str(&["build-system", "build-backend"]);
    if backend.is_some_and(|backend| !backend.starts_with("setuptools"))
        || disk::is_dir(&root.join("src"))
    {
        return Ok(false);
    }
    let keys = ["packages", "py-modules"];
    let is_said = keys
        .iter()
        .any(|key| toml.get(&["tool", "setuptools", key]).is_some());
    let mut texts = String::new();
    for name in ["setup.py", "setup.cfg"] {
        texts += &disk::read_text(&root.join(name))?.unwrap_or_default();
    }
    let words = ["packages", "py_modules"];
    Ok(!is_said && !words.iter().any(|word| texts.contains(word)))
}

fn says_requirements(pyproject: &PyProject) -> bool {
    let dynamic = pyproject.toml.strings(&["project", "dynamic"]);
    pyproject.name().is_some() && !dynamic.iter().any(|field| field == "dependencies")
}

fn uv_workspace_around<'a>(
    manifests: &Manifests,
    root: &'a Utf8Path,
) -> Result<Option<&'a Utf8Path>> {
    for dir in root.ancestors().skip(1) {
        let above = manifests.pyproject(&dir.join("pyproject.toml"))?;
        if above.is_some_and(|above| above.is_uv_workspace()) {
            return Ok(Some(dir));
        }
    }
    Ok(None)
}
