//! One installation of dependencies.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::requirement::Requirement;
use crate::world::manifest::{Manifests, PyProject};

/// Where the versions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// uv.lock at the project's root, exactly.
    Lock(Utf8PathBuf),
    /// uv.lock of a project above that only develops the packages, exactly.
    LockAbove(Utf8PathBuf),
    /// The metadata of one pyproject.toml: uv resolves; no lock file is written.
    Metadata(Utf8PathBuf),
    /// All packages of a uv workspace without a lock: uv resolves them at once; no lock file is written.
    Workspace(UnlockedWorkspace),
    /// Plain requirements: part of what a file asks for, or what none does. uv resolves them; no lock file is
    /// written.
    Requirements {
        /// The file that names them: a pyproject.toml, or one of the project's automation; `None` if no file
        /// does, as for a default runner.
        manifest: Option<Utf8PathBuf>,
        requirements: Vec<Requirement>,
    },
    /// A requirements file.
    File(Utf8PathBuf),
}

impl Source {
    /// Part of what a pyproject.toml asks for, as plain requirements; `texts`: PEP 508.
    pub(super) fn listed(pyproject: &PyProject, texts: Vec<String>) -> Self {
        Self::listed_in(pyproject.toml.path.clone(), Requirement::packages(texts))
    }

    /// What one file of any kind asks for, as plain requirements.
    pub(super) fn listed_in(file: Utf8PathBuf, requirements: Vec<Requirement>) -> Self {
        Self::Requirements {
            manifest: Some(file),
            requirements,
        }
    }

    /// What no file asks for.
    pub(super) fn unlisted(requirement: &str) -> Self {
        Self::Requirements {
            manifest: None,
            requirements: vec![Requirement::Package(requirement.to_owned())],
        }
    }

    /// The file that says what is installed; `None` if none does.
    pub fn path(&self) -> Option<&Utf8PathBuf> {
        match self {
            Self::Lock(path) | Self::LockAbove(path) | Self::Metadata(path) | Self::File(path) => {
                Some(path)
            }
            Self::Workspace(workspace) => Some(&workspace.root),
            Self::Requirements { manifest, .. } => manifest.as_ref(),
        }
    }

    /// The pyproject.toml whose groups and extras are installed with it; `None` if another kind of file names
    /// them.
    pub(super) fn pyproject(&self, manifests: &Manifests) -> Result<Option<Arc<PyProject>>> {
        let path = match self {
            Self::Lock(lock) | Self::LockAbove(lock) => &lock.with_file_name("pyproject.toml"),
            other => match other.path() {
                Some(path) => path,
                None => return Ok(None),
            },
        };
        if path.file_name() != Some("pyproject.toml") {
            return Ok(None);
        }
        manifests.pyproject(path)
    }

    /// Whether it comes from this pyproject.toml.
    pub(super) fn is_of(&self, pyproject: &Utf8Path) -> bool {
        self.path().is_some_and(|path| path == pyproject)
    }
}

/// What uv is given of a uv workspace without a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockedWorkspace {
    /// pyproject.toml of its root.
    pub root: Utf8PathBuf,
    /// What is installed itself, editable as in uv.
    pub installed: Vec<WorkspacePackage>,
    /// Packages of which only the dependencies are installed: maturin installs the package, or nothing does.
    pub others: Vec<WorkspacePackage>,
}

/// A package of a uv workspace with those groups and extras of an installation that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspacePackage {
    /// pyproject.toml.
    pub manifest: Utf8PathBuf,
    pub groups: Vec<String>,
    pub extras: Vec<String>,
    /// Whether it is a package, and not a root with groups only.
    pub is_project: bool,
}

/// Which packages of a uv workspace are installed with their dependencies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Not a workspace.
    #[default]
    Project,
    All,
    /// By name: all of them together conflict.
    Named(Vec<String>),
}

impl Scope {
    /// Whether a package of the workspace is installed.
    pub(super) fn holds(&self, package: &PyProject) -> bool {
        match self {
            Self::Project | Self::All => true,
            Self::Named(names) => package
                .normalized_name()
                .is_some_and(|name| names.contains(&name)),
        }
    }
}

/// One installation of dependencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    pub source: Source,
    pub groups: Vec<String>,
    pub extras: Vec<String>,
    /// Whether `groups` are the project's default ones, which uv adds by itself.
    pub default_groups: bool,
    pub scope: Scope,
}

impl Sync {
    /// What a source means by itself, with the default groups.
    pub fn of(source: Source) -> Self {
        Self {
            source,
            groups: Vec::new(),
            extras: Vec::new(),
            default_groups: true,
            scope: Scope::default(),
        }
    }
}
