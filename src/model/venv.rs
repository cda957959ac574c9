//! Where things stand in a virtual environment (PEP 405, and `sysconfig`'s schemes `posix_prefix` and
//! `nt`). Of every function `dir` is the environment's folder.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::path::executable;

/// The folder of its programs.
pub fn bin(dir: &Utf8Path) -> Utf8PathBuf {
    dir.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

/// One of its programs.
pub fn program(dir: &Utf8Path, name: &str) -> Utf8PathBuf {
    bin(dir).join(executable(name))
}

pub fn python(dir: &Utf8Path) -> Utf8PathBuf {
    program(dir, "python")
}

/// The folder that holds one folder for each Python, in which its packages are.
pub fn lib(dir: &Utf8Path) -> Utf8PathBuf {
    dir.join(if cfg!(windows) { "Lib" } else { "lib" })
}

/// The folder of its packages; `python` is what its Python is called in [`lib`]: `python3.13`,
/// `python3.13t`. Windows has no such folder in between.
pub fn site_packages(dir: &Utf8Path, python: &str) -> Utf8PathBuf {
    let lib = lib(dir);
    let lib = if cfg!(windows) { lib } else { lib.join(python) };
    lib.join("site-packages")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_laid_out_as_its_system_does() {
        let dir = Utf8Path::new("/e");
        let (python, packages) = if cfg!(windows) {
            ("/e/Scripts/python.exe", "/e/Lib/site-packages")
        } else {
            ("/e/bin/python", "/e/lib/python3.13t/site-packages")
        };
        assert_eq!(super::python(dir), python);
        assert_eq!(site_packages(dir, "python3.13t"), packages);
    }
}
