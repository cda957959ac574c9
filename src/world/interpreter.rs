//! Python interpreters: which are there, and what one says of itself.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;
use serde::{Deserialize, Serialize};

use crate::model::error::{Error, Result};
use crate::model::implementation::Implementation;
use crate::model::invocation::Invocation;
use crate::model::minor::Minor;
use crate::model::venv;
use crate::world::checkout;
use crate::world::disk;
use crate::world::machine::{Machine, Program};
use crate::world::process::{self, Output};
use crate::world::session::Session;

/// A Python on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// Absolute, links resolved.
    pub path: Utf8PathBuf,
    /// Of the language: PyPy has another one of its own.
    pub version: Version,
    pub implementation: Implementation,
}

impl std::fmt::Display for Interpreter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.implementation.wording(&self.version))
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
    let mut found = found(session, &CPYTHON);
    found.retain(|it| it.implementation.is_cpython() && it.version >= Version::new([3, 7]));
    found
}

/// Every PyPy, in the order of [`installed`]. Most of them have to be run to tell their version.
pub fn installed_pypys(session: &Session) -> Vec<Interpreter> {
    let mut found = found(session, &PYPY);
    found.retain(|it| it.implementation == Implementation::PyPy);
    found
}

/// How the files of an implementation are called.
struct FileNames {
    /// What its programs on PATH begin with.
    program: &'static str,
    /// Whether the folder of a version of that name, pyenv's or uv's, has it.
    is_folder: fn(&str) -> bool,
    /// Where it is in such a folder; on Windows there is no `bin`.
    in_folder: [&'static str; 2],
}

const CPYTHON: FileNames = FileNames {
    program: "python",
    is_folder: |name| !name.starts_with(PYPY.program) && !name.starts_with("graalpy"),
    in_folder: ["bin/python3", "python.exe"],
};

const PYPY: FileNames = FileNames {
    program: "pypy",
    is_folder: |name| name.starts_with("pypy"),
    in_folder: ["bin/pypy3", "pypy.exe"],
};

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

/// Pythons for another machine, with links resolved: among those of this one, as uv keeps them, and in
/// the folders that stand for that machine's root, as distributions unpack them.
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

/// Whether it is a program for that machine, which is not this one.
pub fn is_for(path: &Utf8Path, machine: &Machine) -> bool {
    let program = Program::read(path).filter(Program::is_foreign);
    program.and_then(|program| program.machine()).as_ref() == Some(machine)
}

/// The folder in which a program for another machine finds its libraries, where that is not the
/// system's: one around the program, else what stands for the machine's root.
pub fn root_of(session: &Session, python: &Utf8Path, machine: &Machine) -> Option<Utf8PathBuf> {
    let loader = Program::read(python)?.loader?;
    let around = python.ancestors().skip(1).map(Utf8Path::to_owned);
    let mut roots = around.chain(machine_roots(session, machine));
    let root = roots.find(|root| disk::is_there(&root.join(loader.trim_start_matches('/'))))?;
    (root != "/").then_some(root)
}

/// `QEMU_LD_PREFIX`, the folder that Debian's qemu looks in, and that of its compilers for the machine
/// (Debian's README of qemu-user).
fn machine_roots(session: &Session, machine: &Machine) -> Vec<Utf8PathBuf> {
    let said = session.path_var("QEMU_LD_PREFIX");
    let own = [
        format!("/etc/qemu-binfmt/{}", machine.arch),
        format!("/usr/{}", machine.multiarch()),
    ];
    said.into_iter().chain(own.map(Into::into)).collect()
}

/// Where interpreters may be, the one that counts first.
fn places(session: &Session, names: &FileNames) -> Vec<Utf8PathBuf> {
    let mut places = Vec::new();
    let pyenv = pyenv_root(session);
    let of_folder = |folder: &Utf8Path| names.in_folder.map(|name| folder.join(name));
    for dir in session.search_path() {
        if dir == pyenv.join("shims") {
            for version in pyenv_global(session, &pyenv) {
                places.extend(of_folder(&pyenv.join("versions").join(version)));
            }
            continue;
        }
        places.extend(programs_in(&dir, names));
    }
    for root in [vec![pyenv.join("versions")], uv_roots(session)].concat() {
        let folders = newest_first(disk::names(&root)).into_iter();
        for folder in folders.filter(|name| (names.is_folder)(name)) {
            places.extend(of_folder(&root.join(folder)));
        }
    }
    places
}

fn programs_in(dir: &Utf8Path, names: &FileNames) -> Vec<Utf8PathBuf> {
    let programs = disk::names(dir).into_iter();
    let programs = programs.filter(|name| is_python(name, names.program));
    programs.map(|name| dir.join(name)).collect()
}

fn newest_first(mut names: Vec<String>) -> Vec<String> {
    names.sort_by_key(|name| std::cmp::Reverse(version_in(name)));
    names
}

/// `python`, `python3`, `python3.12`, `python3.13t`; not `python3-config`. `program`: what it begins with.
fn is_python(name: &str, program: &str) -> bool {
    let Some(rest) = name.strip_suffix(std::env::consts::EXE_SUFFIX) else {
        return false;
    };
    rest.strip_prefix(program).is_some_and(|rest| {
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

/// The interpreter at a path; what it is by the path where that tells, else by asking it.
///
/// # Errors
/// [`Error::BadInterpreter`] where there is none that answers, or none that modules are built for.
pub fn at(session: &Session, path: &Utf8Path) -> Result<Interpreter> {
    let real = disk::resolve(path);
    if !disk::is_file(&real) {
        return Err(Error::BadInterpreter {
            path: path.to_owned(),
            message: "no such file".into(),
        });
    }
    if let Some(program) = Program::read(&real).filter(Program::is_foreign) {
        let machine = program.machine().map(|machine| machine.to_string());
        let machine = machine.unwrap_or_else(|| program.arch.to_owned());
        return Err(Error::BadInterpreter {
            path: path.to_owned(),
            message: format!("it is for {machine}, and this machine is not"),
        });
    }
    let name = real.file_name().unwrap_or_default();
    // on Windows it is in the folder of its version, elsewhere in that one's `bin`
    let (name, folder) = match name.strip_suffix(".exe") {
        Some(name) => (name, real.parent()),
        None => (name, real.parent().and_then(Utf8Path::parent)),
    };
    let folder = folder.and_then(Utf8Path::file_name).unwrap_or_default();
    let by_folder = version_in(folder).filter(|version| version.release().len() >= 3);
    let Some(version) = by_folder else {
        return ask(session, &[], real);
    };
    let is_free = name.starts_with("python") && name.ends_with('t');
    let implementation = if name.starts_with("pypy") {
        Implementation::PyPy
    } else if is_free || folder.contains("+freethreaded") {
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

/// `3.12.1` in `3.12.1`, `cpython-3.12.1-linux-x86_64-gnu` and `pypy-3.10.14-linux-x86_64-gnu`.
fn version_in(folder: &str) -> Option<Version> {
    let named = ["cpython-", "pypy-"].iter();
    let word = named
        .filter_map(|name| folder.strip_prefix(name))
        .find_map(|rest| rest.split(['-', '+']).next())
        .unwrap_or(folder);
    Version::from_str(word).ok()
}

/// What an interpreter says of itself in the fewest words.
#[derive(Deserialize)]
struct Introduction {
    implementation: String,
    version: String,
    /// Letters for how it was built; systems on which it tells none have folders that do.
    abiflags: String,
}

/// # Errors
/// [`Error::BadInterpreter`]; as [`is_trusted`].
///
/// `runner`: as of [`introduce`].
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
    let bad = |message: String| Error::BadInterpreter {
        path: path.clone(),
        message,
    };
    let Some(said) = said else {
        return Err(bad("it did not tell its version".into()));
    };
    // Windows tells no flags
    let name = path.file_stem().unwrap_or_default();
    let is_free = name.starts_with("python") && name.ends_with('t');
    let implementation = match &*said.implementation {
        "cpython" if said.abiflags.contains('t') || is_free => Implementation::FreeThreaded,
        "cpython" => Implementation::CPython,
        "pypy" => Implementation::PyPy,
        other => return Err(bad(format!("it is {other}: {ONLY}"))),
    };
    let version = Version::from_str(said.version.trim_end_matches('+'));
    let version = version.map_err(|_| bad(format!("its version `{}` is none", said.version)))?;
    Ok(Interpreter {
        path,
        version,
        implementation,
    })
}

/// What is said of other implementations.
const ONLY: &str = "modules are built for CPython and PyPy";

/// Refuses an interpreter that a checkout brings, or whose environment takes its standard library from
/// there, for a command that only looks. What is found without the checkout's word is the user's own, and
/// what the user has built into is [`trust`]ed.
///
/// # Errors
/// [`Error::Refused`]
fn is_trusted(session: &Session, python: &Utf8Path) -> Result<()> {
    if !session.looks_only || !is_brought(session, python) {
        return Ok(());
    }
    let record = disk::read_text(&trust_record(session, python));
    if record.ok().flatten() == Some(identity(python)) {
        return Ok(());
    }
    let message = format!("`{python}` is of this checkout, and what only looks runs nothing of it");
    let hint = "`cargo pyx dev --force` runs it, where you trust the checkout";
    Err(Error::refused(message, hint))
}

/// Has later commands run the interpreter of an environment, now that one that builds has: what a checkout
/// brings is noted outside of it.
///
/// # Errors
/// Those of writing into the user's cache.
pub fn trust(session: &Session, python: &Utf8Path) -> Result<()> {
    if !is_brought(session, python) {
        return Ok(());
    }
    disk::write(&trust_record(session, python), identity(python).as_bytes())
}

/// Of the file, and of what says where its standard library is.
fn identity(python: &Utf8Path) -> String {
    let homes: Vec<Utf8PathBuf> = homes(python).collect();
    let hash = disk::hash(python).unwrap_or_default();
    disk::digest(format!("{hash} {homes:?}").as_bytes())
}

fn trust_record(session: &Session, python: &Utf8Path) -> Utf8PathBuf {
    let name = disk::digest(python.as_str().as_bytes());
    session.cache().join("trusted-interpreters").join(name)
}

/// Whether an interpreter is of a checkout, or its environment takes its standard library from one. That is
/// where the command works, whatever is a repository, and what is unpacked with a manifest beside it.
fn is_brought(session: &Session, python: &Utf8Path) -> bool {
    const MARKS: [&str; 3] = [".git", "pyproject.toml", "Cargo.toml"];
    let bounds = disk::resolve(checkout::root(&session.cwd).unwrap_or(&session.cwd));
    let mut own = session.search_path();
    own.push(pyenv_root(session));
    own.extend(uv_roots(session));
    let own: Vec<Utf8PathBuf> = own.iter().map(|dir| disk::resolve(dir)).collect();
    let is_marked = |dir: &Utf8Path| MARKS.iter().any(|name| disk::is_there(&dir.join(name)));
    let is_brought = |path: &Utf8Path| {
        let real = disk::resolve(path);
        let is_own = own.iter().any(|dir| real.starts_with(dir));
        !is_own && (real.starts_with(&bounds) || real.ancestors().skip(1).any(is_marked))
    };
    // Python takes what is no absolute path from wherever it is started
    let is_home = |home: Utf8PathBuf| !home.is_absolute() || is_brought(&home);
    is_brought(python) || homes(python).any(is_home)
}

/// The folders of the interpreters that a Python takes its standard library from, where it is an
/// environment's, as they are written.
fn homes(python: &Utf8Path) -> impl Iterator<Item = Utf8PathBuf> {
    let folders = python.ancestors().skip(1).take(2); // where Python looks for `pyvenv.cfg`
    folders.filter_map(|dir| {
        let text = disk::read_text(&dir.join("pyvenv.cfg")).ok()??;
        Some(venv::config(&text).remove("home")?.into())
    })
}

/// What answers for an environment's Python: on Windows that is no link but a program, which could be the
/// checkout's, and starts this one.
fn behind(python: &Utf8Path) -> Utf8PathBuf {
    let home = if cfg!(windows) {
        homes(python).next()
    } else {
        None
    };
    home.map_or_else(|| python.to_owned(), |home| home.join("python.exe"))
}

/// An interpreter, what runs it, and what it is asked.
type Question = (
    Utf8PathBuf,
    Option<disk::Signature>,
    Vec<String>,
    &'static str,
);

/// What a script prints. An interpreter that is still the same file is not asked again: facts are
/// gathered several times in a run.
///
/// `runner`: as of [`introduce`].
fn answer(
    session: &Session,
    runner: &[String],
    python: &Utf8Path,
    script: &'static str,
) -> Result<Output> {
    static ANSWERS: Mutex<BTreeMap<Question, Output>> = Mutex::new(BTreeMap::new());
    let python = &if session.looks_only {
        behind(python)
    } else {
        python.to_owned()
    };
    is_trusted(session, python)?;
    let signature = disk::signature(python);
    let key = (python.to_owned(), signature, runner.to_vec(), script);
    let known = ANSWERS.lock().ok().and_then(|all| all.get(&key).cloned());
    if let Some(output) = known {
        return Ok(output);
    }
    let (program, words) = match runner.split_first() {
        Some((program, words)) => (program.into(), [words, &[python.to_string()]].concat()),
        None => (python.to_owned(), Vec::new()),
    };
    let invocation = Invocation::new(program, &session.cwd)
        .args(words)
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
    #[serde(rename = "implementation")]
    pub name: String,
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
    pub fn version(&self) -> Minor {
        (self.major, self.minor)
    }

    pub fn implementation(&self) -> Implementation {
        // on Windows the tag begins without Python's name
        let tags = ["cpython-", "cp"].map(|name| format!(".{name}{}{}t", self.major, self.minor));
        let is_tagged = |own: &String| tags.iter().any(|tag| own.starts_with(tag));
        if self.name == "pypy" {
            Implementation::PyPy
        } else if self.suffixes.iter().any(is_tagged) {
            Implementation::FreeThreaded
        } else {
            Implementation::CPython
        }
    }

    /// As `--python` takes it: `3.13`, `3.13t`, `pypy3.11`.
    pub fn label(&self) -> String {
        self.implementation().request(self.version())
    }

    /// The folder of its standard library and packages in `lib`.
    pub fn folder(&self) -> String {
        self.implementation().library_folder(self.version())
    }

    /// What maturin tells PyO3's build script about the interpreter.
    pub fn signature(&self) -> String {
        format!(
            "{}-{}.{}-{}bit",
            self.name, self.major, self.minor, self.bits
        )
    }
}

/// Runs no code of the project: isolated mode, and site-packages are left out.
pub fn probe(session: &Session, python: &Utf8Path) -> Result<Probe> {
    probe_by(session, &[], python)
}

/// What an interpreter for another machine says of itself.
///
/// `runner`: the program that runs it, with its arguments; none where the system does.
///
/// # Errors
/// [`Error::BadInterpreter`] where it does not answer.
pub fn introduce(
    session: &Session,
    runner: &[String],
    python: &Utf8Path,
) -> Result<(Interpreter, Probe)> {
    let probe = probe_by(session, runner, python)?;
    Ok((ask(session, runner, python.to_owned())?, probe))
}

fn probe_by(session: &Session, runner: &[String], python: &Utf8Path) -> Result<Probe> {
    let output = answer(session, runner, python, include_str!("interpreter.py"))?;
    serde_json::from_str(output.stdout.trim()).map_err(|_| Error::BadInterpreter {
        path: python.to_owned(),
        message: output.stderr.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::executable;
    #[cfg(target_os = "linux")]
    use crate::world::machine;

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
            assert_eq!(is_python(&executable(name), CPYTHON.program), is, "{name}");
        }
    }

    #[test]
    fn a_build_without_the_gil_is_known_by_its_name() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap().join("3.13.1/bin");
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
        assert!(error.ends_with(&format!("it is for {other}, and this machine is not")));
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

    #[test]
    fn folders_of_pyenv_and_uv_tell_the_version() {
        let expected = Version::from_str("3.12.1").ok();
        assert_eq!(version_in("3.12.1"), expected);
        assert_eq!(version_in("cpython-3.12.1-linux-x86_64-gnu"), expected);
        assert_eq!(version_in("pypy-3.12.1-linux-x86_64-gnu"), expected);
        assert_eq!(version_in("bin"), None);
    }
}
