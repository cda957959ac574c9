//! What becomes of `dist/`, which is not pyx's alone.

use std::fs;
use std::os::unix::fs::symlink;

use crate::artifact::parts::Parts;
use crate::released::{Set, set};
use crate::support::{Project, label, newest, project, read};

const FOREIGN: &str = "dist/foreign-1.0-py3-none-any.whl";

/// What somebody else put there.
fn add_foreign_files(project: &Project) {
    project.write(FOREIGN, "somebody's");
    project.write("dist/notes/today.txt", "notes");
    symlink("notes/today.txt", project.path("dist/latest")).unwrap();
}

#[track_caller]
fn foreign_files_are_there(project: &Project) {
    assert_eq!(project.read(FOREIGN), "somebody's");
    assert_eq!(project.read("dist/notes/today.txt"), "notes");
    let link = fs::read_link(project.path("dist/latest")).unwrap();
    assert_eq!(link.to_str(), Some("notes/today.txt"));
}

fn names(set: &Set) -> Vec<&str> {
    set.files.keys().map(String::as_str).collect()
}

#[test]
fn a_set_grows_by_an_sdist_and_goes_with_its_version() {
    let project = project!("hello");
    let python = newest();
    let release = |args: &[&str]| project.release(args).run().succeeds();
    release(&["wheel", "--python", &python]);
    add_foreign_files(&project);
    let first = set(&project);
    // no test of the sources that the wheel was built from is taken for the project's
    let pytest = format!("target/pyx/release/envs/{}/bin/pytest", label(&python));
    let args = ["--collect-only", "-q", "."];
    let collected = project.run(project.path(&pytest), &args).succeeds();
    assert!(
        collected.stdout.contains("3 tests collected"),
        "{collected}"
    );
    let run = release(&["sdist"]);
    let both = set(&project);
    let sdist = "hello-0.1.0.tar.gz";
    assert_eq!(names(&both), [names(&first)[0], sdist], "{run}");
    foreign_files_are_there(&project);
    let known = &both.known[sdist];
    assert_eq!(known["kind"], "sdist");
    assert_eq!(known["checks"]["pyx"], "pass");
    let tested: Vec<_> = known["tests"].as_object().unwrap().values().collect();
    assert_eq!(
        tested,
        ["imports 2 passed, Python 3 passed"],
        "a wheel is built of it"
    );
    let members = Parts::of_sdist(&both.files[sdist]).members;
    assert!(
        members
            .iter()
            .any(|(name, _)| name == "hello-0.1.0/src/lib.rs")
    );
    release(&["version", "0.2.0"]);
    project.commit();
    let summary = project.root.with_file_name("summary.md");
    fs::write(&summary, "# Build\n").unwrap();
    let run = project.release(&["wheel", "--python", &python]);
    run.env("GITHUB_STEP_SUMMARY", &summary).run().succeeds();
    let later = set(&project);
    let [name] = names(&later)[..] else {
        panic!("{:?}", later.files)
    };
    assert!(name.starts_with("hello-0.2.0-"), "{name}");
    foreign_files_are_there(&project);
    let summary = String::from_utf8(read(&summary)).unwrap();
    let lines: Vec<&str> = summary.lines().collect();
    let head = "| file | size | tags | tested on | tests | seconds |";
    assert_eq!(lines[..3], ["# Build", "", head]);
    assert_eq!(lines[3], "| --- | --- | --- | --- | --- | --- |");
    assert!(lines[4].starts_with(&format!("| {name} | ")), "{summary}");
    assert_eq!(lines.len(), 5, "{summary}");
    // as `check dist/*` says it
    let files = [
        FOREIGN,
        &format!("dist/{name}"),
        "dist/release.json",
        "dist/SHA256SUMS",
    ];
    let run = project.release(&["check"]).with(&files).run().exits(1);
    run.says(&format!("error: {}: ", FOREIGN.trim_start_matches("dist/")))
        .never_says(&format!("error: {name}"));
}
