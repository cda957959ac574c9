//! Tests of both languages, and what is said of them.

use serde_json::Value;

use super::{small, summary, test};
use crate::support::{COMPILED, folder, project};

#[test]
fn switching_between_commands_compiles_nothing() {
    let project = project!("mixed");
    project.dev().run().succeeds();
    test(&project, &[]).run().succeeds();
    let run = project.dev().run().finds_fresh("mixed");
    run.never_says("Compiling");
    let again = || test(&project, &[]).run().succeeds();
    again().never_says("Compiling");
    project.run("cargo", &["check", "--tests"]).succeeds();
    project.dev().run().finds_fresh("mixed");
    let run = again().never_says("Compiling");
    let both = "Rust (mixed) 1 passed; Python (mixed) 2 passed";
    assert_eq!(summary(&run), both, "{run}");
    let check = project.run("cargo", &["check", "--tests"]).succeeds();
    check.never_says("Checking").never_says("Compiling");
    // nothing but what changed
    project.edit("src/lib.rs", ".count()\n", ".count() + 0\n");
    let run = project.dev().run().succeeds().says_once("Compiling");
    run.says_once("Compiling mixed");
    again().says_once("Compiling").says_once("Compiling mixed");
}

#[test]
fn both_languages_run_and_are_reported_whichever_fails() {
    let project = small(&folder!());
    let run = test(&project, &[]).run().succeeds();
    assert_eq!(
        summary(&run),
        "Rust (shout) 1 passed; Python (shout) 1 passed"
    );
    assert_eq!(project.traces(), "", "{run}");

    project.edit("tests/test_shout.py", "HELLO YOU!", "hello?");
    let run = test(&project, &[]).run().exits(1);
    let run = run.says_once("error: Python tests failed");
    let both = "Rust (shout) 1 passed; Python (shout) 1 failed, 0 passed";
    assert_eq!(summary(&run), both, "{run}");

    project.edit("tests/test_shout.py", "hello?", "HELLO YOU!");
    project.edit("src/main.rs", "\"HELLO YOU!\"", "\"hello?\"");
    let run = test(&project, &[]).run().exits(1);
    let run = run.says_once("error: Rust tests failed");
    let both = "Rust (shout) 1 failed, 0 passed; Python (shout) 1 passed";
    assert_eq!(summary(&run), both, "{run}");

    project.append("src/main.rs", "#[cfg(test)]\nnonsense!();\n");
    let run = test(&project, &[]).run().exits(1);
    let run = run.says("cannot find macro `nonsense`");
    let both = "Rust (shout) not finished; Python (shout) 1 passed";
    assert_eq!(summary(&run), both, "{run}");
    project.append("src/main.rs", "nonsense!();\n");
    let run = test(&project, &[]).run().exits(1);
    run.never_says("Tested").never_says("Python tests");
}

#[test]
fn quiet_tests_say_nothing_unless_they_fail() {
    let project = small(&folder!());
    let quiet = || test(&project, &["--quiet"]).run();
    quiet().succeeds(); // uv or cargo may have had to warn of something
    let run = quiet().succeeds();
    assert_eq!((&*run.stdout, &*run.stderr), ("", ""), "{run}");

    project.edit("tests/test_shout.py", "HELLO YOU!", "hello?");
    let run = quiet().exits(1).never_says("test tests::shouts ... ok");
    let run = run.says("FAILED tests/test_shout.py::test_");
    run.says_once("error: Python tests failed")
        .never_says("Tested");

    project.edit("src/main.rs", "\"HELLO YOU!\"", "\"hello?\"");
    let run = quiet().exits(1).says("panicked at src/main.rs");
    run.says("error: Rust tests failed; Python tests failed");
}

#[test]
fn fail_fast_stops_at_the_first_failure() {
    let project = small(&folder!());
    let failing = "\n\ndef test_a():\n    assert False\n\n\ndef test_b():\n    assert False\n";
    project.append("tests/test_shout.py", failing);
    let run = test(&project, &["--py"]).run().exits(1);
    assert_eq!(summary(&run), "Python (shout) 2 failed, 1 passed", "{run}");
    let run = test(&project, &["--py", "--fail-fast"]).run().exits(1);
    assert_eq!(summary(&run), "Python (shout) 1 failed, 1 passed", "{run}");

    project.edit("src/main.rs", "\"HELLO YOU!\"", "\"hello?\"");
    let run = test(&project, &["--fail-fast"]).run().exits(1);
    assert_eq!(summary(&run), "Rust (shout) 1 failed, 0 passed", "{run}");
    run.never_says("Python tests");
}

#[test]
fn a_monorepo_is_tested_as_a_whole_or_by_member() {
    let project = project!("workspace");
    let run = test(&project, &[]).run().succeeds();
    let all = "Rust (alpha) 3 passed; Python (alpha) 1 passed; Python (beta) 2 passed";
    assert_eq!(summary(&run), all, "{run}");
    run.says_once("test tests::keeps_the_order ... ok"); // of beta
    assert_eq!(project.traces(), "");

    // a file is for its own package alone
    let file = "packages/alpha/tests/test_alpha.py";
    let run = test(&project, &["--py", "--", file]).run().succeeds();
    assert_eq!(summary(&run), "Python (alpha) 1 passed", "{run}");

    // alpha has no Rust tests itself, and needs `shared`
    let run = test(&project, &["-p", "alpha"]).run().succeeds();
    let alpha = "Rust (alpha) 2 passed; Python (alpha) 1 passed";
    assert_eq!(summary(&run), alpha, "{run}");
    run.says_once("test tests::joins_words ... ok")
        .never_says("beta");

    // beta needs neither, and nobody needs beta
    let beta = "Python (beta) 2 passed";
    let run = test(&project, &["--py", "--exclude", "alpha"]);
    assert_eq!(summary(&run.run().succeeds()), beta);
    let within = |args: &[&str]| {
        let run = project.pyx("test").with(&["--py", "-C", "packages/alpha"]);
        run.with(args).run().succeeds()
    };
    assert_eq!(summary(&within(&[])), "Python (alpha) 1 passed");
    assert_eq!(summary(&within(&["-p", "beta"])), beta);
    let both = "Python (alpha) 1 passed; Python (beta) 2 passed";
    assert_eq!(summary(&within(&["--workspace"])), both);
    assert_eq!(
        summary(&within(&["--workspace", "--exclude", "alpha"])),
        beta
    );
    let nothing = ["--exclude", "alpha", "--exclude", "beta"];
    let run = test(&project, &nothing).run().exits(2);
    run.says("`--exclude` leaves no package");
    let run = test(&project, &["--exclude", "gamma"]).run().exits(2);
    run.says("gamma");
}

#[test]
fn a_dry_run_of_tests_writes_nothing_and_its_commands_test() {
    let project = small(&folder!());
    project.edit("src/main.rs", "\"HELLO YOU!\"", "\"hello?\"");
    let before = project.listing(&COMPILED);
    let plan = test(&project, &["--dry-run"]).run().succeeds();
    let after = project.listing(&COMPILED);
    assert!(after == before, "{plan}");
    // the last command is cargo's
    let pasted = project.run("sh", &["-ec", &plan.stdout]).exits(101);
    assert!(pasted.stdout.contains("1 passed in"), "{pasted}");
    assert!(pasted.stdout.contains("0 passed; 1 failed"), "{pasted}");
}

#[test]
fn json_tells_the_tests_and_what_they_said() {
    let project = small(&folder!());
    let run = test(&project, &["--message-format", "json"])
        .run()
        .succeeds();
    assert_eq!(run.stderr, "");
    let events: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let of = |kind: &str| {
        let events = events.iter().filter(|event| event["type"] == kind);
        events.collect::<Vec<_>>()
    };
    let tested: Vec<_> = of("tested")
        .iter()
        .map(|event| (event["language"].clone(), event["counts"]["passed"].clone()))
        .collect();
    assert_eq!(
        tested,
        [("Rust".into(), 1.into()), ("Python".into(), 1.into())]
    );
    for event in of("tested") {
        assert_eq!(event["member"], "shout");
        assert!(
            event["failure"].is_null() && event["seconds"].is_f64(),
            "{event}"
        );
    }
    let output = of("step-output");
    let said = |step: &str, text: &str| {
        let mut lines = output
            .iter()
            .filter(|event| event["name"].as_str().unwrap().starts_with(step));
        lines.any(|event| event["text"].as_str().unwrap().contains(text))
    };
    assert!(
        said("Python tests", "collected 1 item") && said("Python tests", "1 passed"),
        "{run}"
    );
    assert!(said("Rust tests", "test tests::shouts ... ok"), "{run}");
    assert_eq!(events.last().unwrap()["type"], "summary");

    project.edit("tests/test_shout.py", "HELLO YOU!", "hello?");
    let run = test(&project, &["--message-format", "json"]).run().exits(1);
    let lines = run.stdout.lines().map(serde_json::from_str::<Value>);
    let events: Vec<Value> = lines.map(Result::unwrap).collect();
    let python = events
        .iter()
        .find(|event| event["language"] == "Python")
        .unwrap();
    assert_eq!(python["counts"]["failed"], 1);
    assert!(python["failure"].is_string(), "{python}");
    assert_eq!(events.last().unwrap()["exit"], 1);
}
