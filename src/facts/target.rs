//! The environment that a command works in: what is installed in it, and why its packages are stale; whether it
//! is stale itself, `staleness` judges.

use camino::Utf8PathBuf;

use crate::facts::dependencies::Dependencies;
use crate::facts::environment::{Environment, State};
use crate::facts::fingerprint::{self, EnvironmentRecord, SyncRecord};
use crate::facts::local_distributions::LocalDistribution;
use crate::facts::project::Project;
use crate::model::reason::Reason;
use crate::world::interpreter::{Interpreter, Probe};
use crate::world::python_request::{self, Choice};
use crate::world::session::Session;

/// The names of the environment's sync records.
pub const DEV: &str = "dev";
pub const TEST: &str = "test";
pub const DEVELOPERS: &str = "developers";

#[derive(Clone, Debug, Default)]
pub struct Target {
    pub environment: Environment,
    /// Which Python the project or the command line asks for.
    pub requested: Option<python_request::PythonRequest>,
    /// Why the environment must be made; `None` when it is good.
    pub stale: Option<Reason>,
    /// What to make the environment from; `None` when it is good.
    pub interpreter: Option<Choice>,
    /// Of the environment's Python, or of the one that it will be made with; `None` as long as
    /// nothing is to be done, or while that Python is not here.
    pub probe: Option<Probe>,
    /// The folders besides that of its packages from which the environment imports, as far as they
    /// are known before anything is installed.
    pub linked: Vec<Utf8PathBuf>,
    pub dependencies: Packages,
    /// Those that only tests need.
    pub test_dependencies: Packages,
    /// Those that the project lists for its developers, where a recipe of its own is to be run.
    pub developer_dependencies: Packages,
}

/// Packages that the environment must hold.
#[derive(Clone, Debug, Default)]
pub struct Packages {
    pub dependencies: Dependencies,
    /// Why they must be installed; `None` when they are there.
    pub stale: Option<Reason>,
    /// Those of this machine's files that changed, which uv would take for installed.
    pub reinstalled: Vec<String>,
}

impl Target {
    /// The same packages in an environment that is made anew at `path`, absolute.
    #[must_use]
    pub fn clean(&self, path: Utf8PathBuf, interpreter: Interpreter, probe: Option<Probe>) -> Self {
        let reason = Reason::Environment {
            why: "a clean environment for the wheel".into(),
        };
        let packages = |known: &Packages| Packages {
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
            },
            requested: self.requested.clone(),
            stale: Some(reason.clone()),
            interpreter: Some(Choice::Use(interpreter)),
            probe,
            linked: Vec::new(),
            dependencies: packages(&self.dependencies),
            test_dependencies: packages(&self.test_dependencies),
            developer_dependencies: Packages::default(),
        }
    }

    pub(crate) fn is_stale(&self) -> bool {
        self.stale.is_some() || self.packages_are_stale()
    }

    /// Whether packages come or go.
    pub(crate) fn packages_are_stale(&self) -> bool {
        self.dependencies.stale.is_some()
            || self.test_dependencies.stale.is_some()
            || self.developer_dependencies.stale.is_some()
    }

    /// The interpreter that the environment has, or will be made with.
    pub fn base(&self) -> Interpreter {
        if let Some(Choice::Use(chosen)) = &self.interpreter {
            return chosen.clone();
        }
        let version = match &self.environment.state {
            State::Good { version } => version.clone(),
            State::Missing | State::Bad { .. } => pep440_rs::Version::new([3]),
        };
        Interpreter {
            path: self.environment.python(),
            version,
            free_threaded: false,
        }
    }
}

impl Packages {
    /// `all`: why everything is to be done again.
    pub(super) fn judge(
        dependencies: Dependencies,
        name: &str,
        record: &EnvironmentRecord,
        all: Option<&Reason>,
        (session, project): (&Session, &Project),
    ) -> Self {
        let compare = || {
            let Some(then) = record.syncs.get(name) else {
                return Some(Reason::First {
                    what: format!("packages for {name}"),
                });
            };
            fingerprint::stale_settings(&then.settings, &dependencies.settings)
                .or_else(|| fingerprint::stale(&then.inputs, session))
                .map(|reason| reason.relative_to(&project.root))
        };
        let stale = all.cloned().or_else(compare);
        Self {
            dependencies,
            stale,
            reinstalled: Vec::new(),
        }
    }

    /// Finds out which distributions of this machine's files are not as they were installed.
    pub(super) fn look_at_local(
        &mut self,
        session: &Session,
        record: Option<&SyncRecord>,
        local: &[LocalDistribution],
    ) {
        let Some(record) = record.filter(|_| self.stale.is_some()) else {
            return;
        };
        let is_stale = |one: &&LocalDistribution| {
            let mut own = record.inputs.iter();
            let own =
                own.find(|input| input.path().is_some_and(|path| path.starts_with(&one.from)));
            own.is_none_or(|input| input.stale(session).is_some())
        };
        let changed = local.iter().filter(is_stale);
        self.reinstalled = changed.map(|one| one.name.clone()).collect();
    }
}
