//! New projects.

use std::path::PathBuf;

use super::created::{empty, made, runs};
use crate::house::workflows::are_sound;
use crate::support::folder;

#[test]
fn a_new_project_passes_its_tests() {
    let project = made(&empty(&folder!()), "new-mixed", &[]);
    runs(&project, &["test"]).says("Rust (new-mixed) 1 passed; Python (new-mixed) 2 passed");
}

#[test]
fn the_workflows_satisfy_zizmor_and_githubs_schema() {
    let project = made(&empty(&folder!()), "new-flows", &["--layout", "src"]);
    let flows = [".github/workflows/ci.yml", ".github/workflows/release.yml"];
    are_sound(
        &project,
        &[
            ("vendor.github-workflows", &flows),
            ("vendor.dependabot", &[".github/dependabot.yml"]),
        ],
    );
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
    run.says("warning: no workflows were written");
    assert!(
        !around.path("new-inner/.github").exists(),
        "GitHub would not read it"
    );
    let inner: PathBuf = around.path("new-inner");
    assert!(!inner.join(".git").exists() && inner.join("Cargo.lock").is_file());
    assert!(!around.path("Cargo.lock").exists());
}
