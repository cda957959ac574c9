//! Whoever is killed, or finds no place on the disk, at any moment: what could be imported still can.

use crate::interrupted::Edited;
#[cfg(target_os = "linux")]
use crate::interrupted::{Harm, MATURIN, UV, has_strace};
use crate::support::{alone, project};

#[cfg(target_os = "linux")]
const KILLED: &str = "signal=SIGKILL";
#[cfg(target_os = "linux")]
const FULL: &str = "error=ENOSPC";
#[cfg(target_os = "linux")]
const BROKEN: &str = "error=EIO";

#[cfg(target_os = "linux")]
#[test]
fn f09_f09c_at_no_call_that_writes_a_module_is_it_lost_or_anything_left() {
    if !has_strace() {
        return;
    }
    let project = project!("mixed");
    let mut module = Edited::mixed(project);
    let calls = [
        "copy_file_range",
        "chmod,fchmod,fchmodat",
        "rename,renameat,renameat2",
    ];
    let mut failed = 0;
    for call in calls {
        for with in [KILLED, FULL, BROKEN] {
            for when in 1..=3 {
                let run = module.harmed(Harm { call, with, when });
                if run.code == Some(0) {
                    break; // nobody calls it more often
                }
                failed += 1;
            }
        }
    }
    assert!(failed > 5, "{failed}");
}

/// The calls that make, change or remove files.
#[cfg(target_os = "linux")]
const WRITING: [&str; 7] = [
    "copy_file_range,sendfile",
    "write,pwrite64",
    "chmod,fchmod,fchmodat",
    "link,linkat,symlink,symlinkat",
    "mkdir,mkdirat",
    "rename,renameat,renameat2",
    "unlink,unlinkat,rmdir",
];

/// All first ones, then wider and wider apart.
#[cfg(target_os = "linux")]
const POINTS: [usize; 10] = [1, 2, 3, 4, 5, 8, 13, 21, 34, 55];

/// How many of the points are tried: with all of them a sweep takes half an hour (`just sweep`).
#[cfg(target_os = "linux")]
fn points() -> impl Iterator<Item = usize> {
    let said = std::env::var("CARGO_PYX_SWEEP_POINTS");
    let count = said.map_or(1, |text| text.parse().expect("a number of points"));
    POINTS.into_iter().take(count)
}

/// Tries every call at every point until nobody calls it so often; returns how many runs have failed.
#[cfg(target_os = "linux")]
fn sweep(mut run: impl FnMut(Harm) -> crate::support::CheckOutcome) -> usize {
    let mut failed = 0;
    for call in WRITING {
        for with in [KILLED, FULL] {
            for when in points() {
                if run(Harm { call, with, when }).code == Some(0) {
                    break;
                }
                failed += 1;
            }
        }
    }
    failed
}

/// `folder`: for programs.
#[cfg(target_os = "linux")]
#[track_caller]
fn sweep_tools(mut module: Edited, folder: &std::path::Path) {
    for tool in [MATURIN, UV] {
        let failed = sweep(|harm| module.installed_by_harmed(tool, harm, folder));
        assert!(failed > 3, "{tool:?}: {failed}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn f09b_at_no_call_of_pyx_that_installs_a_module_among_sources_is_it_lost() {
    if !has_strace() {
        return;
    }
    let project = project!("mixed");
    let mut module = Edited::mixed(project);
    let failed = sweep(|harm| module.installed_by_harmed_pyx(harm));
    assert!(failed > 3, "{failed}");
}

#[cfg(target_os = "linux")]
#[test]
fn f09b_at_no_call_of_a_tool_that_installs_a_module_among_sources_is_it_lost() {
    if !has_strace() {
        return;
    }
    let project = project!("mixed");
    let folder = crate::support::folder!().join("bin");
    sweep_tools(Edited::mixed(project), &folder);
}

#[cfg(target_os = "linux")]
#[test]
fn f09b_at_no_call_of_a_tool_that_installs_a_module_in_the_environment_is_it_lost() {
    if !has_strace() {
        return;
    }
    let project = project!("hello");
    let folder = crate::support::folder!().join("bin");
    sweep_tools(Edited::hello(project), &folder);
}

#[test]
fn f10_whenever_all_are_killed_the_module_is_whole_and_the_next_run_works() {
    let project = project!("mixed");
    let _machine = alone(); // it watches the clock
    let mut module = Edited::mixed(project);
    for number in 1..=30 {
        module.killed_after(number * 7 % 19); // as good as any
    }
}
