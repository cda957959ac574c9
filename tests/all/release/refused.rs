//! What fails keeps the set out of `dist/`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::released::is_wheel;
use crate::support::{Project, newest, project};

/// Everything in `dist/`.
fn dist(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = project.listing(&[".git", "target"]);
    all.retain(|path, _| path.starts_with(project.path("dist")));
    all
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

    // nor is what a linter itself calls a warning
    project.edit("pyproject.toml", "readme = \"README.md\"\n", "");
    project.commit();
    let run = release().succeeds();
    run.says("twine: WARNING `long_description` missing");
    let strict = ["wheel", "--python", &python, "--strict"];
    let run = project.release(&strict).run().exits(1);
    run.says("error: nothing was released: checks failed: twine");
}

#[test]
fn what_is_an_unpacked_sdist_is_packed_whole_though_git_ignores_the_place_of_its_copy() {
    let project = project!("mixed");
    project.write(
        "PKG-INFO",
        "Metadata-Version: 2.4\nName: mixed\nVersion: 0.1.0\n",
    );
    // so that maturin alone, which asks git's rules, finds the Python sources
    project.edit(
        "Cargo.toml",
        "[package]\n",
        "[package]\ninclude = [\"/src\"]\n",
    );
    project.git(&["add", "--all"]);
    project.commit();
    let run = project.release(&["sdist", "--no-test"]).run().succeeds();
    let sdist = project.path("target/pyx/release/sdist/mixed/mixed-0.1.0.tar.gz");
    assert!(sdist.is_file(), "{run}");
    let packed = project.run("tar", &["tf", sdist.to_str().unwrap()]);
    assert!(
        packed.stdout.contains("python/mixed/__init__.py"),
        "{packed}"
    );
}
