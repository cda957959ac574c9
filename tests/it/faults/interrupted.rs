//! What is left of a module whose build was broken off: the old one or the new one, and nothing else.

use crate::support::{CheckOutcome, Project};

/// What the module counts.
const COUNT: &str = "import mixed; print(mixed.count_words('a b'))";

/// The module counts something else from now on.
pub(crate) fn edit(project: &Project, number: usize) {
    let text = project.read("src/lib.rs");
    let (head, tail) = text.split_once(".count()").unwrap();
    let (_, tail) = tail.split_once('\n').unwrap();
    project.write("src/lib.rs", &format!("{head}.count() + {number}\n{tail}"));
}

/// The module is the old one or the new one, and nothing has been left among the sources.
#[track_caller]
pub(crate) fn is_whole(project: &Project, number: usize, run: &CheckOutcome) {
    let counted: usize = project.python(COUNT).parse().unwrap();
    assert!(
        [number - 1, number].contains(&(counted - 2)),
        "{counted}\n{run}"
    );
    assert_eq!(project.traces(), " M src/lib.rs\n", "{run}");
}

#[track_caller]
pub(crate) fn is_built(project: &Project, number: usize) {
    project.dev().run().succeeds();
    assert_eq!(project.python(COUNT), (number + 2).to_string());
}

/// Edits, has a call of the system fail in the next run, and looks at what is left; returns how that
/// run ended. `call`, `harm`: as strace names them. `when`: the how manieth of such calls.
#[cfg(target_os = "linux")]
pub(crate) fn harm(
    project: &Project,
    number: usize,
    (call, harm, when): (&str, &str, usize),
) -> CheckOutcome {
    edit(project, number);
    let inject = format!("inject={call}:{harm}:when={when}");
    let trace = format!("trace={call}");
    let words = ["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    let own = [env!("CARGO_BIN_EXE_cargo-pyx"), "pyx", "dev"];
    let run = project.run("strace", &[&words[..], &own].concat());
    is_whole(project, number, &run);
    is_built(project, number);
    run
}

/// Edits, kills a run with all that it has started after some tenths of a second, and looks at what is
/// left.
pub(crate) fn kill_after(project: &Project, number: usize, tenths: usize) {
    edit(project, number);
    let pyx = env!("CARGO_BIN_EXE_cargo-pyx");
    let (seconds, tenths) = (tenths / 10, tenths % 10);
    let script =
        format!("setsid '{pyx}' pyx dev & sleep {seconds}.{tenths}; kill -9 -$! 2>&1; wait");
    let run = project.run("sh", &["-c", &script]);
    is_whole(project, number, &run);
    is_built(project, number);
}

/// Whether calls can be made to fail here; says so where they cannot.
#[cfg(target_os = "linux")]
#[expect(
    clippy::print_stderr,
    reason = "who reads the run must know that nothing was held"
)]
pub(crate) fn has_strace() -> bool {
    let found = crate::support::on_path("strace").is_some();
    if !found {
        eprintln!("skipped: needs strace");
    }
    found
}
