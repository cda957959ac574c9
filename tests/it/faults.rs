//! What happens to `cargo pyx dev` when the world is against it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::{Project, alone, folder, link, on_path, project, read, within};

const COUNT: &str = "import mixed; print(mixed.count_words('a b'))";

/// A copy of `mixed` whose build script sleeps for `$SLOW` seconds.
fn slow(folder: &Path) -> Project {
    let project = Project::new(folder, "mixed");
    let script = "use std::{env, thread, time::Duration};\n\n\
                  fn main() {\n    \
                  println!(\"cargo::rerun-if-changed=src\");\n    \
                  println!(\"cargo::rerun-if-env-changed=SLOW\");\n    \
                  if let Ok(text) = env::var(\"SLOW\") {\n        \
                  thread::sleep(Duration::from_secs(text.parse().unwrap()));\n    }\n}\n";
    project.write("build.rs", script);
    project
}

// docs/faults.md: F01, F02, F03
#[test]
fn a_signal_ends_everything_and_the_old_module_stays() {
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
        let script = "/build/mixed-";
        let sleeps = || {
            project
                .processes()
                .iter()
                .any(|process| process.contains(script))
        };
        assert!(
            within(Duration::from_secs(60), &sleeps),
            "the build script runs"
        );
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
        let gone = within(Duration::from_secs(2), &|| project.processes().is_empty());
        assert!(gone, "{:#?}\n{run}", project.processes());
        assert_eq!(project.python(COUNT), value, "the old module stays");
        project.dev().run().succeeds();
        value = (2 + number).to_string();
        assert_eq!(project.python(COUNT), value, "the next run builds");
    }
}

// docs/faults.md: F07
#[test]
fn of_two_at_once_one_waits_and_both_succeed() {
    let project = slow(&folder!());
    let dev = || project.dev().env("SLOW", "1"); // so that the second surely comes meanwhile
    dev().run().succeeds();
    for round in 1..=5 {
        let text = project.read("src/lib.rs");
        let (head, tail) = text.split_once(".count()").unwrap();
        let (_, tail) = tail.split_once('\n').unwrap();
        project.write("src/lib.rs", &format!("{head}.count() + {round}\n{tail}"));
        let pair = [dev().start(), dev().start()];
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

// docs/faults.md: F08
#[test]
fn a_lock_that_is_never_released_ends_in_a_timeout() {
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
    run.exits(2).says("is a number of seconds");
    drop(lock);
    project.dev().run().succeeds();
}

// docs/faults.md: F11
#[test]
fn damaged_state_is_ignored_with_one_warning() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let state = crate::support::entries(&project.path("target/pyx"));
    let files = state.into_iter().filter(|path| path.is_file());
    let files: Vec<PathBuf> = files.chain([project.path(".venv/pyx.json")]).collect();
    let json = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
    assert!(
        files.iter().filter(|path| json(path)).count() == 2,
        "{files:?}"
    );
    for file in &files {
        let short = &read(file)[..read(file).len().min(3)];
        for damage in [Some(short), Some(&[0xff; 64]), None] {
            match damage {
                Some(bytes) => fs::write(file, bytes).unwrap(),
                None => fs::remove_file(file).unwrap(),
            }
            let run = project.dev().run().succeeds().never_says("Compiling");
            let warned = usize::from(json(file) && damage.is_some());
            assert_eq!(run.warnings().len(), warned, "{}\n{run}", file.display());
            assert_eq!(run.count("state ignored: "), warned, "{run}");
            project.python("import hello");
            project.dev().run().finds_fresh("hello");
        }
    }
}

// docs/faults.md: F12
#[test]
fn state_of_a_newer_pyx_is_kept() {
    let project = project!("hello");
    project.dev().run().succeeds();
    for name in ["target/pyx/state.json", ".venv/pyx.json"] {
        let known = project.read(name);
        project.edit(name, "{\"schema\":", "{\"schema\":99");
        let newer = project.read(name);
        let run = project
            .dev()
            .run()
            .succeeds()
            .says_once("written by a newer cargo pyx");
        assert_eq!(run.warnings().len(), 1, "{run}");
        assert_eq!(project.read(name), newer);
        project.write(name, &known);
    }
}

// docs/faults.md: F13
#[test]
fn a_lock_file_that_was_cut_short_is_refused_with_its_place() {
    let project = project!("mixed");
    let cut = project.read("uv.lock")[..200].to_owned();
    project.write("uv.lock", &cut);
    let run = project.dev().run().exits(2).says_once("error: ");
    let place = format!("--> {}:", project.path("uv.lock").display());
    run.says_once(&place).says("hint: git checkout uv.lock");
    assert_eq!(project.read("uv.lock"), cut);
    project.git(&["checkout", "--quiet", "uv.lock"]);
    project.dev().run().succeeds();
    // and once there is something to lose
    project.write("uv.lock", &cut);
    project
        .dev()
        .run()
        .exits(2)
        .says("hint: git checkout uv.lock");
    assert_eq!(project.read("uv.lock"), cut);
    assert_eq!(project.python(COUNT), "2");
}

// docs/faults.md: F14
#[test]
fn a_broken_environment_is_made_again() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let python = project.path(".venv/bin/python");
    let dangle = || {
        fs::remove_file(&python).unwrap();
        std::os::unix::fs::symlink("/nonexistent", &python).unwrap();
    };
    let empty = || project.write(".venv/pyvenv.cfg", "");
    let breaks: [(&dyn Fn(), &str); 2] = [
        (&dangle, "its Python is gone"),
        (&empty, "its `pyvenv.cfg` is missing or broken"),
    ];
    for (make, why) in breaks {
        make();
        let run = project.dev().run().succeeds().says_once("Creating .venv");
        let told = run
            .stderr
            .lines()
            .find(|line| line.contains("Creating .venv"))
            .unwrap();
        assert!(told.contains(why), "{run}");
        project.python("import hello");
        project.dev().run().finds_fresh("hello");
    }
}

// docs/faults.md: F15
#[test]
fn another_active_environment_is_ignored_with_one_warning() {
    let project = project!("hello");
    let other = folder!().join("other");
    let _ = fs::remove_dir_all(&other);
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("marker"), "mine").unwrap();
    let dev = || {
        project
            .dev()
            .env("VIRTUAL_ENV", &other)
            .env("CONDA_PREFIX", "/x")
    };
    let run = dev().run().succeeds();
    let [warning] = run.warnings()[..] else {
        panic!("{run}")
    };
    assert!(
        warning.contains("VIRTUAL_ENV and CONDA_PREFIX ignored"),
        "{run}"
    );
    assert_eq!(crate::support::entries(&other), [other.join("marker")]);
    assert_eq!(read(&other.join("marker")), b"mine");
    assert!(project.file_of("hello").starts_with(project.path(".venv")));
    // it is no input either
    project.dev().run().finds_fresh("hello");
    let again = dev().run().succeeds().says("Fresh hello");
    assert_eq!(again.warnings().len(), 1, "{again}");
}

// docs/faults.md: F20
#[test]
fn the_projects_path_may_hold_anything_that_is_utf8() {
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

// docs/faults.md: F21
#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_not_utf8_is_refused_at_once() {
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

// docs/faults.md: F23
#[test]
fn without_cargo_it_is_named_and_nothing_is_downloaded() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let bin = folder!().join("bin");
    for name in ["git", "sh"] {
        link(&on_path(name).unwrap(), &bin);
    }
    let before = project.listing(&[]);
    let home = folder!().join("home");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    let dev = project
        .dev()
        .env("PATH", &bin)
        .env("HOME", &home)
        .env("CARGO_HOME", home.join("c"));
    let run = dev.env("RUSTUP_HOME", home.join("r")).run().exits(3);
    let run = run
        .says("`cargo` not found on PATH")
        .says("hint: ")
        .says("rustup");
    assert!(project.listing(&[]) == before, "{run}");
    assert_eq!(
        crate::support::entries(&home),
        Vec::<PathBuf>::new(),
        "{run}"
    );
}

// docs/faults.md: F24
#[test]
fn a_tool_that_is_too_old_is_named_with_its_path() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let maturin = folder!().join("bin/maturin");
    crate::support::program(&maturin, "echo maturin 0.9.0");
    let before = project.listing(&[]);
    let run = project
        .dev()
        .path_first(&folder!().join("bin"))
        .run()
        .exits(3);
    let found = format!("maturin 0.9.0 found at `{}`, need ", maturin.display());
    let run = run.says_once(&found).says("1.9").says("hint: ");
    assert!(project.listing(&[]) == before, "{run}");
}

// docs/faults.md: F28
#[test]
fn a_mistake_in_a_manifest_is_told_once_with_its_place() {
    let project = project!("hello");
    let mistakes = [
        ("pyproject.toml", "bad = [\n", "| bad = [", None),
        ("Cargo.toml", "[dep\n", "| [dep", None),
        (
            "pyproject.toml",
            "[tool.pyx]\npyhton = \"3.12\"\n",
            "| pyhton = \"3.12\"",
            Some("did you mean `python`"),
        ),
    ];
    project.dev().run().succeeds();
    for (file, added, snippet, hint) in mistakes {
        let right = project.read(file);
        project.append(file, added);
        let line = (right.clone() + added).trim_end().lines().count();
        let run = project
            .dev()
            .run()
            .exits(2)
            .says_once("error: ")
            .says_once(snippet);
        let run = run.says_once(&format!("--> {}:{line}:", project.path(file).display()));
        hint.into_iter()
            .fold(run, crate::support::CheckOutcome::says_once);
        project.write(file, &right);
        project.dev().run().finds_fresh("hello");
    }
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
        for text in ["asks for input, which cannot be typed here", &hint] {
            assert!(run.stdout.contains(text), "{run}");
        }
        let gone = within(Duration::from_secs(2), &|| project.processes().is_empty());
        assert!(gone, "{:#?}\n{run}", project.processes());
    }
}
