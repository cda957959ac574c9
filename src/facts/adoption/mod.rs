//! What is there for `init`: a Python package without Rust, a crate without Python, a workspace.
//!
//! Each kind has its file, which also refuses what cannot become a project that maturin builds.

mod crates;
mod package;
mod pyo3;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::depends_on_python;
use crate::model::error::{Error, Result};
use crate::world::disk;
use crate::world::interpreter;
use crate::world::manifest::{CargoToml, Manifests};
use crate::world::session::Session;
use crate::world::tool::{self, Tool};

pub use crates::{CargoWorkspace, Crate, CrateKind, Library};
pub use package::PythonPackage;
pub use pyo3::Pyo3;

/// What is to be adopted, and what it stands in.
#[derive(Debug)]
pub struct Adoption {
    /// Absolute.
    pub root: Utf8PathBuf,
    pub subject: Subject,
    /// What `.gitignore` holds; nothing where there is none.
    pub gitignore: Option<String>,
    /// What is in the folders that get files, from the root.
    pub there: BTreeSet<Utf8PathBuf>,
    /// Whether there is a Cargo.lock, its own or a workspace's.
    pub locked: bool,
    pub cargo: Utf8PathBuf,
    /// Where there is a uv.lock that has to follow.
    pub uv: Option<Tool>,
    /// A Python to fetch uv with.
    pub any_python: Option<Utf8PathBuf>,
    /// What no tool may inherit.
    pub scrubbed: BTreeSet<String>,
}

#[derive(Debug)]
pub enum Subject {
    /// A project that has both languages already, by its name.
    Whole(String),
    Package(Box<PythonPackage>),
    Crate(Box<Crate>),
    Workspace(Box<CargoWorkspace>),
}

impl Adoption {
    /// What the folder `root` holds.
    ///
    /// # Errors
    /// [`Error::Refused`] for what cannot become a project that maturin builds, with the reason.
    pub fn read(session: &Session, root: &Utf8Path) -> Result<Self> {
        let subject = subject(&Manifests::default(), root)?;
        let has_uv_lock = disk::is_file(&root.join("uv.lock"));
        let uv = has_uv_lock.then(|| tool::uv(session)).transpose()?;
        let fetched = uv.as_ref().and_then(|uv| uv.missing.as_ref());
        let mut above = root.ancestors().map(|dir| dir.join("Cargo.lock"));
        Ok(Self {
            subject,
            there: there(root),
            gitignore: disk::read_text(&root.join(".gitignore"))?,
            locked: above.any(|path| disk::is_file(&path)),
            cargo: tool::cargo(session)?,
            any_python: fetched.and_then(|_| interpreter::any(session)),
            uv,
            scrubbed: session.scrubbed(),
            root: root.to_owned(),
        })
    }
}

/// Folders that may get files; those of a package have only names that are free.
const FILLED_FOLDERS: [&str; 5] = ["", "rust", "rust/src", "src", "tests"];

fn there(root: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    let below = |place: &&str| {
        let place = Utf8PathBuf::from(*place);
        disk::names(&root.join(&place))
            .into_iter()
            .map(move |name| place.join(name))
            .collect::<Vec<_>>()
    };
    FILLED_FOLDERS.iter().flat_map(below).collect()
}

pub(crate) fn subject(manifests: &Manifests, root: &Utf8Path) -> Result<Subject> {
    let pyproject = manifests.pyproject(&root.join("pyproject.toml"))?;
    let cargo = manifests.cargo(&root.join("Cargo.toml"))?;
    match (pyproject, cargo) {
        (Some(pyproject), _) if pyproject.builds_with_maturin() => {
            Ok(Subject::Whole(name_of(pyproject.name(), root)))
        }
        (Some(_), Some(_)) => Err(Error::refused(
            format!("`{root}` has a Python package and a crate, which nothing connects"),
            "init one of them in a folder of its own: cargo pyx init -C FOLDER",
        )),
        (Some(pyproject), None) => {
            let package = PythonPackage::read(manifests, pyproject)?;
            Ok(Subject::Package(Box::new(package)))
        }
        (None, Some(cargo)) if cargo.package_name().is_none() => {
            if let Some(name) = CargoWorkspace::python_package(manifests, cargo.dir())? {
                return Ok(Subject::Whole(name));
            }
            let workspace = CargoWorkspace::read(manifests, cargo)?;
            Ok(Subject::Workspace(Box::new(workspace)))
        }
        (None, Some(cargo)) if embeds(manifests, &cargo)? => {
            Ok(Subject::Whole(name_of(cargo.package_name(), root)))
        }
        (None, Some(cargo)) => Ok(Subject::Crate(Box::new(Crate::read(cargo)?))),
        (None, None) => Err(nothing(root)),
    }
}

/// Whether it is a program that runs Python: that needs no Python package.
fn embeds(manifests: &Manifests, cargo: &CargoToml) -> Result<bool> {
    Ok(!cargo.bins().is_empty() && depends_on_python(manifests, cargo)?)
}

fn name_of(name: Option<&str>, root: &Utf8Path) -> String {
    name.or(root.file_name()).unwrap_or_default().to_owned()
}

fn nothing(root: &Utf8Path) -> Error {
    if disk::is_file(&root.join("setup.py")) || disk::is_file(&root.join("setup.cfg")) {
        return Error::refused(
            format!("`{root}` has no pyproject.toml"),
            "describe the package in `[project]` of pyproject.toml first",
        );
    }
    let message = format!("neither pyproject.toml nor Cargo.toml in `{root}`");
    Error::refused(message, "cargo pyx new NAME")
}

#[cfg(test)]
mod tests;
