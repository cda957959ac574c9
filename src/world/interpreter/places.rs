//! Where interpreters are: PATH, pyenv, uv, and the roots of other machines.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;

use crate::world::disk;
use crate::world::machine::Machine;
use crate::world::session::Session;

/// The file names of an implementation.
pub(super) struct FileNames {
    /// The prefix of its programs on PATH.
    pub(super) program: &'static str,
    /// Whether a version folder with that name, pyenv's or uv's, contains it.
    is_folder: fn(&str) -> bool,
    /// Its path in such a folder; on Windows there is no `bin`.
    in_folder: [&'static str; 2],
}

pub(super) const CPYTHON: FileNames = FileNames {
    program: "python",
    is_folder: |name| !name.starts_with(PYPY.program) && !name.starts_with("graalpy"),
    in_folder: ["bin/python3", "python.exe"],
};

pub(super) const PYPY: FileNames = FileNames {
    program: "pypy",
    is_folder: |name| name.starts_with("pypy"),
    in_folder: ["bin/pypy3", "pypy.exe"],
};

/// `QEMU_LD_PREFIX`, the folder that Debian's qemu searches, and the one of its compilers for the machine
/// (Debian's README of qemu-user).
pub(super) fn machine_roots(session: &Session, machine: &Machine) -> Vec<Utf8PathBuf> {
    let said = session.path_var("QEMU_LD_PREFIX");
    let own = [
        format!("/etc/qemu-binfmt/{}", machine.arch),
        format!("/usr/{}", machine.multiarch()),
    ];
    said.into_iter().chain(own.map(Into::into)).collect()
}

/// Where interpreters may be, in order of precedence.
pub(super) fn places(session: &Session, names: &FileNames) -> Vec<Utf8PathBuf> {
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
        for folder in folders.filter(|name| (names.is_folder)(name) && !is_debug(name)) {
            places.extend(of_folder(&root.join(folder)));
        }
    }
    places
}

/// Whether uv's folder is of a Python that is built to be debugged: such have an ABI of their own, and uv takes
/// them only by request (uv docs, "Python versions").
fn is_debug(folder: &str) -> bool {
    let mut variants = folder.split('-').flat_map(|word| word.split('+').skip(1));
    variants.any(|variant| variant == "debug")
}

pub(super) fn programs_in(dir: &Utf8Path, names: &FileNames) -> Vec<Utf8PathBuf> {
    let programs = disk::names(dir).into_iter();
    let programs = programs.filter(|name| is_python(name, names.program));
    programs.map(|name| dir.join(name)).collect()
}

fn newest_first(mut names: Vec<String>) -> Vec<String> {
    names.sort_by_key(|name| std::cmp::Reverse(version_in(name)));
    names
}

/// `python`, `python3`, `python3.12`, `python3.13t`; not `python3-config`. `program`: the prefix.
fn is_python(name: &str, program: &str) -> bool {
    let Some(rest) = name.strip_suffix(std::env::consts::EXE_SUFFIX) else {
        return false;
    };
    rest.strip_prefix(program).is_some_and(|rest| {
        let digits = rest.strip_suffix('t').unwrap_or(rest);
        digits.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

pub(super) fn pyenv_root(session: &Session) -> Utf8PathBuf {
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

/// The folders of uv's managed interpreters, existing or not (uv docs, "Python versions" and "Storage").
pub(super) fn uv_roots(session: &Session) -> Vec<Utf8PathBuf> {
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

/// Prefixes of uv's folders.
const NAMED: [&str; 2] = ["cpython-", "pypy-"];

/// The version that an interpreter's folder, a real path, states if pyenv or uv created it: elsewhere a
/// number may be the release of something else.
pub(super) fn version_of(session: &Session, folder: &Utf8Path) -> Option<Version> {
    let name = folder.file_name()?;
    let is_pyenvs = || {
        let versions = disk::resolve(&pyenv_root(session).join("versions"));
        folder.parent() == Some(&*versions)
    };
    let is_told = NAMED.iter().any(|prefix| name.starts_with(prefix)) || is_pyenvs();
    is_told.then(|| version_in(name))?
}

/// `3.12.1` in `3.12.1`, `cpython-3.12.1-linux-x86_64-gnu` and `pypy-3.10.14-linux-x86_64-gnu`.
fn version_in(folder: &str) -> Option<Version> {
    let named = NAMED.iter();
    let word = named
        .filter_map(|name| folder.strip_prefix(name))
        .find_map(|rest| rest.split(['-', '+']).next())
        .unwrap_or(folder);
    Version::from_str(word).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::executable;

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
    fn folders_of_pyenv_and_uv_tell_the_version() {
        let expected = Version::from_str("3.12.1").ok();
        assert_eq!(version_in("3.12.1"), expected);
        assert_eq!(version_in("cpython-3.12.1-linux-x86_64-gnu"), expected);
        assert_eq!(version_in("pypy-3.12.1-linux-x86_64-gnu"), expected);
        assert_eq!(version_in("bin"), None);
    }

    #[test]
    fn what_uv_has_to_debug_python_is_not_chosen() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        for folder in [
            "cpython-3.14.0+debug-linux-x86_64-gnu",
            "cpython-3.14.0+freethreaded+debug-linux-x86_64-gnu",
            "cpython-3.14.0-linux-x86_64-gnu",
            "cpython-3.14.0+freethreaded-linux-x86_64-gnu",
        ] {
            crate::world::disk::create_dir(&root.join(folder)).unwrap();
        }
        let env = ["UV_PYTHON_INSTALL_DIR", "HOME"];
        let session = Session {
            env: env.map(|name| (name.to_owned(), root.to_string())).into(),
            ..Session::default()
        };
        let found = places(&session, &CPYTHON);
        assert!(!found.is_empty());
        assert!(found.iter().all(|path| !path.as_str().contains("debug")));
    }
}
