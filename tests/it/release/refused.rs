//! What is wrong is found before anything is built of it.

use std::path::Path;
use std::time::Duration;

use crate::support::{Project, alone, folder, newest};

fn cold(folder: &Path, fixture: &str) -> Project {
    let project = Project::cold(&folder.join(fixture), fixture);
    project.write("dist/.gitignore", "*\n");
    project.write("dist/mixed-0.1.0.tar.gz", "somebody's");
    project
}

#[test]
fn what_is_wrong_with_the_project_is_said_at_once_with_its_line() {
    let project = cold(&folder!(), "mixed");
    project.edit(
        "pyproject.toml",
        "version = \"0.1.0\"",
        "version = \"0.2.0\"",
    );
    project.edit(
        "pyproject.toml",
        "[\"LICENSE\"]",
        "[\"LICENSE\", \"COPYING\"]",
    );
    project.commit();
    let before = project.listing(&[".git"]);
    let _clock = alone();
    let mut quickest = Duration::MAX; // the machine may be busy with something else
    for command in ["wheel", "sdist", "wheel"] {
        let run = project.release(&[command]).run().exits(2);
        let run = run
            .says("error: Cargo.toml:3: the version is 0.1.0 here but 0.2.0 in pyproject.toml:7")
            .says("error: pyproject.toml:13: `COPYING` in license-files matches no file")
            .says("error: aborting because of 2 errors in the project");
        quickest = quickest.min(run.took);
        assert!(project.listing(&[".git"]) == before, "{run}");
    }
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");

    // what is there already is looked at all the same
    let run = project.release(&["check"]).run().exits(1);
    let run = run.says("error: pyproject.toml:13: `COPYING` in license-files matches no file");
    run.says("error: mixed-0.1.0.tar.gz: pyx: cannot be read")
        .says("; found 2 errors in the project");
}

#[test]
fn what_is_not_committed_is_not_released_unless_that_is_wanted() {
    let project = cold(&folder!(), "hello");
    project.append("src/lib.rs", "// not committed\n");
    project.write("src/new.rs", "");
    let python = newest();
    let dry = ["wheel", "--dry-run", "--python", &python];
    let before = project.listing(&[".git"]);
    let refused = project.release(&dry).run().exits(2);
    refused
        .says("error: src/lib.rs: differs from the last commit, and so does `new.rs`")
        .says("hint: git commit, or pass `--allow-dirty`");
    let allowed = project.release(&dry).with(&["--allow-dirty"]);
    allowed.run().succeeds().never_says("error");
    assert!(project.listing(&[".git"]) == before);
}

#[test]
fn a_release_leaves_no_trace_in_a_checkout_that_ignores_nothing() {
    let project = cold(&folder!(), "hello");
    project.remove(".gitignore");
    project.commit();
    let run = project.release(&["sdist"]).run().succeeds();
    run.never_says("differs from the last commit");
    assert_eq!(project.traces(), "");
}

#[test]
fn where_nothing_can_be_released_the_hint_says_what_makes_a_package() {
    let project = cold(&folder!(), "embed");
    let run = project.release(&["wheel"]).run().exits(2);
    run.says("error: nothing to release: no member builds a Python distribution")
        .says("hint: `cargo pyx init` gives a crate a Python package");
}

#[test]
fn what_is_named_is_checked_also_where_no_project_is_and_nothing_is_left_there() {
    let name = "alone-1.0.tar.gz";
    for files in [
        vec![(name, "")],
        vec![
            (name, ""),
            ("pyproject.toml", "[project]\nname = \"other\"\n"),
        ],
    ] {
        let folder = Project::written(&folder!(), &files);
        let before = folder.listing(&[]);
        let run = folder.release(&["check", name]).run().exits(1);
        let run = run.says("error: alone-1.0.tar.gz: pyx: cannot be read");
        run.says("error: checks failed: pyx");
        assert!(folder.listing(&[]) == before);
        folder.release(&["check"]).run().exits(2);
        folder.release(&["check", "-p", "own", name]).run().exits(2);
    }
}
