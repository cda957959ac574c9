//! The interpreters of this machine.

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
    (9..=14).filter_map(version).collect()
}
