//! What `cargo pyx test` promises for several interpreters, with the real tools.

use std::collections::BTreeSet;

use crate::support::{CheckOutcome, Project, Pyx, folder, program, project, skipped, versions};

fn test(project: &Project, args: &[&str]) -> Pyx {
    project.pyx("test").with(args)
}

/// The cells of the table at the end, its head first.
fn table(run: &CheckOutcome) -> Vec<Vec<&str>> {
    let lines = run.stderr.lines();
    let lines = lines.skip_while(|line| !line.starts_with("Python  "));
    let lines = lines.take_while(|line| !line.starts_with("error: "));
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

/// `--python` for the oldest and the newest interpreter of this machine, each once.
struct Ends {
    versions: Vec<String>,
    args: Vec<String>,
}

impl Ends {
    fn find() -> Self {
        let all = versions();
        let ends = BTreeSet::from([all.first().unwrap(), all.last().unwrap()]);
        let versions: Vec<String> = all.iter().filter(|v| ends.contains(v)).cloned().collect();
        let args = versions
            .iter()
            .flat_map(|v| ["--python".to_owned(), v.clone()]);
        Self {
            args: args.collect(),
            versions,
        }
    }

    fn args(&self) -> Vec<&str> {
        self.args.iter().map(String::as_str).collect()
    }

    /// The rows of the table, without its head; there is none for a single interpreter.
    fn rows<'run>(&self, run: &'run CheckOutcome) -> Vec<Vec<&'run str>> {
        let mut rows = table(run);
        let expected = if self.versions.len() > 1 {
            assert_eq!(
                rows.remove(0),
                ["Python", "Rust", "Python tests", "seconds", "result"]
            );
            self.versions.len()
        } else {
            0
        };
        assert_eq!(rows.len(), expected, "{run}");
        rows
    }
}

#[test]
fn several_interpreters_are_tested_and_tabled() {
    let project = project!("hello");
    let ends = Ends::find();
    project.write("tests/test_version.py", VERSION);
    let run = test(&project, &ends.args()).with(&["--", "-s"]).run();
    let run = run.succeeds();
    for (row, version) in ends.rows(&run).iter().zip(&ends.versions) {
        let [python, rust, tests, _, result] = row[..] else {
            panic!("{row:?}:\n{run}")
        };
        let counts = (rust, tests, result);
        assert_eq!(
            (python, counts),
            (&**version, ("1 passed", "4 passed", "ok"))
        );
    }
    let said = format!("{}{}", run.stdout, run.stderr);
    for version in &ends.versions {
        assert!(said.contains(&format!("this is {version}\n")), "{run}");
    }
    assert_eq!(project.traces(), "?? tests/test_version.py\n");

    // one that fails is told, and the other runs all the same
    let first = &ends.versions[0];
    let number = first.replace('.', ", ");
    let newer = format!("\n\ndef test_newer():\n    assert sys.version_info[:2] != ({number})\n");
    project.append("tests/test_version.py", &newer);
    let run = test(&project, &ends.args()).with(&["--py"]).run().exits(1);
    let rows = ends.rows(&run);
    let results: Vec<_> = rows.iter().filter_map(|row| row.last().copied()).collect();
    let expected: &[&str] = if rows.is_empty() {
        &[]
    } else {
        &["FAILED", "ok"]
    };
    assert_eq!(results, expected, "{run}");
    let told = match &rows[..] {
        [] => "error: Python tests failed".to_owned(),
        _ => format!("error: failed on {first}"),
    };
    let run = run.says(&told).says("1 failed, 4 passed");
    run.never_says("Compiling");

    let all = test(&project, &["--python", "all", "--dry-run"]).run();
    let all = all.succeeds();
    let programs = all.stdout.split_whitespace();
    let runners: BTreeSet<_> = programs
        .filter(|word| word.ends_with("/bin/pytest)"))
        .collect();
    assert_eq!(runners.len(), versions().len(), "one each:\n{all}");
}

#[test]
fn a_stable_abi_module_is_compiled_once_for_all_interpreters() {
    let project = project!("hardcoded");
    let ends = Ends::find();
    let others = ends.versions.len() - 1;
    let tests = |words: &[&str]| test(&project, &ends.args()).with(words).run().succeeds();
    let run = tests(&["--py"]);
    ends.rows(&run);
    assert!(run.count("Compiling hardcoded ") <= 1, "{run}");
    assert_eq!(run.count("Installing hardcoded from "), others, "{run}");

    // the wheels are made of that build
    let wheels = tests(&["--wheel"]);
    ends.rows(&wheels);
    wheels.never_says("Compiling");

    // an edit is compiled once, too, and each interpreter sees it
    let export = "\n#[unsafe(no_mangle)]\npub extern \"C\" fn edited() {}\n";
    project.append("src/lib.rs", export);
    let again = tests(&["--py"]);
    assert_eq!(again.count("Compiling hardcoded "), 1, "{again}");
    assert_eq!(again.count("Installed hardcoded "), 1 + others, "{again}");
}

#[test]
fn modules_for_other_interpreters_beside_a_package_are_no_news() {
    let project = project!("mixed");
    let ends = Ends::find();
    test(&project, &ends.args())
        .with(&["--py"])
        .run()
        .succeeds();
    let again = test(&project, &ends.args())
        .with(&["--py"])
        .run()
        .succeeds();
    again.never_says("Installed").never_says("Compiling");
}

#[test]
fn what_keeps_pythons_from_being_tested_is_told_of_each() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let ends = Ends::find();
    if ends.versions.len() < 2 {
        return skipped("a second Python");
    }
    let errors = || {
        let text = project.read("tests.xml");
        std::fs::remove_file(project.path("tests.xml")).unwrap();
        text.matches("<error ").count()
    };
    let args = ["--py", "--junit", "tests.xml", "--fail-fast"];
    let failing = || test(&project, &ends.args()).with(&args).run().exits(1);
    // the first is built before the others begin
    project.edit("src/main.rs", "fn main() {", "fn main() {\n    nonsense;");
    let run = failing();
    let rows: Vec<String> = table(&run).iter().map(|row| row.concat()).collect();
    assert!(
        rows[1].ends_with("FAILED") && rows[2].ends_with("not run"),
        "{run}"
    );
    assert_eq!(errors(), 2);

    project.edit("src/main.rs", "\n    nonsense;", "");
    project.write("justfile", "breaks:\n    exit 3\n");
    let before = "\n[tool.pyx.test]\nbefore = [\"breaks\"]\n";
    project.append("pyproject.toml", before);
    failing().says("recipe `breaks`");
    assert_eq!(errors(), 2);
}

#[test]
fn what_means_the_same_environment_is_tested_once() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let plan = |words: &[&str]| {
        let dry = test(&project, &["--py", "--dry-run"]).with(words);
        dry.run().succeeds().stdout
    };
    let first = plan(&[]);
    let (_, rest) = first.split_once("Creating .venv (CPython ").unwrap();
    let (version, _) = rest.split_once(')').unwrap();
    let (range, exact) = (format!(">={version}"), format!("=={version}"));
    let words = ["--python", version, "--python", &range, "--python", &exact];
    let runs = plan(&words);
    assert_eq!(runs.matches("Testing Python tests").count(), 1, "{runs}");
}

#[test]
fn projects_that_share_a_target_directory_share_no_environment() {
    let folder = folder!();
    let ends = Ends::find();
    let environments = |place: &str| {
        let project = Project::cold(&folder.join(place).join("bin"), "bin");
        let plan = test(&project, &ends.args())
            .with(&["--py", "--dry-run"])
            .env("CARGO_TARGET_DIR", folder.join("shared"))
            .run()
            .succeeds();
        let words = plan.stdout.split_whitespace();
        let paths = words.filter(|word| word.contains("/shared/pyx/") && word.contains("/envs/"));
        paths.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (one, other) = (environments("one"), environments("other"));
    let alternatives = ends.versions.len() > 1;
    assert_eq!(!one.is_empty(), alternatives, "all but the default one");
    assert!(one.is_disjoint(&other), "{one:?} {other:?}");
}

#[test]
fn a_python_that_pyo3_is_not_for_is_passed_over_and_refused_where_it_is_named() {
    let folder = folder!();
    let project = Project::cold(&folder.join("hello"), "hello");
    let before = project.listing(&[]);
    let newer = folder.join("newer");
    // as a real one in all but its version
    let said = r#"python3 "$@" | sed 's/"version": "[^"]*"/"version": "3.99.0"/'"#;
    program(&newer.join("python3.99"), said);
    let reason = "is for CPython 3.8 to 3.15";
    let run = |args: &[&str]| project.dev().path_first(&newer).with(args).run();

    let other = run(&["--dry-run"]).succeeds();
    other
        .says_once(&format!("{reason}: skipping CPython 3.99.0"))
        .never_says("python3.99 ");
    // where the checkout names who knows credentials, cargo is asked without network, as here in any case
    let config = "[registry]\nglobal-credential-providers = [\"./evil\"]\n";
    project.write(".cargo/config.toml", config);
    run(&["--dry-run", "--offline"])
        .succeeds()
        .says_once("skipping CPython 3.99.0");
    std::fs::remove_dir_all(project.path(".cargo")).unwrap();
    run(&["--python", "3.99"])
        .exits(3)
        .says_once(&format!("{reason}, not for CPython 3.99.0"))
        .says("hint: pass `--python 3.15");
    let all = test(&project, &["--python", "all", "--dry-run"]);
    all.path_first(&newer)
        .run()
        .succeeds()
        .says_once(&format!("{reason}: CPython 3.99.0 is left out"));
    assert_eq!(project.listing(&[]), before);

    // without Cargo.lock cargo is first asked for the version of PyO3; the build is none of this
    project.remove("Cargo.lock");
    project.write("build.rs", "fn main() { panic!() }\n");
    test(&project, &["--python", "all", "--fail-fast"])
        .path_first(&newer)
        .run()
        .exits(1)
        .says_once("Locking the crates of hello")
        .says_once(&format!("{reason}: CPython 3.99.0 is left out"));
    project.remove("Cargo.lock");
    run(&[])
        .exits(1)
        .says("Locking the crates of hello")
        .says_once("skipping CPython 3.99.0")
        .never_says("python3.99 ");

    // a Python that both are for there is none: uv is not asked for one
    project.edit(
        "pyproject.toml",
        "requires-python = \">=3.9\"",
        "requires-python = \">=3.99\"",
    );
    let none = "is for CPython 3.8 to 3.15, but `requires-python` allows none of them";
    run(&[]).exits(2).says_once(none).never_says("Downloading");
    project.dev().run().exits(2).says_once(none);
}
