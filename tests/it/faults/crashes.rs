//! Whoever is killed, or finds no place on the disk: what could be imported still can. A sample; all
//! moments are tried by the long suite.

#[cfg(target_os = "linux")]
use super::interrupted::{harm, has_strace};
use super::interrupted::{is_built, kill_after};
use crate::support::{alone, project};

#[cfg(target_os = "linux")]
#[test]
fn f09_f09c_no_call_that_writes_a_module_loses_it_or_leaves_anything() {
    if !has_strace() {
        return;
    }
    let project = project!("mixed");
    let _machine = alone();
    is_built(&project, 0);
    let points = [
        ("copy_file_range", "signal=SIGKILL", 1),
        ("rename,renameat,renameat2", "error=ENOSPC", 2),
    ];
    for (number, point) in (1..).zip(points) {
        let run = harm(&project, number, point);
        assert_ne!(run.code, Some(0), "nobody was harmed\n{run}");
    }
}

#[test]
fn f10_after_a_kill_of_all_the_module_is_whole_and_the_next_run_works() {
    let project = project!("mixed");
    let _machine = alone();
    is_built(&project, 0);
    for (number, tenths) in (1..).zip([2, 6, 10]) {
        kill_after(&project, number, tenths);
    }
}
