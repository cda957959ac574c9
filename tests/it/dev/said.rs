//! What is said, in words and as JSON, and where it is run from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{COMPILED, CheckOutcome, Project, folder, project};

#[test]
fn a_dry_run_writes_nothing_and_its_commands_work() {
    let project = project!("mixed");
    let before = project.listing(&COMPILED);
    let plan = project.dev().with(&["--dry-run"]).run().succeeds();
    assert!(project.listing(&COMPILED) == before, "{plan}");
    let pasted = project.run("sh", &["-ec", &plan.stdout]).succeeds();
    let value = project.python("import mixed; print(mixed.report('a b'))");
    assert_eq!(value, "2 words", "{plan}{pasted}");
    project.dev().run().succeeds().never_says("Compiling");
    let fresh = project
        .dev()
        .with(&["--dry-run"])
        .run()
        .finds_fresh("mixed");
    assert_eq!(fresh.stdout, "");
}

fn events(run: &CheckOutcome) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn json_tells_the_plan_the_steps_and_the_end() {
    let project = project!("hello");
    let json = || project.dev().with(&["--message-format", "json"]);
    let run = json().run().succeeds();
    assert_eq!(run.stderr, "");
    let events = events(&run);
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.first(), Some(&"plan"));
    assert_eq!(kinds.last(), Some(&"summary"));
    assert_eq!(events.last().unwrap()["exit"], 0);
    assert!(events.last().unwrap()["seconds"].is_f64());
    let mut steps = BTreeMap::new();
    for event in &events {
        let name = event["name"].as_str().unwrap_or_default();
        match event["type"].as_str().unwrap() {
            "step-started" => assert!(
                steps.insert(name, "running").is_none(),
                "{name} starts once"
            ),
            "step-output" => assert_eq!(steps.get(name), Some(&"running"), "{event}"),
            "step-finished" => {
                assert_eq!(steps.insert(name, "done"), Some("running"), "{event}");
                assert!(event["seconds"].is_f64() && event["ok"] == true, "{event}");
                assert!(event["at"].as_f64() >= event["seconds"].as_f64(), "{event}");
            }
            "plan" | "summary" => {}
            other => panic!("{other} is no type of event"),
        }
    }
    let planned: Vec<&str> = events[0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert!(
        planned.contains(&"compile hello") && planned.contains(&"prove hello"),
        "{planned:?}"
    );
    assert_eq!(planned.len(), steps.len());

    let fresh = events_of_a_fresh_run(&json().run().succeeds());
    assert_eq!(fresh, ["plan", "summary"]);
}

fn events_of_a_fresh_run(run: &CheckOutcome) -> Vec<String> {
    let events = events(run);
    assert_eq!(events[0]["fresh"], serde_json::json!(["hello"]));
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn json_tells_what_failed() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    project.append("pyproject.toml", "[tool.pyx]\nnope = 1\n");
    let run = project
        .dev()
        .with(&["--message-format", "json"])
        .run()
        .exits(2);
    let events = events(&run);
    let [error, summary] = &events[..] else {
        panic!("{run}")
    };
    assert_eq!(error["type"], "error");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("unknown key `nope`")
    );
    assert_eq!(
        (&summary["type"], &summary["exit"]),
        (&"summary".into(), &2.into())
    );
}

#[test]
fn traces_that_git_shows_are_named() {
    let project = project!("mixed");
    project.git(&["rm", "--quiet", "Cargo.lock"]);
    project.write(".gitignore", "/target\n"); // where other tests have left something
    project.commit();
    let run = project.dev().run().succeeds();
    let traces = project.traces();
    let named: Vec<&str> = traces
        .lines()
        .map(|line| line.trim_start_matches("?? "))
        .collect();
    let [lock, module] = named[..] else {
        panic!("{traces}{run}")
    };
    assert_eq!(lock, "Cargo.lock");
    assert!(module.starts_with("python/mixed/_mixed."), "{module}");
    for name in named {
        let path = project.path(name);
        let told = run
            .warnings()
            .iter()
            .any(|line| line.contains(&*path.to_string_lossy()));
        assert!(told, "{name} is named:\n{run}");
    }
    assert_eq!(run.warnings().len(), 2, "{run}");
    project.dev().run().finds_fresh("mixed");
}

#[test]
fn machines_are_given_the_hints_that_people_are() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    project.append("README.md", "somebody works on it\n");
    let dry = || project.pyx("release").with(&["sdist", "--dry-run"]);
    let people = dry().run();
    let hints = people.stderr.lines();
    let hints: Vec<&str> = hints.filter_map(|it| it.strip_prefix("hint: ")).collect();
    assert!(!hints.is_empty(), "{people}");
    let machines = dry().with(&["--message-format", "json"]).run();
    let events = events(&machines);
    let given: Vec<&str> = events.iter().filter_map(|it| it["hint"].as_str()).collect();
    assert_eq!(given, hints, "{machines}");
}

#[test]
fn the_lock_that_a_build_of_programs_makes_is_named() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.git(&["rm", "--quiet", "Cargo.lock"]);
    project.commit();
    let run = project.dev().run().succeeds();
    assert_eq!(project.traces(), "?? Cargo.lock\n");
    let [told] = &run.warnings()[..] else {
        panic!("{run}")
    };
    assert!(
        told.contains("Cargo.lock`, and git does not ignore it"),
        "{run}"
    );
    project.dev().run().finds_fresh("shout");
}

#[test]
fn what_is_ours_shows_nowhere_although_git_ignores_nothing() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.remove(".gitignore");
    project.commit();
    project.dev().run().succeeds();
    assert_eq!(project.traces(), "");
}

#[test]
fn a_member_is_built_with_what_it_needs_and_no_other() {
    let project = project!("workspace");
    let run = project.dev().with(&["-p", "alpha"]).run().succeeds();
    run.says("Compiling shared")
        .says("Compiling alpha")
        .never_says("beta");
    assert_eq!(
        project.python("import alpha; print(alpha.slug('A b'))"),
        "a-b"
    );
    project
        .dev()
        .with(&["-p", "packages/alpha"])
        .run()
        .finds_fresh("alpha");
    project.edit("crates/shared/src/lib.rs", ".join(\"-\")", ".join(\"_\")");
    let run = project.dev().run().succeeds();
    run.says("`crates/shared/src/lib.rs` changed")
        .says("Compiling beta");
    let both = "import alpha, beta; print(alpha.slug('A b'), beta.slugs(['C d']))";
    assert_eq!(project.python(both), "a_b ['c_d']");
}

/// Where pyx is started makes no difference to what is fresh.
#[test]
fn a_project_is_one_from_wherever_it_is_built() {
    let project = project!("hello");
    let below = project.path("src");
    let below = below.to_str().unwrap();
    project.dev().with(&["-C", below]).run().succeeds();
    project.dev().run().finds_fresh("hello");
    project
        .dev()
        .with(&["-C", "tests"])
        .run()
        .finds_fresh("hello");
    project
        .dev()
        .with(&["--manifest-path", "Cargo.toml"])
        .run()
        .finds_fresh("hello");
    let quiet: PathBuf = project.path("pyproject.toml");
    let run = project
        .dev()
        .with(&["-q", "--manifest-path", quiet.to_str().unwrap()])
        .run()
        .succeeds();
    assert_eq!((&*run.stdout, &*run.stderr), ("", ""));
}
