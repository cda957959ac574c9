//! Whether an environment works, what is wrong with it, and who may recreate it.

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;

use crate::facts::fingerprint::{EnvironmentRecord, LoadedRecord};
use crate::facts::project::Project;
use crate::model::venv;
use crate::world::disk;
use crate::world::interpreter;
use crate::world::python_request::{PythonRequest, satisfies};
use crate::world::session::Session;

use super::conda;
use super::layout::{Environment, State, implementation_of, version_of};

/// The environment at a path in its current state, and pyx's record of it.
pub(super) fn look(
    path: &Utf8Path,
    session: &Session,
    project: &Project,
    request: Option<&PythonRequest>,
) -> (Environment, LoadedRecord<EnvironmentRecord>) {
    let mut environment = Environment {
        path: path.to_owned(),
        state: State::Missing,
        is_condas: conda::owns(path),
    };
    let record = EnvironmentRecord::load(&environment.record_path());
    environment.state = if disk::is_there(path) {
        let checkup = Checkup {
            environment: &environment,
            record: &record.record,
            session,
            project,
            request,
        };
        checkup.state()
    } else if environment.is_condas {
        State::Bad {
            why: "conda or pixi has to create it".into(),
            replaceable: false,
        }
    } else {
        State::Missing
    };
    (environment, record)
}

/// What an existing environment is checked against. Problems are the end of a sentence.
struct Checkup<'a> {
    environment: &'a Environment,
    record: &'a EnvironmentRecord,
    session: &'a Session,
    project: &'a Project,
    request: Option<&'a PythonRequest>,
}

impl Checkup<'_> {
    fn state(&self) -> State {
        let trouble = |version: Version| match self.trouble(&version) {
            None => Ok(version),
            Some(why) => Err(why),
        };
        match self.version().and_then(trouble) {
            Ok(version) => State::of(&self.environment.path, version),
            Err(why) => State::Bad {
                why,
                replaceable: is_replaceable(self.environment, self.record),
            },
        }
    }

    /// The version of its Python; if it has none, what it lacks.
    fn version(&self) -> Result<Version, String> {
        let environment = self.environment;
        if !disk::is_dir(&environment.path) {
            return Err("it is not a directory".into());
        }
        let version = version_of(&environment.path).ok_or(if environment.is_condas {
            "it has no Python"
        } else {
            "its `pyvenv.cfg` is missing or broken"
        })?;
        if !disk::is_file(&environment.python()) {
            return Err("its Python is gone".into());
        }
        Ok(version)
    }

    fn trouble(&self, version: &Version) -> Option<String> {
        let place = elsewhere(&self.environment.path);
        place
            .map(|place| format!("it was made for `{place}`"))
            .or_else(|| self.other_python())
            .or_else(|| self.too_old_or_new(version))
            .or_else(|| self.unasked_for(version))
    }

    /// How its Python differs from the one it was created with, if the file changed: its packages are in a
    /// folder of the old version and compiled for that. It is asked only then.
    fn other_python(&self) -> Option<String> {
        // a conda environment's Python may be changed: what is built for it is then stale
        if self.environment.is_condas {
            return None;
        }
        let known = self.record.interpreter.as_ref()?;
        if known.is_current(self.session) {
            return None;
        }
        let now = interpreter::probe(self.session, &self.environment.python()).ok()?;
        let [was, is] = [&known.probe, &now].map(|probe| (probe.signature(), probe.folder()));
        (was != is).then(|| format!("its Python is now {}, and was {}", is.0, was.0))
    }

    fn too_old_or_new(&self, version: &Version) -> Option<String> {
        self.project.members.iter().find_map(|member| {
            let requires = member.requires_python.as_ref()?;
            let name = &member.name;
            (!requires.contains(version))
                .then(|| format!("it has Python {version}, but {name} requires {requires}"))
        })
    }

    fn unasked_for(&self, version: &Version) -> Option<String> {
        let environment = self.environment;
        let request = self.request.filter(|request| !request.is_of_this_run())?;
        // naming an environment chooses its Python
        let is_chosen = environment.is_condas && request.is_soft();
        let is_settled = || self.record.requested.as_ref() == Some(&request.text);
        let is_met = || {
            let implementation = implementation_of(&environment.path);
            satisfies(self.session, request, version, implementation)
        };
        (!is_chosen && !is_settled() && !is_met()).then(|| {
            let (from, text) = (&request.from, &request.text);
            format!("it has Python {version}, but {from} asks for {text}")
        })
    }
}

/// Where an environment was created, if that is not where it is: if it was copied or moved, its scripts would
/// run the Python, and so the packages, of that place.
pub(super) fn elsewhere(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let activate = venv::bin(path).join("activate");
    let text = disk::read_text(&activate).ok()??;
    let place = venv::made_for(&text)?;
    (!disk::is_same(&place, path)).then_some(place)
}

/// Whether uv created it, or pyx, which records that; an empty folder may be replaced too.
pub(super) fn is_replaceable(environment: &Environment, record: &EnvironmentRecord) -> bool {
    if environment.is_condas {
        return false;
    }
    let is_empty = || disk::is_dir(&environment.path) && disk::names(&environment.path).is_empty();
    environment.is_uvs() || record.made || is_empty()
}

/// What pip leaves among the packages if it is interrupted while removing one, as part of a sentence.
pub fn half_removed(project: &Project, environment: &Environment) -> Option<String> {
    let packages = environment.site_packages()?;
    let mut names = disk::names(&packages);
    names.retain(|name| name.starts_with('~'));
    let (folder, names) = (project.display(&packages), names.join("`, `"));
    (!names.is_empty())
        .then(|| format!("pip left `{names}` half removed in `{folder}`: no package needs them"))
}

/// A foreign environment that is active in the shell and that no command touches.
pub fn foreign(session: &Session, project: &Project, environment: &Environment) -> Option<String> {
    let own = disk::resolve(&environment.path);
    let active = session.active_environments().into_iter();
    let others = active.filter(|(_, path)| disk::resolve(path) != own);
    let named: Vec<&str> = others.map(|(name, _)| name).collect();
    (!named.is_empty()).then(|| {
        let path = project.display(&environment.path);
        format!("{} ignored: using `{path}`", named.join(" and "))
    })
}
