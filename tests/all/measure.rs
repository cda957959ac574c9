//! What the recipes that measure promise, in real projects with the real tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{CheckOutcome, Project, Pyx, entries, link, on_path, program, project};

const RIVAL: &str = "[build-system]
requires = [\"hatchling\"]
build-backend = \"hatchling.build\"

[project]
name = \"rival\"
version = \"1\"

[project.entry-points.pytest11]
rival = \"rival\"
";

/// `cargo pyx just RECIPE [ARGS…]`, where nobody agrees to an installation.
fn just(project: &Project, words: &[&str]) -> Pyx {
    project.pyx("just").with(words).env("CI", "")
}

fn recipe(project: &Project, words: &[&str]) -> CheckOutcome {
    just(project, words).run()
}

fn has_llvm_tools() -> bool {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = PathBuf::from(String::from_utf8(sysroot.unwrap().stdout).unwrap().trim());
    let mut hosts = entries(&sysroot.join("lib/rustlib")).into_iter();
    hosts.any(|host| host.join("bin/llvm-profdata").is_file())
}

/// The run succeeds where llvm-tools are installed, else it says what installs them.
fn with_llvm_tools(run: CheckOutcome) -> Option<CheckOutcome> {
    if has_llvm_tools() {
        return Some(run.succeeds());
    }
    run.exits(3).says("hint: rustup component add llvm-tools");
    None
}

fn files(dir: &Path) -> usize {
    entries(dir).len()
}

/// A run's stdout, where a line begins with each of these words.
#[track_caller]
fn lines(run: &CheckOutcome, starts: &[&str]) {
    for start in starts {
        let found = run.stdout.lines().any(|line| line.starts_with(start));
        assert!(found, "expected a line `{start}`:\n{run}");
    }
}

/// All that the recipes build is apart: neither pyx nor git sees a difference.
#[track_caller]
fn nothing_moved(project: &Project, name: &str) {
    project.dev().run().finds_fresh(name);
    assert_eq!(project.traces(), "");
}

#[test]
fn what_is_measured_is_the_optimised_wheel_and_never_what_dev_installed() {
    let project = project!("hotloop");
    // a plugin in place of pytest-benchmark, with options of the same names, must not meet it
    project.write("rival/pyproject.toml", RIVAL);
    let option = "def pytest_addoption(parser):\n    parser.addoption(\"--benchmark-columns\")\n";
    project.write("rival/rival.py", option);
    project.edit("pyproject.toml", "\"pytest-benchmark\"]", "\"rival\"]");
    let source = "\n[tool.uv.sources]\nrival = { path = \"rival\" }\n";
    project.append("pyproject.toml", source);
    project.git(&["add", "--all"]);
    project.commit();
    project.dev().run().succeeds();

    let first = recipe(&project, &["bench"]).succeeds();
    let wheel = "profile: release (target/pyx/bench/target/pyx/envs/wheel/";
    let pairs = ["test_levenshtein ", "test_mandelbrot ", "test_collatz "];
    lines(&first, &[wheel, pairs[0], pairs[1], pairs[2]]);
    assert!(
        !first.stdout.contains('%'),
        "there is no run before:\n{first}"
    );
    let picture = project.read("target/pyx/bench/bench.svg");
    assert_eq!(
        picture.matches("× faster").count(),
        pairs.len(),
        "{picture}"
    );
    let again = recipe(&project, &["bench", "-k", "collatz"]).succeeds();
    assert_eq!(again.stdout.matches(" %").count(), 1, "{again}");
    assert_eq!(files(&project.path("target/pyx/bench/history")), 2);
    recipe(&project, &["bench", "-k", "no_such_name"]).exits(5);
    let rival =
        "import no_such_rival\n\n\ndef test_rival(benchmark):\n    benchmark(no_such_rival.f)\n";
    project.write("tests/test_rival_bench.py", rival);
    let others = recipe(&project, &["bench", "-k", "collatz or rival"]).exits(1);
    lines(&others, &["test_collatz "]);
    others.says(
        "tests/test_rival_bench.py:1 imports `no_such_rival`, which no list of the project brings",
    );
    project.remove("tests/test_rival_bench.py");
    nothing_moved(&project, "hotloop");

    let none = recipe(&project, &["bench", "--against", "no-such-revision"]).exits(1);
    none.says("git does not know the revision `no-such-revision`");
    let once = "let steps = steps(start);";
    let twice = "let steps = steps(start).max(std::hint::black_box(steps(start + 1)) & 0);";
    project.edit("src/lib.rs", once, twice);
    let words = [
        "bench",
        "--against",
        "HEAD",
        "--fail-over",
        "10%",
        "-k",
        "collatz",
    ];
    let slower = recipe(&project, &words).exits(1);
    lines(&slower, &["test_collatz_rust  slower"]);
    let slower = slower.says("test_collatz_rust is slower than HEAD by ");
    slower.says(", and 10 % are allowed");
    project.edit("src/lib.rs", twice, once);
    assert_eq!(project.traces(), "");

    let work = "import hotloop\nfor _ in range(60): hotloop.collatz(20_000)";
    let profile = recipe(&project, &["profile", "python", "-c", work]);
    if profile.code == Some(3) {
        profile.says("py-spy is not allowed to inspect other processes here");
    } else {
        lines(
            &profile.succeeds(),
            &["flame graph: ", "_hotloop::collatz "],
        );
        let graph = project.read("target/pyx/profile/flamegraph.svg");
        assert!(graph.contains("_hotloop::collatz (lib.rs): "), "{graph}");
    }
    nothing_moved(&project, "hotloop");

    let guided = recipe(&project, &["pgo", "-k", "collatz"]);
    if let Some(guided) = with_llvm_tools(guided) {
        let used = "profile: release (target/pyx/pgo/use/target/pyx/envs/wheel/";
        lines(
            &guided,
            &[wheel, used, "test_collatz_rust ", "geometric mean "],
        );
    }
    nothing_moved(&project, "hotloop");
}

/// Hits of the lines of one file that hold a text.
fn hits(project: &Project, file: &str, text: &str) -> Vec<u64> {
    let lcov = project.read("target/pyx/cov/lcov.info");
    let record = lcov
        .split("end_of_record")
        .find(|record| record.contains(&format!("SF:{file}\n")));
    let source = project.read(file);
    let wanted = source
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(text));
    let count = |number: usize| {
        let start = format!("DA:{},", number + 1);
        let mut lines = record.expect(file).lines();
        lines
            .find_map(|line| line.strip_prefix(&start))
            .map(|count| count.parse().unwrap())
    };
    wanted.filter_map(|(number, _)| count(number)).collect()
}

#[test]
fn rust_that_only_python_tests_reach_is_covered() {
    let project = project!("hotloop");
    project.dev().run().succeeds();
    let Some(run) = with_llvm_tools(recipe(&project, &["cov"])) else {
        return;
    };
    lines(&run, &["src/lib.rs ", "python/hotloop/pure.py ", "total "]);
    let escape = hits(&project, "src/lib.rs", "fn escape(");
    assert!(escape.len() == 1 && escape[0] > 0, "{escape:?}");
    let refused = hits(&project, "python/hotloop/pure.py", "raise OverflowError");
    assert_eq!(refused, [0]);
    assert!(
        project
            .read("target/pyx/cov/html/index.html")
            .contains("python/hotloop/pure.py")
    );
    nothing_moved(&project, "hotloop");
}

#[test]
fn coverage_is_of_the_repositorys_files_and_leaves_a_mixed_module_in_place() {
    let project = project!("mixed");
    project.dev().run().succeeds();
    let none = recipe(&project, &["bench"]).exits(1);
    none.says("error: the project has no benchmarks");
    let below = recipe(
        &project,
        &["cov", "--fail-under", "99", "-k", "count_words"],
    );
    if has_llvm_tools() {
        below
            .exits(1)
            .says(" % of the lines are covered, less than 99 %");
        let lcov = project.read("target/pyx/cov/lcov.info");
        let found: Vec<&str> = lcov
            .lines()
            .filter(|line| line.starts_with("SF:"))
            .collect();
        assert_eq!(found, ["SF:src/lib.rs", "SF:python/mixed/__init__.py"]);
        assert_eq!(hits(&project, "python/mixed/__init__.py", "return f"), [0]);
    }
    nothing_moved(&project, "mixed");

    // a toolchain without the component
    let stubs = project.path("target/stubs");
    fs::create_dir_all(&stubs).unwrap();
    link(&on_path("cargo").unwrap(), &stubs);
    let real = on_path("rustc").unwrap();
    let script = format!(
        "case \"$*\" in *--print*sysroot) echo /nowhere;; *) exec '{}' \"$@\";; esac",
        real.display()
    );
    program(&stubs.join("rustc"), &script);
    for name in ["cov", "pgo"] {
        let refused = just(&project, &[name]).path_first(&stubs).run();
        refused
            .exits(3)
            .says("hint: rustup component add llvm-tools");
    }
}
