//! What is wrong is found before anything is built of it, or keeps the set out of `dist/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::released::{is_wheel, newest};
use crate::support::{Project, alone, folder, project};

/// Everything in `dist/`.
fn dist(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = project.listing(&[".git", "target"]);
    all.retain(|path, _| path.starts_with(project.path("dist")));
    all
}

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
            .says("error: Cargo.toml:3: the version is 0.1.0 here and 0.2.0 in pyproject.toml:7")
            .says("error: pyproject.toml:13: `COPYING` in license-files matches no file")
            .says("error: nothing is done as long as the project has errors (2)");
        quickest = quickest.min(run.took);
        assert!(project.listing(&[".git"]) == before, "{run}");
    }
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");

    // what is there already is looked at all the same
    let run = project.release(&["check"]).run().exits(1);
    let run = run.says("error: pyproject.toml:13: `COPYING` in license-files matches no file");
    run.says("error: mixed-0.1.0.tar.gz: pyx: cannot be read")
        .says("; the project has errors (2)");
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
        .says("error: src/lib.rs: differs from the last commit, and so do `new.rs`")
        .says("hint: git commit, or pass `--allow-dirty`");
    let allowed = project.release(&dry).with(&["--allow-dirty"]);
    allowed.run().succeeds().never_says("error");
    assert!(project.listing(&[".git"]) == before);
}

#[test]
fn what_cannot_be_built_from_the_sdist_or_fails_its_tests_leaves_dist_as_it_was() {
    let project = project!("hello");
    let python = newest();
    let release = || project.release(&["wheel", "--python", &python]).run();
    release().succeeds();
    let before = dist(&project);
    assert_eq!(before.keys().filter(|path| is_wheel(path)).count(), 1);
    // the crate builds where it stands, its sdist does not
    project.write("src/greeting.txt", "Hello from Rust!");
    project.edit(
        "src/lib.rs",
        "\"Hello from Rust!\"",
        "include_str!(\"greeting.txt\")",
    );
    project.edit(
        "Cargo.toml",
        "edition = \"2024\"",
        "edition = \"2024\"\nexclude = [\"src/greeting.txt\"]",
    );
    project.git(&["add", "--all"]);
    project.commit();
    let run = release().exits(1);
    let run = run.says("couldn't read").says("greeting.txt");
    assert!(dist(&project) == before, "{run}");
    project.edit("Cargo.toml", "\nexclude = [\"src/greeting.txt\"]", "");
    project.edit("tests/test_hello.py", "\"5\"", "\"6\"");
    project.commit();
    let run = release().exits(1);
    assert!(
        run.stdout
            .contains("FAILED tests/test_hello.py::test_sum_as_string"),
        "{run}"
    );
    let run = run
        .says("error: nothing was released: hello on cp")
        .never_says("Finished");
    assert!(dist(&project) == before, "{run}");

    // a check that fails is a failure without tests, too
    project.write("README.rst", "Title\n=\n\n.. nope::\n");
    project.edit("pyproject.toml", "README.md", "README.rst");
    project.git(&["add", "--all"]);
    project.commit();
    let wheel = project.release(&["wheel", "--python", &python, "--no-test"]);
    wheel.run().exits(1).says("error: checks failed: ");
    assert!(dist(&project) == before);

    // tests that are there but none of which runs are no reason to stop, and are told
    project.edit("pyproject.toml", "README.rst", "README.md");
    project.write("tests/test_hello.py", "# none yet\n");
    project.commit();
    let run = release().succeeds();
    run.says("warning: no Python test of `hello` ran on cp");
    assert!(dist(&project) != before);
}
