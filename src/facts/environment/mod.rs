//! The environment: where it is, whether it works, who made it.

mod conda;
mod path_files;
pub mod requested_python;

use std::collections::BTreeMap;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;

use crate::facts::fingerprint::EnvironmentRecord;
use crate::facts::project::{Member, Project};
use crate::model::error::{Error, Result};
use crate::model::implementation::Implementation;
use crate::model::invocation::quote;
use crate::model::path::normalize;
use crate::model::venv;
use crate::world::disk;
use crate::world::interpreter::{self, Interpreter, Probe};
use crate::world::python_request::{self, Choice, PythonRequest, satisfies};
use crate::world::session::Session;

pub use path_files::{path_file_folders, path_file_folders_of};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Absolute.
    pub path: Utf8PathBuf,
    pub state: State,
    /// Whether it is conda's, mamba's or pixi's, or theirs to make.
    pub is_condas: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Missing,
    Good {
        version: Version,
        implementation: Implementation,
    },
    /// It is there and cannot be used.
    Bad {
        why: String,
        /// Whether uv or pyx made it, so that it may be rebuilt.
        replaceable: bool,
    },
}

impl State {
    /// Of an environment at `path` that works.
    fn of(path: &Utf8Path, version: Version) -> Self {
        Self::Good {
            version,
            implementation: implementation_of(path),
        }
    }
}

impl Environment {
    /// The environment of the project for a request; looks, changes nothing.
    pub fn gather(
        session: &Session,
        project: &Project,
        request: Option<&PythonRequest>,
    ) -> Result<Self> {
        let default = default_path(session, project);
        let found = look(&default, session, project, request);
        let Some(request) = request.filter(|request| request.is_flag()) else {
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
        let name = request.text.replace(['/', '\\', ' '], "_");
        let path = project.envs().join(name);
        Ok(look(&path, session, project, Some(request)))
    }

    /// One that works; `None` where there is none.
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

    /// Its Python, where it works.
    pub fn interpreter(&self) -> Option<Interpreter> {
        let State::Good {
            version,
            implementation,
        } = &self.state
        else {
            return None;
        };
        Some(Interpreter {
            path: self.python(),
            version: version.clone(),
            implementation: *implementation,
        })
    }

    pub fn works(&self) -> bool {
        matches!(self.state, State::Good { .. })
    }

    /// The name of an environment besides the default one, under `target/pyx/envs`.
    pub fn alternative(&self, project: &Project) -> Option<&str> {
        self.path
            .strip_prefix(project.envs())
            .ok()
            .map(Utf8Path::as_str)
    }

    pub fn python(&self) -> Utf8PathBuf {
        if self.is_condas {
            conda::python(&self.path)
        } else {
            venv::python(&self.path)
        }
    }

    /// The file that tells which Python it has, absolute.
    pub fn version_file(&self) -> Utf8PathBuf {
        let of_conda = self.is_condas.then(|| conda::version_file(&self.path));
        of_conda
            .flatten()
            .unwrap_or_else(|| self.path.join("pyvenv.cfg"))
    }

    /// The variable that names the environment to programs in it.
    pub fn variable(&self) -> &'static str {
        if self.is_condas {
            "CONDA_PREFIX"
        } else {
            "VIRTUAL_ENV"
        }
    }

    /// What an environment of conda holds that neither uv nor, under one of these names, pyx has put
    /// there, as requirements (`numpy==2.3.1`): whoever did keeps it.
    ///
    /// # Errors
    /// [`Error::Refused`] where conda has installed one of these itself.
    pub fn packages_of_others(&self, own: &[Member]) -> Result<Vec<String>> {
        let Some(packages) = self.site_packages().filter(|_| self.is_condas) else {
            return Ok(Vec::new());
        };
        // PEP 668
        let mark = packages.with_file_name("EXTERNALLY-MANAGED");
        if disk::is_file(&mark) {
            let message = format!("`{}` takes no packages: `{mark}` says so", self.path);
            let hint = "name another environment with UV_PROJECT_ENVIRONMENT";
            return Err(Error::refused(message, hint));
        }
        let mut others = Vec::new();
        for package in conda::installed(&packages) {
            let name = &package.name;
            let is_own = own.iter().any(|member| member.name == *name);
            if is_own && package.is_condas() {
                let message = format!(
                    "`{}` has {name} from conda, which is not replaced",
                    self.path
                );
                let prefix = quote(self.path.as_str());
                let hint =
                    format!("conda remove -p {prefix} --force {name}, or pixi remove {name}");
                return Err(Error::refused(message, hint));
            }
            if !is_own && !package.is_uvs() {
                others.push(package.requirement());
            }
        }
        Ok(others)
    }

    /// The folder of its programs.
    pub fn bin(&self) -> Utf8PathBuf {
        venv::bin(&self.path)
    }

    /// As [`site_packages`](Self::site_packages), also before the environment is there.
    pub fn site_packages_for(&self, probe: &Probe) -> Utf8PathBuf {
        venv::site_packages(&self.path, &probe.folder())
    }

    /// The folder of an installed member's metadata, absolute.
    pub fn dist_info(&self, member: &Member) -> Option<Utf8PathBuf> {
        let packages = self.site_packages()?;
        let prefix = format!("{}-", member.escaped_name());
        let own = |name: &String| {
            name.to_lowercase().starts_with(&prefix) && name.ends_with(".dist-info")
        };
        let name = disk::names(&packages).into_iter().find(own)?;
        Some(packages.join(name))
    }

    /// Whether uv made it, for pyx or for somebody else: it names itself in `pyvenv.cfg`.
    pub fn is_uvs(&self) -> bool {
        config(&self.path).contains_key("uv")
    }

    /// Where pyx keeps what it knows about the environment.
    pub fn record_path(&self) -> Utf8PathBuf {
        self.path.join("pyx.json")
    }

    /// Where what is installed of a member is kept while it is installed anew; there is nothing at other
    /// times, unless nobody was left to take it away.
    pub fn kept(&self, member: &Member) -> Utf8PathBuf {
        self.path.join("pyx-kept").join(member.escaped_name())
    }

    /// Where modules are that a process had loaded when they were installed anew, as long as it lives.
    pub fn aside(&self) -> Utf8PathBuf {
        self.path.join("pyx-aside")
    }

    /// The folders besides that of its packages from which it imports by now.
    pub fn path_file_folders(&self) -> Vec<Utf8PathBuf> {
        let packages = self.site_packages();
        packages.map_or_else(Vec::new, |packages| path_file_folders(&packages))
    }

    /// The folder of its packages; `None` as long as there is none.
    pub fn site_packages(&self) -> Option<Utf8PathBuf> {
        if self.is_condas {
            let packages = venv::site_packages(&self.path, &conda::lib_folder(&self.path)?);
            return disk::is_dir(&packages).then_some(packages);
        }
        disk::names(&venv::lib(&self.path))
            .iter()
            .map(|python| venv::site_packages(&self.path, python))
            .find(|path| disk::is_dir(path))
    }
}

/// `UV_PROJECT_ENVIRONMENT`, else `[tool.pyx] environment`, else `.venv`, all at the uv project's root (uv
/// docs, "Project environment path").
pub fn default_path(session: &Session, project: &Project) -> Utf8PathBuf {
    let named = session.var("UV_PROJECT_ENVIRONMENT");
    let named = named.or(project.config.environment.as_deref());
    normalize(&project.home.join(named.unwrap_or(".venv")))
}

/// The version that the default environment would be made with.
fn default_version(session: &Session, project: &Project) -> Result<Option<Version>> {
    let installed = interpreter::installed(session);
    let request = requested_python::request(session, project, None)?;
    let requires = project.environment_requires_python();
    let choice = python_request::choose(session, &installed, request.as_ref(), &requires)?;
    Ok(match choice {
        Choice::Use(found) => Some(found.version),
        Choice::Download(_) => None,
    })
}

fn look(
    path: &Utf8Path,
    session: &Session,
    project: &Project,
    request: Option<&PythonRequest>,
) -> Environment {
    let mut environment = Environment {
        path: path.to_owned(),
        state: State::Missing,
        is_condas: conda::owns(path),
    };
    if !disk::is_there(path) {
        if environment.is_condas {
            environment.state = State::Bad {
                why: "it is for conda or pixi to make".into(),
                replaceable: false,
            };
        }
        return environment;
    }
    let trouble = trouble(&environment, session, project, request);
    environment.state = match (trouble, version_of(path)) {
        (None, Some(version)) => State::of(path, version),
        (trouble, _) => State::Bad {
            why: trouble.unwrap_or_else(|| "it does not say which Python it has".into()),
            replaceable: is_replaceable(&environment),
        },
    };
    environment
}

/// What is wrong with an environment, as the end of a sentence.
fn trouble(
    environment: &Environment,
    session: &Session,
    project: &Project,
    request: Option<&PythonRequest>,
) -> Option<String> {
    if !disk::is_dir(&environment.path) {
        return Some("it is no directory".into());
    }
    let is_condas = environment.is_condas;
    let Some(version) = version_of(&environment.path) else {
        return Some(if is_condas {
            "it has no Python".into()
        } else {
            "its `pyvenv.cfg` is missing or broken".into()
        });
    };
    if !disk::is_file(&environment.python()) {
        return Some("its Python is gone".into());
    }
    if let Some(place) = elsewhere(&environment.path) {
        return Some(format!("it was made for `{place}`"));
    }
    // who made one of conda's may change its Python: what is built for it is then stale
    let change = (!is_condas).then(|| other_python(environment, session));
    if let Some(change) = change.flatten() {
        return Some(change);
    }
    for member in &project.members {
        if let Some(requires) = member
            .requires_python
            .as_ref()
            .filter(|r| !r.contains(&version))
        {
            return Some(format!(
                "it has Python {version}, {} requires {requires}",
                member.name
            ));
        }
    }
    let request = request.filter(|request| {
        // whoever names an environment has chosen its Python
        let is_chosen = is_condas && request.soft;
        !request.is_flag()
            && !is_chosen
            && !satisfies(
                session,
                request,
                &version,
                implementation_of(&environment.path),
            )
    })?;
    let record = EnvironmentRecord::load(&environment.record_path()).record;
    let settled = record.requested.as_ref() == Some(&request.text);
    (!settled).then(|| {
        format!(
            "it has Python {version}, {} asks for {}",
            request.from, request.text
        )
    })
}

/// Where an environment was made, if that is not where it is: copied or moved, its scripts would run the
/// Python, and so the packages, of that place.
fn elsewhere(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let activate = venv::bin(path).join("activate");
    let text = disk::read_text(&activate).ok()??;
    let place = venv::made_for(&text)?;
    (!disk::is_same(&place, path)).then_some(place)
}

/// How its Python is another than the one that it was made with, where the file has changed: its packages
/// lie in a folder of the old version, and are compiled for that. It is asked only then.
fn other_python(environment: &Environment, session: &Session) -> Option<String> {
    let record = EnvironmentRecord::load(&environment.record_path()).record;
    let known = record.interpreter?;
    if known.is_current(session) {
        return None;
    }
    let now = interpreter::probe(session, &environment.python()).ok()?;
    let [was, is] = [&known.probe, &now].map(|probe| (probe.signature(), probe.folder()));
    (was != is).then(|| format!("its Python is {} now, and was {}", is.0, was.0))
}

/// What pip leaves among the packages when it is ended while it removes one, as part of a sentence.
pub fn half_removed(project: &Project, environment: &Environment) -> Option<String> {
    let packages = environment.site_packages()?;
    let mut names = disk::names(&packages);
    names.retain(|name| name.starts_with('~'));
    let (folder, names) = (project.display(&packages), names.join("`, `"));
    (!names.is_empty()).then(|| {
        format!("pip has left `{names}` half removed in `{folder}`: no package needs them")
    })
}

/// By the name of its library folder; on Windows, where there is none, by that of uv's Python.
fn implementation_of(path: &Utf8Path) -> Implementation {
    let of_conda = conda::is_at(path).then(|| conda::lib_folder(path));
    let names = match of_conda.flatten() {
        Some(name) => vec![name],
        None => disk::names(&venv::lib(path)),
    };
    let mut known = names
        .iter()
        .filter_map(|name| Implementation::of_lib_folder(name));
    if let Some(known) = known.next() {
        return known;
    }
    let home = config(path).remove("home").unwrap_or_default();
    if home.contains("+freethreaded") {
        Implementation::FreeThreaded
    } else if home.contains("pypy") {
        Implementation::PyPy
    } else {
        Implementation::CPython
    }
}

/// What `pyvenv.cfg` says; nothing where there is none.
fn config(path: &Utf8Path) -> BTreeMap<String, String> {
    let text = disk::read_text(&path.join("pyvenv.cfg")).ok().flatten();
    venv::config(&text.unwrap_or_default())
}

/// The version in `pyvenv.cfg`, by uv (`version_info`) or venv (`version`); else that of conda's.
fn version_of(path: &Utf8Path) -> Option<Version> {
    if conda::is_at(path) {
        return conda::version(path);
    }
    let config = config(path);
    config.get("home")?;
    let version = config
        .get("version_info")
        .or_else(|| config.get("version"))?;
    Version::from_str(version.trim_end_matches(".final.0").trim_end_matches('+')).ok()
}

/// Made by uv or by pyx, which records it; a folder that is empty is nobody's.
fn is_replaceable(environment: &Environment) -> bool {
    if environment.is_condas {
        return false;
    }
    let by_uv = environment.is_uvs();
    let by_pyx = EnvironmentRecord::load(&environment.record_path())
        .record
        .made;
    let empty = disk::is_dir(&environment.path) && disk::names(&environment.path).is_empty();
    by_uv || by_pyx || empty
}

/// A foreign environment that is active in the shell and that no command touches.
pub fn foreign(session: &Session, project: &Project, environment: &Environment) -> Option<String> {
    let named = ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .into_iter()
        .filter(|name| {
            session
                .path_var(name)
                .is_some_and(|path| disk::resolve(&path) != disk::resolve(&environment.path))
        })
        .collect::<Vec<_>>();
    (!named.is_empty()).then(|| {
        let path = project.display(&environment.path);
        format!("{} ignored: using `{path}`", named.join(" and "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(environment.is_condas && !is_replaceable(&environment));
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
        assert!(error.contains("takes no packages"), "{error}");
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
