//! What `cargo pyx test` promises, in real projects with the real tools.

mod both;
mod python;
mod reports;
mod runners;
mod rust;
mod shards;
mod workspaces;

use std::path::Path;

use crate::support::{CheckOutcome, Project, Pyx, summary};

fn test(project: &Project, args: &[&str]) -> Pyx {
    project.pyx("test").with(args)
}

/// A copy of `bin`, which compiles within a second: it has no dependencies.
fn small(folder: &Path) -> Project {
    Project::cold(&folder.join("bin"), "bin")
}

/// Runs a program of cargo's with the environment's Python, as a person without pyx would.
fn plain_cargo(project: &Project, args: &[&str]) -> CheckOutcome {
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

/// Whether the environment has a package.
fn has(project: &Project, package: &str) -> bool {
    let found = format!("import importlib.util as u; print(u.find_spec('{package}') is not None)");
    project.python(&found) == "True"
}
