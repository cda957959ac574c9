//! The environment of a project: which one it is, and its state. `layout` says where things are in it,
//! `health` what is wrong with it; `conda` is about those that conda creates.

mod conda;
mod health;
mod layout;
mod path_files;
pub mod requested_python;

use camino::Utf8PathBuf;
use pep440_rs::Version;

use crate::facts::fingerprint::{EnvironmentRecord, LoadedRecord};
use crate::facts::project::Project;
use crate::model::error::{Error, Result};
use crate::model::path::normalize;
use crate::world::disk;
use crate::world::python_request::{self, InterpreterChoice, PythonRequest, satisfies};
use crate::world::session::Session;

use health::{elsewhere, look};
use layout::{implementation_of, version_of};

pub use health::{foreign, half_removed};
pub use layout::{Environment, State};
pub use path_files::{path_file_folders, path_file_folders_of};

impl Environment {
    /// The environment of the project for a request; read-only.
    pub fn gather(
        session: &Session,
        project: &Project,
        request: Option<&PythonRequest>,
    ) -> Result<Self> {
        let (environment, _) = Self::with_record(session, project, request)?;
        Ok(environment)
    }

    /// The same, with pyx's record of it.
    pub fn with_record(
        session: &Session,
        project: &Project,
        request: Option<&PythonRequest>,
    ) -> Result<(Self, LoadedRecord<EnvironmentRecord>)> {
        let default = default_path(session, project);
        let found = look(&default, session, project, request);
        let Some(request) = request.filter(|request| request.is_of_this_run()) else {
            return Ok(found);
        };
        let version = match version_of(&default) {
            Some(version) => Some(version),
            None => default_version(session, project)?,
        };
        let implementation = implementation_of(&default);
        if version.is_none_or(|version| satisfies(session, request, &version, implementation)) {
            return Ok(found);
        }
        let path = project.envs().join(folder_name(&request.text));
        Ok(look(&path, session, project, Some(request)))
    }

    /// A working one; `None` if there is none.
    pub fn at(path: Utf8PathBuf) -> Option<Self> {
        let version = version_of(&path)?;
        let environment = Self {
            state: State::of(&path, version),
            is_condas: conda::is_at(&path),
            path,
        };
        let works = disk::is_file(&environment.python()) && elsewhere(&environment.path).is_none();
        works.then_some(environment)
    }
}

/// A folder name that is valid on every system, distinct for each request.
fn folder_name(request: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
    let name = request.replace(|c| !is_plain(c), "_");
    if name == request {
        return name;
    }
    format!("{name}-{}", &disk::digest(request.as_bytes())[..8])
}

/// `UV_PROJECT_ENVIRONMENT`, else `[tool.pyx] environment`, else `.venv`, all at the uv project's root (uv
/// docs, "Project environment path").
pub fn default_path(session: &Session, project: &Project) -> Utf8PathBuf {
    let named = session.var("UV_PROJECT_ENVIRONMENT");
    let named = named.or(project.config.environment.as_deref());
    normalize(&project.home.join(named.unwrap_or(".venv")))
}

/// The error, with the variables that move the folder if it is about a build folder or the default environment.
pub fn explained(error: Error, session: &Session, project: &Project) -> Error {
    let Error::Machine(error) = error else {
        return error;
    };
    let targets = project.all().map(|member| member.target.clone());
    let own = [project.state.clone(), default_path(session, project)];
    let folders: Vec<Utf8PathBuf> = targets.chain(own).collect();
    error.placed_in(&folders).into()
}

/// The version that the default environment would be created with.
fn default_version(session: &Session, project: &Project) -> Result<Option<Version>> {
    let installed = requested_python::installed(session, project)?;
    let request = requested_python::request(session, project, None)?;
    let requires = project.environment_requires_python();
    let choice = python_request::choose(session, &installed, request.as_ref(), &requires)?;
    Ok(match choice {
        InterpreterChoice::Use(found) => Some(found.version),
        InterpreterChoice::Download(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    #[cfg(unix)]
    use crate::facts::project::Member;
    use crate::model::venv;

    use super::*;

    #[test]
    fn the_folder_of_a_request_has_a_name_that_every_system_takes() {
        for plain in ["3.12", "pypy3.11", "3.13t"] {
            assert_eq!(folder_name(plain), plain);
        }
        let odd = [">=3.8,<3.11", r"C:\Py\python.exe", "a/b", "a b"].map(folder_name);
        assert!(odd.iter().collect::<std::collections::BTreeSet<_>>().len() == odd.len());
        for name in &odd {
            assert!(!name.contains(['<', '>', ':', '\\', '/', ' ']), "{name}");
        }
    }

    #[test]
    fn an_environment_that_is_not_where_it_was_made_is_none() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let make = |name: &str, place: &Utf8Path| {
            let dir = root.join(name);
            let activate = format!("VIRTUAL_ENV='{place}'\nexport VIRTUAL_ENV\n");
            let config = b"home = /usr/bin\nversion_info = 3.12.1\n";
            disk::write(&venv::python(&dir), b"").unwrap();
            disk::write(&dir.join("pyvenv.cfg"), config).unwrap();
            disk::write(&venv::bin(&dir).join("activate"), activate.as_bytes()).unwrap();
            dir
        };
        let own = make("own", &root.join("own"));
        let copy = make("copy", &own);
        let moved = make("moved", &root.join("gone"));
        for (dir, place) in [
            (&own, None),
            (&copy, Some(own.clone())),
            (&moved, Some(root.join("gone"))),
        ] {
            assert_eq!(elsewhere(dir), place, "{dir}");
            assert_eq!(
                Environment::at(dir.clone()).is_some(),
                place.is_none(),
                "{dir}"
            );
        }
        #[cfg(unix)]
        {
            let link = root.join("link");
            std::os::unix::fs::symlink(&own, &link).unwrap();
            assert_eq!(elsewhere(&link), None);
        }
    }

    /// One of conda's in the layout of Linux, after a downgrade: a folder of a newer Python is left.
    #[cfg(unix)]
    fn of_conda(root: &Utf8Path) -> Environment {
        let dir = root.join("env");
        let header = b"#define PY_VERSION \"3.13.2\"\n";
        disk::write(&dir.join("conda-meta/history"), b"").unwrap();
        disk::write(&dir.join("bin/python"), b"").unwrap();
        disk::write(&dir.join("include/python3.13t/patchlevel.h"), header).unwrap();
        for name in ["python3.1", "python3.13t", "python3.14"] {
            disk::create_dir(&dir.join("lib").join(name).join("site-packages")).unwrap();
        }
        Environment::at(dir).unwrap()
    }

    #[test]
    #[cfg(unix)]
    fn an_environment_of_conda_has_the_folders_of_the_python_that_it_has() {
        let temp = tempfile::tempdir().unwrap();
        let environment = of_conda(Utf8Path::from_path(temp.path()).unwrap());
        let packages = environment.path.join("lib/python3.13t/site-packages");
        assert_eq!(environment.site_packages(), Some(packages));
        let python = environment.interpreter().unwrap();
        assert_eq!(python.to_string(), "CPython 3.13.2t");
        let record = EnvironmentRecord::default();
        assert!(environment.is_condas && !health::is_replaceable(&environment, &record));
    }

    #[test]
    #[cfg(unix)]
    fn what_conda_keeps_is_known_and_what_it_forbids_refused() {
        let temp = tempfile::tempdir().unwrap();
        let environment = of_conda(Utf8Path::from_path(temp.path()).unwrap());
        let packages = environment.site_packages().unwrap();
        let install = |name: &str, installer: &str| {
            let file = packages.join(name).join("INSTALLER");
            disk::write(&file, installer.as_bytes()).unwrap();
        };
        install("six-1.16.0.dist-info", "conda");
        install("hello-1.0.dist-info", "uv");
        let own = Member {
            name: "hello".into(),
            ..Member::default()
        };
        let kept = || environment.packages_of_others(std::slice::from_ref(&own));
        assert_eq!(kept().unwrap(), ["six==1.16.0"]);
        install("hello-1.0.dist-info", "conda");
        let error = kept().unwrap_err().to_string();
        assert!(error.contains("has hello from conda"), "{error}");
        install("hello-1.0.dist-info", "pip");
        assert_eq!(kept().unwrap(), ["six==1.16.0"]);
        let mark = packages.with_file_name("EXTERNALLY-MANAGED");
        disk::write(&mark, b"").unwrap();
        let error = kept().unwrap_err().to_string();
        assert!(error.contains("does not accept packages"), "{error}");
        let others = Environment {
            is_condas: false,
            ..environment
        };
        assert!(others.packages_of_others(&[]).unwrap().is_empty());
    }

    #[test]
    fn an_environment_without_the_gil_is_told_by_its_folders() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let make = |name: &str, home: &str, python: &str| {
            let dir = root.join(name);
            let config = format!("home = {home}\nversion_info = 3.13.0\n");
            disk::write(&dir.join("pyvenv.cfg"), config.as_bytes()).unwrap();
            disk::write(&venv::python(&dir), b"").unwrap();
            disk::create_dir(&venv::lib(&dir).join(python)).unwrap();
            let environment = Environment::at(dir).unwrap();
            environment.interpreter().unwrap().to_string()
        };
        let on_windows = "C:\\cpython-3.13.0+freethreaded-windows-x86_64-none";
        assert_eq!(make("a", "/usr/bin", "python3.13t"), "CPython 3.13.0t");
        assert_eq!(make("b", on_windows, "site-packages"), "CPython 3.13.0t");
        assert_eq!(make("c", "/usr/bin", "python3.13"), "CPython 3.13.0");
    }
}
