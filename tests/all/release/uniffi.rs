//! `UniFFI`'s Python is written from what the built library says of itself.

use crate::released::set;
use crate::support::{newest, project};

#[test]
fn a_wheel_of_uniffi_has_the_functions_of_its_library() {
    let project = project!("uniffi");
    let release = ["wheel", "--python", &newest()];
    let run = project.release(&release).run().succeeds();
    run.says("Python (uniffi-add) ");
    assert_eq!(set(&project).files.len(), 1);
}
