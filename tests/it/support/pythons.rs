//! The interpreters of this machine.

#[cfg(unix)]
use std::fs;
#[cfg(unix)]
use std::os::unix::fs::symlink;
#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use super::entries;

/// Whether an interpreter has a shared libpython and what compiles against it needs.
const IS_SHARED: &str = "import os, sys, sysconfig
get = sysconfig.get_config_var
folders = [get('LIBDIR'), os.path.join(get('LIBDIR'), get('MULTIARCH') or '')]
library = 'libpython' + get('LDVERSION')
names = [library + '.so', library + '.dylib']
sys.exit(not any(os.path.exists(os.path.join(f, n)) for f in folders for n in names))";

/// The versions `3.N` from 3.9 on that this machine has, where Rust tests can be linked with all
/// of that version, in order.
pub(crate) fn versions() -> Vec<String> {
    let shared = |python: &PathBuf| {
        let status = Command::new(python).args(["-c", IS_SHARED]).status();
        status.is_ok_and(|status| status.success())
    };
    let all = installed().into_iter();
    let linkable = all.filter(|(_, pythons)| pythons.iter().all(shared));
    linkable.map(|(version, _)| version).collect()
}

/// The newest Python that this machine has.
#[cfg(target_os = "linux")]
pub(crate) fn newest() -> String {
    let [_, newest] = oldest_and_newest();
    newest
}

/// As in tags: `cp313`.
#[cfg(target_os = "linux")]
pub(crate) fn label(python: &str) -> String {
    format!("cp{}", python.replace('.', ""))
}

/// The oldest and the newest version of those from 3.9 on that this machine has, which are the
/// same where it has only one.
pub(crate) fn oldest_and_newest() -> [String; 2] {
    let all = installed();
    let versions: Vec<&String> = all.iter().map(|(version, _)| version).collect();
    let (Some(first), Some(last)) = (versions.first(), versions.last()) else {
        panic!("this machine has no CPython from 3.9 on")
    };
    [(*first).clone(), (*last).clone()]
}

/// By version from 3.9 on, in order: the interpreters.
fn installed() -> Vec<(String, Vec<PathBuf>)> {
    let home = std::env::home_dir().unwrap();
    let pyenv = std::env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
    let folders = [pyenv.join("versions"), home.join(".local/share/uv/python")];
    let managed = folders.iter().flat_map(|folder| entries(folder));
    let path = std::env::var_os("PATH").unwrap();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    dirs.retain(|dir| !dir.starts_with(&pyenv)); // its shims
    dirs.extend(managed.map(|dir| dir.join("bin")));
    let version = |minor: u32| {
        let name = format!("python3.{minor}");
        let mut pythons: Vec<PathBuf> = dirs.iter().map(|dir| dir.join(&name)).collect();
        pythons.retain(|python| python.is_file());
        (!pythons.is_empty()).then(|| (format!("3.{minor}"), pythons))
    };
    (9..=15).filter_map(version).collect()
}

/// A whole Python at `dir` as conda lays one out: the newest of this machine that stands in a folder of its
/// own. Its version, or `None` where there is no such Python.
#[cfg(unix)]
pub(crate) fn like_condas(dir: &Path) -> Option<String> {
    const BASE: &str = "import sys; print(sys.base_prefix)";
    let prefix = |python: &PathBuf| {
        let run = Command::new(python).args(["-c", BASE]).output().ok()?;
        Some(PathBuf::from(
            String::from_utf8(run.stdout).ok()?.trim_end(),
        ))
    };
    let all = installed().into_iter().rev();
    let pythons = all.flat_map(|(version, pythons)| {
        let version = move |python| (version.clone(), python);
        pythons.into_iter().map(version)
    });
    let whole = pythons.filter_map(|(version, python)| {
        let prefix = prefix(&python)?;
        let header = prefix.join(format!("include/python{version}/patchlevel.h"));
        (prefix != Path::new("/usr") && header.is_file()).then_some((version, prefix))
    });
    let (version, prefix) = whole.into_iter().next()?;
    let name = format!("python{version}");
    mirror(
        &prefix.join("bin").join(&name),
        &dir.join("bin").join(&name),
    );
    mirror(&prefix.join("include"), &dir.join("include"));
    mirror(
        &prefix.join("lib").join(&name),
        &dir.join("lib").join(&name),
    );
    symlink(&name, dir.join("bin/python")).unwrap();
    let short = &name[..name.len() - 1]; // conda has such a link
    symlink(&name, dir.join("lib").join(short)).unwrap();
    fs::create_dir_all(dir.join("conda-meta")).unwrap();
    fs::write(dir.join("conda-meta/history"), "").unwrap();
    Some(version)
}

/// Links to all files but packages and what nobody needs here.
#[cfg(unix)]
fn mirror(from: &Path, to: &Path) {
    let name = from.file_name().unwrap().to_str().unwrap();
    if [
        "site-packages",
        "test",
        "__pycache__",
        "idlelib",
        "ensurepip",
    ]
    .contains(&name)
    {
        fs::create_dir_all(to).unwrap();
    } else if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for path in entries(from) {
            mirror(&path, &to.join(path.file_name().unwrap()));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let from = fs::canonicalize(from).unwrap();
        fs::hard_link(&from, to)
            .or_else(|_| fs::copy(&from, to).map(drop))
            .unwrap();
    }
}
