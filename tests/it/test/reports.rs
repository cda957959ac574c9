//! What became of each test, for machines.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{small, test};
use crate::support::{Project, folder, uv, within};

/// One test of each kind in both languages.
fn mixed_up(folder: &Path) -> Project {
    let project = small(folder);
    project.write(
        "tests/test_more.py",
        "import pytest\n\n\ndef test_bad():\n    assert 1 == 2, '<a & b>'\n\n\n\
         @pytest.mark.skip(reason='too slow')\ndef test_slow():\n    pass\n\n\n\
         @pytest.fixture\ndef broken():\n    raise OSError('no\\x1b[31m such thing')\n\n\n\
         def test_broken(broken):\n    pass\n",
    );
    project.append(
        "src/main.rs",
        "#[cfg(test)]\nmod more {\n    #[test]\n    fn bad() {\n        println!(\"said\");\n        \
         assert_eq!(1, 2, \"as expected\");\n    }\n}\n",
    );
    project
}

/// Fails where a report is not of the form that Jenkins reads.
fn is_valid(project: &Project, report: &str) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/test/junit.xsd");
    let script = "import sys, xmlschema; xmlschema.validate(sys.argv[2], sys.argv[1])";
    let report = project.path(report);
    let words = [
        "run",
        "--quiet",
        "--no-project",
        "--with",
        "xmlschema",
        "python",
        "-c",
        script,
    ];
    let files = [schema.to_str().unwrap(), report.to_str().unwrap()];
    project.run(uv(), &[&words[..], &files].concat()).succeeds();
}

#[test]
fn a_junit_report_has_every_test_of_both_languages() {
    let project = mixed_up(&folder!());
    test(&project, &["--junit", "out/tests.xml"]).run().exits(1);
    is_valid(&project, "out/tests.xml");
    let text = project.read("out/tests.xml");
    for part in [
        "tests=\"6\" skipped=\"1\" failures=\"2\" errors=\"1\"",
        "<testcase name=\"test_bad\" classname=\"tests.test_more\"",
        "<failure message=\"AssertionError: &lt;a &amp; b&gt;\"",
        "<skipped message=\"Skipped: too slow\"",
        "<error message=\"OSError: no such thing\"",
        "<testcase name=\"more::bad\" classname=\"unittests src/main.rs\"",
        "as expected",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // a runner that is ended tells of no test, and is an error of its own
    project.write(
        "tests/test_more.py",
        "import os\n\n\ndef test_end():\n    os._exit(0)\n",
    );
    test(&project, &["--py", "--junit", "out/tests.xml"])
        .run()
        .exits(1);
    is_valid(&project, "out/tests.xml");
    let text = project.read("out/tests.xml");
    assert!(
        text.contains("was ended by tests/test_more.py::test_end"),
        "{text}"
    );
}

#[test]
fn nextest_tells_of_its_tests_as_well() {
    let project = mixed_up(&folder!());
    project.write(".config/nextest.toml", "");
    test(&project, &["--rust", "--junit", "tests.xml"])
        .run()
        .exits(1);
    is_valid(&project, "tests.xml");
    let text = project.read("tests.xml");
    assert!(
        text.contains("tests=\"2\" skipped=\"0\" failures=\"1\""),
        "{text}"
    );
    assert!(text.contains("as expected"), "{text}");
}

#[test]
fn what_fails_is_said_at_its_line_where_github_shows_it() {
    let project = mixed_up(&folder!());
    let summary = project.path("summary.md");
    let on_github = |args: &[&str]| {
        let run = test(&project, args).env("GITHUB_ACTIONS", "true");
        let run = run.env("GITHUB_WORKSPACE", project.path(".."));
        run.env("GITHUB_STEP_SUMMARY", &summary).run()
    };
    let run = on_github(&[]).exits(1);
    let place = project.root.file_name().unwrap().to_str().unwrap();
    let line = |name: &str, text: &str| {
        let source = project.read(name);
        1 + source.lines().position(|line| line.contains(text)).unwrap()
    };
    let python = line("tests/test_more.py", "assert 1 == 2");
    let rust = line("src/main.rs", "assert_eq!(1, 2");
    let run = run
        .says(&format!(
            "::error file={place}/tests/test_more.py,line={python},title=Python test tests/test_more.py%3A%3Atest_bad::"
        ))
        .says(&format!(
            "::error file={place}/src/main.rs,line={rust},title=Rust test more%3A%3Abad::"
        ));
    assert_eq!(run.count("::error"), 3, "{run}");
    let table = fs::read_to_string(&summary).unwrap();
    assert!(table.contains("| 1 failed, 1 passed |"), "{table}");
    assert!(table.contains("| FAILED |"), "{table}");

    project.append("src/main.rs", "fn odd() -> u8 {\n    \"text\"\n}\n");
    let odd = line("src/main.rs", "    \"text\"");
    let run = on_github(&[]).exits(1);
    run.says(&format!(
        "::error file={place}/src/main.rs,line={odd},title=does not compile::mismatched types"
    ));
    let run = test(&project, &[]).run().exits(1);
    run.never_says("::error");
}

#[test]
fn each_test_is_an_event() {
    let project = mixed_up(&folder!());
    let run = test(&project, &["--message-format", "json"]).run().exits(1);
    let events = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let tests: Vec<Value> = events.filter(|event| event["type"] == "test").collect();
    assert_eq!(tests.len(), 6);
    let bad = tests
        .iter()
        .find(|event| event["name"] == "tests/test_more.py::test_bad")
        .unwrap();
    assert_eq!(
        (&bad["outcome"], &bad["language"]),
        (&"failed".into(), &"Python".into())
    );
    assert_eq!(bad["place"]["line"], 5);
}

#[test]
fn jobs_are_tests_as_well() {
    let project = small(&folder!());
    let run = test(&project, &["--jobs", "2"]).run().succeeds();
    assert!(run.stdout.contains("2 workers"), "{run}");
    let planned = |args: &[&str]| {
        let run = test(&project, &["--jobs", "2", "--dry-run"])
            .with(args)
            .run();
        run.succeeds().stdout
    };
    let plan = planned(&[]);
    for flag in ["--test-threads=2", "--numprocesses=2"] {
        assert!(plan.contains(flag), "{plan}");
    }
    project.write(".config/nextest.toml", "");
    let plan = planned(&["--rust"]);
    assert!(
        plan.contains("nextest run") && plan.contains("--test-threads 2"),
        "{plan}"
    );
    fs::remove_dir_all(project.path(".config")).unwrap();
    let plan = planned(&["--py", "--", "-n", "3"]);
    assert!(!plan.contains("--numprocesses"), "{plan}");
    let run = test(&project, &["--jobs", "1"]).run().succeeds();
    assert!(!run.stdout.contains("workers"), "{run}");
}

#[test]
fn what_is_written_once_is_not_for_a_watch() {
    let project = small(&folder!());
    for option in [
        ["--shard", "1/2"],
        ["--junit", "x.xml"],
        ["--durations", "x.json"],
    ] {
        let run = test(&project, &["--watch"]).with(&option).run();
        run.exits(2).says("`--watch` runs tests repeatedly");
    }
    test(&project, &["--shard", "3/2"])
        .run()
        .exits(2)
        .says("which of how many");
}

#[test]
fn a_run_that_is_interrupted_leaves_no_report_of_an_earlier_one() {
    let project = small(&folder!());
    let run = || {
        test(
            &project,
            &["--py", "--junit", "tests.xml", "--shard", "1/1"],
        )
    };
    run().run().succeeds();
    let shard = project.path("target/pyx/shards/1-of-1.json");
    assert!(project.path("tests.xml").exists() && shard.exists());
    let waits =
        "import time\n\n\ndef test_wait():\n    open('begun', 'w').close()\n    time.sleep(60)\n";
    project.write("tests/test_wait.py", waits);
    let running = run().start();
    let begun = project.path("begun");
    assert!(within(Duration::from_secs(60), &|| begun.exists()));
    running.signal(2);
    let ended = running.finish();
    assert_eq!(ended.signal, Some(2), "{ended}");
    assert!(
        !project.path("tests.xml").exists() && !shard.exists(),
        "{ended}"
    );
}

#[test]
fn what_keeps_tests_from_running_is_said_once() {
    let project = Project::written(&folder!(), &[("README.md", "")]);
    let run = test(&project, &["--junit", "tests.xml"]).run();
    run.exits(2).says_once("error: no Rust-in-Python project");
}

/// Tests that are in the way of being told of.
const ODD: &str = "import json
import os
import unittest.mock

import pytest


@pytest.fixture(scope='module', autouse=True)
def patched():
    with unittest.mock.patch('json.dumps', return_value='{}'):
        yield


@pytest.fixture
def leaves():
    yield
    pytest.skip('later')


def test_fails_and_skips(leaves):
    assert False, 'first'


def test_surrogate():
    raise ValueError('bad \\udcff \\ufffe')


def test_end():
    os._exit(0)
";

#[test]
fn what_went_wrong_is_told_whatever_else_a_test_does() {
    let project = small(&folder!());
    project.write("tests/test_odd.py", ODD);
    project.write(
        "tests/test_absent.py",
        "import pytest\n\npytest.importorskip('absent')\n",
    );
    test(&project, &["--py", "--junit", "tests.xml"])
        .run()
        .exits(1);
    is_valid(&project, "tests.xml");
    let text = project.read("tests.xml");
    for part in [
        "<failure message=\"AssertionError: first",
        "<failure message=\"ValueError: bad ",
        "<error message=\"pytest was ended by tests/test_odd.py::test_end",
        "<skipped message=\"could not import ",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // a report of an earlier run is none of this one
    project.append("src/main.rs", "nonsense!();\n");
    test(&project, &["--junit", "tests.xml"]).run().exits(1);
    let text = project.read("tests.xml");
    assert!(
        text.contains("tests=\"1\"") && text.contains("building shout"),
        "{text}"
    );
    project.write("seconds.json", "{}");
    let run = test(&project, &["--durations", "seconds.json"])
        .run()
        .exits(2);
    run.says("contains no test durations");
}
