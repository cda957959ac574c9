//! Python interpreters: which are there, and what one says of itself.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;
use serde::{Deserialize, Serialize};

use crate::model::error::{Error, Result};
use crate::model::invocation::Invocation;
use crate::model::venv;
use crate::world::checkout;
use crate::world::disk;
use crate::world::process::{self, Output};
use crate::world::session::Session;

/// A CPython on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// Absolute, links resolved.
    pub path: Utf8PathBuf,
    pub version: Version,
    /// Built without the GIL (PEP 703); only chosen when asked for.
    pub free_threaded: bool,
}

impl std::fmt::Display for Interpreter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let suffix = if self.free_threaded { "t" } else { "" };
        write!(f, "CPython {}{suffix}", self.version)
    }
}

/// The first that there is, for what any of them can do.
pub fn any(session: &Session) -> Option<Utf8PathBuf> {
    let first = installed(session).into_iter().next();
    first.map(|python| python.path)
}

/// Every CPython from 3.7 on: those on PATH in its order (pyenv's shims stand for what they would
/// run), then pyenv's versions, then uv's, newest first.
pub fn installed(session: &Session) -> Vec<Interpreter> {
    let mut found: Vec<Interpreter> = Vec::new();
    let mut add = |path: &Utf8Path| {
        if let Ok(interpreter) = at(session, path)
            && !found.iter().any(|known| known.path == interpreter.path)
        {
            found.push(interpreter);
        }
    };
    let pyenv = pyenv_root(session);
    for dir in session.search_path() {
        if dir == pyenv.join("shims") {
            for version in pyenv_global(session, &pyenv) {
                let folder = pyenv.join("versions").join(version);
                for name in PROGRAMS {
                    add(&folder.join(name));
                }
            }
            continue;
        }
        for name in disk::names(&dir) {
            if is_python(&name) {
                add(&dir.join(name));
            }
        }
    }
    for root in [vec![pyenv.join("versions")], uv_roots(session)].concat() {
        for name in newest_first(disk::names(&root)) {
            let folder = root.join(name);
            for name in PROGRAMS {
                add(&folder.join(name));
            }
        }
    }
    found.retain(|interpreter| interpreter.version >= Version::new([3, 7]));
    found
}

/// The interpreter in the folder of an installed version: on Windows there is no `bin`.
const PROGRAMS: [&str; 2] = ["bin/python3", "python.exe"];

fn newest_first(mut names: Vec<String>) -> Vec<String> {
    names.sort_by_key(|name| std::cmp::Reverse(version_in(name)));
    names
}

/// `python`, `python3`, `python3.12`, `python3.13t`; not `python3-config`.
fn is_python(name: &str) -> bool {
    let Some(rest) = name.strip_suffix(std::env::consts::EXE_SUFFIX) else {
        return false;
    };
    rest.strip_prefix("python").is_some_and(|rest| {
        let digits = rest.strip_suffix('t').unwrap_or(rest);
        digits.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

fn pyenv_root(session: &Session) -> Utf8PathBuf {
    if let Some(root) = session.path_var("PYENV_ROOT") {
        return root;
    }
    let root = session.home().join(".pyenv");
    let on_windows = root.join("pyenv-win");
    if disk::is_dir(&on_windows) {
        return on_windows;
    }
    root
}

fn pyenv_global(session: &Session, root: &Utf8Path) -> Vec<String> {
    let said = session
        .var("PYENV_VERSION")
        .map(|text| text.replace(':', "\n"));
    let text = said
        .or_else(|| disk::read_text(&root.join("version")).ok().flatten())
        .unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// The folders of uv's managed interpreters, there or not (uv docs, "Python versions" and "Storage").
fn uv_roots(session: &Session) -> Vec<Utf8PathBuf> {
    if let Some(root) = session.path_var("UV_PYTHON_INSTALL_DIR") {
        return vec![root];
    }
    let home = session.home();
    let data = session.path_var("XDG_DATA_HOME");
    let mut roots = vec![data.unwrap_or_else(|| home.join(".local/share")).join("uv")];
    roots.push(home.join("Library/Application Support/uv")); // of older uvs on macOS
    if let Some(data) = session.path_var("APPDATA") {
        roots.push(data.join("uv"));
        roots.push(data.join("uv/data")); // of older uvs
    }
    roots.iter().map(|root| root.join("python")).collect()
}

/// The interpreter at a path; its version by the path where that tells, else by asking it.
///
/// # Errors
/// [`Error::BadInterpreter`] where there is none that answers.
pub fn at(session: &Session, path: &Utf8Path) -> Result<Interpreter> {
    let real = disk::resolve(path);
    let bad = |message: &str| Error::BadInterpreter {
        path: path.to_owned(),
        message: message.to_owned(),
    };
    if !disk::is_file(&real) {
        return Err(bad("no such file"));
    }
    let name = real.file_name().unwrap_or_default();
    // on Windows it is in the folder of its version, elsewhere in that one's `bin`
    let (name, folder) = match name.strip_suffix(".exe") {
        Some(name) => (name, real.parent()),
        None => (name, real.parent().and_then(Utf8Path::parent)),
    };
    let folder = folder.and_then(Utf8Path::file_name).unwrap_or_default();
    let free_threaded =
        name.starts_with("python") && name.ends_with('t') || folder.contains("+freethreaded");
    let by_folder = version_in(folder).filter(|version| version.release().len() >= 3);
    let version = match by_folder {
        Some(version) => version,
        None => ask(session, &real)?.ok_or_else(|| bad("it did not tell its version"))?,
    };
    Ok(Interpreter {
        path: real,
        version,
        free_threaded,
    })
}

/// `3.12.1` in `3.12.1` and in `cpython-3.12.1-linux-x86_64-gnu`.
fn version_in(folder: &str) -> Option<Version> {
    let word = folder
        .strip_prefix("cpython-")
        .and_then(|rest| rest.split(['-', '+']).next())
        .unwrap_or(folder);
    Version::from_str(word).ok()
}

/// `None` where it does not tell.
///
/// # Errors
/// As [`is_trusted`].
fn ask(session: &Session, python: &Utf8Path) -> Result<Option<Version>> {
    is_trusted(session, python)?;
    let script = "import platform, sys\n\
                  if sys.implementation.name == 'cpython': print(platform.python_version())";
    let output = answer(session, python, script).ok();
    Ok(
        output
            .and_then(|output| Version::from_str(output.stdout.trim().trim_end_matches('+')).ok()),
    )
}

/// Refuses an interpreter that a checkout brings, or whose environment takes its standard library from
/// there, for a command that only looks. What is found without the checkout's word is the user's own.
///
/// # Errors
/// [`Error::Refused`]
fn is_trusted(session: &Session, python: &Utf8Path) -> Result<()> {
    if !session.looks_only {
        return Ok(());
    }
    let bounds = disk::resolve(checkout::root(&session.cwd).unwrap_or(&session.cwd));
    let mut own = session.search_path();
    own.push(pyenv_root(session));
    own.extend(uv_roots(session));
    let own: Vec<Utf8PathBuf> = own.iter().map(|dir| disk::resolve(dir)).collect();
    let is_brought = |path: &Utf8Path| {
        let real = disk::resolve(path);
        real.starts_with(&bounds) && !own.iter().any(|dir| real.starts_with(dir))
    };
    if is_brought(python) || homes(python).any(|home| is_brought(&home)) {
        let message =
            format!("`{python}` is of this checkout, and what only looks runs nothing of it");
        let hint = "`cargo pyx dev` runs it, where you trust the checkout";
        return Err(Error::refused(message, hint));
    }
    Ok(())
}

/// The folders of the interpreters that a Python takes its standard library from, where it is an
/// environment's.
fn homes(python: &Utf8Path) -> impl Iterator<Item = Utf8PathBuf> {
    let folders = python.ancestors().skip(1).take(2); // where Python looks for `pyvenv.cfg`
    folders.filter_map(|dir| {
        let text = disk::read_text(&dir.join("pyvenv.cfg")).ok()??;
        Some(dir.join(venv::config(&text).remove("home")?))
    })
}

/// What answers for an environment's Python: on Windows that is no link but a program, which could be the
/// checkout's, and starts this one.
fn behind(python: &Utf8Path) -> Utf8PathBuf {
    let home = homes(python).next().filter(|_| cfg!(windows));
    home.map_or_else(|| python.to_owned(), |home| home.join("python.exe"))
}

type Answers = BTreeMap<(Utf8PathBuf, Option<disk::Signature>, &'static str), Output>;

/// What a script prints. An interpreter that is still the same file is not asked again: facts are
/// gathered several times in a run.
fn answer(session: &Session, python: &Utf8Path, script: &'static str) -> Result<Output> {
    static ANSWERS: Mutex<Answers> = Mutex::new(Answers::new());
    let python = &if session.looks_only {
        behind(python)
    } else {
        python.to_owned()
    };
    is_trusted(session, python)?;
    let key = (python.to_owned(), disk::signature(python), script);
    let known = ANSWERS.lock().ok().and_then(|all| all.get(&key).cloned());
    if let Some(output) = known {
        return Ok(output);
    }
    let invocation = Invocation::new(python, &session.cwd)
        .args(["-I", "-S", "-c", script])
        .without(&session.scrubbed());
    let output = process::read(&invocation)?;
    if output.status.success()
        && let Ok(mut all) = ANSWERS.lock()
    {
        all.insert(key, output.clone());
    }
    Ok(output)
}

/// What an interpreter says of itself: one of the machine, or an environment's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// As in `sys.implementation.name`.
    pub implementation: String,
    pub major: u64,
    pub minor: u64,
    /// Bits of a pointer.
    pub bits: u64,
    /// The file name endings of extension modules, the preferred one first.
    pub suffixes: Vec<String>,
    /// As in `sys.base_prefix`, absolute.
    pub base_prefix: Utf8PathBuf,
    /// The folder of the shared libpython, on Windows of what programs are linked with in its place;
    /// absolute; `None` for a static build.
    pub libdir: Option<Utf8PathBuf>,
    /// What a linker calls that library: `python3.12`, on Windows `python312`.
    pub link_name: String,
    /// The version of the C library that it runs with, where that is glibc.
    pub glibc: Option<(u64, u64)>,
    /// Whether the interpreter was moved after it was built, so that a program that embeds it
    /// must be told its prefix.
    pub moved: bool,
}

impl Probe {
    /// For people: `3.13`, `3.13t`, `pypy 3.11`.
    pub fn label(&self) -> String {
        let folder = self.folder();
        let version = folder.strip_prefix("python").unwrap_or(&folder);
        match &*self.implementation {
            "cpython" => version.to_owned(),
            other => format!("{other} {}.{}", self.major, self.minor),
        }
    }

    /// The folder of its standard library and packages in `lib`: `python3.13`, with `t` where it was
    /// built without the GIL.
    pub fn folder(&self) -> String {
        let (major, minor) = (self.major, self.minor);
        // on Windows the tag begins without Python's name
        let tags = ["cpython-", "cp"].map(|name| format!(".{name}{major}{minor}t-"));
        let is_tagged = |own: &String| tags.iter().any(|tag| own.starts_with(tag));
        let free_threaded = self.suffixes.iter().any(is_tagged);
        let suffix = if free_threaded { "t" } else { "" };
        format!("python{major}.{minor}{suffix}")
    }

    /// What maturin tells PyO3's build script about the interpreter.
    pub fn signature(&self) -> String {
        format!(
            "{}-{}.{}-{}bit",
            self.implementation, self.major, self.minor, self.bits
        )
    }
}

/// Runs no code of the project: isolated mode, and site-packages are left out.
pub fn probe(session: &Session, python: &Utf8Path) -> Result<Probe> {
    let output = answer(session, python, include_str!("interpreter.py"))?;
    serde_json::from_str(output.stdout.trim()).map_err(|_| Error::BadInterpreter {
        path: python.to_owned(),
        message: output.stderr.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::executable;

    #[test]
    fn a_free_threaded_python_has_folders_of_its_own() {
        let folder = |suffix: &str| {
            let probe = Probe {
                major: 3,
                minor: 13,
                suffixes: vec![suffix.to_owned(), ".so".to_owned()],
                ..Probe::default()
            };
            probe.folder()
        };
        assert_eq!(folder(".cpython-313t-x86_64-linux-gnu.so"), "python3.13t");
        assert_eq!(folder(".cpython-313-x86_64-linux-gnu.so"), "python3.13");
        assert_eq!(folder(".cp313t-win_amd64.pyd"), "python3.13t");
        assert_eq!(folder(".cp313-win_amd64.pyd"), "python3.13");
    }

    #[test]
    fn only_interpreters_are_pythons() {
        for (name, is) in [
            ("python3", true),
            ("python3.13t", true),
            ("python3-config", false),
        ] {
            assert_eq!(is_python(&executable(name)), is, "{name}");
        }
    }

    #[test]
    fn a_build_without_the_gil_is_known_by_its_name() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap().join("3.13.1/bin");
        for (name, free_threaded) in [("python3.13t", true), ("python3.13", false)] {
            disk::write(&dir.join(name), b"").unwrap();
            let found = at(&Session::default(), &dir.join(name)).unwrap();
            assert_eq!(found.free_threaded, free_threaded, "{name}");
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

    #[test]
    fn folders_of_pyenv_and_uv_tell_the_version() {
        let expected = Version::from_str("3.12.1").ok();
        assert_eq!(version_in("3.12.1"), expected);
        assert_eq!(version_in("cpython-3.12.1-linux-x86_64-gnu"), expected);
        assert_eq!(version_in("bin"), None);
    }
}
