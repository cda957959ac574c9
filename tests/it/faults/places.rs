//! Where a project may be, and what the disk may refuse.

use std::time::Duration;

use std::os::unix::fs::symlink;

use crate::support::{Project, folder, project};

#[test]
fn f20_the_projects_path_may_hold_anything_that_is_utf8() {
    let folder = folder!();
    let names = [
        "with space",
        "quo'te\"s",
        "new\nline",
        "ünïcode-日本",
        "-dash",
        "$(touch pwn)",
    ];
    for name in names {
        let project = Project::cold(&folder.join(name), "cffi");
        let sum = "from cffi_add import lib; print(lib.add(2, 3))";
        is_built(&project, "cffi-add", sum, ["wrapping_add", "wrapping_mul"]);
    }
    // PyO3 is told of more paths; with a line break in one, cargo compiles everything each time
    let mut all = names.to_vec();
    all.retain(|name| !name.contains('\n'));
    let project = Project::cold(&folder.join(all.concat()), "ffi");
    let sum = "import ffi_add; print(ffi_add.add(2, 3))";
    is_built(&project, "ffi-add", sum, ["wrapping_add", "wrapping_mul"]);
    assert!(!folder.join("pwn").exists());
}

/// And built again after an edit that makes a product of the sum.
fn is_built(project: &Project, name: &str, sum: &str, edit: [&str; 2]) {
    project.dev().run().succeeds();
    assert_eq!(project.traces(), "", "{}", project.root.display());
    assert_eq!(project.python(sum), "5");
    project.dev().run().finds_fresh(name);
    project.edit("src/lib.rs", edit[0], edit[1]);
    project.dev().run().succeeds().says("`src/lib.rs` changed");
    assert_eq!(project.python(sum), "6");
    assert!(!project.path("pwn").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn f21_a_path_that_is_not_utf8_is_refused_at_once() {
    use std::os::unix::ffi::OsStrExt;
    let bad = std::ffi::OsStr::from_bytes(b"bad\xff");
    let project = Project::cold(&folder!().join(bad), "hello");
    let before = project.listing(&[]);
    let run = project
        .dev()
        .run()
        .exits(2)
        .says_once("path is not UTF-8: ")
        .says(r"bad\xFF");
    assert!(run.took < Duration::from_secs(2), "{run}");
    assert!(project.listing(&[]) == before);
}

#[test]
fn f29_links_in_a_circle_and_to_everything_end() {
    let project = project!("hello");
    for (target, link) in [("/", "root"), ("..", "up"), ("circle", "circle")] {
        symlink(target, project.path("src").join(link)).unwrap();
    }
    project.dev().run().succeeds();
    project.dev().run().finds_fresh("hello");
}
