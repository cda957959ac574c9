//! Tools and networks that are missing, old or broken.

use std::fs;
use std::path::PathBuf;

use crate::support::{Project, folder, link, on_path};

#[test]
fn f23_without_cargo_it_is_named_and_nothing_is_downloaded() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let bin = folder!().join("bin");
    for name in ["git", "sh"] {
        link(&on_path(name).unwrap(), &bin);
    }
    let before = project.listing(&[]);
    let home = folder!().join("home");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    let dev = project
        .dev()
        .env("PATH", &bin)
        .env("HOME", &home)
        .env("CARGO_HOME", home.join("c"));
    let run = dev.env("RUSTUP_HOME", home.join("r")).run().exits(3);
    let run = run
        .says("`cargo` not found on PATH")
        .says("hint: ")
        .says("rustup");
    assert!(project.listing(&[]) == before, "{run}");
    assert_eq!(
        crate::support::entries(&home),
        Vec::<PathBuf>::new(),
        "{run}"
    );
}

#[test]
fn f24_a_tool_that_is_too_old_is_named_with_its_path() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let maturin = folder!().join("bin/maturin");
    crate::support::program(&maturin, "echo maturin 0.9.0");
    let before = project.listing(&[]);
    let run = project
        .dev()
        .path_first(&folder!().join("bin"))
        .run()
        .exits(3);
    let found = format!("maturin 0.9.0 found at `{}`, need ", maturin.display());
    let run = run.says_once(&found).says("1.9").says("hint: ");
    assert!(project.listing(&[]) == before, "{run}");
}
