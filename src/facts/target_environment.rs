//! The environment that a command works in, and what it must hold; `staleness` judges whether it is stale.

use camino::Utf8PathBuf;

use crate::facts::environment::{Environment, State};
use crate::facts::required_packages::RequiredPackages;
use crate::model::implementation::Implementation;
use crate::model::reason::Reason;
use crate::world::interpreter::{Interpreter, Probe};
use crate::world::python_request::{InterpreterChoice, PythonRequest};

#[derive(Clone, Debug, Default)]
pub struct TargetEnvironment {
    pub environment: Environment,
    /// Which Python the project or the command line asks for.
    pub requested: Option<PythonRequest>,
    /// Why the environment must be created; `None` if it is good.
    pub stale: Option<Reason>,
    /// What to create the environment from; `None` if it is good.
    pub interpreter: Option<InterpreterChoice>,
    /// Of the environment's Python, or of the one that it will be created with; `None` while there is nothing
    /// to do, or while that Python is not installed.
    pub probe: Option<Probe>,
    /// The folders besides site-packages from which the environment imports, as far as they are known before
    /// anything is installed.
    pub path_file_folders: Vec<Utf8PathBuf>,
    /// What a conda environment holds and keeps, as requirements: `numpy==2.3.1`; known if there is something
    /// to do.
    pub kept_packages: Vec<String>,
    /// Distributions of packages of the project that no longer exist in their folders.
    pub gone: Vec<String>,
    pub dependencies: RequiredPackages,
    /// Those that only tests need.
    pub test_dependencies: RequiredPackages,
    /// Those that the project lists for its developers, if one of its own recipes is to be run.
    pub developer_dependencies: RequiredPackages,
}

impl TargetEnvironment {
    /// The same packages in an environment that is newly created at `path`, absolute.
    #[must_use]
    pub fn clean(&self, path: Utf8PathBuf, interpreter: Interpreter, probe: Option<Probe>) -> Self {
        let reason = Reason::Environment {
            why: "a clean environment for the wheel".into(),
        };
        let packages = |known: &RequiredPackages| RequiredPackages {
            dependencies: known.dependencies.clone(),
            stale: Some(reason.clone()),
            reinstalled: Vec::new(),
        };
        Self {
            environment: Environment {
                path,
                state: State::Bad {
                    why: String::new(),
                    replaceable: true,
                },
                is_condas: false,
            },
            requested: self.requested.clone(),
            stale: Some(reason.clone()),
            interpreter: Some(InterpreterChoice::Use(interpreter)),
            probe,
            path_file_folders: Vec::new(),
            kept_packages: Vec::new(),
            gone: Vec::new(),
            dependencies: packages(&self.dependencies),
            test_dependencies: packages(&self.test_dependencies),
            developer_dependencies: RequiredPackages::default(),
        }
    }

    pub(crate) fn is_stale(&self) -> bool {
        self.stale.is_some() || self.packages_are_stale() || !self.gone.is_empty()
    }

    /// Whether packages are added or removed.
    pub(crate) fn packages_are_stale(&self) -> bool {
        self.dependencies.stale.is_some()
            || self.test_dependencies.stale.is_some()
            || self.developer_dependencies.stale.is_some()
    }

    /// The interpreter that the environment has, or will be made with.
    pub fn base(&self) -> Interpreter {
        if let Some(InterpreterChoice::Use(chosen)) = &self.interpreter {
            return chosen.clone();
        }
        let unknown = || Interpreter {
            path: self.environment.python(),
            version: pep440_rs::Version::new([3]),
            implementation: Implementation::default(),
        };
        self.environment.interpreter().unwrap_or_else(unknown)
    }
}
