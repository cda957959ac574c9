//! New projects.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Outcome, Project, folder, oldest_and_newest, uv};

/// Pinned: a linter that learns something new is no fault of the project at hand.
const ZIZMOR: &str = "zizmor@1.32.0";
const SCHEMA: &str = "check-jsonschema@0.39.0";

fn empty(folder: &Path) -> Project {
    let root = folder.join("new");
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).unwrap();
    Project::at(&root)
}

/// `cargo pyx new` in that folder, with a repository of its own.
fn made(around: &Project, name: &str, args: &[&str]) -> Project {
    let run = around.pyx("new").with(&[name]).with(args).run().succeeds();
    run.says(&format!("next: cd {name} && cargo pyx test"));
    let project = Project::at(&around.path(name));
    assert!(project.path(".git").is_dir());
    project.git(&["config", "core.excludesFile", "/dev/null"]);
    Project::moved(&project.root)
}

/// Succeeds and leaves `git status` as it is.
fn runs(project: &Project, words: &[&str]) -> Outcome {
    let before = project.traces();
    let run = project.pyx(words[0]).with(&words[1..]).run().succeeds();
    assert_eq!(project.traces(), before, "{words:?}");
    run
}

#[test]
fn a_new_project_passes_ci_and_is_released_before_its_first_commit() {
    let project = made(&empty(&folder!()), "new-mixed", &[]);
    runs(&project, &["test"]).says("Rust (new-mixed) 1 passed; Python (new-mixed) 2 passed");
    runs(&project, &["just", "ci"]);
    let [_, newest] = oldest_and_newest();
    runs(&project, &["release", "wheel", "--python", &newest]).says("nothing is committed yet");
    let bin = Path::new(env!("CARGO_BIN_EXE_cargo-pyx")).parent().unwrap();
    let own = project.pyx("just").with(&["test"]).path_first(bin).run();
    own.succeeds();
}

#[test]
fn every_layout_tests_and_lints_as_it_is() {
    let around = empty(&folder!());
    for (name, args, program) in [
        ("new-src", ["--layout", "src"].as_slice(), false),
        ("new-pure", &["--layout", "pure", "--abi3", "3.10"], false),
        ("new-embed", &["--layout", "embed"], true),
    ] {
        let project = made(&around, name, args);
        runs(&project, &["test"]).says(&format!("Python ({name})"));
        runs(&project, &["just", "lint"]);
        if program {
            let run = runs(&project, &["run", "--bin", name, "--", "kitten", "sitting"]);
            assert_eq!(run.stdout.trim(), "3");
        }
    }
}

#[test]
fn the_workflows_satisfy_zizmor_and_githubs_schema() {
    let project = made(&empty(&folder!()), "new-flows", &["--layout", "src"]);
    let tool = |words: &[&str]| {
        let run = project.run(uv(), &[&["tool", "run"][..], words].concat());
        run.succeeds()
    };
    let found = tool(&[
        ZIZMOR,
        "--offline",
        "--no-progress",
        "--format",
        "json",
        ".",
    ]);
    assert_eq!(found.stdout.trim(), "[]");
    let flows = [".github/workflows/ci.yml", ".github/workflows/release.yml"];
    for (schema, files) in [
        ("vendor.github-workflows", &flows[..]),
        ("vendor.dependabot", &[".github/dependabot.yml"]),
    ] {
        tool(&[&[SCHEMA, "--builtin-schema", schema], files].concat());
    }
}

#[test]
fn a_folder_that_holds_something_and_a_dry_run_stay_as_they_are() {
    let around = empty(&folder!());
    around.write("full/a.txt", "");
    let before = around.listing(&[]);
    let run = around.pyx("new").with(&["full"]).run().exits(2);
    run.says("`full` is there and is not empty");
    let run = around
        .pyx("new")
        .with(&["new-dry", "--dry-run"])
        .run()
        .succeeds();
    for line in [
        "+++ b/python/new_dry/__init__.py",
        "generate-lockfile",
        " lock --quiet",
    ] {
        assert!(run.stdout.contains(line), "{line}:\n{run}");
    }
    assert_eq!(around.listing(&[]), before);
}

#[test]
fn in_a_repository_and_a_workspace_a_new_project_stands_on_its_own() {
    let around = empty(&folder!());
    around.git(&["init", "--quiet"]);
    around.write("Cargo.toml", "[workspace]\n");
    let run = around.pyx("new").with(&["new-inner"]).run().succeeds();
    run.says("warning: no workflows were made");
    assert!(
        !around.path("new-inner/.github").exists(),
        "GitHub would not read it"
    );
    let inner: PathBuf = around.path("new-inner");
    assert!(!inner.join(".git").exists() && inner.join("Cargo.lock").is_file());
    assert!(!around.path("Cargo.lock").exists());
}
