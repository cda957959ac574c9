//! What recipes read of a project, by cases in Python.

use std::path::Path;

use super::{just, small};
use crate::support::{folder, uv};

#[test]
fn recipes_read_what_the_project_says_wherever_it_stands() {
    let project = small(&folder!());
    just(&project, &["--list"]).run().succeeds(); // which provides uv
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/recipes/asking.py");
    let run = project.run(uv(), &["run", "--script", file.to_str().unwrap()]);
    run.succeeds().says("OK");
}
