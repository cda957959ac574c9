//! Whoever is killed, or finds no place on the disk: what could be imported still can. A sample; all
//! moments are tried by the long suite.

use super::interrupted::Edited;
#[cfg(target_os = "linux")]
use super::interrupted::{Harm, MATURIN, UV, has_strace};
use crate::support::{alone, project};

#[cfg(target_os = "linux")]
#[test]
fn f09_f09c_no_call_that_writes_a_module_loses_it_or_leaves_anything() {
    if !has_strace() {
        return;
    }
    let project = project!("mixed");
    let mut module = Edited::mixed(project);
    for (call, with, when) in [
        ("copy_file_range", "signal=SIGKILL", 1),
        ("rename,renameat,renameat2", "error=ENOSPC", 2),
    ] {
        let run = module.harmed(Harm { call, with, when });
        assert_ne!(run.code, Some(0), "nobody was harmed\n{run}");
    }
}

/// maturin while it writes among the sources, and pyx while it looks on.
#[cfg(target_os = "linux")]
#[test]
fn f09b_no_call_that_installs_a_module_among_sources_loses_it() {
    if !has_strace() {
        return;
    }
    let project = project!("mixed");
    let folder = crate::support::folder!().join("bin");
    let mut module = Edited::mixed(project);
    let harm = Harm {
        call: "copy_file_range",
        with: "signal=SIGKILL",
        when: 1,
    };
    let run = module.installed_by_harmed(MATURIN, harm, &folder);
    assert_ne!(run.code, Some(0), "nobody was harmed\n{run}");
    let run = module.installed_by_harmed_pyx(harm);
    assert_ne!(run.code, Some(0), "nobody was harmed\n{run}");
}

/// uv once it has removed what was there, and once it has put something else in place of half of it.
#[cfg(target_os = "linux")]
#[test]
fn f09b_no_call_that_installs_a_module_in_the_environment_loses_it() {
    if !has_strace() {
        return;
    }
    let project = project!("hello");
    let folder = crate::support::folder!().join("bin");
    let mut module = Edited::hello(project);
    for (call, when) in [("rmdir", 1), ("linkat", 2)] {
        let with = "signal=SIGKILL";
        let run = module.installed_by_harmed(UV, Harm { call, with, when }, &folder);
        assert_ne!(run.code, Some(0), "nobody was harmed\n{run}");
    }
}

#[test]
fn f10_after_a_kill_of_all_the_module_is_whole_and_the_next_run_works() {
    let project = project!("mixed");
    let _machine = alone(); // it watches the clock
    let mut module = Edited::mixed(project);
    for tenths in [2, 6, 10] {
        module.killed_after(tenths);
    }
}
