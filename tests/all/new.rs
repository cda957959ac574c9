//! New projects pass all that they come with.

use std::path::Path;

use crate::created::{empty, made, runs};
use crate::support::{folder, oldest_and_newest};

#[test]
fn a_new_project_passes_ci_and_is_released_before_its_first_commit() {
    let project = made(&empty(&folder!()), "new-mixed", &[]);
    runs(&project, &["test"]).says("Rust (new-mixed) 1 passed; Python (new-mixed) 2 passed");
    runs(&project, &["just", "ci"]);
    let [_, newest] = oldest_and_newest();
    runs(&project, &["release", "wheel", "--python", &newest]).says("nothing is committed yet");
    let bin = Path::new(env!("CARGO_BIN_EXE_cargo-pyx")).parent().unwrap();
    let own = project.pyx("just").with(&["test"]).path_first(bin).run();
    own.succeeds();
}

#[test]
fn every_layout_tests_and_lints_as_it_is() {
    let around = empty(&folder!());
    for (name, args, program) in [
        ("new-src", ["--layout", "src"].as_slice(), false),
        ("new-pure", &["--layout", "pure", "--abi3", "3.10"], false),
        ("new-embed", &["--layout", "embed"], true),
    ] {
        let project = made(&around, name, args);
        runs(&project, &["test"]).says(&format!("Python ({name})"));
        runs(&project, &["just", "lint"]);
        if program {
            let run = runs(&project, &["run", "--bin", name, "--", "kitten", "sitting"]);
            assert_eq!(run.stdout.trim(), "3");
        }
    }
}
