//! What is built again comes out the same.

use super::hello::{Hello, hello};
use crate::released::newest;
use crate::support::{entries, project};

#[test]
fn a_second_build_elsewhere_has_the_same_bytes() {
    let Hello {
        first, reproduced, ..
    } = hello();
    let (before, _) = first;
    let (after, run) = reproduced;
    for (name, known) in &before.known {
        assert_eq!(run.count(&format!("Reproduced {name}")), 1, "{run}");
        assert_eq!(after.known[name]["sha256"], known["sha256"]);
    }
    assert_eq!(run.count("Building hello"), before.files.len(), "{run}");
}

/// Cargo runs it once in every target directory.
const CLOCK: &str = "fn main() {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    println!(\"cargo:rustc-env=BUILT={}\", since.as_nanos());
}
";

#[test]
fn a_build_that_differs_is_named_with_the_member_and_leaves_dist_as_it_was() {
    let project = project!("hello");
    let python = newest();
    let release = |args: &[&str]| {
        project
            .release(&["wheel", "--python", &python])
            .with(args)
            .run()
    };
    project.write("dist/.gitignore", "*\n");
    project.write("build.rs", CLOCK);
    project.edit(
        "src/lib.rs",
        "\"Hello from Rust!\"\n",
        "concat!(\"Hello from Rust!\", env!(\"BUILT\"))\n",
    );
    project.git(&["add", "--all"]);
    project.commit();
    let run = release(&["--reproduce"]).exits(1);
    let message = format!(
        "error: two builds differ in hello/hello.cpython-{}",
        python.replace('.', "")
    );
    let run = run.says(&message).never_says("Promoting");
    assert_eq!(
        entries(&project.path("dist")),
        [project.path("dist/.gitignore")],
        "{run}"
    );
}
