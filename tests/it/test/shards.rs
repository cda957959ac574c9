//! Tests shared among machines, and put together again.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{small, test};
use crate::support::{Project, Pyx, folder};

/// How many tests there are in each language besides those of the fixture.
const MANY: usize = 500;

/// `small`, with many tests in both languages.
fn large(folder: &Path) -> Project {
    let project = small(folder);
    let mut python = "import pytest\n".to_owned();
    let mut rust = "#[cfg(test)]\nmod many {\n".to_owned();
    for number in 0..MANY / 2 {
        let _ = writeln!(python, "\n\ndef test_{number}():\n    pass");
        let _ = writeln!(
            python,
            "\n\n@pytest.mark.parametrize('x', [0])\ndef test_with_{number}(x):\n    pass"
        );
        let _ = writeln!(
            rust,
            "#[test]\nfn one_{number}() {{}}\n#[test]\nfn two_{number}() {{}}"
        );
    }
    project.write("tests/test_many.py", &python);
    project.append("src/main.rs", &format!("{rust}}}\n"));
    project.git(&["add", "--all"]);
    project.commit();
    project
}

/// The names of the tests that a shard's report has, with the language.
fn ran(report: &Path) -> Vec<String> {
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let mut names = Vec::new();
    for result in report["test_results"].as_array().unwrap() {
        for case in result["cases"].as_array().unwrap() {
            names.push(format!("{} {}", result["language"], case["name"]));
        }
    }
    names
}

fn report(project: &Project, shard: &str) -> PathBuf {
    let name = shard.replace('/', "-of-");
    project.path(&format!("target/pyx/shards/{name}.json"))
}

/// As of another person, who has the same tools and downloads.
fn elsewhere(run: Pyx, home: &Path) -> Pyx {
    let own = PathBuf::from(std::env::var_os("HOME").unwrap());
    let kept = [
        ("CARGO_HOME", ".cargo"),
        ("RUSTUP_HOME", ".rustup"),
        ("UV_CACHE_DIR", ".cache/uv"),
    ];
    let keep = |run: Pyx, (name, place): &(&str, &str)| {
        let path = std::env::var_os(name).map_or_else(|| own.join(place), PathBuf::from);
        run.env(name, path)
    };
    kept.iter().fold(run, keep).env("HOME", home)
}

#[test]
fn every_test_runs_in_exactly_one_of_five_shards_on_two_machines() {
    let folder = folder!();
    let one = large(&folder);
    let other = folder.join("other");
    let _ = fs::remove_dir_all(&other);
    one.git(&["clone", "--quiet", ".", other.to_str().unwrap()]);
    let other = Project::at(&other);
    let home = folder.join("home");
    fs::create_dir_all(&home).unwrap();
    let reports = folder.join("reports");
    let _ = fs::remove_dir_all(&reports);
    let mut all = Vec::new();
    for index in 1..=5 {
        let shard = format!("{index}/5");
        let project = if index % 2 == 0 { &one } else { &other };
        let mut run = test(project, &["--shard", &shard]);
        if index % 2 == 1 {
            run = elsewhere(run, &home);
        }
        run.run().succeeds().says("-of-5.json");
        let names = ran(&report(project, &shard));
        assert!(names.len() > MANY / 5, "{shard}: {}", names.len());
        all.extend(names);
        // as an artifact of CI is unpacked
        let place = reports.join(format!("shard-{index}"));
        fs::create_dir_all(&place).unwrap();
        fs::copy(report(project, &shard), place.join("report.json")).unwrap();
    }
    let distinct: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), distinct.len()), (2 * MANY + 2, 2 * MANY + 2));

    let merge = || test(&one, &["--merge", reports.to_str().unwrap()]);
    let run = merge()
        .with(&["--durations", "seconds.json"])
        .run()
        .succeeds();
    let counts = format!("{} passed", MANY + 1);
    assert_eq!(run.count(&counts), 2, "{run}");
    run.says("Slowest");
    let recorded: Value = serde_json::from_str(&one.read("seconds.json")).unwrap();
    assert_eq!(recorded["suites"]["."].as_object().unwrap().len(), MANY + 1);

    // by recorded seconds, each is in one as well
    one.git(&["add", "seconds.json"]);
    let mut timed = Vec::new();
    for shard in ["1/2", "2/2"] {
        let options = ["--py", "--durations", "seconds.json", "--shard", shard];
        test(&one, &options).run().succeeds();
        timed.extend(ran(&report(&one, shard)));
    }
    timed.sort();
    let mut python: Vec<String> = all
        .into_iter()
        .filter(|name| name.contains("Python"))
        .collect();
    python.sort();
    assert_eq!(timed, python);

    fs::remove_dir_all(reports.join("shard-3")).unwrap();
    merge().run().exits(1).says("shard 3/5 is missing");
    let second = reports.join("shard-2/report.json");
    fs::create_dir_all(reports.join("shard-3")).unwrap();
    fs::copy(&second, reports.join("shard-3/report.json")).unwrap();
    merge().run().exits(1).says("shard 2/5 was reported twice");
    let text = fs::read_to_string(&second).unwrap();
    let commit = one.git(&["rev-parse", "HEAD"]);
    fs::write(&second, text.replace(commit.trim(), "0000")).unwrap();
    merge().run().exits(1).says("and commit 0000");
    merge().with(&["--shard", "1/2"]).run().exits(2);
    test(&one, &["--merge", "src"])
        .run()
        .exits(2)
        .says("no shard report");
}

#[test]
fn a_shard_that_fails_is_a_failure_of_all() {
    let project = small(&folder!());
    project.edit("tests/test_shout.py", "HELLO YOU!", "hello?");
    let mut codes = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        codes.push(test(&project, &["--shard", shard]).run().code);
    }
    codes.sort();
    assert_eq!(codes, [Some(0), Some(0), Some(1)]);
    let merge = || test(&project, &["--merge", "target/pyx/shards"]);
    let run = merge().run().exits(1).says("error: tests failed on linux");
    run.says("test_shout").says("1 failed, 0 passed");
    // none of another number of shards stands in the way
    test(&project, &["--shard", "1/2"]).run();
    merge().run().exits(1).says("shard 2/2 is missing");
}

#[test]
fn tests_of_other_runners_are_in_one_shard_each() {
    let cases = "import unittest\n\n\nclass Case(unittest.TestCase):\n".to_owned();
    let mut cases = cases;
    for number in 0..12 {
        let _ = writeln!(cases, "    def test_{number}(self):\n        pass\n");
    }
    for (name, more) in [
        ("unittest", ""),
        ("stestr", "\n[dependency-groups]\ntest = [\"stestr\"]\n"),
    ] {
        let project = small(&folder!().join(name));
        project.remove("tests/test_shout.py");
        project.write("tests/__init__.py", "");
        project.write("tests/test_case.py", &cases);
        if name == "stestr" {
            project.write(".stestr.conf", "[DEFAULT]\ntest_path=./tests\ntop_dir=./\n");
        }
        project.append("pyproject.toml", more);
        let mut all = Vec::new();
        for shard in ["1/3", "2/3", "3/3"] {
            test(&project, &["--py", "--shard", shard]).run().succeeds();
            all.extend(ran(&report(&project, shard)));
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 12, "{name}: {all:?}");
        let run = test(&project, &["--merge", "target/pyx/shards"]).run();
        run.succeeds().says("12 passed");
    }
}

#[test]
fn a_program_of_tests_with_a_harness_of_its_own_runs_whole_in_one_shard() {
    let project = small(&folder!());
    project.append(
        "Cargo.toml",
        "\n[[test]]\nname = \"own\"\nharness = false\n",
    );
    project.write(
        "tests/own.rs",
        "fn main() {\n    println!(\"ran by itself\");\n}\n",
    );
    let mut times = 0;
    for shard in ["1/3", "2/3", "3/3"] {
        let run = test(&project, &["--rust", "--shard", shard])
            .run()
            .succeeds();
        times += run.count("ran by itself");
    }
    assert_eq!(times, 1);
}

#[test]
fn documentation_is_tested_by_one_of_the_shards() {
    let project = small(&folder!());
    let lib =
        "/// ```\n/// assert_eq!(shout::one(), 2);\n/// ```\npub fn one() -> u8 {\n    1\n}\n";
    project.write("src/lib.rs", lib);
    project.append("pyproject.toml", "\n[tool.pyx.test]\ndoctests = true\n");
    let shards = ["1/2", "2/2"];
    let codes = shards.map(|shard| test(&project, &["--rust", "--shard", shard]).run().code);
    assert!(
        codes == [Some(0), Some(1)] || codes == [Some(1), Some(0)],
        "{codes:?}"
    );
    let run = test(&project, &["--merge", "target/pyx/shards"])
        .run()
        .exits(1);
    run.says("src/lib.rs - one (line 1)");
}

#[test]
fn parameters_of_a_test_stay_together_whatever_they_are_called() {
    let project = small(&folder!());
    let cases = "import os\nimport pytest\n\n\nclass Case:\n    def __init__(self, name):\n        self.name = name\n\n\n\
                 @pytest.mark.parametrize('case', [Case(name) for name in {'a', 'b', 'c', 'd'}])\n\
                 def test_set(case):\n    with open('seen', 'a') as file:\n        file.write(case.name + '\\n')\n";
    project.write("tests/test_set.py", cases);
    test(&project, &["--py", "--durations", "seconds.json"])
        .run()
        .succeeds();
    project.remove("seen");
    for (shard, seed) in [("1/3", "1"), ("2/3", "2"), ("3/3", "3")] {
        let run = test(
            &project,
            &["--py", "--durations", "seconds.json", "--shard", shard],
        );
        run.env("PYTHONHASHSEED", seed).run().succeeds();
    }
    let mut seen: Vec<String> = project.read("seen").lines().map(str::to_owned).collect();
    seen.sort();
    assert_eq!(seen, ["a", "b", "c", "d"]);
    test(&project, &["--merge", "target/pyx/shards"])
        .run()
        .succeeds();
}

#[test]
fn shards_of_several_interpreters_are_put_together() {
    let project = small(&folder!());
    let pythons = crate::support::oldest_and_newest();
    let pythons = ["--python", &pythons[0], "--python", &pythons[1]];
    for shard in ["1/2", "2/2"] {
        test(&project, &["--shard", shard])
            .with(&pythons)
            .run()
            .succeeds();
    }
    let run = test(&project, &["--merge", "target/pyx/shards"])
        .run()
        .succeeds();
    run.says("2 passed");
}

#[test]
fn what_could_not_be_built_is_no_whole() {
    let project = small(&folder!());
    test(&project, &["--shard", "1/2"]).run().succeeds();
    project.append("src/main.rs", "nonsense!();\n");
    let broken = test(&project, &["--shard", "2/2", "--python", "3"]).run();
    assert_eq!(broken.code, Some(1), "{broken}");
    let merge = |more: &[&str]| {
        test(&project, &["--merge", "target/pyx/shards"])
            .with(more)
            .run()
    };
    merge(&[]).exits(1);
    // where all that there is could not be built, that is what is said
    fs::remove_dir_all(project.path("target/pyx/shards")).unwrap();
    for shard in ["1/2", "2/2"] {
        test(&project, &["--shard", shard]).run().exits(1);
    }
    let run = merge(&["--junit", "all.xml", "--dry-run"]).exits(1);
    let run = run.says("error: tests failed on");
    assert!(run.stdout.contains("# write "), "{run}");
    assert!(!project.path("all.xml").exists());
    merge(&["--junit", "all.xml"]).exits(1);
    assert!(
        project
            .read("all.xml")
            .contains("<error message=\"building shout")
    );
}

#[test]
fn classes_and_ignored_tests_that_are_skipped_hinder_no_whole() {
    let project = small(&folder!());
    project.remove("tests/test_shout.py");
    project.write("tests/__init__.py", "");
    let mut cases =
        "import unittest\n\n\nclass Case(unittest.TestCase):\n    @classmethod\n    def \
                     setUpClass(cls):\n        raise unittest.SkipTest('none here')\n\n"
            .to_owned();
    for number in 0..8 {
        let _ = writeln!(cases, "    def test_{number}(self):\n        pass\n");
    }
    cases.push_str("\n\nclass Other(unittest.TestCase):\n    def test(self):\n        pass\n");
    project.write("tests/test_case.py", &cases);
    project.write(".config/nextest.toml", "");
    project.append("src/main.rs", "#[cfg(test)]\nmod more {\n    #[test]\n    #[ignore]\n    fn slow() {}\n    #[test]\n    fn one() {}\n}\n");
    for shard in ["1/2", "2/2"] {
        test(&project, &["--shard", shard]).run().succeeds();
    }
    let run = test(&project, &["--merge", "target/pyx/shards"])
        .run()
        .succeeds();
    run.says("2 passed, 1 skipped").says("1 passed, 8 skipped");
    let selected = ["--rust", "--", "nosuch"];
    for shard in ["1/2", "2/2"] {
        test(&project, &["--shard", shard]).with(&selected).run();
    }
    let run = test(&project, &["--merge", "target/pyx/shards"]).run();
    assert_ne!(run.code, Some(0), "{run}");
}
