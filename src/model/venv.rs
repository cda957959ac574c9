//! Where things are in a virtual environment (PEP 405, and `sysconfig`'s schemes `posix_prefix` and `nt`). In
//! every function, `dir` is the environment's folder.

use std::collections::BTreeMap;

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

/// The folder that holds one folder for each Python, which holds its packages.
pub fn lib(dir: &Utf8Path) -> Utf8PathBuf {
    dir.join(if cfg!(windows) { "Lib" } else { "lib" })
}

/// The folder of its packages; `python` is the name of its Python's folder in [`lib`]: `python3.13`,
/// `python3.13t`. Windows has no such folder in between.
pub fn site_packages(dir: &Utf8Path, python: &str) -> Utf8PathBuf {
    let lib = lib(dir);
    let lib = if cfg!(windows) { lib } else { lib.join(python) };
    lib.join("site-packages")
}

/// The settings of an environment's `pyvenv.cfg`, by lowercase names; the first of two lines counts, as in
/// Python.
pub fn config(text: &str) -> BTreeMap<String, String> {
    let mut config = BTreeMap::new();
    for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let name = name.trim().to_lowercase();
        config
            .entry(name)
            .or_insert_with(|| value.trim().to_owned());
    }
    config
}

/// The folder that an environment was created for, according to its activation script: scripts among its
/// programs begin with the same path. `None` for one that works in any folder.
pub fn made_for(activate: &str) -> Option<Utf8PathBuf> {
    let assigned = activate.split("VIRTUAL_ENV=").skip(1);
    let mut values = assigned.filter_map(|rest| shlex::Shlex::new(rest).next());
    let path = values.find(|value| !value.contains('$') && Utf8Path::new(value).is_absolute())?;
    Some(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environments_configuration_is_read_as_python_reads_it() {
        let config = config("Home = /opt/python/bin\nhome = /elsewhere\nprompt\nuv=0.9\n");
        let said = |name: &str| config.get(name).map(String::as_str);
        assert_eq!(said("home"), Some("/opt/python/bin"));
        assert_eq!((said("uv"), said("prompt")), (Some("0.9"), None));
    }

    #[test]
    fn the_script_that_activates_an_environment_tells_its_place() {
        let drive = if cfg!(windows) { "C:" } else { "" };
        for (text, place) in [
            (
                "VIRTUAL_ENV='/p q/.venv'\nexport VIRTUAL_ENV\n",
                "/p q/.venv",
            ), // uv
            ("VIRTUAL_ENV='/it'\"'\"'s/.venv'\n", "/it's/.venv"),
            ("VIRTUAL_ENV='/new\nline/.venv'\n", "/new\nline/.venv"),
            ("VIRTUAL_ENV=\"/p q/.venv\"\n", "/p q/.venv"), // venv up to Python 3.11
            (
                "    export VIRTUAL_ENV=$(cygpath \"/p/.venv\")\nelse\n    export VIRTUAL_ENV=/p/.venv\nfi\n",
                "/p/.venv",
            ),
        ] {
            let text = ["/p", "/it", "/new"]
                .iter()
                .fold(text.to_owned(), |text, begin| {
                    text.replace(begin, &format!("{drive}{begin}"))
                });
            let text =
                format!("unset VIRTUAL_ENV\n# VIRTUAL_ENV\n{text}PATH=\"$VIRTUAL_ENV/bin\"\n");
            let place = Utf8PathBuf::from(format!("{drive}{place}"));
            assert_eq!(made_for(&text), Some(place), "{text}");
        }
        let relocatable = "VIRTUAL_ENV=''\"$(dirname -- \"$SCRIPT_PATH\")\"''\n";
        for text in [relocatable, "", "VIRTUAL_ENV=.venv\n"] {
            assert_eq!(made_for(text), None, "{text}");
        }
    }

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
