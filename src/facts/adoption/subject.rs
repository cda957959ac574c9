//! What is to be adopted.

use std::sync::Arc;

use camino::Utf8Path;

use crate::model::error::{Error, Result};
use crate::world::disk;
use crate::world::manifest::{CargoToml, Manifests, PyProject};

use super::crates::{Crate, CrateKind, Library, MODULES, has_readme};
use super::distribution::RustDistribution;
use super::module_name::ModuleName;
use super::obstacles::{Obstacle, has_word, obstacle, without_words};
use super::options::{AdoptionLayout, AdoptionOptions};
use super::package::PythonPackage;
use super::pyo3::{Pyo3, refuse_module};
use super::rust_module::RustModule;
use super::workspace::CargoWorkspace;

#[derive(Debug)]
pub enum Subject {
    /// A project that already has both languages, by name.
    AlreadyMixed(String),
    Package(Box<PythonPackage>),
    /// A package whose build backend has to be asked what it is.
    NeedsBackend(Box<NeedsBackend>),
    /// A package that stays as it is and requires one with the module.
    Distribution(Box<RustDistribution>),
    Crate(Box<Crate>),
    Workspace(Box<CargoWorkspace>),
    /// A project that has both languages and gets another function in Rust.
    Module(Box<RustModule>),
}

impl Subject {
    /// The setuptools files that a package no longer needs, relative to the root.
    pub fn setup(&self) -> Vec<&str> {
        let Self::Package(package) = self else {
            return Vec::new();
        };
        let takeovers = package.takeover.iter();
        takeovers
            .flat_map(|takeover| takeover.setup.keys())
            .map(|path| path.as_str())
            .collect()
    }
}

impl Subject {
    /// Whether the Rust module already has a function with that name.
    pub(super) fn has_function(&self, name: &str) -> bool {
        matches!(self, Self::Module(module) if module.has_function(name))
    }
}

/// A package that does not describe itself.
#[derive(Debug)]
pub struct NeedsBackend {
    pub pyproject: Arc<PyProject>,
}

/// What a crate is, and where it gets its module.
pub(super) fn of_crate(
    manifests: &Manifests,
    cargo: Arc<CargoToml>,
    options: &AdoptionOptions,
) -> Result<Subject> {
    if !cargo.has_lib() {
        return Ok(Subject::Crate(Box::new(Crate::of_programs(cargo)?)));
    }
    let toml = &cargo.toml;
    if toml.bool(&["lib", "proc-macro"]) == Some(true) {
        let message = format!(
            "`{}` is a procedural macro: only rustc loads it",
            cargo.dir()
        );
        let hint = "cargo pyx new NAME, for a crate that uses it";
        return Err(Error::refused(message, hint));
    }
    let path = toml
        .str(&["lib", "path"])
        .unwrap_or("src/lib.rs")
        .to_owned();
    let text = disk::read_text(&cargo.dir().join(&path))?.unwrap_or_default();
    let folder = cargo.dir().join(Utf8Path::new(&path).with_file_name(""));
    let (module, renamed) = ModuleName::choose(&cargo, options)?;
    let obstacle = obstacle(&cargo, &path, &text).or(renamed);
    if let ModulePlace::Beside(why) = ModulePlace::of(&cargo, obstacle, options)? {
        refuse_module(&cargo, &folder, &Pyo3::of(&cargo)?)?;
        let workspace = CargoWorkspace::beside(manifests, cargo, module, why)?;
        return Ok(Subject::Workspace(Box::new(workspace)));
    }
    let pyo3 = Pyo3::read(&cargo)?;
    refuse_module(&cargo, &folder, &pyo3)?;
    let code = without_words(&text);
    let is_free = |name: &&str| {
        let taken = [folder.join(name), folder.join(format!("{name}.rs"))];
        !has_word(&code, name) && !taken.iter().any(|path| disk::is_there(path))
    };
    let kind = CrateKind::Library(Library {
        path: path.into(),
        text,
        file: MODULES.into_iter().find(is_free).unwrap_or(MODULES[0]),
        pyo3,
    });
    Ok(Subject::Crate(Box::new(Crate {
        has_readme: has_readme(&cargo),
        cargo,
        module,
        kind,
    })))
}

/// Where the module of a library goes.
enum ModulePlace {
    Inside,
    /// With the reason, unless the user asked for it.
    Beside(Option<String>),
}

impl ModulePlace {
    /// By what was asked for, else by what the crate allows.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is to go into the library and cannot.
    fn of(
        cargo: &CargoToml,
        obstacle: Option<Obstacle>,
        options: &AdoptionOptions,
    ) -> Result<Self> {
        match (options.layout, obstacle) {
            (Some(AdoptionLayout::Workspace), _) => Ok(Self::Beside(None)),
            (
                Some(AdoptionLayout::Crate),
                Some(Obstacle {
                    why,
                    is_final: true,
                }),
            ) => {
                let message = format!("`{}` cannot hold the module itself: {why}", cargo.dir());
                let hint = "cargo pyx init --layout workspace";
                Err(Error::refused(message, hint))
            }
            (Some(AdoptionLayout::Crate), _) | (None, None) => Ok(Self::Inside),
            (None, Some(obstacle)) => Ok(Self::Beside(Some(obstacle.why))),
        }
    }
}
