//! What recipes read of a project, by cases in Python, and what they make of programs that fail.

use std::path::Path;

use super::{just, small};
use crate::support::{folder, uv};

/// Runs a file of cases beside this one.
#[track_caller]
fn cases(folder: &Path, name: &str) {
    let project = small(folder);
    just(&project, &["--list"]).run().succeeds(); // which provides uv
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/recipes")
        .join(name);
    let run = project.run(uv(), &["run", "--script", file.to_str().unwrap()]);
    run.succeeds().says("OK");
}

#[test]
fn recipes_read_what_the_project_says_wherever_it_stands() {
    cases(&folder!(), "asking.py");
}

#[test]
fn no_recipe_ends_in_a_traceback_whatever_a_program_does() {
    cases(&folder!(), "failing.py");
}
