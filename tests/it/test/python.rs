//! Python tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{has, plain_cargo, small, summary, test};
use crate::support::{Project, folder, oldest_and_newest, project};

/// Writes a test that ends all of pytest, among others that pass.
fn crash(project: &Project, how: &str) {
    let text = format!(
        "import ctypes\nimport os\n\n\ndef test_before():\n    pass\n\n\n\
         def test_of_doom():\n    {how}\n\n\ndef test_after():\n    pass\n"
    );
    project.write("tests/test_crash.py", &text);
}

#[test]
fn f33_a_crash_of_pytest_is_named_and_never_passes() {
    const DOOM: &str = "tests/test_crash.py::test_of_doom";
    const HINT: &str = "try `cargo pyx test --release`";
    let project = small(&folder!());

    crash(&project, "os._exit(0)");
    let run = test(&project, &[]).run().exits(1).says_once(DOOM);
    let run = run.says("with exit code 0").never_says(HINT);
    assert!(
        summary(&run).starts_with("Rust (shout) 1 passed; "),
        "{run}"
    );

    crash(&project, "os.abort()");
    let run = test(&project, &[]).run().exits(1).says_once(HINT);
    run.says(&format!("error: pytest killed by SIGABRT in {DOOM}"));

    crash(&project, "ctypes.string_at(0)");
    let run = test(&project, &["--release"]).run().exits(1);
    let run = run.says(&format!("error: pytest killed by SIGSEGV in {DOOM}"));
    run.never_says(HINT); // it is optimised

    project.write("tests/test_crash.py", "import os\n\nos._exit(0)\n");
    let run = test(&project, &["--py"]).run().exits(1);
    run.says("error: pytest was ended outside of any test with exit code 0");

    project.write("conftest.py", "import os\n\nos._exit(0)\n");
    let run = test(&project, &["--py", "--", "-v"]).run().exits(1);
    run.says("error: pytest did not start its tests (exit code 0)");
}

#[test]
fn f33b_a_run_that_is_said_to_be_well_before_all_tests_ran_is_none() {
    let project = small(&folder!());
    let failing = "def test_fails():\n    assert False\n\n\ndef test_passes():\n    pass\n";
    project.write("tests/test_more.py", failing);
    let hook = |head: &str, body: &str| format!("import pytest\n\n\n{head}:\n    {body}\n");
    let success = hook(
        "def pytest_sessionfinish(session)",
        "session.exitstatus = 0",
    );
    let forgetful = success.clone()
        + "\n\ndef pytest_terminal_summary(terminalreporter):\n    terminalreporter.stats.clear()\n";
    let early = hook(
        "@pytest.fixture(autouse=True)\ndef service()",
        "pytest.exit('no service', returncode=0)",
    );
    let never = hook("def pytest_cmdline_main(config)", "return 0");
    for (conftest, arguments, says) in [
        (&success, &["--py"][..], "error: Python tests failed"),
        (
            &success,
            &["--py", "--", "-p", "no:terminal"],
            "error: Python tests failed",
        ),
        (&forgetful, &["--py"], "error: Python tests failed"),
        (
            &early,
            &["--py"],
            "error: pytest ended with exit code 0 after 0 of 3 tests",
        ),
        (
            &never,
            &["--py", "--", "-v"],
            "error: pytest did not start its tests (exit code 0)",
        ),
    ] {
        project.write("conftest.py", conftest);
        test(&project, arguments).run().exits(1).says(says);
    }
}

#[test]
fn f33b_what_ends_pytest_with_success_after_its_tests_makes_no_pass_of_a_failure() {
    let project = small(&folder!());
    let late = "import atexit\nimport os\n\natexit.register(os._exit, 0)\n";
    let unconfigure = "import os\n\n\ndef pytest_unconfigure():\n    os._exit(0)\n";
    let failing = "\n\ndef test_fails():\n    assert False\n";
    let passing = "\n\ndef test_passes():\n    pass\n";
    for (conftest, head) in [("", late), (unconfigure, "")] {
        project.write("conftest.py", conftest);
        project.write("tests/test_late.py", &format!("{head}{failing}"));
        let run = test(&project, &["--py"]).run().exits(1);
        let run = run.says("error: Python tests failed");
        assert_eq!(summary(&run), "Python (shout) 1 failed, 1 passed", "{run}");
        project.write("tests/test_late.py", &format!("{head}{passing}"));
        let run = test(&project, &["--py"]).run().succeeds();
        assert_eq!(summary(&run), "Python (shout) 2 passed", "{run}");
    }
}

#[test]
fn f39_a_copy_of_a_tested_project_and_one_that_was_moved_test_their_own_code() {
    let folder = folder!();
    let original = small(&folder);
    let group = "\n[dependency-groups]\ndev = [\"pytest\"]\n";
    original.append("pyproject.toml", group);
    test(&original, &["--py"]).run().succeeds();
    let ways = [
        ("cp", "test --py"),
        ("cp", "run pytest"),
        ("mv", "run pytest"), // the original is gone
    ];
    for (way, line) in ways {
        let root = folder.join("other");
        let _ = fs::remove_dir_all(&root);
        let args: &[&str] = if way == "cp" { &["-r"] } else { &[] };
        let mut command = Command::new(way);
        let status = command.args(args).args([&original.root, &root]).status();
        assert!(status.unwrap().success());
        let other = Project::at(&root);
        other.edit("src/main.rs", "to_uppercase", "to_lowercase");
        let mut words = line.split(' ');
        let command = other.pyx(words.next().unwrap());
        let run = command.with(&words.collect::<Vec<_>>()).run().exits(1);
        let why = format!("it was made for `{}`", original.path(".venv").display());
        run.says(&why);
        other.edit("src/main.rs", "to_lowercase", "to_uppercase");
        test(&other, &["--py"]).run().succeeds().never_says(&why);
    }
}

#[cfg(target_os = "linux")]
const OPEN: &str = "import os\n\n\ndef test_nothing_else_is_open(monkeypatch):\n    \
    files = [os.path.realpath(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd')]\n    \
    assert [file for file in files if 'pyx' in os.path.basename(file)] == []\n    \
    monkeypatch.setattr(os, 'open', None)\n    \
    monkeypatch.setattr(os, 'write', None)\n";

#[test]
#[cfg(target_os = "linux")]
fn tests_see_no_file_of_ours_open_and_may_replace_what_opens_files() {
    let project = small(&folder!());
    project.write("tests/test_open.py", OPEN);
    let run = test(&project, &["--py"]).run().succeeds();
    assert_eq!(summary(&run), "Python (shout) 2 passed", "{run}");
}

#[test]
fn pytest_imports_from_where_its_own_script_would() {
    let project = small(&folder!());
    let report = project.path("target/report");
    let text = format!(
        "import importlib.util, sys\n\n\ndef test_path():\n    \
         assert importlib.util.find_spec('shadow') is None\n    \
         open({:?}, 'w').write('\\n'.join([sys.prefix, sys.argv[0], *sys.path]))\n",
        report.display()
    );
    project.write("tests/test_path.py", &text);
    // of a mixed package at the root, what is installed is tested
    project.write("shadow/__init__.py", "");
    for python in oldest_and_newest() {
        let args = ["--py", "--python", &python, "--", "tests/test_path.py"];
        test(&project, &args).run().succeeds();
        let ours = fs::read_to_string(&report).unwrap();
        let script = Path::new(ours.lines().next().unwrap()).join("bin/pytest");
        project
            .run(&script, &["-q", "tests/test_path.py"])
            .succeeds();
        let expected = fs::read_to_string(&report).unwrap();
        assert_eq!(ours, expected, "{python}");
    }
}

#[test]
fn what_runs_no_test_because_it_was_asked_for_something_else_is_no_failure() {
    let project = small(&folder!());
    for flag in ["--version", "--help", "--fixtures", "--collect-only"] {
        let run = test(&project, &["--py", "--", flag]).run().succeeds();
        assert!(!run.stdout.is_empty(), "{run}");
        run.never_says("error: ");
    }
    let run = test(&project, &["--py", "--", "--version"]).run();
    assert_eq!(summary(&run), "Python (shout) not asked to run", "{run}");
}

#[test]
fn arguments_go_to_the_test_runner() {
    let project = project!("hello");
    let run = test(&project, &["--py", "--", "-k", "greeting or sum"]).run();
    let run = run.succeeds();
    assert_eq!(summary(&run), "Python (hello) 2 passed", "{run}");
    assert!(run.stdout.contains("1 deselected"), "{run}");
    let path = "tests/test_hello.py::test_greeting";
    let run = test(&project, &["--py", "--", "-v", path]).run().succeeds();
    assert!(run.stdout.contains(&format!("{path} PASSED")), "{run}");

    // a selection that selects nothing is no success, whatever passed in Rust
    let run = test(&project, &["--", "-k", "nothing"]).run().exits(5);
    assert_eq!(
        summary(&run),
        "Rust (hello) 1 passed; Python (hello) 0 passed"
    );
    let run = test(&project, &["--py", "--", "-k", "nothing"]).run();
    let run = run.exits(5).never_says("no tests in");
    let run = run.says_once("error: no tests are selected by `-k nothing`");
    run.says_once("hint: `cargo pyx test` runs all of them");
    let run = test(&project, &["--rust", "--", "nosuchname"]).run();
    let run = run.exits(5).never_says("no tests in");
    assert_eq!(summary(&run), "Rust (hello) 0 passed");
    run.says_once("error: no tests are selected by `nosuchname`");

    let run = test(&project, &["--rust", "--", "sums"]).run().succeeds();
    assert_eq!(summary(&run), "Rust (hello) 1 passed", "{run}");
    let listed = |text: &str| {
        let lines = text.lines().filter(|line| line.ends_with(": test"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let plain = plain_cargo(&project, &["test", "--", "--list"]).succeeds();
    let run = test(&project, &["--rust", "--", "--list"]).run();
    assert_eq!(listed(&run.stderr), ["tests::sums: test"], "{run}");
    assert_eq!(listed(&run.stderr), listed(&plain.stdout), "{run}{plain}");
    run.succeeds();
}

#[test]
fn files_after_the_dashes_are_seen_from_the_working_directory() {
    let project = small(&folder!());
    project.write("tests/shout/test_more.py", "def test_more():\n    pass\n");
    let py = |args: &[&str]| test(&project, &["--py"]).with(args).run();
    let both = "Python (shout) 2 passed";
    for (dir, words, expected) in [
        (
            "tests",
            &["-v", "test_shout.py"][..],
            "Python (shout) 1 passed",
        ),
        (
            "tests/shout",
            &["test_more.py::test_more"],
            "Python (shout) 1 passed",
        ),
        ("tests", &["."], both),
        ("tests", &["-k", "shout"], both),
        // only the suite's folder has them
        ("tests", &["tests/shout"], "Python (shout) 1 passed"),
    ] {
        let run = py(&[&["-C", dir, "--"], words].concat()).succeeds();
        assert_eq!(summary(&run), expected, "{run}");
    }
    let run = py(&["--wheel", "-C", "tests", "--", "test_shout.py"]).succeeds();
    assert_eq!(summary(&run), "Python (shout) 1 passed", "{run}");
}

#[test]
fn what_several_tests_trip_over_alike_is_said_in_one_line() {
    let project = small(&folder!());
    let text = "import pytest


@pytest.mark.parametrize('n', [1, 2])
def test_service(n):
    raise ConnectionRefusedError('nothing listens on port 1234')


@pytest.mark.parametrize('n', [1, 2, 3])
def test_own(n):
    assert n == 0 * n, 'wrong'
";
    project.write("tests/test_service.py", text);
    let run = test(&project, &["--py"]).run().exits(1);
    let reason = "2 tests failed for the same reason: ConnectionRefusedError: nothing listens";
    run.says(&format!("warning: {reason}"))
        .never_says("3 tests failed for");
}

#[test]
fn a_wheel_is_tested_in_an_environment_of_its_own() {
    let project = project!("mixed");
    let place = "import mixed\nimport mixed._mixed\n\n\ndef test_place():\n    \
                 for module in [mixed, mixed._mixed]:\n        \
                 assert '/envs/wheel/' in module.__file__\n";
    project.write("tests/test_place.py", place);
    // tests that are shipped run where they are installed
    project.write("python/mixed/tests/__init__.py", "");
    project.write("python/mixed/tests/test_inside.py", place);
    project.edit("src/lib.rs", ".count()\n", ".count() + 0\n");
    let run = test(&project, &["--wheel"]).run().succeeds();
    assert_eq!(summary(&run), "Python (mixed) 4 passed", "{run}");
    let traces = " M src/lib.rs\n?? python/mixed/tests/__init__.py\n\
                  ?? python/mixed/tests/test_inside.py\n?? tests/test_place.py\n";
    assert_eq!(project.traces(), traces);
    // the same test tells the environment's own build apart
    let run = test(&project, &["--py"]).run().exits(1);
    assert_eq!(summary(&run), "Python (mixed) 2 failed, 2 passed", "{run}");
    // an edit of either language is in the next wheel
    project.edit("python/mixed/__init__.py", " words", " Wörter");
    project.edit("tests/test_mixed.py", "1,000 words", "1,000 Wörter");
    project.edit("src/lib.rs", ".count() + 0\n", ".count() + 1\n");
    project.edit("tests/test_mixed.py", "== 3", "== 4");
    project.edit("tests/test_mixed.py", "1,000 W", "1,001 W");
    let run = test(&project, &["--wheel"]).run().succeeds();
    assert_eq!(summary(&run), "Python (mixed) 4 passed", "{run}");
}

#[test]
fn what_a_wheel_was_tested_with_is_out_of_pytests_sight() {
    let project = project!("hello");
    test(&project, &["--wheel"]).run().succeeds();
    let run = test(&project, &["--py"]).run().succeeds();
    assert_eq!(summary(&run), "Python (hello) 3 passed", "{run}");
}

#[test]
fn the_extra_that_brings_pytest_is_installed_for_tests() {
    let project = small(&folder!());
    let extras = "\n[project.optional-dependencies]\ntest = [\"pytest\"]\n";
    project.append("pyproject.toml", extras);
    project.dev().run().succeeds();
    assert!(!has(&project, "pytest"), "dev needs none");
    let run = test(&project, &[]).run().succeeds();
    let both = "Rust (shout) 1 passed; Python (shout) 1 passed";
    assert_eq!(summary(&run), both, "{run}");
    run.says("dependencies from pyproject.toml +extra test")
        .never_says("+group");
    test(&project, &[]).run().succeeds().never_says("Syncing");
}

#[test]
fn the_group_that_brings_pytest_is_installed_for_tests() {
    let project = small(&folder!());
    let groups = "\n[dependency-groups]\nlint = [\"colorama\"]\n\
                  checks = [{ include-group = \"runner\" }, \"humanize\"]\nrunner = [\"pytest\"]\n";
    project.append("pyproject.toml", groups);
    let run = test(&project, &["--py"]).run().succeeds();
    run.says("+group checks +group runner").never_says("lint");
    assert!(has(&project, "pytest") && has(&project, "humanize"));
    assert!(!has(&project, "colorama"));
}

/// By the order of places where projects say what their tests need.
#[test]
fn without_group_or_extra_the_next_place_is_asked() {
    let project = Project::cold(&folder!().join("cffi"), "cffi");
    let needs = "\n\ndef test_needs():\n    import humanize\n\n    assert humanize\n";
    let run = test(&project, &[]).run().succeeds();
    let both = "Rust (cffi-add) 1 passed; Python (cffi-add) 1 passed";
    assert_eq!(summary(&run), both, "nobody names pytest:\n{run}");

    project.append("tests/test_cffi_add.py", needs);
    test(&project, &["--py"])
        .run()
        .exits(1)
        .never_says("Syncing");
    let tox = "[tox]\nenvlist = py\n\n[testenv]\ndeps =\n    pytest\n    humanize>=4\ncommands = pytest\n";
    project.write("tox.ini", tox);
    let run = test(&project, &["--py"]).run().succeeds().says("Syncing");
    assert_eq!(summary(&run), "Python (cffi-add) 2 passed", "{run}");
    project.remove("tox.ini");

    fs::remove_dir_all(project.path(".venv")).unwrap();
    test(&project, &["--py"]).run().exits(1);
    project.write("tests/base.txt", "pytest\n");
    project.write("tests/requirements.txt", "-r base.txt\nhumanize>=4\n");
    let run = test(&project, &["--py"]).run().succeeds();
    run.says("dependencies from tests/requirements.txt");
    test(&project, &["--py"])
        .run()
        .succeeds()
        .never_says("Syncing");
}
