//! What `init` starts from: a Python package without Rust, a crate without Python, a workspace.
//!
//! Each kind has its file, which also rejects what cannot become a project that maturin builds.

mod built;
mod comparison;
mod crates;
mod distribution;
mod hot_function;
mod inner_module;
mod module_name;
mod obstacles;
mod options;
mod package;
mod pyo3;
mod rust_module;
mod source_files;
mod subject;
mod takeover;
mod workspace;

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::{depends_on_python, links_python_optionally};
use crate::facts::suites::TestPlace;
use crate::model::error::{Error, Result};
use crate::world::checkout;
use crate::world::disk;
use crate::world::git::Git;
use crate::world::interpreter::{self, Interpreter};
use crate::world::manifest::{CargoToml, Manifests, PyProject};
use crate::world::python_request;
use crate::world::session::Session;
use crate::world::tool::{self, Tool};

use hot_function::Found;

pub use built::{BuiltPackage, people, plain};
pub use comparison::{Asked, content_type, differences, keywords, links, lost_sources, unsaid};
pub use crates::{Crate, CrateKind, Library};
pub use distribution::{FOLDER as DISTRIBUTION_FOLDER, RustDistribution};
pub use hot_function::{Call, HotFunction};
pub use module_name::ModuleName;
pub use options::{AdoptionLayout, AdoptionOptions, BESIDE, FunctionPath};
pub use package::PythonPackage;
pub use pyo3::Pyo3;
pub use rust_module::{ModuleKind, ModulePlace, RustModule};
pub use subject::{NeedsBackend, Subject};
pub use takeover::{Takeover, VersionFile};
pub use workspace::CargoWorkspace;

/// What is to be adopted, and its surroundings.
#[derive(Debug)]
pub struct Adoption {
    /// Absolute.
    pub root: Utf8PathBuf,
    pub subject: Subject,
    /// The function that gets a twin in Rust.
    pub function: Option<HotFunction>,
    /// Where a new test goes.
    pub tests: TestPlace,
    /// The content of `.gitignore`; empty if there is none.
    pub gitignore: Option<String>,
    /// What is in the folders that get files, relative to the root.
    pub there: BTreeSet<Utf8PathBuf>,
    /// Whether there is a Cargo.lock, its own or a workspace's.
    pub locked: bool,
    pub cargo: Utf8PathBuf,
    /// If a package is to be built, or a uv.lock has to be updated.
    pub uv: Option<Tool>,
    pub has_uv_lock: bool,
    pub history: History,
    /// A Python to fetch uv with.
    pub any_python: Option<Utf8PathBuf>,
    /// The Python that a package is built with: uv would fetch one if it found an unsuitable one first.
    pub python: Option<Utf8PathBuf>,
    /// What no tool may inherit.
    pub scrubbed: BTreeSet<String>,
}

impl Adoption {
    /// What the folder `root` contains.
    ///
    /// # Errors
    /// [`Error::Refused`] for what cannot become a project that maturin builds, with the reason.
    pub fn read(session: &Session, root: &Utf8Path, options: &AdoptionOptions) -> Result<Self> {
        let subject = subject(&Manifests::default(), root, options)?;
        if let Subject::NeedsBackend(unasked) = &subject {
            package::check_setup(session, &unasked.pyproject)?;
        }
        let Some(path) = &options.function else {
            return Self::of(session, root, subject);
        };
        let subject = match subject {
            Subject::AlreadyMixed(_) => Subject::Module(Box::new(RustModule::read(session, root)?)),
            Subject::Crate(_) | Subject::Workspace(_) => {
                let message =
                    "`--function` is for a Python package, and this is a crate".to_owned();
                return Err(Error::refused(message, "cargo pyx init"));
            }
            other => other,
        };
        let rust = match &subject {
            Subject::Module(module) => Some(&*module.dotted),
            _ => None,
        };
        match HotFunction::find(session, root, path, rust)? {
            Found::AlreadyInRust => {
                Self::of(session, root, Subject::AlreadyMixed(path.to_string()))
            }
            Found::Function(_) if subject.has_function(&path.function) => {
                let message = format!(
                    "the Rust module already has a function `{}`, but it is not this one",
                    path.function
                );
                Err(Error::refused(
                    message,
                    format!("import it in `{}`", path.module),
                ))
            }
            Found::Function(function) => Ok(Self {
                function: Some(*function),
                ..Self::of(session, root, subject)?
            }),
        }
    }

    /// The same package, by what its current build backend made of it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_built(
        self,
        session: &Session,
        built: BuiltPackage,
        options: &AdoptionOptions,
    ) -> Result<Self> {
        let subject = built_subject(&self.root, built, options)?;
        Ok(Self {
            function: self.function,
            ..Self::of(session, &self.root, subject)?
        })
    }

    fn of(session: &Session, root: &Utf8Path, subject: Subject) -> Result<Self> {
        let has_uv_lock = disk::is_file(&root.join("uv.lock"));
        let is_package = matches!(subject, Subject::Package(_) | Subject::NeedsBackend(_));
        let uv = (has_uv_lock || is_package)
            .then(|| tool::uv(session))
            .transpose()?;
        let fetched = uv.as_ref().and_then(|uv| uv.missing.as_ref());
        // a new crate in a workspace of its own, or in none, shares no lock with those above
        let is_alone = match &subject {
            Subject::Workspace(workspace) => workspace.has_own_workspace,
            Subject::Distribution(_) => true,
            _ => is_package,
        };
        let history = History::of(session, root, &subject.setup())?;
        let tests = tests(root, &subject)?;
        let mut above = root.ancestors().map(|dir| dir.join("Cargo.lock"));
        Ok(Self {
            python: python(&subject, || interpreter::installed(session)),
            subject,
            function: None,
            there: there(root, &tests.folder),
            tests,
            gitignore: disk::read_utf8(&root.join(".gitignore"))?,
            locked: !is_alone && above.any(|path| disk::is_file(&path)),
            cargo: tool::cargo(session)?,
            any_python: fetched.and_then(|_| interpreter::any(session)),
            uv,
            has_uv_lock,
            history,
            scrubbed: session.scrubbed(),
            root: root.to_owned(),
        })
    }
}

/// The first that a package allows.
pub fn python(subject: &Subject, installed: impl Fn() -> Vec<Interpreter>) -> Option<Utf8PathBuf> {
    let pyproject = match subject {
        Subject::Package(package) => &package.pyproject,
        Subject::NeedsBackend(package) => &package.pyproject,
        _ => return None,
    };
    let requires = Vec::from_iter(pyproject.requires_python().ok().flatten());
    let mut installed = installed().into_iter();
    let found = installed.find(|found| python_request::is_default(found, &requires))?;
    Some(found.path)
}

/// The state in git of the files that others take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// There is no checkout.
    None,
    /// Their content differs.
    Other,
    Same,
}

impl History {
    /// `names`: files, relative to the root.
    fn of(session: &Session, root: &Utf8Path, names: &[&str]) -> Result<Self> {
        let git = Git { session, dir: root };
        Ok(match checkout::root(root) {
            None => Self::None,
            Some(_) if names.is_empty() || git.keeps(names)? => Self::Same,
            Some(_) => Self::Other,
        })
    }
}

/// What builds a package that names no build backend (PEP 517).
const NO_BACKEND: &str = "setuptools";

impl Adoption {
    /// What builds the package today.
    pub fn backend(&self) -> Option<&str> {
        let pyproject = match &self.subject {
            Subject::Package(package) => &package.pyproject,
            Subject::NeedsBackend(unasked) => &unasked.pyproject,
            _ => return None,
        };
        let said = pyproject.toml.str(&["build-system", "build-backend"]);
        Some(said.unwrap_or(NO_BACKEND))
    }

    /// Whether lock files are updated: not if only a function is added.
    pub fn locks(&self) -> bool {
        !matches!(self.subject, Subject::Module(_))
    }

    /// The lock files that are updated along; relative to the root, else absolute.
    pub fn changed_locks(&self) -> Vec<Utf8PathBuf> {
        if !self.locks() {
            return Vec::new();
        }
        let mut locks: Vec<Utf8PathBuf> = Vec::new();
        if let Some(top) = checkout::root(&self.root).filter(|_| self.locked) {
            let folders = self.root.ancestors().take_while(|dir| dir.starts_with(top));
            let mut above = folders.map(|dir| dir.join("Cargo.lock"));
            let found = above.find(|path| disk::is_file(path));
            let from_root = |path: Utf8PathBuf| match path.strip_prefix(&self.root) {
                Ok(own) => own.to_owned(),
                Err(_) => path,
            };
            locks.extend(found.map(from_root));
        }
        if self.has_uv_lock {
            locks.push("uv.lock".into());
        }
        locks
    }

    /// Whether Cargo.toml is to state a version that git, Python code or a build backend's table used to
    /// state.
    pub fn moves_version(&self) -> bool {
        match &self.subject {
            Subject::Package(package) => {
                let toml = &package.pyproject.toml;
                toml.get(&["project", "version"]).is_none()
            }
            _ => false,
        }
    }

    /// The new distribution, if pyproject.toml has no place to require it.
    pub fn unrequired(&self) -> Option<&str> {
        match &self.subject {
            Subject::Distribution(beside) if !beside.is_required => {
                Some(&beside.module.distribution)
            }
            _ => None,
        }
    }

    /// Why a library gets a separate crate, and where, for people.
    pub fn why_beside(&self) -> Option<String> {
        let Subject::Workspace(workspace) = &self.subject else {
            return None;
        };
        let why = workspace.why.as_ref()?;
        Some(format!(
            "a crate of its own in {}/: {why}",
            workspace.folder
        ))
    }
}

/// Folders that may get files; in those of a package, only free names are used.
const FILLED_FOLDERS: [&str; 6] = ["", "benchmarks", "rust", "rust/src", "src", "tests"];

/// What is in those folders, and in the tests' folder.
fn there(root: &Utf8Path, tests: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    let below = |place: &Utf8Path| {
        let names = disk::names(&root.join(place)).into_iter();
        names.map(|name| place.join(name)).collect::<Vec<_>>()
    };
    let folders = FILLED_FOLDERS.iter().map(|place| Utf8Path::new(*place));
    folders.chain([tests]).flat_map(below).collect()
}

/// A crate without Python has no tests to put others next to.
fn tests(root: &Utf8Path, subject: &Subject) -> Result<TestPlace> {
    if matches!(subject, Subject::Crate(_) | Subject::Workspace(_)) {
        return Ok(TestPlace::default());
    }
    let manifests = Manifests::default();
    let pyproject = manifests.pyproject_or_empty(&root.join("pyproject.toml"))?;
    TestPlace::of(&manifests, &pyproject)
}

pub(crate) fn subject(
    manifests: &Manifests,
    root: &Utf8Path,
    options: &AdoptionOptions,
) -> Result<Subject> {
    let pyproject = manifests.pyproject(&root.join("pyproject.toml"))?;
    let cargo = manifests.cargo(&root.join("Cargo.toml"))?;
    match (pyproject, cargo) {
        (Some(pyproject), _) if pyproject.builds_with_maturin() => {
            Ok(Subject::AlreadyMixed(name_of(pyproject.name(), root)))
        }
        (Some(_), Some(_)) => Err(both(root)),
        (None, Some(_)) if is_of_setuptools(root) => Err(both(root)),
        (Some(pyproject), None) => of_python(manifests, pyproject, options),
        (None, Some(cargo)) => without_pyproject(manifests, cargo, options),
        (None, None) if is_of_setuptools(root) => of_python(
            manifests,
            manifests.pyproject_or_empty(&root.join("pyproject.toml"))?,
            options,
        ),
        (None, None) => {
            let message = format!("neither pyproject.toml nor Cargo.toml in `{root}`");
            Err(Error::refused(message, "cargo pyx new NAME"))
        }
    }
}

/// A package by what its current build backend made of it.
pub(crate) fn built_subject(
    root: &Utf8Path,
    built: BuiltPackage,
    options: &AdoptionOptions,
) -> Result<Subject> {
    let manifests = Manifests::default();
    let pyproject = manifests.pyproject_or_empty(&root.join("pyproject.toml"))?;
    let package = PythonPackage::of_built(&manifests, pyproject, built, options)?;
    Ok(Subject::Package(Box::new(package)))
}

fn both(root: &Utf8Path) -> Error {
    Error::refused(
        format!("`{root}` has a Python package and a crate that are not connected"),
        "run init for one of them in a folder of its own: cargo pyx init -C FOLDER",
    )
}

fn is_of_setuptools(root: &Utf8Path) -> bool {
    ["setup.py", "setup.cfg"]
        .iter()
        .any(|name| disk::is_file(&root.join(name)))
}

/// A package that describes itself, one that has to be built for that, or one that stays as it is.
fn of_python(
    manifests: &Manifests,
    pyproject: Arc<PyProject>,
    options: &AdoptionOptions,
) -> Result<Subject> {
    if let Some(name) = distribution::there(manifests, pyproject.dir())? {
        return Ok(Subject::AlreadyMixed(name));
    }
    if options.layout == Some(AdoptionLayout::Workspace) {
        let beside = RustDistribution::read(manifests, pyproject, options)?;
        return Ok(Subject::Distribution(Box::new(beside)));
    }
    if package::is_plain(&pyproject) {
        let package = PythonPackage::read(manifests, pyproject, options)?;
        return Ok(Subject::Package(Box::new(package)));
    }
    package::check_native(&pyproject)?;
    let root = pyproject.dir();
    if !pyproject.is_built() && pyproject.name().is_none() && !is_of_setuptools(root) {
        let message = format!("`{}` describes no package", pyproject.toml.path);
        let hint = "describe it in `[project]`, with `name` and `version`";
        return Err(Error::refused(message, hint));
    }
    Ok(Subject::NeedsBackend(Box::new(NeedsBackend { pyproject })))
}

fn without_pyproject(
    manifests: &Manifests,
    cargo: Arc<CargoToml>,
    options: &AdoptionOptions,
) -> Result<Subject> {
    let root = cargo.dir();
    if let Some(name) = workspace::member_there(manifests, root)? {
        return Ok(Subject::AlreadyMixed(name));
    }
    if cargo.package_name().is_none() {
        let workspace = CargoWorkspace::read(manifests, cargo, options)?;
        return Ok(Subject::Workspace(Box::new(workspace)));
    }
    if embeds(manifests, &cargo)? {
        return Ok(Subject::AlreadyMixed(name_of(cargo.package_name(), root)));
    }
    subject::of_crate(manifests, cargo, options)
}

/// Whether it is a program that runs Python: that needs no Python package. A library that has Python behind a
/// feature may also have programs without it.
fn embeds(manifests: &Manifests, cargo: &CargoToml) -> Result<bool> {
    let is_program = !cargo.bins().is_empty();
    let is_for_others = cargo.has_lib() && links_python_optionally(cargo);
    Ok(is_program && !is_for_others && depends_on_python(manifests, cargo)?)
}

fn name_of(name: Option<&str>, root: &Utf8Path) -> String {
    name.or(root.file_name()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
