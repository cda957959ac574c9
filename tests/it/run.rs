//! What `cargo pyx run` and `--watch` promise, in real projects with the real tools.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{CheckOutcome, Project, Pyx, Running, folder, host, project, within};

const PYX: &str = env!("CARGO_BIN_EXE_cargo-pyx");
const GREETING: &str = "Hello from Rust!";
const GREET: &str = "import hello; print(hello.greeting())";

fn run(project: &Project, args: &[&str]) -> Pyx {
    project.pyx("run").with(args)
}

/// A copy of `bin`, which compiles within a second: it has no dependencies.
fn small(folder: &Path) -> Project {
    Project::cold(&folder.join("bin"), "bin")
}

/// A pipeline with pyx in it.
fn shell(project: &Project, script: &str) -> CheckOutcome {
    project.run("sh", &["-c", script, PYX])
}

#[test]
fn a_program_runs_in_the_environment_as_if_nobody_stood_between() {
    let project = small(&folder!());
    let prefix = "import os, sys; print(sys.prefix, os.environ['VIRTUAL_ENV'], os.getcwd())";
    let place = run(&project, &["python", "-c", prefix]).run().succeeds();
    let (root, environment) = (&project.root, project.path(".venv"));
    let (root, environment) = (root.display(), environment.display());
    assert_eq!(
        place.stdout,
        format!("{environment} {environment} {root}\n")
    );

    // what follows a module is its own
    let module = ["-m", "json.tool", "--help"];
    let help = run(&project, &module).run().succeeds();
    assert!(help.stdout.starts_with("usage: "), "{help}");
    assert!(help.stdout.contains("json.tool"), "{help}");

    let shout = run(&project, &["shout", "hello"]).run().succeeds();
    assert_eq!((&*shout.stdout, &*shout.stderr), ("HELLO!\n", ""));

    // pyx's own flags and words among them
    let words = [
        "",
        "a b",
        "it's \"x\" $HOME \\",
        "1\n2\n",
        "--release",
        "-q",
        "--",
        "Wörter",
        "*",
    ];
    let script = "import json, sys; print(json.dumps(sys.argv[1:]))";
    for before in [
        &["python", "-c", script][..],
        &["--", "python", "-c", script],
    ] {
        let args = run(&project, before).with(&words).run().succeeds();
        let seen: Vec<String> = serde_json::from_str(&args.stdout).unwrap();
        assert_eq!(seen, words);
    }

    // from a folder below, in that folder
    let below = project.path("tests");
    let pwd = run(&project, &["-C", "tests", "pwd"]).run().succeeds();
    assert_eq!(Path::new(pwd.stdout.trim_end()), below);
    assert_eq!(project.traces(), "");
}

#[test]
fn a_programs_streams_and_its_end_are_passed_through() {
    let project = small(&folder!());
    project.dev().run().succeeds();
    for code in [1, 2, 5, 7, 70, 255] {
        let script = format!("import sys; sys.exit({code})");
        let ended = run(&project, &["python", "-c", &script]).run().exits(code);
        assert_eq!((&*ended.stdout, &*ended.stderr), ("", ""));
    }
    run(&project, &["--", "false"]).run().exits(1);
    let killed = run(&project, &["sh", "-c", "kill -9 $$"]).run();
    assert_eq!(killed.signal, Some(9), "{killed}");

    let echo = shell(&project, "printf 'a\\nb' | \"$0\" pyx run cat").succeeds();
    assert_eq!((&*echo.stdout, &*echo.stderr), ("a\nb", ""));
    let script = "\"$0\" pyx run sh -c 'echo out; echo err >&2' 2>/dev/null";
    assert_eq!(shell(&project, script).succeeds().stdout, "out\n");
    // bytes that are no text
    let script = "printf '\\377\\000\\n' | \"$0\" pyx run cat | od -An -tx1";
    assert_eq!(shell(&project, script).succeeds().stdout.trim(), "ff 00 0a");
    for format in ["human", "json"] {
        let format = ["--message-format", format, "no-such-program"];
        let lost = run(&project, &format).run().exits(2);
        let lost = lost.says_once("error: ").says("`no-such-program`");
        lost.says("hint: cargo pyx run --with PACKAGE no-such-program");
    }
}

#[test]
fn a_program_is_started_from_where_cargo_puts_what_it_builds_for_a_target() {
    let project = small(&folder!());
    let shout = || run(&project, &["--bin", "shout", "hello"]);
    let set = shout().env("CARGO_BUILD_TARGET", host()).run().succeeds();
    assert_eq!(set.stdout, "HELLO!\n");
    let config = format!("[build]\ntarget = \"{}\"\n", host());
    project.write(".cargo/config.toml", &config);
    assert_eq!(shout().run().succeeds().stdout, "HELLO!\n");
}

#[test]
fn a_program_runs_against_a_fresh_build() {
    let project = project!("hello");
    let greet = || run(&project, &["python", "-c", GREET]).run().succeeds();
    assert_eq!(greet().stdout, format!("{GREETING}\n"));
    let again = greet();
    assert_eq!((&*again.stdout, &*again.stderr), ("Hello from Rust!\n", ""));
    project.edit("src/lib.rs", GREETING, "Servus!");
    let edited = greet().says("`src/lib.rs` changed").says("Compiling hello");
    assert_eq!(edited.stdout, "Servus!\n");

    // the build holds its lock no longer when the program runs
    project.edit("src/lib.rs", "Servus!", "Grüezi!");
    let nested = |words: &[&str]| {
        let outer = run(&project, &["cargo-pyx"]).with(words);
        let outer = outer.path_first(Path::new(PYX).parent().unwrap());
        outer.env("CARGO_PYX_LOCK_TIMEOUT", "20").run().succeeds()
    };
    let dev = nested(&["dev", "--force"]).says_once("(`--force`)");
    dev.says_once("Finished dev")
        .never_says("Blocking waiting for project");
    let greet_twice = nested(&["run", "python", "-c", GREET]);
    assert_eq!(greet_twice.stdout, "Grüezi!\n");

    // what does not compile does not run
    project.edit("src/lib.rs", "\"Grüezi!\"", "nonsense");
    let failed = run(&project, &["python", "-c", GREET]).run().exits(1);
    assert_eq!(failed.stdout, "");
    failed.says("cannot find value `nonsense`");
}

/// An example that asks for a package and for its own arguments.
const ASKS: &str = r#"use pyo3::prelude::*;

fn main() -> PyResult<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    Python::initialize();
    Python::attach(|py| {
        let package = py.import("iniconfig")?.getattr("__file__")?;
        println!("{package} {words:?}");
        std::process::exit(3);
    })
}
"#;

#[test]
fn a_program_that_embeds_python_gets_the_environments() {
    let project = project!("embed");
    let example = |name: &str| run(&project, &["--example", name]);
    let version = example("version").run().succeeds();
    let own = project.run(
        project.path(".venv/bin/python"),
        &["-c", "import sys; print(sys.version)"],
    );
    assert_eq!(version.stdout, own.stdout);
    let ferris = run(&project, &["--bin", "embed"]).run().succeeds();
    assert!(ferris.stdout.contains("Hello from Python 3."), "{ferris}");

    let python = project.path(".venv/bin/python");
    let python = python.to_str().unwrap();
    let install = ["pip", "install", "--quiet", "--python", python, "iniconfig"];
    project.run(crate::support::uv(), &install).succeeds();
    project.write("examples/asks.rs", ASKS);
    let asks = example("asks")
        .with(&["--", "a b", "--release"])
        .run()
        .exits(3);
    let package = project.path(".venv/lib");
    assert!(asks.stdout.starts_with(package.to_str().unwrap()), "{asks}");
    assert!(
        asks.stdout.ends_with(" [\"a b\", \"--release\"]\n"),
        "{asks}"
    );

    let unknown = example("nope").run().exits(2).says_once("error: ");
    unknown.says("no example `nope`").says("asks, version");
    let unknown = run(&project, &["--bin", "nope"]).run().exits(2);
    unknown.says("no bin `nope`").says("embed");

    project.edit("examples/asks.rs", "exit(3)", "exit(4)");
    example("asks").run().exits(4);
    let tests = project.pyx("test").run().succeeds();
    tests
        .says("Tested Rust (embed) 2 passed")
        .never_says("Python tests");
    project.dev().run().finds_fresh("embed");
    assert_eq!(project.traces(), "?? examples/asks.rs\n");
}

/// An extension's example links and finds Python as its tests do.
#[test]
fn an_example_of_an_extension_is_linked_whatever_the_manifest_says() {
    let project = project!("hardcoded");
    project.write(
        "examples/asks.rs",
        &ASKS
            .replace("iniconfig", "sys")
            .replace("__file__", "version"),
    );
    let args = ["--group", "test", "--example", "asks", "word"];
    let asks = run(&project, &args).run().exits(3);
    let version = project.python("import sys; print(sys.version)");
    assert_eq!(asks.stdout, format!("{version} [\"word\"]\n"));
    // the environment's packages, then a person's own folders
    project.edit("examples/asks.rs", "version", "path");
    project.write("one.env", "PYTHONPATH=/a:/b\n");
    let args = ["--env-file", "one.env", "--group", "test"];
    let asks = run(&project, &args).with(&["--example", "asks"]);
    let path = asks.run().exits(3).stdout;
    let packages = path.find("site-packages").unwrap();
    assert!(path[packages..].contains("'/a', '/b'"), "{path}");
}

/// Nor does anybody ask PyO3 where there is none.
#[test]
fn a_program_of_a_crate_without_pyo3_is_cargos_own() {
    let project = small(&folder!());
    let shout = run(&project, &["--bin", "shout", "hello"]).run().succeeds();
    assert_eq!(shout.stdout, "HELLO!\n");
    let place = "fn main() {\n    println!(\"{:?}\", std::env::var(\"PYTHONPATH\"));\n}\n";
    project.write("examples/place.rs", place);
    project.write("one.env", "PYTHONPATH=/a:/b\n");
    let of_mine = run(&project, &["--env-file", "one.env", "--example", "place"]);
    assert_eq!(of_mine.run().succeeds().stdout, "Ok(\"/a:/b\")\n");
    let any = run(&project, &["--env-file", "one.env", "python", "-c"]);
    let any = any.with(&["import sys; print(sys.path[1:3])"]);
    assert_eq!(any.run().succeeds().stdout, "['/a', '/b']\n");
}

/// A watch that ends with its test, whatever becomes of that.
struct Watch(Option<Running>);

impl Watch {
    fn start(pyx: Pyx) -> Self {
        Self(Some(pyx.with(&["--watch"]).start()))
    }

    fn end_by(mut self, signal: i32) -> CheckOutcome {
        let running = self.0.take().unwrap();
        running.signal(signal);
        running.finish()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(running) = self.0.take() {
            running.signal(15);
        }
    }
}

const SOON: Duration = Duration::from_secs(60);

/// Whether Python prints that, without a word when it cannot import the module right now.
fn prints(project: &Project, script: &str, value: &str) -> bool {
    let python = project.path(".venv/bin/python");
    let mut command = std::process::Command::new(python);
    let output = command.args(["-c", script]).output().unwrap();
    output.status.success() && String::from_utf8_lossy(&output.stdout).trim_end() == value
}

#[test]
fn a_watch_builds_every_change_and_leaves_at_ctrl_c() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let watch = Watch::start(project.dev());
    // whether it watches already at the first edit or reads it at its start
    for (old, new) in [(GREETING, "Servus!"), ("Servus!", "Moin!")] {
        project.edit("src/lib.rs", old, new);
        let built = || prints(&project, GREET, new);
        assert!(within(SOON, &built), "{new} is importable");
        sleep(Duration::from_millis(500)); // until it waits again
    }
    project.edit("src/lib.rs", "\"Moin!\"", "nonsense");
    sleep(Duration::from_secs(3));
    project.edit("src/lib.rs", "nonsense", "\"Hoi!\"");
    let built = || prints(&project, GREET, "Hoi!");
    assert!(within(SOON, &built), "it goes on after a failure");
    sleep(Duration::from_secs(1));

    let sent = Instant::now();
    let watch = watch.end_by(2);
    assert_eq!(watch.signal, Some(2), "the shell sees 130:\n{watch}");
    assert!(sent.elapsed() < Duration::from_secs(5), "{watch}");
    let nobody = || project.processes().is_empty();
    assert!(
        within(Duration::from_secs(10), &nobody),
        "{:?}",
        project.processes()
    );
    let watch = watch
        .says("Changed src/lib.rs")
        .says("cannot find value `nonsense`");
    watch.says("Watching");
    project.dev().run().finds_fresh("hello");
}

#[test]
fn a_program_gets_packages_and_variables_of_its_own() {
    let project = small(&folder!());
    let script = "import iniconfig, sys; print(sys.version_info[:2])";
    let own = project.dev().run().succeeds();
    own.never_says("iniconfig");
    run(&project, &["python", "-c", script]).run().exits(1);
    let laid_over = run(&project, &["--with", "iniconfig", "python", "-c", script]);
    let python = project.python("import sys; print(sys.version_info[:2])");
    assert_eq!(laid_over.run().succeeds().stdout.trim_end(), python);
    // for that run alone
    run(&project, &["python", "-c", script]).run().exits(1);

    project.write("one.env", "A=1\nB='two words'\nHOME=/nowhere\n");
    project.write("two.env", "A=2\n");
    let files = ["--env-file", "one.env", "--env-file", "two.env"];
    let shown = run(&project, &files).with(&["sh", "-c", "echo $A,$B,$HOME"]);
    let home = std::env::var("HOME").unwrap();
    let expected = format!("2,two words,{home}\n");
    assert_eq!(shown.run().succeeds().stdout, expected);
    let typo = run(&project, &["--env-fiel", "one.env", "true"]).run();
    let typo = typo.exits(2).says("`run` has no option `--env-fiel`");
    typo.says("hint: cargo pyx run --env-file\n")
        .never_says("Fresh");
    let missing = run(&project, &["--env-file", "no.env", "true"]).run();
    missing.exits(2).says("no file `no.env`");
    project.write("two.env", "A=1\n\nA B C\n");
    let wrong = run(&project, &files).with(&["true"]).run().exits(2);
    wrong
        .says("two.env:3: `A B C` is not of the form `NAME=VALUE`")
        .never_says("hint:");
}

/// A server, as far as a watch is concerned: it says that it began, and never ends.
const SERVER: &str = "\
import os, time
open('target/began', 'a').write(f'one {os.getpid()}\\n')
time.sleep(600)
";

#[test]
fn a_watched_program_begins_again_after_a_change_and_only_then() {
    let project = small(&folder!());
    project.write("server.py", SERVER);
    project.dev().run().succeeds();
    let words = ["--watch", "python", "server.py"];
    let watch = Watch(Some(run(&project, &words).start()));
    let began = || {
        let text = fs::read_to_string(project.path("target/began")).unwrap_or_default();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let names = |names: &[&str]| {
        let began = began();
        let words = began.iter().filter_map(|line| line.split(' ').next());
        words.eq(names.iter().copied())
    };
    assert!(within(SOON, &|| names(&["one"])), "{:?}", began());
    sleep(Duration::from_secs(2));
    project.write("target/other.py", "");
    project.write("log.txt", "what it writes is no change");
    sleep(Duration::from_secs(2));
    assert!(names(&["one"]), "{:?}", began());
    project.edit("server.py", "f'one", "f'two");
    assert!(within(SOON, &|| names(&["one", "two"])), "{:?}", began());
    sleep(Duration::from_secs(1));
    // what is compiled is compiled before it begins again
    project.edit("src/main.rs", "fn main() {", "fn main() {\n    nonsense;");
    sleep(Duration::from_secs(5));
    assert!(names(&["one", "two"]), "{:?}", began());
    project.edit("src/main.rs", "\n    nonsense;", "");
    assert!(
        within(SOON, &|| names(&["one", "two", "two"])),
        "{:?}",
        began()
    );
    let alive = || {
        let python = project.processes().into_iter();
        python
            .filter(|process| process.contains("server.py"))
            .count()
    };
    assert!(within(SOON, &|| alive() == 2), "{:#?}", project.processes()); // with pyx itself
    let watch = watch.end_by(2);
    assert_eq!(watch.signal, Some(2), "{watch}");
    let nobody = || project.processes().is_empty();
    assert!(
        within(Duration::from_secs(10), &nobody),
        "{:?}",
        project.processes()
    );
    watch.says("Changed server.py").says("Changed src/main.rs");
}

/// Adds a test that counts its runs, writes beside the sources, and takes a while.
fn log_runs(project: &Project, log: &Path) {
    let log = log.display();
    let test = format!(
        "\n\ndef test_log():\n    import pathlib, time\n\n    \
         open('{log}', 'a').write('ran\\n')\n    \
         pathlib.Path(__file__).with_name('out.txt').write_text(str(time.time()))\n    \
         time.sleep(2)\n"
    );
    project.append("tests/test_shout.py", &test);
}

#[test]
fn a_watch_runs_the_tests_again_after_a_change_and_only_then() {
    let project = small(&folder!());
    let log = project.path("target/ran");
    log_runs(&project, &log);
    let ran = || {
        let text = fs::read_to_string(&log).unwrap_or_default();
        text.lines().count()
    };
    let watch = Watch::start(project.pyx("test"));
    let minute = Duration::from_secs(60);
    assert!(within(minute, &|| ran() == 1), "the tests run at once");
    sleep(Duration::from_secs(5));
    assert_eq!(ran(), 1, "what the tests write is no change");
    project.edit("tests/test_shout.py", "HELLO YOU!", "hello?");
    assert!(within(SOON, &|| ran() == 2), "a test that changed runs");
    // while the tests run
    sleep(Duration::from_millis(500));
    project.edit(
        "src/main.rs",
        ".to_uppercase() + \"!\"",
        ".to_lowercase() + \"?\"",
    );
    assert!(
        within(SOON, &|| ran() == 3),
        "an edit meanwhile is not lost"
    );
    sleep(Duration::from_secs(4));
    let watch = watch.end_by(15);
    assert_eq!(watch.signal, Some(15), "{watch}");
    assert_eq!(ran(), 3, "{watch}");
    watch
        .says_once("Python (shout) 2 passed")
        .says_once("Rust (shout) 1 passed; Python (shout) 1 failed, 1 passed")
        .says_once("Changed tests/test_shout.py");
}
