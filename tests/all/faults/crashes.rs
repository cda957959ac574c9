//! Whoever is killed, or finds no place on the disk, at any moment: what could be imported still can.

#[cfg(target_os = "linux")]
use crate::interrupted::{harm, has_strace};
use crate::interrupted::{is_built, kill_after};
use crate::support::{alone, project};

#[cfg(target_os = "linux")]
#[test]
fn f09_f09c_at_no_call_that_writes_a_module_is_it_lost_or_anything_left() {
    if !has_strace() {
        return;
    }
    let project = project!("mixed");
    let _machine = alone();
    is_built(&project, 0);
    let calls = [
        "copy_file_range",
        "chmod,fchmod,fchmodat",
        "rename,renameat,renameat2",
    ];
    let harms = ["signal=SIGKILL", "error=ENOSPC", "error=EIO"];
    let points = calls
        .iter()
        .flat_map(|call| harms.iter().map(move |harm| (*call, *harm)));
    let mut number = 0;
    let mut failed = 0;
    for (call, harmed) in points {
        for when in 1..=3 {
            number += 1;
            let run = harm(&project, number, (call, harmed, when));
            if run.code == Some(0) {
                break; // nobody calls it more often
            }
            failed += 1;
        }
    }
    assert!(failed > 5, "{failed}");
}

#[test]
fn f10_whenever_all_are_killed_the_module_is_whole_and_the_next_run_works() {
    let project = project!("mixed");
    let _machine = alone();
    is_built(&project, 0);
    for number in 1..=30 {
        kill_after(&project, number, number * 7 % 19); // as good as any
    }
}
