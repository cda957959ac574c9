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
    let home = std::env::home_dir().unwrap();
    let pyenv = std::env::var_os("PYENV_ROOT").map_or_else(|| home.join(".pyenv"), PathBuf::from);
    let folders = [pyenv.join("versions"), home.join(".local/share/uv/python")];
    let managed = folders.iter().flat_map(|folder| entries(folder));
    let path = std::env::var_os("PATH").unwrap();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    dirs.retain(|dir| !dir.starts_with(&pyenv)); // its shims
    dirs.extend(managed.map(|dir| dir.join("bin")));
    let shared = |python: &PathBuf| {
        let status = Command::new(python).args(["-c", IS_SHARED]).status();
        status.is_ok_and(|status| status.success())
    };
    let version = |minor: u32| {
        let name = format!("python3.{minor}");
        let mut pythons: Vec<PathBuf> = dirs.iter().map(|dir| dir.join(&name)).collect();
        pythons.retain(|python| python.is_file());
        let good = !pythons.is_empty() && pythons.iter().all(shared);
        good.then(|| format!("3.{minor}"))
    };
    (9..=14).filter_map(version).collect()
}
