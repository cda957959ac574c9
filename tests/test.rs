//! What `cargo pyx test` promises, in real projects with the real tools.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests spawn pyx and look at what it left"
)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Outcome, Project, Pyx, cache, folder, on_path, project, traps};

const PYX: &str = env!("CARGO_BIN_EXE_cargo-pyx");

fn test(project: &Project, args: &[&str]) -> Pyx {
    project.pyx("test").with(args)
}

/// A copy of `bin`, which compiles within a second: it has no dependencies.
fn small(folder: &Path) -> Project {
    Project::cold(&folder.join("bin"), "bin")
}

/// The folder outlives the test as what cargo compiled does: it is kept beside the project.
fn keep(project: &Project, name: &str) {
    let kept = project.root.with_file_name("kept").join(name);
    fs::create_dir_all(&kept).unwrap();
    let link = project.path(name);
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    symlink(kept, link).unwrap();
}

/// Runs a program of cargo's with the environment's Python, as a person without pyx would.
fn plain_cargo(project: &Project, args: &[&str]) -> Outcome {
    let python = project.path(".venv/bin/python");
    let libraries = "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))";
    let libraries = project.python(libraries);
    let target = project.root.with_file_name("plain");
    let variables = [
        format!("PYO3_PYTHON={}", python.display()),
        format!("LD_LIBRARY_PATH={libraries}"),
        format!("DYLD_LIBRARY_PATH={libraries}"),
        format!("CARGO_TARGET_DIR={}", target.display()),
        "cargo".to_owned(),
    ];
    let words: Vec<&str> = variables.iter().map(String::as_str).collect();
    project.run("env", &[&words, args].concat())
}

/// The line that sums up the tests of both languages.
fn summary(run: &Outcome) -> &str {
    let found: Vec<&str> = run
        .stderr
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("Tested "))
        .collect();
    let [line] = found[..] else {
        panic!("expected one line that sums up:\n{run}")
    };
    let (tests, slowest) = line.split_once("; slowest: ").unwrap();
    assert!(slowest.ends_with('s'), "{run}");
    tests
}

/// A module of Rust tests that ask the Python they run in.
const ASKS_PYTHON: &str = r#"
#[cfg(test)]
mod asks_python {
    use pyo3::prelude::*;

    #[test]
    fn it_is_the_environments() -> PyResult<()> {
        Python::initialize();
        Python::attach(|py| {
            let version: String = py.import("sys")?.getattr("version")?.extract()?;
            assert_eq!(version, std::env::var("EXPECTED_VERSION").unwrap());
            let package: String = py.import("iniconfig")?.getattr("__file__")?.extract()?;
            assert!(package.starts_with(&std::env::var("EXPECTED_FOLDER").unwrap()), "{package}");
            Ok(())
        })
    }
}
"#;

/// What Rust tests need to find libpython would mislead Python's own tests.
const NOTHING_LEAKS: &str = "\
import os


def test_nothing_leaks():
    names = ['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'PYTHONHOME', 'PYTHONPATH']
    names += ['PYO3_CONFIG_FILE', 'PYO3_PYTHON']
    assert [name for name in names if name in os.environ] == []
";

#[test]
fn rust_tests_that_cargo_cannot_link_run_in_the_environments_python() {
    let project = project!("hardcoded");
    let run = test(&project, &[]).run().succeeds();
    let both = "Rust (hardcoded) 2 passed; Python (hardcoded) 1 passed";
    assert_eq!(summary(&run), both, "{run}");
    assert_eq!(project.traces(), "", "no manifest is touched:\n{run}");

    let plain = plain_cargo(&project, &["test"]);
    assert_ne!(plain.code, Some(0), "{plain}");
    plain.says("linking with");

    let base = project.python("import sys; print(sys._base_executable)");
    let without = project.run(base, &["-I", "-c", "import iniconfig"]);
    assert_ne!(
        without.code,
        Some(0),
        "only the environment has it:\n{without}"
    );

    project.append("src/lib.rs", ASKS_PYTHON);
    project.write("tests/test_leaks.py", NOTHING_LEAKS);
    let version = project.python("import sys; print(sys.version)");
    let traps = traps(&folder!().join("traps"), &["python", "python3"]);
    let run = test(&project, &[])
        .env("EXPECTED_VERSION", version)
        .env("EXPECTED_FOLDER", project.path(".venv"))
        .path_first(traps.dir())
        .run()
        .succeeds();
    let both = "Rust (hardcoded) 3 passed; Python (hardcoded) 2 passed";
    assert_eq!(summary(&run), both, "{run}");
    assert_eq!(traps.sprung(), "", "no other Python is asked");
}

#[test]
fn rust_tests_alone_have_their_packages_and_need_no_variables() {
    let project = project!("hardcoded");
    let run = test(&project, &["--rust"]).run().succeeds();
    assert_eq!(summary(&run), "Rust (hardcoded) 2 passed", "{run}");
    let names = ["HOME", "PATH", "CARGO_HOME", "RUSTUP_HOME"];
    let kept = names
        .into_iter()
        .filter_map(|name| Some(format!("{name}={}", std::env::var(name).ok()?)));
    let tools = format!("PYX_CACHE_DIR={}", cache().display());
    let variables: Vec<String> = kept.chain([tools]).collect();
    let variables: Vec<&str> = variables.iter().map(String::as_str).collect();
    let words = [&["-i"], &variables[..], &[PYX, "pyx", "test", "--rust"]].concat();
    let run = project.run("env", &words).succeeds();
    assert_eq!(summary(&run), "Rust (hardcoded) 2 passed", "{run}");
    run.never_says("Python tests");
}

#[test]
fn switching_between_commands_compiles_nothing() {
    let project = project!("mixed");
    keep(&project, "target/debug"); // of `cargo check`
    project.dev().run().succeeds();
    test(&project, &[]).run().succeeds();
    let run = project.dev().run().finds_fresh("mixed");
    run.never_says("Compiling");
    let again = || test(&project, &[]).run().succeeds();
    again().never_says("Compiling");
    project.run("cargo", &["check", "--tests"]).succeeds();
    project.dev().run().finds_fresh("mixed");
    let run = again().never_says("Compiling");
    let both = "Rust (mixed) 1 passed; Python (mixed) 2 passed";
    assert_eq!(summary(&run), both, "{run}");
    let check = project.run("cargo", &["check", "--tests"]).succeeds();
    check.never_says("Checking").never_says("Compiling");
    // nothing but what changed
    project.edit("src/lib.rs", ".count()\n", ".count() + 0\n");
    let run = project.dev().run().succeeds().says_once("Compiling");
    run.says_once("Compiling mixed");
    again().says_once("Compiling").says_once("Compiling mixed");
}

#[test]
fn both_languages_run_and_are_reported_whichever_fails() {
    let project = small(&folder!());
    let run = test(&project, &[]).run().succeeds();
    assert_eq!(
        summary(&run),
        "Rust (shout) 1 passed; Python (shout) 1 passed"
    );
    assert_eq!(project.traces(), "", "{run}");

    project.edit("tests/test_shout.py", "HELLO YOU!", "hello?");
    let run = test(&project, &[]).run().exits(1);
    let run = run.says_once("error: Python tests failed");
    let both = "Rust (shout) 1 passed; Python (shout) 1 failed, 0 passed";
    assert_eq!(summary(&run), both, "{run}");

    project.edit("tests/test_shout.py", "hello?", "HELLO YOU!");
    project.edit("src/main.rs", "\"HELLO YOU!\"", "\"hello?\"");
    let run = test(&project, &[]).run().exits(1);
    let run = run.says_once("error: Rust tests failed");
    let both = "Rust (shout) 1 failed, 0 passed; Python (shout) 1 passed";
    assert_eq!(summary(&run), both, "{run}");

    project.append("src/main.rs", "#[cfg(test)]\nnonsense!();\n");
    let run = test(&project, &[]).run().exits(1);
    let run = run.says("cannot find macro `nonsense`");
    assert!(summary(&run).ends_with("Python (shout) 1 passed"), "{run}");
    project.append("src/main.rs", "nonsense!();\n");
    let run = test(&project, &[]).run().exits(1);
    run.never_says("Tested").never_says("Python tests");
}

#[test]
fn fail_fast_stops_at_the_first_failure() {
    let project = small(&folder!());
    let failing = "\n\ndef test_a():\n    assert False\n\n\ndef test_b():\n    assert False\n";
    project.append("tests/test_shout.py", failing);
    let run = test(&project, &["--py"]).run().exits(1);
    assert_eq!(summary(&run), "Python (shout) 2 failed, 1 passed", "{run}");
    let run = test(&project, &["--py", "--fail-fast"]).run().exits(1);
    assert_eq!(summary(&run), "Python (shout) 1 failed, 1 passed", "{run}");

    project.edit("src/main.rs", "\"HELLO YOU!\"", "\"hello?\"");
    let run = test(&project, &["--fail-fast"]).run().exits(1);
    assert_eq!(summary(&run), "Rust (shout) 1 failed, 0 passed", "{run}");
    run.never_says("Python tests");
}

/// Writes a test that ends all of pytest, among others that pass.
fn crash(project: &Project, how: &str) {
    let text = format!(
        "import ctypes\nimport os\n\n\ndef test_before():\n    pass\n\n\n\
         def test_of_doom():\n    {how}\n\n\ndef test_after():\n    pass\n"
    );
    project.write("tests/test_crash.py", &text);
}

#[test]
fn a_crash_of_pytest_is_named_and_never_passes() {
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
    run.says("error: pytest did not start its tests (exit code 0)");
}

#[test]
fn a_rust_test_that_ends_its_program_never_passes() {
    let project = small(&folder!());
    let test_of = |body: &str| {
        let text = format!("\n#[cfg(test)]\n#[test]\nfn of_doom() {{\n    {body}\n}}\n");
        project.append("src/main.rs", &text);
    };
    test_of("std::process::abort();");
    let run = test(&project, &[]).run().exits(1);
    assert!(summary(&run).ends_with("Python (shout) 1 passed"), "{run}");
    run.says("signal: 6, SIGABRT");
    // to cargo this is a success
    project.edit("src/main.rs", "abort()", "exit(0)");
    let run = test(&project, &[]).run().exits(1);
    run.says_once("error: ").never_says("no tests");
}

/// The folder of Rust tests' builds, which earlier runs may have left.
fn no_test_builds(project: &Project) -> PathBuf {
    let path = project.path("target/pyx/test");
    let _ = fs::remove_dir_all(&path);
    path
}

#[test]
fn without_rust_tests_nothing_is_compiled_for_them() {
    let project = project!("hello");
    let folder = no_test_builds(&project);
    let text = project.read("src/lib.rs");
    let (code, _) = text.split_once("#[cfg(test)]").unwrap();
    project.write("src/lib.rs", code);
    let run = test(&project, &[]).run().succeeds();
    assert_eq!(summary(&run), "Python (hello) 3 passed", "{run}");
    assert!(!folder.exists(), "{run}");
    test(&project, &["--rust"]).run().exits(5);

    fs::remove_dir_all(project.path("tests")).unwrap();
    let run = test(&project, &[])
        .run()
        .exits(5)
        .says_once("error: no tests");
    run.says_once("hint: ").never_says("Tested");
    assert!(!folder.exists());
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

    // nothing selected: no failure as long as something ran
    let run = test(&project, &["--", "-k", "nothing"]).run().succeeds();
    assert_eq!(
        summary(&run),
        "Rust (hello) 1 passed; Python (hello) 0 passed"
    );
    test(&project, &["--py", "--", "-k", "nothing"])
        .run()
        .exits(5);

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
fn a_wheel_is_tested_in_an_environment_of_its_own() {
    let project = project!("mixed");
    let place = "import mixed\nimport mixed._mixed\n\n\ndef test_place():\n    \
                 for module in [mixed, mixed._mixed]:\n        \
                 assert '/envs/wheel/' in module.__file__\n";
    project.write("tests/test_place.py", place);
    project.edit("src/lib.rs", ".count()\n", ".count() + 0\n");
    let run = test(&project, &["--wheel"]).run().succeeds();
    assert_eq!(summary(&run), "Python (mixed) 3 passed", "{run}");
    assert_eq!(project.traces(), " M src/lib.rs\n?? tests/test_place.py\n");
    // the same test tells the environment's own build apart
    let run = test(&project, &["--py"]).run().exits(1);
    assert_eq!(summary(&run), "Python (mixed) 1 failed, 2 passed", "{run}");
    // an edit of either language is in the next wheel
    project.edit("python/mixed/__init__.py", " words", " Wörter");
    project.edit("tests/test_mixed.py", "1,000 words", "1,000 Wörter");
    project.edit("src/lib.rs", ".count() + 0\n", ".count() + 1\n");
    project.edit("tests/test_mixed.py", "== 3", "== 4");
    project.edit("tests/test_mixed.py", "1,000 W", "1,001 W");
    let run = test(&project, &["--wheel"]).run().succeeds();
    assert_eq!(summary(&run), "Python (mixed) 3 passed", "{run}");
}

#[test]
fn what_a_wheel_was_tested_with_is_out_of_pytests_sight() {
    let project = project!("hello");
    test(&project, &["--wheel"]).run().succeeds();
    let run = test(&project, &["--py"]).run().succeeds();
    assert_eq!(summary(&run), "Python (hello) 3 passed", "{run}");
}

/// Whether the environment has a package.
fn has(project: &Project, package: &str) -> bool {
    let found = format!("import importlib.util as u; print(u.find_spec('{package}') is not None)");
    project.python(&found) == "True"
}

#[test]
fn the_extra_that_brings_pytest_is_installed_for_tests() {
    let project = project!("src-layout");
    project.dev().run().succeeds();
    assert!(!has(&project, "pytest"), "dev needs none");
    let run = test(&project, &[]).run().succeeds();
    let both = "Rust (src-layout) 1 passed; Python (src-layout) 2 passed";
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

#[test]
fn a_monorepo_is_tested_as_a_whole_or_by_member() {
    let project = project!("workspace");
    let run = test(&project, &[]).run().succeeds();
    let all = "Rust (alpha) 3 passed; Python (alpha) 1 passed; Python (beta) 2 passed";
    assert_eq!(summary(&run), all, "{run}");
    run.says_once("test tests::keeps_the_order ... ok"); // of beta
    assert_eq!(project.traces(), "");

    // alpha has no Rust tests itself, and needs `shared`
    let run = test(&project, &["-p", "alpha"]).run().succeeds();
    let alpha = "Rust (alpha) 2 passed; Python (alpha) 1 passed";
    assert_eq!(summary(&run), alpha, "{run}");
    run.says_once("test tests::joins_words ... ok")
        .never_says("beta");
}

#[test]
fn documentation_of_libraries_is_tested_and_docstrings_are_not() {
    let project = project!("workspace");
    let example = "/// Turns a title into a word that fits into a URL.\n";
    let documented =
        format!("{example}///\n/// ```\n/// assert_eq!(CRATE::slug(\"A\"), \"a\");\n/// ```\n");
    let shared = documented.replace("CRATE", "shared");
    project.edit("crates/shared/src/lib.rs", example, &shared);
    let alpha = documented.replace("CRATE::", "nonsense");
    project.edit("packages/alpha/src/lib.rs", example, &alpha);
    let run = test(&project, &["--rust"]).run().succeeds();
    run.says_once("Testing doctests of shared")
        .never_says("nonsense");
}

#[test]
fn cargo_nextest_runs_where_the_project_asks_for_it() {
    let project = small(&folder!());
    project.append("pyproject.toml", "\n[tool.pyx.test]\nrust = \"nextest\"\n");
    if on_path("cargo-nextest").is_none() {
        let run = test(&project, &["--rust"]).run();
        assert_ne!(run.code, Some(0), "{run}");
        return;
    }
    let run = test(&project, &[]).run().succeeds().says("Nextest run");
    assert_eq!(
        summary(&run),
        "Rust (shout) 1 passed; Python (shout) 1 passed"
    );
    project.edit("src/main.rs", "\"HELLO YOU!\"", "\"hello?\"");
    let run = test(&project, &["--release"]).run().exits(1);
    let both = "Rust (shout) 1 failed, 0 passed; Python (shout) 1 passed";
    assert_eq!(summary(&run), both, "{run}");
}

#[test]
fn a_dry_run_of_tests_writes_nothing_and_its_commands_test() {
    let project = small(&folder!());
    project.edit("tests/test_shout.py", "HELLO YOU!", "hello?");
    let before = project.listing(&["target/pyx/ext", "target/pyx/test"]);
    let plan = test(&project, &["--dry-run"]).run().succeeds();
    let after = project.listing(&["target/pyx/ext", "target/pyx/test"]);
    assert!(after == before, "{plan}");
    // the last command is pytest's
    let pasted = project.run("sh", &["-ec", &plan.stdout]).exits(1);
    assert!(pasted.stdout.contains("1 passed; 0 failed"), "{pasted}");
    assert!(pasted.stdout.contains("1 failed"), "{pasted}");
}

#[test]
fn json_tells_the_tests_and_what_they_said() {
    let project = small(&folder!());
    let run = test(&project, &["--message-format", "json"])
        .run()
        .succeeds();
    assert_eq!(run.stderr, "");
    let events: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let of = |kind: &str| {
        let events = events.iter().filter(|event| event["type"] == kind);
        events.collect::<Vec<_>>()
    };
    let tested: Vec<_> = of("tested")
        .iter()
        .map(|event| (event["language"].clone(), event["counts"]["passed"].clone()))
        .collect();
    assert_eq!(
        tested,
        [("Rust".into(), 1.into()), ("Python".into(), 1.into())]
    );
    for event in of("tested") {
        assert_eq!(event["member"], "shout");
        assert!(
            event["failure"].is_null() && event["seconds"].is_f64(),
            "{event}"
        );
    }
    let output = of("step-output");
    let said = |step: &str, text: &str| {
        let mut lines = output
            .iter()
            .filter(|event| event["name"].as_str().unwrap().starts_with(step));
        lines.any(|event| event["text"].as_str().unwrap().contains(text))
    };
    assert!(
        said("pytest", "collected 1 item") && said("pytest", "1 passed"),
        "{run}"
    );
    assert!(said("Rust tests", "test tests::shouts ... ok"), "{run}");
    assert_eq!(events.last().unwrap()["type"], "summary");

    project.edit("tests/test_shout.py", "HELLO YOU!", "hello?");
    let run = test(&project, &["--message-format", "json"]).run().exits(1);
    let lines = run.stdout.lines().map(serde_json::from_str::<Value>);
    let events: Vec<Value> = lines.map(Result::unwrap).collect();
    let python = events
        .iter()
        .find(|event| event["language"] == "Python")
        .unwrap();
    assert_eq!(python["counts"]["failed"], 1);
    assert!(python["failure"].is_string(), "{python}");
    assert_eq!(events.last().unwrap()["exit"], 1);
}
