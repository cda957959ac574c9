//! What a crate is to Python, by its manifest and sources: a module, a program that embeds it, or a library
//! for one of these.

use crate::model::error::Result;
use crate::world::disk;
use crate::world::manifest::{CargoToml, Manifests, PyProject};

use super::crates::PYO3;

/// A crate that embeds an interpreter: PyO3 with `auto-initialize`.
pub(super) fn embeds_python(cargo: &CargoToml) -> bool {
    cargo.dependencies().iter().any(|dependency| {
        dependency.package == "pyo3" && dependency.features.iter().any(|f| f == "auto-initialize")
    })
}

/// A crate that is a module to import, and embeds no interpreter.
pub(super) fn is_extension(cargo: &CargoToml) -> bool {
    let kinds = cargo.crate_types();
    kinds.iter().any(|kind| kind == "cdylib") && !embeds_python(cargo)
}

/// A crate that is compiled with PyO3, even if only for its tests.
pub(super) fn uses_python(cargo: &CargoToml) -> bool {
    let mut all = cargo
        .dependencies()
        .into_iter()
        .chain(cargo.dev_dependencies());
    all.any(|dependency| PYO3.contains(&&*dependency.package))
}

/// Whether maturin makes a module of a crate by its Cargo.toml alone: an extension that always has PyO3, and
/// a `#[pymodule]` in its sources, without which it is a library for other programs. If there is a
/// pyproject.toml, maturin requires that to name the build backend.
pub(super) fn is_module_by_itself(manifests: &Manifests, cargo: &CargoToml) -> Result<bool> {
    let always_has = |name: &&str| {
        let optionally = [(*name).to_owned(), format!("dep:{name}")];
        let enabled = cargo.features_behind(vec!["default".to_owned()]);
        cargo.requires(name) || enabled.iter().any(|feature| optionally.contains(feature))
    };
    let is_alone = manifests
        .pyproject(&cargo.dir().join("pyproject.toml"))?
        .is_none();
    if !is_alone || !is_extension(cargo) || !PYO3.iter().any(always_has) {
        return Ok(false);
    }
    let root = cargo.toml.str(&["lib", "path"]).unwrap_or("src/lib.rs");
    let sources = cargo.dir().join(root).with_file_name("");
    for path in disk::rust_files(&sources, &[]) {
        let text = disk::read_text(&sources.join(path))?.unwrap_or_default();
        if text.lines().any(makes_module) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a setuptools package builds crates in folders below its own, according to what it requires or to
/// its build files. A build backend that the project brings itself may do anything.
pub(super) fn builds_crates(pyproject: &PyProject) -> Result<bool> {
    const COMPILERS: [&str; 4] = ["setuptools-rust", "setuptools_rust", "cargo", "maturin"];
    if pyproject
        .toml
        .get(&["build-system", "backend-path"])
        .is_some()
    {
        return Ok(true);
    }
    for name in ["pyproject.toml", "setup.py", "setup.cfg"] {
        let text = disk::read_text(&pyproject.dir().join(name))?.unwrap_or_default();
        if COMPILERS
            .iter()
            .any(|word| text.to_lowercase().contains(word))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `#[pymodule]`, `#[pyo3::pymodule(…)]` or `#[cfg_attr(…, pymodule)]`, but none of its helpers; or the
/// function that Python looks for.
pub fn makes_module(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("//") {
        return false;
    }
    let mut ends = line.split("pymodule").skip(1);
    line.contains("fn PyInit_")
        || line.starts_with("#[") && ends.any(|rest| rest.starts_with([']', '(', ')', ' ', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_a_module_is_an_attribute_or_the_function_that_python_looks_for() {
        for line in [
            "#[pymodule]",
            "  #[pyo3::pymodule(name = \"a\")]",
            "#[cfg_attr(x, pymodule)]",
            "pub unsafe extern \"C\" fn PyInit_a() -> *mut PyObject {",
        ] {
            assert!(makes_module(line), "{line}");
        }
        for line in [
            "// #[pymodule]",
            "/// pub extern \"C\" fn PyInit_a()",
            "#[pymodule_export]",
            "use pyo3::pymodule;",
        ] {
            assert!(!makes_module(line), "{line}");
        }
    }
}
