//! What recipes make of programs that fail, by cases in Python.

use std::path::Path;

use crate::support::{Project, folder, uv};

#[test]
fn no_recipe_ends_in_a_traceback_whatever_a_program_does() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let list = project.pyx("just").with(&["--list"]).run();
    list.succeeds(); // which provides uv
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/recipes/failing.py");
    let run = project.run(uv(), &["run", "--script", file.to_str().unwrap()]);
    run.succeeds().says("OK");
}
