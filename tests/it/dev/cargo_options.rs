//! What is said on the command line, and is cargo's.

use crate::support::{Project, folder};

const CARGO: &str = "[package]
name = \"mood\"
version = \"0.1.0\"
edition = \"2021\"

[features]
loud = []
";

const PYPROJECT: &str = "[build-system]
requires = [\"maturin>=1.9,<2\"]
build-backend = \"maturin\"

[project]
name = \"mood\"
version = \"1.0\"
requires-python = \">=3.9\"

[tool.maturin]
bindings = \"bin\"
";

const MAIN: &str = "fn main() {
    let mood = option_env!(\"MOOD\").unwrap_or(\"none\");
    print!(\"{}\", if cfg!(feature = \"loud\") { mood.to_uppercase() } else { mood.into() });
}
";

fn project(files: &std::path::Path) -> Project {
    let files_there = [
        (".gitignore", "/target\n.venv/\n/elsewhere\n"),
        ("Cargo.toml", CARGO),
        ("pyproject.toml", PYPROJECT),
        ("src/main.rs", MAIN),
    ];
    Project::written(files, &files_there)
}

fn printed(project: &Project) -> String {
    let program = project.path(".venv/bin/mood");
    project.run(program, &[]).succeeds().stdout
}

#[test]
fn features_and_configuration_of_the_command_line_are_part_of_the_build() {
    let project = project(&folder!());
    let with = |words: &[&str]| project.dev().with(words).run();
    with(&["--all-features", "-j", "1"]).succeeds();
    assert_eq!(printed(&project), "NONE");
    let glad = ["--config", "env.MOOD=\"glad\""];
    with(&glad).succeeds();
    assert_eq!(printed(&project), "glad");
    with(&glad).finds_fresh("mood");
    // how many are compiled at a time makes no other program
    with(&["--jobs", "1", glad[0], glad[1]]).finds_fresh("mood");
    let timings = with(&["--timings", glad[0], glad[1]]).succeeds();
    timings
        .says("Fresh mood")
        .says("so no timings: add `--force`");
    let run = with(&[]).succeeds();
    run.says("cargo arguments was --config env.MOOD=\"glad\", is none");
    assert_eq!(printed(&project), "none");
    project.write("sad.toml", "[env]\nMOOD = \"sad\"\n");
    let file = ["--config", "sad.toml"];
    with(&file).succeeds();
    assert_eq!(printed(&project), "sad");
    project.edit("sad.toml", "sad", "very sad");
    with(&file).succeeds().says("`sad.toml` changed");
    assert_eq!(printed(&project), "very sad");
    with(&file).finds_fresh("mood");
    for wrong in [["--config", "none.toml"], ["-j", "0"], ["--target-dir", ""]] {
        with(&wrong).exits(2);
    }
    for (wrong, hint) in [
        (["--profile", "none"], "hint: choose another profile"),
        (["--features", "quiet"], "hint: correct `quiet`: [features]"),
    ] {
        with(&wrong).exits(2).says(hint);
    }
    assert_eq!(project.traces(), "?? Cargo.lock\n?? sad.toml\n");
}

#[test]
fn builds_are_kept_where_the_command_line_says() {
    let project = project(&folder!());
    project
        .dev()
        .with(&["--target-dir", "elsewhere"])
        .run()
        .succeeds();
    assert!(project.path("elsewhere/pyx").exists());
    let again = ["--target-dir", "elsewhere"];
    project.dev().with(&again).run().finds_fresh("mood");
}
