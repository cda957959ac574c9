//! A crate without Python.

use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::model::error::{Error, Result};
use crate::world::disk;
use crate::world::manifest::CargoToml;

use super::module_name::ModuleName;
use super::pyo3::Pyo3;

/// Names for the file that holds the module, in order of preference.
pub(super) const MODULES: [&str; 3] = ["python", "pymodule", "python_module"];

#[derive(Debug)]
pub struct Crate {
    pub cargo: Arc<CargoToml>,
    pub module: ModuleName,
    pub kind: CrateKind,
    /// Whether cargo has a readme, named or found.
    pub has_readme: bool,
}

/// Those that cargo finds by itself (cargo book, "The `readme` field").
const CARGO_READMES: [&str; 3] = ["README.md", "README.txt", "README"];

pub(super) fn has_readme(cargo: &CargoToml) -> bool {
    match cargo.toml.get(&["package", "readme"]) {
        Some(said) => said.as_bool() != Some(false),
        None => CARGO_READMES
            .iter()
            .any(|name| disk::is_file(&cargo.dir().join(name))),
    }
}

#[derive(Debug)]
pub enum CrateKind {
    Library(Library),
    /// Programs only; the first of them.
    Programs(String),
}

#[derive(Debug)]
pub struct Library {
    /// Relative to the crate's folder: `src/lib.rs`.
    pub path: Utf8PathBuf,
    pub text: String,
    /// The name of the file next to it that gets the module.
    pub file: &'static str,
    pub pyo3: Pyo3,
}

impl Crate {
    pub(super) fn of_programs(cargo: Arc<CargoToml>) -> Result<Self> {
        let name = cargo.package_name().unwrap_or_default();
        let Some(program) = cargo.bins().into_iter().next() else {
            let message = format!("`{}` has neither a library nor a binary", cargo.dir());
            return Err(Error::refused(message, "make src/lib.rs"));
        };
        Ok(Self {
            module: ModuleName {
                distribution: name.trim_matches(['-', '_']).to_owned(),
                module: cargo.lib_name().unwrap_or_default(),
            },
            kind: CrateKind::Programs(program),
            has_readme: has_readme(&cargo),
            cargo,
        })
    }
}
