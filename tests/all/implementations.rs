//! Other Pythons than CPython with a GIL: PyPy, and CPython without.

use std::path::{Path, PathBuf};

use crate::support::{Project, folder, on_path, skipped};

const LIB: &str = r"
use pyo3::prelude::*;

#[pyfunction]
fn twice(number: u64) -> u64 {
    number * 2
}

#[pymodule]
fn other(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(twice, module)?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn counted() {
        assert_eq!(super::twice(21), 42);
    }
}
";

const PYPROJECT: &str = r#"[build-system]
requires = ["maturin>=1.14,<2"]
build-backend = "maturin"

[project]
name = "other"
version = "1.0.0"
description = "For other implementations of Python"
readme = "README.md"
requires-python = ">=3.9"

[dependency-groups]
test = ["pytest"]
"#;

const PYTHON: &str = "import other


def test_twice():
    assert other.twice(21) == 42
";

fn project(folder: &Path, pyo3: &str) -> Project {
    let cargo = format!(
        "[package]\nname = 'other'\nversion = '1.0.0'\nedition = '2021'\n[lib]\ncrate-type = ['cdylib']\n\
         [dependencies]\npyo3 = {pyo3}\n[features]\nextension-module = ['pyo3/extension-module']\n"
    );
    let features = "\n[tool.maturin]\nfeatures = [\"extension-module\"]\n";
    let project = Project::written(
        folder,
        &[
            ("Cargo.toml", &cargo),
            ("README.md", "# Other\n"),
            ("pyproject.toml", &format!("{PYPROJECT}{features}")),
            ("src/lib.rs", LIB),
            ("tests/test_other.py", PYTHON),
            (".gitignore", "/target/\n/.venv/\n__pycache__/\n"),
        ],
    );
    project
        .run("cargo", &["generate-lockfile", "--quiet"])
        .succeeds();
    project.git(&["add", "--all"]);
    project.commit();
    project
}

#[test]
fn a_module_is_built_tested_and_packed_for_pypy() {
    if on_path("pypy3").is_none() {
        skipped("pypy3");
        return;
    }
    // the last that is for the PyPy of long-lived systems
    let project = project(&folder!(), "'0.25'");
    let run = project
        .pyx("test")
        .with(&["--python", "pypy"])
        .run()
        .succeeds();
    run.says("the Rust tests of other are left out: PyPy cannot be embedded in a program")
        .says("Python (other) 1 passed");
    let dev = project.dev().with(&["--python", "pypy"]).run();
    dev.finds_fresh("other");
    // nothing of it is CPython's
    let run = project.pyx("test").run().succeeds();
    run.says("Rust (other) 1 passed; Python (other) 1 passed");
    let run = project
        .release(&["wheel", "--python", "pypy"])
        .run()
        .succeeds();
    run.says("-pypy").says("2 passed");
    let embed = Project::cold(&folder!().join("embed"), "embed");
    embed.remove("Cargo.lock"); // of a PyO3 that is for younger ones
    let dev = embed.dev().with(&["--python", "pypy"]).run().exits(2);
    dev.says("embeds Python, and PyPy cannot be embedded");
    project
        .dev()
        .with(&["--python", "graalpy"])
        .run()
        .exits(2)
        .says("neither a version of CPython or PyPy");
}

/// Those that are built by hand stand in a folder that PATH names.
fn free_threaded() -> Option<(u64, PathBuf)> {
    let minors = (14..=20).rev();
    minors
        .into_iter()
        .find_map(|minor| Some((minor, on_path(&format!("python3.{minor}t"))?)))
}

#[test]
fn a_module_is_built_tested_and_packed_without_the_gil() {
    let Some((minor, python)) = free_threaded() else {
        skipped("a CPython from 3.14 on that was built without the GIL");
        return;
    };
    let project = project(
        &folder!(),
        "{ version = '0.30', features = ['abi3-py39', 'abi3t'] }",
    );
    let python = python.to_str().unwrap();
    let run = project
        .pyx("test")
        .with(&["--python", python])
        .run()
        .succeeds();
    run.says("Python (other) 1 passed");
    let dev = project.dev().with(&["--python", python]).run();
    dev.finds_fresh("other");
    let run = project
        .release(&["wheel", "--python", python])
        .run()
        .succeeds();
    run.says(if minor < 15 {
        "-cp314-cp314t-"
    } else {
        "-abi3.abi3t-"
    });
}
