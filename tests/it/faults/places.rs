//! Where a project may be, and what the disk may refuse.

#[cfg(target_os = "linux")]
use std::fs;
use std::time::{Duration, SystemTime};

#[cfg(target_os = "linux")]
use crate::support::{CheckOutcome, Pyx};
use crate::support::{Project, folder, set_modified};

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
    assert!(run.took < Duration::from_secs(10), "{run}");
    assert!(project.listing(&[]) == before);
}

/// Runs a shell's command that mounts something where only it sees that, then pyx; `None` where nobody
/// may mount.
#[cfg(target_os = "linux")]
fn mounted(project: &Project, mount: &str, line: &str) -> Option<CheckOutcome> {
    let own = |script: &str| project.run("unshare", &["-m", "sh", "-ec", script]);
    if own("mount -t tmpfs t /mnt").code != Some(0) {
        crate::support::skipped("the right to mount");
        return None;
    }
    let pyx = env!("CARGO_BIN_EXE_cargo-pyx");
    Some(own(&format!("{mount}\ncd .\nexec '{pyx}' pyx {line}")))
}

#[cfg(target_os = "linux")]
#[test]
fn f16_a_full_disk_is_named_and_no_fault_of_the_project() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    fs::create_dir_all(project.path("target")).unwrap();
    let full = "mount -t tmpfs -o size=300k t target";
    if let Some(run) = mounted(&project, full, "dev") {
        let run = run.exits(4).says("No space left on device");
        run.says("hint: the disk is full").never_says("panicked");
    }
    project.dev().run().succeeds();
}

#[cfg(target_os = "linux")]
#[test]
fn f17_a_read_only_project_is_named_with_the_variables_that_lead_elsewhere() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let read_only = "mount --bind . .\nmount -o remount,ro,bind .\ncd \"$PWD\"";
    if let Some(run) = mounted(&project, read_only, "dev") {
        let run = run.exits(4).says_once("Read-only file system");
        let run = run.says(project.path("target/pyx").to_str().unwrap());
        run.says("CARGO_TARGET_DIR").says("UV_PROJECT_ENVIRONMENT");
    }
}

/// A folder in which nobody may make another, not even root.
#[cfg(target_os = "linux")]
const NOWHERE: &str = "/proc/nobody";

#[cfg(target_os = "linux")]
#[test]
fn f18_a_user_without_a_home_is_told_which_cache_cannot_be_written() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let homeless = |pyx: Pyx| {
        let kept = ["CARGO_HOME", "RUSTUP_HOME"]
            .into_iter()
            .zip([".cargo", ".rustup"]);
        let home = std::env::home_dir().unwrap();
        let with = |pyx: Pyx, (name, folder): (&str, &str)| {
            let usual = || home.join(folder).into_os_string();
            pyx.env(name, std::env::var_os(name).unwrap_or_else(usual))
        };
        kept.fold(pyx.env("HOME", NOWHERE), with)
    };
    homeless(project.pyx("--version")).run().succeeds();
    // uv's, where pyx has its own elsewhere
    let run = homeless(project.dev()).run().exits(4);
    let told = format!("uv cannot write its cache {NOWHERE}/.cache/uv: ");
    run.says(&told).says("UV_CACHE_DIR");
    let own = homeless(project.dev()).env("CARGO_PYX_CACHE_DIR", "");
    let run = own.env("PATH", without_uv()).run().exits(4);
    let told = format!("cannot create `{NOWHERE}/.cache/cargo-pyx/locks` in the user cache");
    run.says_once(&told)
        .says("hint: set CARGO_PYX_CACHE_DIR to a writable folder");
}

/// PATH without the folders that have uv.
#[cfg(target_os = "linux")]
fn without_uv() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap();
    let dirs = std::env::split_paths(&path).filter(|dir| !dir.join("uv").exists());
    std::env::join_paths(dirs).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn f19_a_recipe_that_no_folder_may_run_is_told_so() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let justfile =
        "plain:\n    @echo plain\n\nscript:\n    #!/bin/sh\n    echo script\n\nneeds: script\n";
    project.write("justfile", justfile);
    let noexec = "mount -t tmpfs -o noexec t /mnt\nexport TMPDIR=/mnt";
    for recipe in ["script", "needs"] {
        let Some(run) = mounted(&project, noexec, &format!("just {recipe}")) else {
            return;
        };
        let told =
            format!("TMPDIR is mounted noexec: just cannot run the script of recipe `{recipe}`");
        let run = run.exits(4).says_once(&told);
        run.says(&format!("hint: JUST_TEMPDIR=. cargo pyx just {recipe}"))
            .says("--tempdir");
    }
    mounted(&project, noexec, "just plain").unwrap().succeeds();
    let elsewhere = format!("{noexec}\nexport JUST_TEMPDIR=.");
    let run = mounted(&project, &elsewhere, "just needs").unwrap();
    assert_eq!(run.succeeds().stdout, "script\n");
    project.append("justfile", "\nset tempdir := \".\"\n");
    mounted(&project, noexec, "just script").unwrap().succeeds();
}

#[cfg(target_os = "linux")]
#[test]
fn f47_without_a_home_or_a_folder_for_temporary_files_the_variable_is_named() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let missing = folder!().join("missing");
    let run = project.dev().env("TMPDIR", &missing).run().exits(4);
    let told = format!(
        "TMPDIR is set to `{}`, which is not a folder",
        missing.display()
    );
    run.says_once(&told).says("hint: mkdir -p ");
    assert!(!project.path(".venv").exists());
    // the system knows whose home it is: cargo and uv take that as well
    let before = fs::metadata("/.cache").is_ok();
    let run = project.dev().env("HOME", "").run().succeeds();
    run.says_once("warning: HOME is not set: using `/");
    let own = project.dev().env("HOME", "").env("CARGO_PYX_CACHE_DIR", "");
    let plan = own.with(&["--force", "--dry-run"]).run().succeeds().stdout;
    assert!(!plan.contains(" /.cache"), "{plan}");
    assert_eq!(fs::metadata("/.cache").is_ok(), before);
}

#[test]
fn f29_links_in_a_circle_or_to_everything_are_not_followed() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    for (target, link) in [
        ("loop", "loop"),
        ("/", "src/everything"),
        ("..", "src/above"),
    ] {
        std::os::unix::fs::symlink(target, project.path(link)).unwrap();
    }
    let run = project.dev().run().succeeds();
    assert!(run.took < Duration::from_secs(60), "{run}");
    project.dev().run().finds_fresh("shout");
}

#[cfg(target_os = "linux")]
#[test]
fn f36b_a_compiler_without_memory_is_no_fault_of_the_project() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let pyx = env!("CARGO_BIN_EXE_cargo-pyx");
    let little = format!("ulimit -v 150000; exec '{pyx}' pyx dev");
    let run = project.run("sh", &["-c", &little]).exits(4);
    run.says("hint: out of memory");
    project.dev().run().succeeds();
}

#[test]
fn f36_few_files_and_times_to_come_change_nothing() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let pyx = env!("CARGO_BIN_EXE_cargo-pyx");
    let few = format!("ulimit -n 64; exec '{pyx}' pyx dev");
    project.run("sh", &["-c", &few]).succeeds();
    let to_come = SystemTime::now() + Duration::from_hours(24 * 365 * 50);
    set_modified(&project.path("src/main.rs"), to_come);
    project.dev().run().succeeds();
    project.dev().run().finds_fresh("shout");
}

#[test]
fn f44_an_environment_that_is_no_such_folder_is_refused_and_stays() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let before = project.listing(&[]);
    for place in ["/", ".", "src"] {
        let dev = project.dev().env("UV_PROJECT_ENVIRONMENT", place);
        let run = dev.run().exits(2).says("cannot be used");
        run.says("hint: set UV_PROJECT_ENVIRONMENT to another folder")
            .never_says("rm -r");
        assert!(project.listing(&["target"]) == before, "{place}");
    }
}
