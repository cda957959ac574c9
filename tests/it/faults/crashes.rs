//! Whoever is killed, or finds no place on the disk, at any moment: what could be imported still can.

use super::COUNT;
use crate::support::{CheckOutcome, Project, alone, project};

/// The module counts something else from now on.
fn edit(project: &Project, number: usize) {
    let text = project.read("src/lib.rs");
    let (head, tail) = text.split_once(".count()").unwrap();
    let (_, tail) = tail.split_once('\n').unwrap();
    project.write("src/lib.rs", &format!("{head}.count() + {number}\n{tail}"));
}

/// The module is the old one or the new one, and nothing has been left among the sources.
#[track_caller]
fn is_whole(project: &Project, number: usize, run: &CheckOutcome) {
    let counted: usize = project.python(COUNT).parse().unwrap();
    assert!(
        [number - 1, number].contains(&(counted - 2)),
        "{counted}\n{run}"
    );
    assert_eq!(project.traces(), " M src/lib.rs\n", "{run}");
}

#[track_caller]
fn is_built(project: &Project, number: usize) {
    project.dev().run().succeeds();
    assert_eq!(project.python(COUNT), (number + 2).to_string());
}

#[cfg(target_os = "linux")]
#[expect(
    clippy::print_stderr,
    reason = "who reads the run must know that nothing was held"
)]
#[test]
fn f09_f09c_at_no_call_that_writes_a_module_is_it_lost_or_anything_left() {
    if crate::support::on_path("strace").is_none() {
        eprintln!("skipped: needs strace");
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
    let mut number = 0;
    let mut failed = 0;
    for call in calls {
        for harm in harms {
            for when in 1..=3 {
                number += 1;
                edit(&project, number);
                let inject = format!("inject={call}:{harm}:when={when}");
                let trace = format!("trace={call}");
                let words = ["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
                let own = [env!("CARGO_BIN_EXE_cargo-pyx"), "pyx", "dev"];
                let run = project.run("strace", &[&words[..], &own].concat());
                is_whole(&project, number, &run);
                is_built(&project, number);
                if run.code == Some(0) {
                    break; // nobody calls it more often
                }
                failed += 1;
            }
        }
    }
    assert!(failed > 5, "{failed}");
}

#[test]
fn f10_whenever_all_are_killed_the_module_is_whole_and_the_next_run_works() {
    let project = project!("mixed");
    let _machine = alone();
    is_built(&project, 0);
    let pyx = env!("CARGO_BIN_EXE_cargo-pyx");
    for number in 1..=15 {
        edit(&project, number);
        let tenths = number * 7 % 19; // as good as any
        let script = format!(
            "setsid '{pyx}' pyx dev & sleep {}.{}; kill -9 -$! 2>&1; wait",
            tenths / 10,
            tenths % 10
        );
        let run = project.run("sh", &["-c", &script]);
        is_whole(&project, number, &run);
        is_built(&project, number);
    }
}
