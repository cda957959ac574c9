//! Python interpreters: which exist, and what each is.
//!
//! `places` lists the folders they are in, `probe` asks one about itself, `trust` decides which may be run.

mod places;
mod probe;
mod trust;

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;
use serde::Deserialize;

use crate::model::error::{Error, PythonError, Result};
use crate::model::implementation::Implementation;
use crate::world::disk;
use crate::world::machine::{Machine, Program};
use crate::world::session::Session;

use places::{CPYTHON, FileNames, PYPY, machine_roots, places, programs_in, uv_roots, version_of};
use probe::{answer, probe_by};

pub use probe::{Probe, probe};
pub use trust::{is_brought, trust};

/// A Python on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// Absolute, links resolved.
    pub path: Utf8PathBuf,
    /// The version of the language: PyPy also has one of its own.
    pub version: Version,
    pub implementation: Implementation,
}

impl std::fmt::Display for Interpreter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.implementation.wording(&self.version))
    }
}

/// The first one found, for what any of them can do.
pub fn any(session: &Session) -> Option<Utf8PathBuf> {
    let first = installed(session).into_iter().next();
    first.map(|python| python.path)
}

/// Every CPython from 3.7 on: those on PATH in its order (pyenv's shims stand for what they would run), then
/// pyenv's versions, then uv's, newest first.
pub fn installed(session: &Session) -> Vec<Interpreter> {
    let mut found = found(session, &CPYTHON);
    found.retain(|it| it.implementation.is_cpython() && it.version >= Version::new([3, 7]));
    found
}

/// Whether uv installed it for itself.
pub fn is_managed(session: &Session, python: &Interpreter) -> bool {
    let roots = uv_roots(session).into_iter();
    let mut roots = roots.map(|root| disk::resolve(&root));
    roots.any(|root| python.path.starts_with(root))
}

/// Every PyPy, in the order of [`installed`]. Most of them have to be run to tell their version.
pub fn installed_pypys(session: &Session) -> Vec<Interpreter> {
    let mut found = found(session, &PYPY);
    found.retain(|it| it.implementation == Implementation::PyPy);
    found
}

fn found(session: &Session, names: &FileNames) -> Vec<Interpreter> {
    let mut found: Vec<Interpreter> = Vec::new();
    for path in places(session, names) {
        if let Ok(interpreter) = at(session, &path)
            && !found.iter().any(|known| known.path == interpreter.path)
        {
            found.push(interpreter);
        }
    }
    found
}

/// Pythons for another machine, with links resolved: from among those of this machine, where uv keeps them,
/// and from the folders that stand for that machine's root, where distributions unpack them.
pub fn foreign(session: &Session, machine: &Machine) -> Vec<Utf8PathBuf> {
    let mut paths = places(session, &CPYTHON);
    for root in machine_roots(session, machine) {
        for dir in ["usr/bin", "usr/local/bin", "bin"] {
            paths.extend(programs_in(&root.join(dir), &CPYTHON));
        }
    }
    let mut found: Vec<Utf8PathBuf> = Vec::new();
    for path in paths {
        let path = disk::resolve(&path);
        if !found.contains(&path) && is_for(&path, machine) {
            found.push(path);
        }
    }
    found
}

/// Whether it is a program for that machine, which differs from this one.
pub fn is_for(path: &Utf8Path, machine: &Machine) -> bool {
    let program = Program::read(path).filter(Program::is_foreign);
    program.and_then(|program| program.machine()).as_ref() == Some(machine)
}

/// The folder in which a program for another machine finds its libraries, if that is not the system's: one
/// around the program, else the stand-in for the machine's root.
pub fn root_of(session: &Session, python: &Utf8Path, machine: &Machine) -> Option<Utf8PathBuf> {
    let loader = Program::read(python)?.loader?;
    let around = python.ancestors().skip(1).map(Utf8Path::to_owned);
    let mut roots = around.chain(machine_roots(session, machine));
    let root = roots.find(|root| disk::is_there(&root.join(loader.trim_start_matches('/'))))?;
    (root != "/").then_some(root)
}

/// The interpreter at a path; recognised by the path if possible, else by asking it.
///
/// # Errors
/// [`PythonError::BadInterpreter`] if there is none that answers, or none that modules can be built for.
pub fn at(session: &Session, path: &Utf8Path) -> Result<Interpreter> {
    let real = disk::resolve(path);
    if !disk::is_file(&real) {
        return Err(PythonError::BadInterpreter {
            path: path.to_owned(),
            message: "no such file".into(),
        }
        .into());
    }
    if let Some(program) = Program::read(&real).filter(Program::is_foreign) {
        let machine = program.machine().map(|machine| machine.to_string());
        let machine = machine.unwrap_or_else(|| program.arch.to_owned());
        return Err(PythonError::BadInterpreter {
            path: path.to_owned(),
            message: format!("it is built for {machine}, not for this machine"),
        }
        .into());
    }
    let name = real.file_name().unwrap_or_default();
    // on Windows it is in the folder of its version, elsewhere in that one's `bin`
    let (name, folder) = match name.strip_suffix(".exe") {
        Some(name) => (name, real.parent()),
        None => (name, real.parent().and_then(Utf8Path::parent)),
    };
    let by_folder = folder.and_then(|folder| Some((version_of(session, folder)?, folder)));
    let by_folder = by_folder.filter(|(version, _)| version.release().len() >= 3);
    let Some((version, folder)) = by_folder else {
        return ask(session, &[], real);
    };
    let implementation = if name.starts_with("pypy") {
        Implementation::PyPy
    } else if is_named_free(name) || folder.as_str().contains("+freethreaded") {
        Implementation::FreeThreaded
    } else {
        Implementation::CPython
    };
    Ok(Interpreter {
        path: real,
        version,
        implementation,
    })
}

/// Whether a program's name, without its suffix, is that of a Python without the GIL: `python3.14t`.
fn is_named_free(name: &str) -> bool {
    name.starts_with("python") && name.ends_with('t')
}

/// What an interpreter reports about itself, at a minimum.
#[derive(Deserialize)]
struct Introduction {
    implementation: String,
    version: String,
    /// Letters for how it was built; systems if there are none have folders that tell.
    abiflags: String,
}

/// What an interpreter is, by starting it. `runner`: as for [`introduce`].
///
/// # Errors
/// [`PythonError::BadInterpreter`]; [`Error::Refused`] as for [`trust()`].
fn ask(session: &Session, runner: &[String], path: Utf8PathBuf) -> Result<Interpreter> {
    const SCRIPT: &str = "import json, platform, sys\n\
        print(json.dumps({'implementation': sys.implementation.name, \
        'version': platform.python_version(), 'abiflags': getattr(sys, 'abiflags', '')}))";
    let said = answer(session, runner, &path, SCRIPT);
    let said = match said {
        Err(error @ Error::Refused { .. }) => return Err(error),
        said => said.ok(),
    };
    let said =
        said.and_then(|output| serde_json::from_str::<Introduction>(output.stdout.trim()).ok());
    let bad = |message: String| {
        Error::Python(PythonError::BadInterpreter {
            path: path.clone(),
            message,
        })
    };
    let Some(said) = said else {
        return Err(bad("it did not report its version".into()));
    };
    // Windows reports no flags
    let is_free =
        said.abiflags.contains('t') || is_named_free(path.file_stem().unwrap_or_default());
    let implementation = match &*said.implementation {
        "cpython" if is_free => Implementation::FreeThreaded,
        "cpython" => Implementation::CPython,
        "pypy" => Implementation::PyPy,
        other => return Err(bad(format!("it is {other}: {ONLY}"))),
    };
    let version = Version::from_str(said.version.trim_end_matches('+'));
    let version = version.map_err(|_| bad(format!("its version `{}` is invalid", said.version)))?;
    Ok(Interpreter {
        path,
        version,
        implementation,
    })
}

/// The message for other implementations.
const ONLY: &str = "only CPython and PyPy are supported";

/// What an interpreter for another machine reports about itself.
///
/// `runner`: the program that runs it, with its arguments; empty if the system does.
///
/// # Errors
/// [`PythonError::BadInterpreter`] if it does not answer.
pub fn introduce(
    session: &Session,
    runner: &[String],
    python: &Utf8Path,
) -> Result<(Interpreter, Probe)> {
    let probe = probe_by(session, runner, python)?;
    Ok((ask(session, runner, python.to_owned())?, probe))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_os = "linux")]
    use crate::world::machine;

    #[test]
    fn a_build_without_the_gil_is_known_by_its_name() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let dir = dir.join("cpython-3.13.1-linux-x86_64-gnu/bin");
        for (name, wording) in [
            ("python3.13t", "CPython 3.13.1t"),
            ("python3.13", "CPython 3.13.1"),
        ] {
            disk::write(&dir.join(name), b"").unwrap();
            let found = at(&Session::default(), &dir.join(name)).unwrap();
            assert_eq!(found.to_string(), wording);
        }
    }

    #[test]
    fn a_folder_tells_the_version_only_where_pyenv_or_uv_has_made_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let env = [("HOME", "home"), ("PYENV_ROOT", "pyenv")];
        let env = env.map(|(name, folder)| (name.to_owned(), dir.join(folder).into_string()));
        let session = Session {
            cwd: dir.clone(),
            env: env.into(),
            ..Session::default()
        };
        for (place, is_believed) in [
            ("pyenv/versions/3.12.1", true),
            ("cpython-3.12.1-linux-x86_64-gnu", true),
            ("releases/3.12.1", false),
            ("pyenv/versions/3.11.2/envs/3.12.1", false),
        ] {
            let python = dir.join(place).join("bin/python3");
            disk::write(&python, b"").unwrap();
            assert_eq!(at(&session, &python).is_ok(), is_believed, "{place}");
        }
    }

    #[test]
    fn installed_pythons_are_found_in_the_layout_of_each_system() {
        let uvs = "uv/python/cpython-3.12.1-linux-x86_64-gnu/bin/python3";
        for (variable, place, version) in [
            ("HOME", format!(".local/share/{uvs}"), "3.12.1"),
            (
                "HOME",
                format!("Library/Application Support/{uvs}"),
                "3.12.1",
            ),
            (
                "HOME",
                ".pyenv/versions/3.11.7/bin/python3".into(),
                "3.11.7",
            ),
            (
                "HOME",
                ".pyenv/pyenv-win/versions/3.11.7/python.exe".into(),
                "3.11.7",
            ),
            ("XDG_DATA_HOME", uvs.into(), "3.12.1"),
            (
                "APPDATA",
                "uv/python/cpython-3.12.1-windows-x86_64-none/python.exe".into(),
                "3.12.1",
            ),
            (
                "APPDATA",
                "uv/data/python/cpython-3.13.0+freethreaded-windows-x86_64-none/python.exe".into(),
                "3.13.0t",
            ),
            (
                "UV_PYTHON_INSTALL_DIR",
                "cpython-3.12.1-windows-x86_64-none/python.exe".into(),
                "3.12.1",
            ),
        ] {
            let temp = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(temp.path()).unwrap();
            disk::write(&dir.join("home").join(&place), b"").unwrap();
            let env = [("HOME", "nowhere"), (variable, "home")];
            let env = env.map(|(name, folder)| (name.to_owned(), dir.join(folder).into_string()));
            let session = Session {
                env: env.into(),
                ..Session::default()
            };
            let found: Vec<String> = installed(&session)
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(found, [format!("CPython {version}")], "{variable} {place}");
        }
    }

    /// uv keeps those for other machines beside the others.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_python_for_another_machine_is_none_of_this_one() {
        let temp = tempfile::tempdir().unwrap();
        let dir = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let (other, of_header, loader) = machine::another();
        let program = machine::header(of_header, loader);
        let uvs = dir.join("uv/cpython-3.12.1-linux-other-gnu/bin/python3");
        let roots = dir.join("root/usr/bin/python3.11");
        for path in [&uvs, &roots] {
            disk::write(path, &program).unwrap();
        }
        disk::write(&dir.join("root").join(&loader[1..]), b"").unwrap();
        let env = [
            ("UV_PYTHON_INSTALL_DIR", "uv"),
            ("QEMU_LD_PREFIX", "root"),
            ("HOME", "nowhere"),
        ];
        let env = env.map(|(name, folder)| (name.to_owned(), dir.join(folder).into_string()));
        let session = Session {
            env: env.into(),
            ..Session::default()
        };
        assert_eq!(installed(&session), []);
        let error = at(&session, &uvs).unwrap_err().to_string();
        assert!(error.ends_with(&format!("it is built for {other}, not for this machine")));
        let root = dir.join("root");
        assert_eq!(foreign(&session, &other), [uvs.clone(), roots.clone()]);
        for python in [&uvs, &roots] {
            // one that brings none is run with what there is
            assert_eq!(root_of(&session, python, &other).as_ref(), Some(&root));
        }
        let musl = Machine {
            abi: "musl".into(),
            ..other
        };
        assert_eq!(foreign(&session, &musl), [""; 0]);
    }
}
