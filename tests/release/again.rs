//! What is done already is not done again, and what is done again comes out the same.

use serde_json::Value;

use crate::set::set;
use crate::support::{entries, oldest_and_newest, read};
use crate::{built, newest};

#[test]
fn a_second_release_compiles_and_checks_nothing() {
    let project = built("hello");
    let [oldest, newest] = oldest_and_newest();
    let release = |args: &[&str]| {
        let pythons = ["wheel", "--python", &oldest, "--python", &newest];
        project.release(&pythons).with(args).run().succeeds()
    };
    let first = release(&[]).says("Compiling hello");
    let before = set(&project);
    let second = release(&["--message-format", "json"]);
    let events = second
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let events: Vec<Value> = events.collect();
    let started = events
        .iter()
        .filter(|event| event["type"] == "step-started");
    let started: Vec<&str> = started
        .map(|event| event["name"].as_str().unwrap())
        .collect();
    let again = |verb: &str| started.iter().any(|name| name.starts_with(verb));
    assert!(!again("wheel ") && !again("check "), "{started:#?}");
    assert!(again("sdist ") && again("promote"), "{started:#?}");
    let tested = events
        .iter()
        .filter(|event| event["type"] == "tested")
        .count();
    assert_eq!(
        tested,
        before.files.len() * 2,
        "imports and tests: {second}"
    );
    let after = set(&project);
    for (name, known) in &before.known {
        assert_eq!(after.known[name]["sha256"], known["sha256"], "{first}");
        assert_eq!(after.known[name]["checks"], known["checks"]);
    }
}

#[test]
fn a_second_build_elsewhere_has_the_same_bytes() {
    for fixture in ["hello", "mixed"] {
        let project = built(fixture);
        let python = newest();
        let args = ["wheel", "--python", &python, "--reproduce"];
        let run = project.release(&args).run().succeeds();
        let wheel = &project.released()[0];
        let name = wheel.file_name().unwrap().to_str().unwrap();
        let run = run.says_once(&format!("Reproduced {name}"));
        let again = entries(&project.path("target/pyx/release/again/wheels"));
        let copies: Vec<_> = again.iter().flat_map(|folder| entries(folder)).collect();
        assert!(copies.iter().any(|copy| read(copy) == read(wheel)), "{run}");
    }
}

/// Cargo runs it once in every target directory.
const CLOCK: &str = "fn main() {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    println!(\"cargo:rustc-env=BUILT={}\", since.as_nanos());
}
";

#[test]
fn a_build_that_differs_is_named_with_the_member_and_leaves_dist_as_it_was() {
    let project = built("hello");
    let python = newest();
    let release = |args: &[&str]| {
        project
            .release(&["wheel", "--python", &python])
            .with(args)
            .run()
    };
    release(&["--no-test"]).succeeds();
    assert!(
        !project.path("dist").exists(),
        "without tests nothing is released"
    );
    project.write("dist/.gitignore", "*\n");
    project.write("build.rs", CLOCK);
    project.edit(
        "src/lib.rs",
        "\"Hello from Rust!\"\n",
        "concat!(\"Hello from Rust!\", env!(\"BUILT\"))\n",
    );
    project.git(&["add", "--all"]);
    project.commit();
    let run = release(&["--reproduce"]).exits(1);
    let message = format!(
        "error: two builds differ in hello/hello.cpython-{}",
        python.replace('.', "")
    );
    let run = run.says(&message).never_says("Promoting");
    assert_eq!(
        entries(&project.path("dist")),
        [project.path("dist/.gitignore")],
        "{run}"
    );
}
