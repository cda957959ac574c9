//! Signals, terminals, and several runs at once.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use super::{COUNT, Gate, slow, slow_down};
use crate::support::{CheckOutcome, Project, Pyx, Running, alone, folder, project, within};

#[test]
fn f01_f02_f03_a_signal_ends_everything_and_the_old_module_stays() {
    let project = slow(&folder!());
    let _machine = alone();
    project.dev().run().succeeds();
    let mut value = "2".to_owned();
    for (number, signal) in [(1, 2), (2, 15), (3, 1)] {
        let old = if number == 1 {
            ".count()".into()
        } else {
            format!(".count() + {}", number - 1)
        };
        project.edit("src/lib.rs", &old, &format!(".count() + {number}"));
        let run = project.dev().env("SLOW", "60").start();
        let script = "sleep 60";
        let sleeps = || {
            project
                .processes()
                .iter()
                .any(|process| process.contains(script))
        };
        assert!(within(A_WHILE, &sleeps), "the build script runs");
        let sent = Instant::now();
        run.signal(signal);
        let run = run.finish();
        let took = sent.elapsed();
        assert_eq!((run.signal, run.code), (Some(signal), None), "{run}");
        // under 2 s on an idle machine; who waits for the script needs 60, who waits to kill it 10
        assert!(took < Duration::from_secs(5), "{took:?}\n{run}");
        let run = run
            .says_once("interrupted")
            .never_says("Fresh")
            .never_says("panicked");
        let gone = within(Duration::from_secs(10), &|| project.processes().is_empty());
        assert!(gone, "{:#?}\n{run}", project.processes());
        assert_eq!(project.python(COUNT), value, "the old module stays");
        project.dev().run().succeeds();
        value = (2 + number).to_string();
        assert_eq!(project.python(COUNT), value, "the next run builds");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn f03_a_signal_that_is_ignored_for_us_ends_nothing() {
    let project = slow(&folder!());
    let _machine = alone();
    project.dev().run().succeeds();
    project.edit("src/lib.rs", ".count()", ".count() + 1");
    let script = "trap '' HUP; exec \"$0\" pyx dev"; // as nohup does
    let words = ["-c", script, env!("CARGO_BIN_EXE_cargo-pyx")];
    let run = project.program("sh", &words).env("SLOW", "4").start();
    runs(&project, "sleep 4");
    run.signal(1);
    run.finish().succeeds();
    assert_eq!(project.python(COUNT), "3");
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_build_leaves_running_is_no_fault_where_we_are_the_first_process_of_a_container() {
    let project = slow(&folder!());
    let _machine = alone();
    let own =
        |words: &[&str]| project.program("unshare", &[&["-pf", "--mount-proc"], words].concat());
    if own(&["true"]).run().code != Some(0) {
        crate::support::skipped("the right to make a container");
        return;
    }
    let script = "fn main() {\n    let script = \"sleep 600 >/dev/null 2>&1 </dev/null &\";\n    \
                  std::process::Command::new(\"sh\").args([\"-c\", script]).status().unwrap();\n}\n";
    project.write("build.rs", script);
    own(&[env!("CARGO_BIN_EXE_cargo-pyx"), "pyx", "dev"])
        .run()
        .succeeds();
    assert_eq!(project.python(COUNT), "2");
}

/// More than any machine needs for what takes it milliseconds, or the start of a build.
const A_WHILE: Duration = Duration::from_secs(60);

/// Waits until a process of the project runs whose command line holds a text.
#[track_caller]
fn runs(project: &Project, text: &str) {
    let is_there = || {
        project
            .processes()
            .iter()
            .any(|process| process.contains(text))
    };
    let came = within(A_WHILE, &is_there);
    assert!(came, "no `{text}`: {:#?}", project.processes());
}

/// Soon nobody is left.
#[track_caller]
fn none_is_left(project: &Project, run: &CheckOutcome) {
    let gone = within(Duration::from_secs(10), &|| project.processes().is_empty());
    assert!(gone, "{:#?}\n{run}", project.processes());
}

#[test]
fn f04_who_ignores_ctrl_c_is_killed_by_the_second_or_ten_seconds_later() {
    let project = slow(&folder!());
    let _machine = alone();
    project.dev().run().succeeds();
    for (again, seconds, seed) in [(true, "61", "1"), (false, "62", "2")] {
        let run = project.dev().env("SLOW", seconds).env("DEAF", seed).start();
        runs(&project, &format!("sleep {seconds}"));
        run.signal(2);
        let sent = Instant::now();
        std::thread::sleep(Duration::from_millis(1500));
        if again {
            run.signal(2);
        }
        let run = run
            .finish()
            .says("Waiting 10 s for running commands to clean up");
        let took = sent.elapsed().as_secs();
        let expected = if again { 1..8 } else { 10..30 };
        assert!(expected.contains(&took), "{took}\n{run}");
        assert_eq!(run.signal, Some(2), "{run}");
        none_is_left(&project, &run);
    }
    assert_eq!(project.python(COUNT), "2");
}

/// A loop in C, which never looks at signals.
const DEAF: &str = "import itertools\n\n\ndef test_deaf():\n    open('busy', 'w').close()\n    sum(itertools.repeat(1))\n";

#[test]
fn f04b_code_that_never_looks_at_signals_is_killed_by_the_second_ctrl_c() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.write("tests/test_deaf.py", DEAF);
    project.write(
        "justfile",
        "[no-exit-message]\ndeaf:\n    pytest tests/test_deaf.py\n",
    );
    project
        .pyx("test")
        .with(&["--", "-k", "not deaf"])
        .run()
        .succeeds();
    let _machine = alone();
    for (line, at_a_terminal) in [("test", true), ("run pytest", false), ("just deaf", true)] {
        let mut words = line.split(' ');
        let pyx = project
            .pyx(words.next().unwrap())
            .with(&words.collect::<Vec<_>>());
        let mut run = if at_a_terminal {
            pyx.at_a_terminal()
        } else {
            pyx
        }
        .start();
        let is_busy = || project.path("busy").exists();
        assert!(within(A_WHILE, &is_busy), "{line}");
        project.remove("busy");
        for _ in 0..2 {
            interrupt(&mut run, at_a_terminal);
            std::thread::sleep(Duration::from_millis(500));
        }
        let sent = Instant::now();
        let run = run.finish();
        assert!(sent.elapsed() < Duration::from_secs(8), "{line}\n{run}");
        let code = if at_a_terminal {
            run.code
        } else {
            run.signal.map(|signal| 128 + signal)
        };
        assert_eq!(code, Some(130), "{line}\n{run}");
        none_is_left(&project, &run);
    }
}

fn interrupt(run: &mut Running, at_a_terminal: bool) {
    if at_a_terminal {
        run.types("\x03");
    } else {
        run.signal(2);
    }
}

#[test]
fn f05_when_pyx_itself_is_killed_its_children_end_and_the_next_run_says_so() {
    let project = slow(&folder!());
    let _machine = alone();
    project.dev().run().succeeds();
    let run = project.dev().env("SLOW", "63").start();
    runs(&project, "sleep 63");
    run.signal(9);
    let run = run.finish();
    none_is_left(&project, &run);
    assert_eq!(project.python(COUNT), "2", "the old module stays");
    let next = project.dev().run().succeeds();
    next.says("the last build failed or was interrupted");
    // as well where somebody works in them
    let run = project
        .pyx("run")
        .with(&["sh", "-c", "sleep 64; true"])
        .start();
    runs(&project, "sleep 64");
    run.signal(9);
    let run = run.finish();
    none_is_left(&project, &run);
}

#[cfg(target_os = "linux")]
#[test]
fn f06_ctrl_z_stops_all_and_fg_goes_on() {
    let project = slow(&folder!());
    project.dev().run().succeeds();
    let _machine = alone();
    let gate = Gate::new(&folder!());
    let mut run = project
        .dev()
        .env("SLOW", gate.shut())
        .at_a_terminal()
        .start();
    runs(&project, "sleep 0");
    run.types("\x1a");
    let ours = |project: &Project| {
        let mut states = project.states();
        states.retain(|(_, process)| !process.contains("pty.fork()")); // who holds the terminal
        states
    };
    let all = |state: char| ours(&project).iter().all(|(own, _)| *own == state);
    assert!(within(A_WHILE, &|| all('T')), "{:#?}", ours(&project));
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        ours(&project).len() > 2 && all('T'),
        "{:#?}",
        ours(&project)
    );
    project
        .run("pkill", &["-CONT", "-P", &run.id().to_string()])
        .succeeds();
    gate.open();
    let run = run.finish().succeeds();
    assert!(run.stdout.contains("Finished dev"), "{run}");
}

#[test]
fn f07_of_two_at_once_one_waits_and_both_succeed() {
    let project = slow(&folder!());
    let gate = Gate::new(&folder!());
    let dev = || project.dev().env("SLOW", gate.shut());
    project.dev().run().succeeds();
    for round in 1..=5 {
        let text = project.read("src/lib.rs");
        let (head, tail) = text.split_once(".count()").unwrap();
        let (_, tail) = tail.split_once('\n').unwrap();
        project.write("src/lib.rs", &format!("{head}.count() + {round}\n{tail}"));
        let pair = [dev().start(), dev().start()];
        let blocks = || pair.iter().any(|run| run.has_said("Blocking"));
        assert!(within(A_WHILE, &blocks), "both build at once");
        gate.open();
        let [first, second] = pair.map(|run| run.finish().succeeds());
        let both = format!("{first}{second}");
        let times = |text: &str| both.matches(text).count();
        assert_eq!(
            times("    Blocking waiting for project lock (held by pid "),
            1,
            "{both}"
        );
        assert_eq!(times(": cargo pyx dev)\n"), 1, "{both}");
        // the one that waited finds it done
        assert_eq!(times("Compiling mixed"), 1, "{both}");
        assert_eq!(times("Fresh mixed"), 1, "{both}");
        assert_eq!(project.python(COUNT), (2 + round).to_string());
    }
    dev().run().finds_fresh("mixed");
}

#[test]
fn f50_who_shares_an_environment_or_a_recipe_waits_for_the_other() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    slow_down(&project);
    project.write("justfile", "twice:\n    @shout a\n");
    let _machine = alone();
    project.dev().run().succeeds();
    let dev = |target: &str| project.dev().env("CARGO_TARGET_DIR", project.path(target));
    let gate = Gate::new(&folder!());
    let first = dev("one").env("SLOW", gate.shut()).start();
    runs(&project, "sleep 0");
    let second = blocked(dev("two"), &gate);
    second.says_once("    Blocking waiting for environment lock (held by pid ");
    first.finish().succeeds().never_says("Blocking");
    // and where two projects have one environment
    let other = Project::cold(&folder!().join("other"), "bin");
    let shared = project.path(".venv");
    project.append("src/main.rs", "// again\n");
    let first = dev("one").env("SLOW", gate.shut()).start();
    runs(&project, "sleep 0");
    let second = blocked(other.dev().env("UV_PROJECT_ENVIRONMENT", &shared), &gate);
    second.says_once("    Blocking waiting for environment lock (held by pid ");
    first.finish().succeeds();
    // two recipes: what both need is built once
    project.edit("src/main.rs", "fn main() {", "fn main() {\n    let _ = 1;");
    let just = || {
        project
            .pyx("just")
            .with(&["twice"])
            .env("SLOW", "2")
            .start()
    };
    let both = [just(), just()].map(|run| run.finish().succeeds());
    let compiled = both
        .iter()
        .map(|run| run.count("Compiling shout"))
        .sum::<usize>();
    assert_eq!(compiled, 1, "{}{}", both[0], both[1]);
    assert!(both.iter().all(|run| run.stdout == "A!\n"), "{}", both[0]);
}

/// A run that has to wait for one that is at a gate, which opens then.
#[track_caller]
fn blocked(pyx: Pyx, gate: &Gate) -> CheckOutcome {
    let run = pyx.start();
    assert!(within(A_WHILE, &|| run.has_said("Blocking")), "nothing");
    gate.open();
    run.finish().succeeds()
}

#[test]
fn f08_a_lock_that_is_never_released_ends_in_a_timeout() {
    let project = project!("hello");
    let path = project.path("target/pyx/lock");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lock = File::create(&path).unwrap();
    lock.lock().unwrap();
    let run = project
        .dev()
        .env("CARGO_PYX_LOCK_TIMEOUT", "2")
        .run()
        .exits(4);
    assert!(
        run.took >= Duration::from_secs(2) && run.took < Duration::from_secs(10),
        "{run}"
    );
    run.says("Blocking")
        .says(path.to_str().unwrap())
        .says("hint: ")
        .says("CARGO_PYX_LOCK_TIMEOUT");
    let run = project.dev().env("CARGO_PYX_LOCK_TIMEOUT", "soon").run();
    run.exits(2).says("must be a number of seconds");
    drop(lock);
    project.dev().run().succeeds();
}

#[test]
fn who_asks_at_the_terminal_while_nobody_can_answer_ends_the_run() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let bin = folder!().join("tools");
    let uv = crate::support::uv();
    for asks in ["read x </dev/tty", "sh -c 'read x </dev/tty'; exit 1"] {
        let script = format!(
            "case $1 in sync|venv|pip) {asks};; *) exec '{}' \"$@\";; esac",
            uv.display()
        );
        crate::support::program(&bin.join("uv"), &script);
        let run = project.dev().path_first(&bin).answered("yes").exits(4);
        let hint = format!("hint: run it once by hand: (cd {}", project.root.display());
        for text in [
            "is waiting for input, but there is no terminal to type it at",
            &hint,
        ] {
            assert!(run.stdout.contains(text), "{run}");
        }
        let gone = within(Duration::from_secs(10), &|| project.processes().is_empty());
        assert!(gone, "{:#?}\n{run}", project.processes());
    }
}
