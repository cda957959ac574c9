//! What `env` exports is enough for other programs, and nothing to pyx.

use crate::support::{COMPILED, project};

#[test]
fn cargo_links_and_runs_what_pyx_does_and_pyx_compiles_nothing_again() {
    let project = project!("hardcoded");
    let missing = project
        .pyx("env")
        .run()
        .exits(3)
        .says("hint: cargo pyx dev");
    assert_eq!(missing.stdout, "");
    project.pyx("test").with(&["--rust"]).run().succeeds();

    let before = project.listing(&COMPILED);
    project.pyx("env").run().succeeds();
    assert!(before == project.listing(&COMPILED));

    let pyx = env!("CARGO_BIN_EXE_cargo-pyx");
    let script = "eval \"$(\"$0\" pyx env)\" && cargo test --quiet && \"$0\" pyx test -v";
    let run = project.run("bash", &["-c", script, pyx]).succeeds();
    assert!(run.stdout.contains("2 passed"), "{run}");
    run.says("Fresh hardcoded")
        .never_says("Compiling")
        .never_says("Building");
    assert_eq!(project.traces(), "");
}

#[test]
fn every_form_says_the_same() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let print = |args: &[&str]| project.pyx("env").with(args).run().succeeds().stdout;
    let json: serde_json::Value = serde_json::from_str(&print(&["--json"])).unwrap();
    let venv = json["VIRTUAL_ENV"].as_str().unwrap();
    assert_eq!(venv, project.path(".venv").to_str().unwrap());
    assert_eq!(json["PYO3_PYTHON"], format!("{venv}/bin/python"));
    let names = json.as_object().unwrap().len();
    for shell in ["bash", "zsh", "fish", "pwsh"] {
        let text = print(&["--shell", shell]);
        assert_eq!(text.lines().count(), names, "{text}");
        assert!(text.contains(venv), "{text}");
    }
}
