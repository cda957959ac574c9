//! What is done already is not done again, and what is done again comes out the same.

use serde_json::Value;

use super::hello::{Hello, hello};
use super::{built, newest};
use crate::support::entries;

#[test]
fn a_second_release_builds_and_checks_nothing() {
    let Hello { first, second, .. } = hello();
    let (before, run) = first;
    assert_eq!(run.count("Building hello"), before.files.len(), "{run}");
    let (after, run) = second;
    let events = run
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
    assert_eq!(tested, before.files.len() * 2, "imports and tests: {run}");
    for (name, known) in &before.known {
        assert_eq!(after.known[name]["sha256"], known["sha256"]);
        assert_eq!(after.known[name]["checks"], known["checks"]);
    }
}

#[test]
fn a_second_build_elsewhere_has_the_same_bytes() {
    let Hello {
        first, reproduced, ..
    } = hello();
    let (before, _) = first;
    let (after, run) = reproduced;
    for (name, known) in &before.known {
        assert_eq!(run.count(&format!("Reproduced {name}")), 1, "{run}");
        assert_eq!(after.known[name]["sha256"], known["sha256"]);
    }
    assert_eq!(run.count("Building hello"), before.files.len(), "{run}");
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

#[test]
fn a_variable_that_the_build_has_read_makes_another_wheel() {
    let project = built("hello");
    let read = "\npub const READ: Option<&str> = option_env!(\"OF_THE_CRATE\");\n";
    project.append("src/lib.rs", read);
    project.commit();
    let python = newest();
    let release = |of_the_crate: &str, unrelated: &str| {
        let run = project.release(&["wheel", "--no-test", "--python", &python]);
        let run = run.env("OF_THE_CRATE", of_the_crate);
        run.env("UNRELATED", unrelated).run().succeeds()
    };
    release("one", "one").says("Building hello");
    release("one", "two").never_says("Building");
    release("two", "two").says("Building hello");
}
