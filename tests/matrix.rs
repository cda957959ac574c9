//! What `cargo pyx test` promises for several interpreters, with the real tools.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests look for the machine's interpreters"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;

use support::{Outcome, Project, Pyx, folder, project, versions};

fn test(project: &Project, args: &[&str]) -> Pyx {
    project.pyx("test").with(args)
}

/// The cells of the table at the end, its head first.
fn table(run: &Outcome) -> Vec<Vec<&str>> {
    let lines = run.stderr.lines();
    let lines = lines.skip_while(|line| !line.starts_with("Python  "));
    lines
        .map(|line| {
            let cells = line.split("  ").map(str::trim);
            cells.filter(|cell| !cell.is_empty()).collect()
        })
        .collect()
}

const VERSION: &str = "import sys


def test_version():
    print('this is %d.%d' % sys.version_info[:2])
";

#[test]
fn several_interpreters_are_tested_and_tabled() {
    let project = project!("hello");
    project.keep("target/pyx/builds");
    let versions = versions();
    let (first, last) = (versions.first().unwrap(), versions.last().unwrap());
    let args = ["--python", first, "--python", last];
    project.write("tests/test_version.py", VERSION);
    let run = test(&project, &args).with(&["--", "-s"]).run().succeeds();
    let rows = table(&run);
    let [head, oldest, newest] = &rows[..] else {
        panic!("expected two rows:\n{run}")
    };
    assert_eq!(
        head[..],
        ["Python", "Rust", "Python tests", "seconds", "result"]
    );
    for (row, version) in [(oldest, first), (newest, last)] {
        let [python, rust, tests, _, result] = row[..] else {
            panic!("{row:?}:\n{run}")
        };
        let counts = (rust, tests, result);
        assert_eq!(
            (python, counts),
            (&**version, ("1 passed", "4 passed", "ok"))
        );
        assert!(
            run.stderr.contains(&format!("this is {version}\n")),
            "{run}"
        );
    }
    assert_eq!(project.traces(), "?? tests/test_version.py\n");

    // one that fails is told, and the other runs all the same
    let number = first.replace('.', ", ");
    let newer = format!("\n\ndef test_newer():\n    assert sys.version_info[:2] != ({number})\n");
    project.append("tests/test_version.py", &newer);
    let run = test(&project, &args).with(&["--py"]).run().exits(1);
    let rows = table(&run);
    let results: Vec<_> = rows.iter().filter_map(|row| row.last()).collect();
    let newest = if first == last { "FAILED" } else { "ok" };
    assert_eq!(results[..3], [&"result", &"FAILED", &newest], "{run}");
    let run = run.says(&format!("error: failed on {first}"));
    run.says("1 failed, 4 passed").never_says("Compiling");

    let all = test(&project, &["--python", "all", "--dry-run"]).run();
    let all = all.succeeds();
    for version in &versions {
        let own = all
            .stdout
            .contains(&format!("/pyx/envs/{version}/bin/pytest"));
        let default = all
            .stdout
            .contains(&format!("# Creating .venv (CPython {version}."))
            || all
                .stdout
                .contains(&format!("# Creating target/pyx/envs/{version} "));
        assert!(own || default, "{version}:\n{all}");
    }
}

/// The oldest and the newest interpreter, as arguments.
fn two_pythons() -> Vec<String> {
    let versions = versions();
    let (first, last) = (versions.first().unwrap(), versions.last().unwrap());
    assert_ne!(first, last, "tests need two CPythons from 3.9 on");
    ["--python", first, "--python", last]
        .map(str::to_owned)
        .to_vec()
}

#[test]
fn a_stable_abi_module_is_compiled_once_for_all_interpreters() {
    let project = project!("hardcoded");
    let args = two_pythons();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    fs::remove_dir_all(project.path("target/pyx/ext/debug/.fingerprint")).ok();
    let run = test(&project, &args).with(&["--py"]).run().succeeds();
    assert_eq!(table(&run).len(), 3, "{run}");
    let compiled = run.stderr.matches("Compiling hardcoded ").count();
    assert_eq!(compiled, 1, "{run}");
    let copied = run
        .stderr
        .lines()
        .filter(|line| line.contains(" from target/pyx/envs/"));
    assert!(copied.count() <= 2, "{run}");

    // the wheels are made of that build
    let wheels = test(&project, &args).with(&["--wheel"]).run().succeeds();
    assert_eq!(table(&wheels).len(), 3, "{wheels}");
    wheels.never_says("Compiling");

    // an edit is compiled once, too, and each interpreter sees it
    project.append("src/lib.rs", "\n// edited\n");
    let again = test(&project, &args).with(&["--py"]).run().succeeds();
    let compiled = again.stderr.matches("Compiling hardcoded ").count();
    assert_eq!(compiled, 1, "{again}");
    assert_eq!(
        again.stderr.matches("Installed hardcoded ").count(),
        2,
        "{again}"
    );
}

#[test]
fn modules_for_other_interpreters_beside_a_package_are_no_news() {
    let project = project!("mixed");
    project.keep("target/pyx/builds");
    let args = two_pythons();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    test(&project, &args).with(&["--py"]).run().succeeds();
    let again = test(&project, &args).with(&["--py"]).run().succeeds();
    again.never_says("Installed").never_says("Compiling");
}

#[test]
fn projects_that_share_a_target_directory_share_no_environment() {
    let folder = folder!();
    let args = two_pythons();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let environments = |place: &str| {
        let project = Project::cold(&folder.join(place).join("bin"), "bin");
        let plan = test(&project, &args)
            .with(&["--py", "--dry-run"])
            .env("CARGO_TARGET_DIR", folder.join("shared"))
            .run()
            .succeeds();
        let words = plan.stdout.split_whitespace();
        let paths = words.filter(|word| word.contains("/shared/pyx/") && word.contains("/envs/"));
        paths.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (one, other) = (environments("one"), environments("other"));
    assert!(!one.is_empty(), "one of the Pythons is not the default");
    assert!(one.is_disjoint(&other), "{one:?} {other:?}");
}
