//! `docs` and `clean`.

use std::path::PathBuf;

use super::{just, small};
use crate::support::{CheckOutcome, folder, project};

/// The folders that a run printed, each with a page to begin with.
fn places(run: &CheckOutcome) -> Vec<PathBuf> {
    let lines = run.stdout.lines().map(PathBuf::from);
    lines.filter(|path| path.is_absolute()).collect()
}

#[test]
fn docs_are_those_of_the_project_or_derived() {
    let project = project!("mixed");
    let out = project.path("target/pyx/docs");
    let run = just(&project, &["docs"]).run().succeeds();
    assert_eq!(places(&run), [out.join("rust"), out.join("python")]);
    assert!(out.join("rust/_mixed/index.html").is_file());
    let python = out.join("python/mixed.html");
    let python = std::fs::read_to_string(python).unwrap();
    assert!(python.contains("Says how long a text is."));
    assert_eq!(project.traces(), "");

    project.write(
        "docs/conf.py",
        "project = 'mixed'\nextensions = ['sphinx.ext.autodoc']\n",
    );
    project.write(
        "docs/index.rst",
        "Mixed\n=====\n\n.. autofunction:: mixed.report\n",
    );
    let site = |title: &str| {
        let run = just(&project, &["docs"]).run().succeeds();
        assert_eq!(places(&run), [out.join("site")]);
        let page = std::fs::read_to_string(out.join("site/index.html")).unwrap();
        assert!(page.contains(title), "{page}");
    };
    site("Says how long a text is.");
    project.write("mkdocs.yml", "site_name: Words\n");
    project.write("docs/index.md", "# Counting\n");
    site("Counting");
    project.write("mkdocs.yml", "site_name: [\n");
    just(&project, &["docs"]).run().exits(1);
}

/// As rustc makes extension modules.
const MODULE: &str = "#[unsafe(no_mangle)] pub extern \"C\" fn PyInit_x() { panic!() }";

#[test]
fn clean_removes_only_what_builds_left() {
    let project = small(&folder!());
    project.write(".gitignore", "/target\n.venv\n__pycache__/\ndeep/*.so\n");
    project.write("x.rs", MODULE);
    project.write("deep/data.so", "PyInit_ of something else");
    let compile = |to: &str| {
        let args = ["--edition=2024", "--crate-type=cdylib", "x.rs", "-o", to];
        project.run("rustc", &args).succeeds();
    };
    compile("deep/shout.so");
    compile("deep/other.so"); // no module of the project
    compile("shout.so"); // git does not ignore it
    project.write("tests/__pycache__/kept.txt", "git knows it");
    project.git(&["add", "--force", "tests/__pycache__/kept.txt"]);
    project.write(".ruff_cache/x", "");
    project.dev().run().succeeds();

    let before = project.listing(&[".git"]);
    let listed = just(&project, &["clean", "--dry-run"]).run().succeeds();
    assert!(before == project.listing(&[".git"]), "{listed}");
    assert!(listed.stdout.contains(" deep/shout.so\n"), "{listed}");
    listed.says("Would free");

    let run = just(&project, &["clean"]).run().succeeds().says("Freed");
    let run = run.says("Removing target/pyx/ext (");
    let is_left = |name: &&str| project.path(name).exists();
    let gone = ["deep/shout.so", ".ruff_cache", "target/pyx/ext"];
    assert!(!gone.iter().any(is_left), "{run}");
    let kept = [
        "deep/data.so",
        "deep/other.so",
        "shout.so",
        "tests/__pycache__/kept.txt",
        ".venv/bin/python",
    ];
    assert!(kept.iter().all(is_left), "{run}");
}
