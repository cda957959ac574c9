//! What `cargo pyx test` promises, in real projects with the real tools.

mod both;
mod pyo3;
mod python;
mod runners;
mod rust;
use std::path::Path;

use crate::support::{Outcome, Project, Pyx};

fn test(project: &Project, args: &[&str]) -> Pyx {
    project.pyx("test").with(args)
}

/// A copy of `bin`, which compiles within a second: it has no dependencies.
fn small(folder: &Path) -> Project {
    Project::cold(&folder.join("bin"), "bin")
}

/// Runs a program of cargo's with the environment's Python, as a person without pyx would.
fn plain_cargo(project: &Project, args: &[&str]) -> Outcome {
    let python = project.path(".venv/bin/python");
    let libraries = "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))";
    let libraries = project.python(libraries);
    let target = project.root.with_file_name("plain");
    let variables = [
        format!("PYO3_PYTHON={}", python.display()),
        format!("LD_LIBRARY_PATH={libraries}"),
        format!("DYLD_LIBRARY_PATH={libraries}"),
        format!("CARGO_TARGET_DIR={}", target.display()),
        "cargo".to_owned(),
    ];
    let words: Vec<&str> = variables.iter().map(String::as_str).collect();
    project.run("env", &[&words, args].concat())
}

/// The line that sums up the tests of both languages.
fn summary(run: &Outcome) -> &str {
    let found: Vec<&str> = run
        .stderr
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("Tested "))
        .collect();
    let [line] = found[..] else {
        panic!("expected one line that sums up:\n{run}")
    };
    let (tests, slowest) = line.split_once("; slowest: ").unwrap();
    assert!(slowest.ends_with('s'), "{run}");
    tests
}

/// Whether the environment has a package.
fn has(project: &Project, package: &str) -> bool {
    let found = format!("import importlib.util as u; print(u.find_spec('{package}') is not None)");
    project.python(&found) == "True"
}
