//! What is done already is not done again; what is built again comes out the same.

use serde_json::Value;

use super::hello::{Hello, hello};
use crate::released::set;
use crate::support::{entries, label, newest, project};

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
    let project = project!("hello");
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
fn a_second_release_builds_and_checks_nothing() {
    let project = project!("hello");
    let python = newest();
    let release = project.release(&["wheel", "--python", &python]);
    release.run().succeeds().says_once("Building hello");
    assert_eq!(project.traces(), "");
    let before = set(&project);
    let [(name, known)] = &Vec::from_iter(&before.known)[..] else {
        panic!("{:#?}", before.known)
    };
    let label = label(&python);
    assert!(name.contains(&format!("-{label}-{label}-")), "{name}");
    assert_eq!(known["tests"][label], "imports 2 passed, Python 3 passed");

    let release = project.release(&["wheel", "--python", &python]);
    let run = release.with(&["--message-format", "json"]).run().succeeds();
    let after = set(&project);
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
    assert_eq!(tested, 2, "imports and tests: {run}");
    for what in ["sha256", "checks"] {
        assert_eq!(&after.known[*name][what], &known[what]);
    }
}

#[test]
fn a_variable_that_the_build_has_read_makes_another_wheel() {
    let project = project!("hello");
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
