//! The layout of an environment: where things are in it, and which Python it has.

use std::collections::BTreeMap;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;

use crate::facts::project::{Member, Project};
use crate::model::error::{Error, Result};
use crate::model::implementation::Implementation;
use crate::model::invocation::quote;
use crate::model::venv;
use crate::world::disk;
use crate::world::interpreter::{Interpreter, Probe};

use super::conda;
use super::path_files::path_file_folders;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Absolute.
    pub path: Utf8PathBuf,
    pub state: State,
    /// Whether it belongs to conda, mamba or pixi, or is theirs to create.
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
    /// It exists but cannot be used.
    Bad {
        why: String,
        /// Whether uv or pyx created it, so that it may be recreated.
        replaceable: bool,
    },
}

impl State {
    /// The state of a working environment at `path`.
    pub(super) fn of(path: &Utf8Path, version: Version) -> Self {
        Self::Good {
            version,
            implementation: implementation_of(path),
        }
    }
}

impl Environment {
    /// Its Python, if it works.
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

    /// The name of an environment other than the default one, under `target/pyx/envs`.
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

    /// The file that says which Python it has, absolute.
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

    /// What a conda environment holds that neither uv nor, under one of these names, pyx installed, as
    /// requirements (`numpy==2.3.1`): it is left to its installer.
    ///
    /// # Errors
    /// [`Error::Refused`] if conda has installed one of these itself.
    pub fn packages_of_others(&self, own: &[Member]) -> Result<Vec<String>> {
        let Some(packages) = self.site_packages().filter(|_| self.is_condas) else {
            return Ok(Vec::new());
        };
        // PEP 668
        let mark = packages.with_file_name("EXTERNALLY-MANAGED");
        if disk::is_file(&mark) {
            let message = format!("`{}` does not accept packages: `{mark}` says so", self.path);
            let hint = "set UV_PROJECT_ENVIRONMENT to another environment";
            return Err(Error::refused(message, hint));
        }
        let mut others = Vec::new();
        for package in conda::installed(&packages) {
            let name = &package.name;
            let is_own = own.iter().any(|member| member.name == *name);
            if is_own && package.is_condas() {
                let message = format!(
                    "`{}` has {name} from conda, which pyx does not replace",
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

    /// Like [`site_packages`](Self::site_packages), even before the environment exists.
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

    /// Whether uv created it, for pyx or otherwise: it names itself in `pyvenv.cfg`.
    pub fn is_uvs(&self) -> bool {
        config(&self.path).contains_key("uv")
    }

    /// Where pyx keeps what it knows about the environment.
    pub fn record_path(&self) -> Utf8PathBuf {
        self.path.join("pyx.json")
    }

    /// Where a member's installed files are kept while it is reinstalled; empty at other times, unless the
    /// process was killed.
    pub fn kept(&self, member: &Member) -> Utf8PathBuf {
        self.path.join("pyx-kept").join(member.escaped_name())
    }

    /// Where modules are that a process had loaded when they were reinstalled, as long as it lives.
    pub fn aside(&self) -> Utf8PathBuf {
        self.path.join("pyx-aside")
    }

    /// The folders besides site-packages from which it currently imports.
    pub fn path_file_folders(&self) -> Vec<Utf8PathBuf> {
        let packages = self.site_packages();
        packages.map_or_else(Vec::new, |packages| path_file_folders(&packages))
    }

    /// The folder of its packages; `None` while there is none.
    pub fn site_packages(&self) -> Option<Utf8PathBuf> {
        if self.is_condas {
            let packages = venv::site_packages(&self.path, &conda::lib_folder(&self.path)?);
            return disk::is_dir(&packages).then_some(packages);
        }
        library_folders(&self.path)
            .iter()
            .map(|python| venv::site_packages(&self.path, python))
            .find(|path| disk::is_dir(path))
    }
}

/// The names of the folders in `lib`, that of its current Python first: those of earlier ones may remain, as
/// after `python -m venv --upgrade`.
fn library_folders(path: &Utf8Path) -> Vec<String> {
    let mut names = disk::names(&venv::lib(path));
    if let Some([major, minor, ..]) = version_of(path).as_ref().map(Version::release) {
        let current = (*major, *minor);
        let is_other = |name: &String| {
            let known = Implementation::of_lib_folder(name);
            known.is_none_or(|it| it.lib_folder(current) != *name)
        };
        names.sort_by_key(is_other);
    }
    names
}

/// By the name of its library folder; on Windows, if there is none, by that of uv's Python.
pub(super) fn implementation_of(path: &Utf8Path) -> Implementation {
    let of_conda = conda::is_at(path).then(|| conda::lib_folder(path));
    let names = match of_conda.flatten() {
        Some(name) => vec![name],
        None => library_folders(path),
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

/// The settings in `pyvenv.cfg`; empty if there is none.
fn config(path: &Utf8Path) -> BTreeMap<String, String> {
    let text = disk::read_text(&path.join("pyvenv.cfg")).ok().flatten();
    venv::config(&text.unwrap_or_default())
}

/// The version in `pyvenv.cfg`, by uv (`version_info`) or venv (`version`); else that of conda's.
pub(super) fn version_of(path: &Utf8Path) -> Option<Version> {
    if conda::is_at(path) {
        return conda::version(path);
    }
    let config = config(path);
    config.get("home")?;
    let version = config
        .get("version_info")
        .or_else(|| config.get("version"))?;
    python_version(version)
}

/// As in `sys.version_info`, as virtualenv writes it: `3.14.0.candidate.1`, `3.14.0.final.0`; or as in
/// `sys.version`: `3.14.0rc1+`.
fn python_version(text: &str) -> Option<Version> {
    let release = text.trim_end_matches(".final.0").trim_end_matches('+');
    Version::from_str(&release.replace(".candidate.", "rc")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_packages_are_those_of_the_python_that_it_has_and_not_of_one_that_it_had() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        for folder in ["python3.11", "python3.12", "python3.9", "pypy3.10"] {
            let packages = dir.join("lib").join(folder).join("site-packages");
            disk::create_dir(&packages).unwrap();
        }
        let environment = Environment {
            path: dir.to_owned(),
            ..Environment::default()
        };
        for (version, folder, implementation) in [
            ("3.12.1", "python3.12", Implementation::CPython),
            ("3.9.2", "python3.9", Implementation::CPython),
            ("3.10.14", "pypy3.10", Implementation::PyPy),
        ] {
            let text = format!("home = /usr/bin\nversion = {version}\n");
            disk::write(&dir.join("pyvenv.cfg"), text.as_bytes()).unwrap();
            let found = environment.site_packages().unwrap();
            assert_eq!(found, dir.join("lib").join(folder).join("site-packages"));
            assert_eq!(implementation_of(dir), implementation);
        }
    }

    #[test]
    fn a_python_before_its_release_has_a_version_too() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        for (said, expected) in [
            ("3.14.0.candidate.1", "3.14.0rc1"),
            ("3.14.0.beta.2", "3.14.0b2"),
            ("3.14.0.alpha.7", "3.14.0a7"),
            ("3.14.0.final.0", "3.14.0"),
            ("3.14.0rc1+", "3.14.0rc1"),
            ("3.14.2", "3.14.2"),
        ] {
            let text = format!("home = /usr/bin\nversion_info = {said}\n");
            disk::write(&dir.join("pyvenv.cfg"), text.as_bytes()).unwrap();
            let version = version_of(dir).map(|it| it.to_string());
            assert_eq!(version.as_deref(), Some(expected), "{said}");
        }
    }
}
