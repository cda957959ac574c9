//! cargo keeps what lies between sources and artifacts in another layout from 1.100 on. Where the toolchain
//! is older, it is told to.

use crate::support::{CheckOutcome, Project, entries, folder, modified, set_modified, skipped};

const SCRIPT: &str = "fn main() {
    println!(\"cargo:rerun-if-env-changed=OF_THE_SCRIPT\");
    println!(\"cargo:rerun-if-changed=build.rs\");
}
";

const MAIN: &str = "mod other;
pub const READ: Option<&str> = option_env!(\"OF_THE_CRATE\");
fn main() {
    println!(\"{}\", other::WORD);
}
";

fn dev(project: &Project, name: &str, value: &str) -> CheckOutcome {
    let dev = project
        .dev()
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT", "true")
        .env(name, value);
    dev.run().succeeds()
}

fn said(project: &Project) -> String {
    let shout = project.path(".venv/bin/shout");
    let run = project.run(shout.to_str().unwrap(), &[]).succeeds();
    run.stdout.trim().to_owned()
}

#[test]
fn variables_and_edits_with_an_old_time_are_seen_in_the_newer_layout() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.write("build.rs", SCRIPT);
    project.write("src/main.rs", MAIN);
    let old = "pub const WORD: &str = \"old\";\n";
    project.write("old", old);
    project.write("src/other.rs", "pub const WORD: &str = \"new\";\n");
    dev(&project, "UNRELATED", "1");
    let built = project.path("target/pyx/ext/debug");
    if built.join(".fingerprint").exists() {
        skipped("a cargo of 1.95 or newer");
        return;
    }
    assert!(!entries(&built.join("build/shout")).is_empty());
    assert_eq!(said(&project), "new");
    dev(&project, "UNRELATED", "2").finds_fresh("shout");
    for name in ["OF_THE_SCRIPT", "OF_THE_CRATE"] {
        let run = dev(&project, name, "1").says(&format!("environment variable `{name}` changed"));
        run.says("Compiling shout");
        dev(&project, name, "1").finds_fresh("shout");
        dev(&project, "UNRELATED", "3"); // as it was
    }
    let time = modified(&project.path("old"));
    project.write("src/other.rs", old);
    set_modified(&project.path("src/other.rs"), time);
    dev(&project, "UNRELATED", "3").says("Compiling shout");
    assert_eq!(said(&project), "old");
    dev(&project, "UNRELATED", "3").finds_fresh("shout");
}
