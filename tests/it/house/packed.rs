//! What cargo packs for crates.io.

use std::collections::BTreeSet;
use std::process::Command;

use super::{files, root};

/// cargo leaves out every folder with a Cargo.toml of its own (cargo book, `cargo package`).
#[test]
fn whatever_the_program_is_compiled_from_is_packed() {
    let output = Command::new("cargo")
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let listed = String::from_utf8_lossy(&output.stdout);
    let listed: BTreeSet<&str> = listed.lines().collect();
    let mut missing = Vec::new();
    for folder in ["src", "recipes"] {
        for file in files(&root().join(folder)) {
            let name = file.strip_prefix(root()).unwrap().to_str().unwrap();
            let name = name.replace('\\', "/");
            if !name.contains("__pycache__") && !listed.contains(&*name) {
                missing.push(name);
            }
        }
    }
    assert_eq!(missing, [""; 0], "{said}");
}
