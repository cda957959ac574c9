//! Python tests that pytest does not run, or would not find by itself.

use std::fs;

use super::{has, small, summary, test};
use crate::support::{Project, folder};

const CASES: &str = "\
import os
import unittest


class Cases(unittest.TestCase):
    def test_passes(self):
        pass

    @unittest.skip('not today')
    def test_skipped(self):
        pass

    @unittest.expectedFailure
    def test_expected(self):
        self.fail()
";

/// unittest itself never asks a case for its `id()`.
const OWN_ID: &str = "

class Named(unittest.TestCase):
    def setUp(self):
        self.id = 7

    def test_id(self):
        self.assertEqual(self.id, 7)
";

/// Ends the first test of several, and with it the process, with success.
const DOOM: &str = "
    def test_of_doom(self):
        os._exit(0)
";

/// A conftest.py by which every `.case` is a test that fails.
const COLLECTOR: &str = "import pytest


def pytest_collect_file(parent, file_path):
    if file_path.suffix == '.case':
        return Case.from_parent(parent, path=file_path)


class Case(pytest.File):
    def collect(self):
        yield Line.from_parent(self, name='line')


class Line(pytest.Item):
    def runtest(self):
        raise AssertionError
";

/// A project whose tests are `unittest` cases alone.
fn with_cases(project: &Project) {
    project.remove("tests/test_shout.py");
    project.write("tests/test_cases.py", CASES);
}

#[test]
fn unittest_runs_where_the_project_names_it_and_is_counted() {
    let project = small(&folder!());
    with_cases(&project);
    project.write(
        "Makefile",
        "check:\n\tpython -m unittest discover -s tests\n",
    );
    let py = |args: &[&str]| test(&project, &["--py"]).with(args).run();
    let run = py(&[]).succeeds();
    let counts = "Python (shout) 1 passed, 1 skipped, 1 xfailed";
    assert_eq!(summary(&run), counts, "{run}");
    assert!(!has(&project, "pytest"));
    let plan = py(&["--dry-run"]).succeeds();
    let command = "/python -m unittest discover -s tests)";
    assert!(plan.stdout.contains(command), "{plan}");
    let run = py(&["--wheel"]).succeeds();
    assert_eq!(summary(&run), counts, "{run}");

    let run = py(&["--", "-k", "passes"]).succeeds();
    assert_eq!(summary(&run), "Python (shout) 1 passed", "{run}");
    let run = py(&["--", "tests/test_cases.py"]).succeeds();
    assert_eq!(summary(&run), counts, "{run}");
    py(&["--", "-k", "nothing"])
        .exits(5)
        .says("error: no tests are selected by `-k nothing`");
    py(&["--", "--help"]).succeeds();
    let run = py(&["-q"]).succeeds();
    assert_eq!((&*run.stdout, &*run.stderr), ("", ""), "{run}");

    // what ends the process with success is no pass, whatever came before it
    let late = "import atexit\n\natexit.register(os._exit, 0)\n\n";
    let cases = project.read("tests/test_cases.py");
    project.write("tests/test_cases.py", &format!("import os\n{late}{CASES}"));
    py(&[]).succeeds();
    let failing = "\n    def test_a_{}(self):\n        self.fail()\n";
    project.append("tests/test_cases.py", &failing.replace("{}", "late"));
    let run = py(&[]).exits(1).says("error: Python tests failed");
    assert_eq!(
        summary(&run),
        "Python (shout) 1 failed, 1 passed, 1 skipped, 1 xfailed",
        "{run}"
    );
    project.write("tests/test_cases.py", &cases);
    for name in ["one", "two"] {
        project.append("tests/test_cases.py", &failing.replace("{}", name));
    }
    let run = py(&["--fail-fast"]).exits(1);
    assert_eq!(summary(&run), "Python (shout) 1 failed, 0 passed", "{run}");
    project.append("tests/test_cases.py", DOOM);
    let run = py(&[]).exits(1);
    run.says("error: unittest was ended by test_cases.Cases.test_of_doom with exit code 0");
}

#[test]
fn a_unittest_case_may_call_what_it_likes_id() {
    let project = small(&folder!());
    with_cases(&project);
    project.append("tests/test_cases.py", OWN_ID);
    project.write("Makefile", "check:\n\tpython -m unittest discover tests\n");
    let run = test(&project, &["--py"]).run().succeeds();
    let counts = "Python (shout) 2 passed, 1 skipped, 1 xfailed";
    assert_eq!(summary(&run), counts, "{run}");
}

#[test]
fn stestr_runs_where_the_project_configures_it_and_is_counted() {
    let project = small(&folder!());
    with_cases(&project);
    project.write("tests/__init__.py", "");
    project.write(".stestr.conf", "[DEFAULT]\ntest_path=./tests\n");
    project.append(
        "pyproject.toml",
        "\n[dependency-groups]\ntest = [\"stestr\"]\n",
    );
    let py = |args: &[&str]| test(&project, &["--py"]).with(args).run();
    let run = py(&[]).succeeds();
    let counts = "Python (shout) 1 passed, 1 skipped, 1 xfailed";
    assert_eq!(summary(&run), counts, "{run}");
    let run = py(&["--wheel"]).succeeds();
    assert_eq!(summary(&run), counts, "{run}");
    let run = py(&["--", "passes"]).succeeds();
    assert_eq!(summary(&run), "Python (shout) 1 passed", "{run}");
    let run = py(&["--", "nothing"]).exits(5);
    run.says("error: no tests are selected by `nothing`");

    // as well where only the folder of the tests has a configuration
    project.remove(".stestr.conf");
    project.write("tests/.stestr.conf", "[DEFAULT]\ntest_path=.\n");
    project.write("tests/__init__.py", "");
    let run = py(&[]).succeeds().says("Worker Balance");
    assert_eq!(summary(&run), counts, "{run}");
    let run = py(&["--wheel"]).succeeds();
    assert_eq!(summary(&run), counts, "{run}");
    project.remove("tests/.stestr.conf");
    project.write(".stestr.conf", "[DEFAULT]\ntest_path=./tests\n");

    let late = format!("import atexit\nimport os\n\natexit.register(os._exit, 0)\n\n{CASES}");
    let failing = "\n    def test_fails(self):\n        self.fail()\n";
    project.write("tests/test_cases.py", &format!("{late}{failing}"));
    py(&[]).exits(1).says("1 failed, 1 passed");
    project.write("tests/test_cases.py", &format!("{CASES}{DOOM}"));
    let run = py(&["--fail-fast"]).exits(1);
    run.says("error: stestr was ended by tests.test_cases.Cases.test_of_doom");
}

#[test]
fn pytest_is_there_where_the_project_requires_another_runner() {
    let project = small(&folder!());
    let group = "\n[dependency-groups]\ntest = [\"nose2\"]\n";
    project.append("pyproject.toml", group);
    let run = test(&project, &["--py"]).run().succeeds();
    assert_eq!(summary(&run), "Python (shout) 1 passed", "{run}");
    assert!(has(&project, "nose2"));
    let again = test(&project, &["--py"]).run().succeeds();
    again.never_says("Installing").never_says("Syncing");
}

#[test]
fn doctests_that_the_projects_automation_runs_are_counted() {
    let project = small(&folder!());
    fs::remove_dir_all(project.path("tests")).unwrap();
    project.write("README.md", "# Shout\n\n>>> 'hello'.upper()\n'HELLO'\n");
    project.write("Makefile", "check:\n\tpython -m doctest README.md\n");
    let run = test(&project, &["--py"]).run().succeeds();
    assert_eq!(summary(&run), "Python (shout) 1 passed", "{run}");
    project.edit("README.md", "'HELLO'", "'hello'");
    let run = test(&project, &["--py"]).run().exits(1);
    assert_eq!(summary(&run), "Python (shout) 1 failed, 0 passed", "{run}");
}

/// Places where a project without groups and extras says what its tests need.
const ENVIRONMENTS: [(&str, &str); 6] = [
    (
        "pyproject.toml",
        "[tool.hatch.envs.default]\ndependencies = [\"pytest\"]\n[tool.hatch.envs.test]\nextra-dependencies = [\"idna\"]\n",
    ),
    (
        "pyproject.toml",
        "[tool.poetry.group.test.dependencies]\npytest = \"*\"\nidna = \"^3\"\n",
    ),
    (
        "pyproject.toml",
        "[tool.pdm.dev-dependencies]\ntest = [\"pytest\", \"idna\"]\n",
    ),
    (
        "pyproject.toml",
        "[tool.tox.env_run_base]\ndeps = [\"pytest\", \"-r needs.txt\"]\n",
    ),
    (
        "tox.ini",
        "[testenv]\ndeps =\n    pytest\n    py{39,310,311,312,313,314}: idna\n    slow: no-such-package\n",
    ),
    (
        "noxfile.py",
        "def test(session):\n    session.install(\n        'pytest',  # why\n        *['-r', 'needs.txt'],\n    )\n",
    ),
];

#[test]
fn what_tests_need_is_installed_where_another_tool_keeps_their_environment() {
    let project = small(&folder!());
    let tests = project.read("tests/test_shout.py");
    project.write("tests/test_shout.py", &format!("import idna\n{tests}"));
    project.write("needs.txt", "idna\n");
    let pyproject = project.read("pyproject.toml");
    for (file, text) in ENVIRONMENTS {
        project.write("pyproject.toml", &pyproject);
        let own = if file == "pyproject.toml" {
            &pyproject
        } else {
            ""
        };
        project.write(file, &format!("{own}\n{text}"));
        let _ = fs::remove_dir_all(project.path(".venv"));
        let run = test(&project, &["--py"]).run().succeeds();
        assert_eq!(summary(&run), "Python (shout) 1 passed", "{text}");
        if file != "pyproject.toml" {
            project.remove(file);
        }
    }
}

#[test]
fn what_tests_miss_is_named_with_the_place_where_the_project_has_it() {
    let project = small(&folder!());
    let tests = project.read("tests/test_shout.py");
    project.write("tests/test_shout.py", &format!("import idna\n{tests}"));
    let py = || test(&project, &["--py"]).run();
    let nox = "def test(session):\n    session.install('pytest', *read())\n";
    project.write("noxfile.py", nox);
    py().exits(1)
        .says("hint: pyx cannot tell what `noxfile.py:2` installs");
    project.write("Makefile", "check:\n\tpip install idna\n");
    py().exits(1).says("hint: `Makefile:2` names `idna`");
    let groups = "\n[dependency-groups]\ntest = [\"pytest\"]\nnames = [\"idna\"]\n";
    project.append("pyproject.toml", groups);
    py().exits(1).says("hint: cargo pyx test --group names");
    project.write("tests/conftest.py", "import idna\n");
    py().exits(1).says("hint: cargo pyx test --group names");
    test(&project, &["--py", "--group", "names"])
        .run()
        .succeeds();
}

#[test]
fn no_suite_is_lost_because_its_files_have_no_names_of_tests() {
    let project = small(&folder!());
    project.remove("tests/test_shout.py");
    let failing = "def test_it():\n    assert 0\n";
    let case = "import unittest\n\n\nclass Case(unittest.TestCase):\n    def test_it(self):\n        assert 0\n";
    for files in [
        // what a plug-in of the project collects
        &[("tests/conftest.py", COLLECTOR), ("tests/it.case", "")][..],
        // what only unittest finds, and what it does not come to by itself
        &[("tests/testit.py", case)],
        &[("tests/testit.py", case), ("spec/testit.py", case)],
        // what the project's automation names
        &[
            ("checks/it.py", failing),
            ("Makefile", "check:\n\tpytest checks/it.py\n"),
        ],
        &[
            ("checks/check_it.py", case),
            (
                "Makefile",
                "check:\n\tpython -m unittest discover -s checks -p 'check_*.py'\n",
            ),
        ],
    ] {
        for (name, text) in files {
            project.write(name, text);
        }
        let run = test(&project, &[]).run().exits(1);
        assert!(summary(&run).contains("Python (shout) "), "{run}");
        run.says_once("error: Python tests failed");
        for (name, _) in files {
            project.remove(name);
        }
    }
}

#[test]
fn tests_in_folders_that_are_left_out_are_named() {
    let project = small(&folder!());
    project.write("examples/test_it.py", "def test_it():\n    assert 0\n");
    let run = test(&project, &["--py"]).run().succeeds();
    let warning = "warning: the Python tests in `examples` are left out: ";
    run.says_once(warning);
    let said = "\n[tool.pytest.ini_options]\ntestpaths = [\"examples\", \"tests\"]\n";
    project.append("pyproject.toml", said);
    let run = test(&project, &["--py"]).run().exits(1).never_says(warning);
    assert_eq!(summary(&run), "Python (shout) 1 failed, 1 passed", "{run}");
}

/// maturin refuses to build beside a pyproject.toml that does not say what builds.
#[test]
fn tests_of_an_extension_that_is_no_package_are_named() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    project.write("tests/test_it.py", "def test_it():\n    assert 0\n");
    project.write("python/pyproject.toml", "");
    project.write("python/test_other.py", "");
    project.write("pyproject.toml", "[tool.ruff]\n");
    let run = test(&project, &["--py", "--dry-run"]).run().exits(5);
    run.says_once(
        "warning: the Python tests in `tests` are left out: the crate has no pyproject.toml",
    )
    .never_says("`python`");
    test(&project, &["--rust", "--dry-run"])
        .run()
        .never_says("left out");
    let backend =
        "[build-system]\nrequires = ['poetry-core']\nbuild-backend = 'poetry.core.masonry.api'\n";
    project.write("pyproject.toml", backend);
    let run = test(&project, &["--py", "--dry-run"]).run().exits(5);
    run.says_once(
        "the Python tests in `tests` are left out: `pyproject.toml` builds the package with `poetry.core.masonry.api`, not maturin (`build-backend = \"maturin\"`",
    )
    .never_says("has no pyproject.toml");
}

#[test]
fn tests_of_a_package_of_another_backend_above_are_named_with_what_installs_both() {
    let project = Project::cold(&folder!(), "hello");
    let other = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n\
                 [project]\nname = 'shop'\nversion = '1'\n";
    for name in ["Cargo.toml", "Cargo.lock", "src/lib.rs", "pyproject.toml"] {
        project.write(&format!("rust/{name}"), &project.read(name));
        project.remove(name);
    }
    project.write("pyproject.toml", other);
    let run = test(&project, &["--py", "--dry-run"]).run().exits(5);
    run.says_once("pyproject.toml` belongs to a package that `hatchling.build` builds (`[tool.uv.workspace] members = [\"rust\"]`")
        .never_says("testpaths");
    project.write(
        "pyproject.toml",
        &format!("{other}[tool.uv.workspace]\nmembers = ['rust']\n"),
    );
    let run = test(&project, &["--py", "--dry-run"]).run().succeeds();
    run.never_says("left out");

    project.write("pyproject.toml", other);
    project.remove("rust/pyproject.toml");
    let run = test(&project, &["--py", "--dry-run"]).run().exits(5);
    run.says_once(
        "(with a pyproject.toml for the crate (see `cargo pyx init`), `[tool.uv.workspace]",
    );
}

#[test]
fn pytest_finds_what_lies_beside_the_tests_where_the_project_starts_it_as_a_module() {
    let project = small(&folder!());
    project.write("scripts/check.py", "def check(): return 1\n");
    let line = "from scripts.check import check\n\ndef test_check(): assert check() == 1\n";
    project.write("tests/test_scripts.py", line);
    let own =
        "hint: `scripts/` is part of the project: pytest finds it with `pythonpath = [\".\"]`";
    test(&project, &["--py"]).run().exits(1).says_once(own);
    project.write("Makefile", "check:\n\tpython -m pytest tests\n");
    test(&project, &["--py"]).run().succeeds();
    project.remove("Makefile");
}
