//! A crate without Python, and a workspace of such.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project_name::Name;
use crate::model::error::{Error, Result};
use crate::model::invocation::quote;
use crate::model::package_name;
use crate::model::path::normalize;
use crate::world::disk;
use crate::world::manifest::{CargoToml, Manifests};

use super::pyo3::{Pyo3, refuse_module};

/// Names for the file that holds the module, the first that is free.
const MODULES: [&str; 3] = ["python", "pymodule", "python_module"];

/// Where the crate of a workspace goes that is for Python, the first that is free.
const FOLDERS: [&str; 3] = ["python", "bindings/python", "crates/python"];

#[derive(Debug)]
pub struct Crate {
    pub cargo: Arc<CargoToml>,
    /// The name of the package, of the crate in code and of the module.
    pub name: String,
    pub module: String,
    pub kind: CrateKind,
}

#[derive(Debug)]
pub enum CrateKind {
    Library(Library),
    /// Programs only; the first of them.
    Programs(String),
}

#[derive(Debug)]
pub struct Library {
    /// From the crate's folder: `src/lib.rs`.
    pub path: Utf8PathBuf,
    pub text: String,
    /// The name of the file beside it that gets the module.
    pub file: &'static str,
    pub pyo3: Pyo3,
}

impl Crate {
    pub(super) fn read(cargo: Arc<CargoToml>) -> Result<Self> {
        let name = cargo.package_name().unwrap_or_default().to_owned();
        let module = cargo.lib_name().unwrap_or_default();
        let kind = match library(&cargo)? {
            Some(library) => {
                check_module(&cargo, &module)?;
                CrateKind::Library(library)
            }
            None => CrateKind::Programs(cargo.bins().into_iter().next().ok_or_else(|| {
                let message = format!("`{}` has neither a library nor a program", cargo.dir());
                Error::refused(message, "make src/lib.rs")
            })?),
        };
        Ok(Self {
            cargo,
            name,
            module,
            kind,
        })
    }
}

/// Checks what the module will be called.
///
/// # Errors
/// [`Error::Refused`] for the name of a library that Python cannot import, or would find elsewhere.
fn check_module(cargo: &CargoToml, module: &str) -> Result<()> {
    let file = quote(cargo.toml.path.as_str()).into_owned();
    let hint = |other: &str| {
        let other = other.replace('-', "_");
        format!("write `[lib]` with `name = \"{other}\"` in {file}")
    };
    Name::parse(module.trim_matches('_'), &[], hint).map(drop)
}

fn library(cargo: &CargoToml) -> Result<Option<Library>> {
    if !cargo.has_lib() {
        return Ok(None);
    }
    let toml = &cargo.toml;
    if toml.bool(&["lib", "proc-macro"]) == Some(true) {
        let message = format!(
            "`{}` is a procedural macro: only rustc loads it",
            cargo.dir()
        );
        return Err(Error::refused(
            message,
            "cargo pyx new NAME, for a crate that uses it",
        ));
    }
    let path = toml.str(&["lib", "path"]).unwrap_or("src/lib.rs");
    let text = disk::read_text(&cargo.dir().join(path))?.unwrap_or_default();
    if text
        .lines()
        .any(|line| line.trim().starts_with("#![no_std]"))
    {
        let message = format!("`{path}` is for programs without std, which PyO3 needs");
        let hint = "make a crate that depends on it: cargo pyx new NAME";
        return Err(Error::refused(message, hint));
    }
    let folder = cargo
        .dir()
        .join(Utf8Path::new(path).parent().unwrap_or(Utf8Path::new("")));
    let is_free = |name: &&str| {
        let taken = [folder.join(name), folder.join(format!("{name}.rs"))];
        !taken.iter().any(|path| disk::is_there(path))
    };
    let pyo3 = Pyo3::read(cargo)?;
    refuse_module(cargo, &folder, &pyo3)?;
    Ok(Some(Library {
        path: path.into(),
        text,
        file: MODULES.into_iter().find(is_free).unwrap_or(MODULES[0]),
        pyo3,
    }))
}

/// A workspace whose root is no crate.
#[derive(Debug)]
pub struct CargoWorkspace {
    pub cargo: Arc<CargoToml>,
    /// The folder's name, as a package's.
    pub name: String,
    /// Where the new member goes, from the root.
    pub folder: &'static str,
    /// Whether `members` names that folder already.
    pub is_listed: bool,
    /// The library that Python is to see: the only one, or the one with the folder's name. Name, and
    /// path from the new member.
    pub exposed: Option<(String, String)>,
}

impl CargoWorkspace {
    /// The name of the package that it has for Python already, where such a package would be put.
    pub(super) fn python_package(manifests: &Manifests, root: &Utf8Path) -> Result<Option<String>> {
        for folder in FOLDERS {
            let pyproject = root.join(folder).join("pyproject.toml");
            if let Some(own) = manifests.pyproject(&pyproject)?
                && own.builds_with_maturin()
            {
                return Ok(Some(own.name().unwrap_or(folder).to_owned()));
            }
        }
        Ok(None)
    }

    pub(super) fn read(manifests: &Manifests, cargo: Arc<CargoToml>) -> Result<Self> {
        let root = cargo.dir().to_owned();
        let name = workspace_name(&root)?;
        let patterns = cargo.toml.strings(&["workspace", "members"]);
        let is_free = |folder: &&str| disk::names(&root.join(folder)).is_empty();
        let Some(folder) = FOLDERS.into_iter().find(is_free) else {
            let message = format!("{} are taken in `{root}`", FOLDERS.join(", "));
            return Err(Error::refused(
                message,
                "cargo pyx new NAME, in a folder of yours",
            ));
        };
        let covers = |pattern: &String| {
            let glob = globset::GlobBuilder::new(pattern)
                .literal_separator(true)
                .build();
            glob.is_ok_and(|glob| glob.compile_matcher().is_match(folder))
        };
        let is_listed = patterns.iter().any(covers);
        Ok(Self {
            exposed: library_of(manifests, &root, &patterns, &name, folder)?,
            cargo,
            name,
            folder,
            is_listed,
        })
    }
}

/// What the folder is called, as a package.
fn workspace_name(root: &Utf8Path) -> Result<String> {
    let hint = |other: &str| {
        let renamed = root.with_file_name(other);
        format!("mv {} {}", quote(root.as_str()), quote(renamed.as_str()))
    };
    let name = Name::parse(root.file_name().unwrap_or_default(), &[], hint)?;
    Ok(name.krate)
}

fn library_of(
    manifests: &Manifests,
    root: &Utf8Path,
    patterns: &[String],
    name: &str,
    folder: &str,
) -> Result<Option<(String, String)>> {
    let mut libraries = Vec::new();
    for dir in patterns
        .iter()
        .flat_map(|pattern| disk::matching(root, pattern))
    {
        let Some(cargo) = manifests.cargo(&dir.join("Cargo.toml"))? else {
            continue;
        };
        if cargo.has_lib() && cargo.toml.bool(&["lib", "proc-macro"]) != Some(true) {
            libraries.extend(
                cargo
                    .package_name()
                    .map(|name| (name.to_owned(), normalize(&dir))),
            );
        }
    }
    let named = libraries
        .iter()
        .find(|(one, _)| package_name::normalize(one) == name);
    let chosen = named.or(if let [only] = &libraries[..] {
        Some(only)
    } else {
        None
    });
    let up = "../".repeat(folder.split('/').count());
    Ok(chosen.and_then(|(name, dir)| {
        let below = dir.strip_prefix(root).ok()?;
        Some((name.clone(), format!("{up}{below}")))
    }))
}
