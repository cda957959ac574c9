use super::*;
use crate::model::requirement::Requirement;
use crate::world::manifest::Toml;

fn find(pyproject: &PyProject) -> Result<FoundRunner> {
    super::find(&Manifests::default(), pyproject)
}

/// A project in a temporary folder of its own, which ends the search upward.
fn project(pyproject: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, PyProject) {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
    disk::create_dir(&dir.join(".git")).unwrap();
    disk::write(&dir.join("pyproject.toml"), pyproject.as_bytes()).unwrap();
    for (name, text) in files {
        disk::write(&dir.join(name), text.as_bytes()).unwrap();
    }
    let toml = Toml::parse(&dir.join("pyproject.toml"), pyproject).unwrap();
    (temp, PyProject::of(toml).unwrap())
}

fn sources(found: &FoundRunner) -> Vec<&Source> {
    found.others.iter().map(|sync| &sync.source).collect()
}

#[test]
fn a_group_is_chosen_by_what_it_brings_not_by_its_name() {
    let text = "[project]\nname = 'x'\n\
                    [project.optional-dependencies]\ndev = ['x[testing]', 'ruff']\ntesting = ['pytest-cov']\ndocs = ['sphinx']\n\
                    [dependency-groups]\ndev = ['ruff']\nci = [{ include-group = 'checks' }]\nchecks = ['PyTest>=8']\n";
    let found = find(&project(text, &[]).1).unwrap();
    assert_eq!(found.groups, ["checks", "ci"]);
    assert_eq!(found.extras, ["dev", "testing"]);
    assert!(found.others.is_empty());
}

#[test]
fn a_group_for_some_pythons_only_is_not_chosen() {
    let text = "[project]\nname = 'x'\n\
                    [dependency-groups]\ntest = ['pytest']\nnewest = ['pytest', 'wasm>=1']\n\
                    [tool.uv.dependency-groups]\nNewest = { requires-python = '>=3.13' }\n";
    assert_eq!(find(&project(text, &[]).1).unwrap().groups, ["test"]);
}

#[test]
fn a_group_may_bring_it_through_an_extra_of_the_project() {
    let text = "[project]\nname = 'My_Pkg'\n[project.optional-dependencies]\nt = ['pytest']\n\
                    [dependency-groups]\ndev = ['my-pkg[t]']\nloop = [{ include-group = 'loop' }]\n";
    assert_eq!(find(&project(text, &[]).1).unwrap().groups, ["dev"]);
}

#[test]
fn requirements_files_are_next_and_are_followed() {
    let files = [
        ("requirements.txt", "flask\n"),
        ("test/requirements.txt", "-r base.txt  # why\n"),
        ("test/base.txt", "pytest==8\n"),
    ];
    let (_temp, pyproject) = project("[project]\nname = 'x'\n", &files);
    let found = find(&pyproject).unwrap();
    let file = pyproject.dir().join("test/requirements.txt");
    assert_eq!(sources(&found), [&Source::File(file)]);
    assert!(found.files.contains(&pyproject.dir().join("test/base.txt")));
}

#[test]
fn then_what_tox_and_nox_install() {
    let tox = "[testenv]\ndeps =\n    pytest  # why\n    py312: hypothesis\n    -r x.txt\n    {[base]deps}\ncommands = pytest\n";
    let (_temp, pyproject) = project("", &[("tox.ini", tox)]);
    let found = find(&pyproject).unwrap();
    let Source::Requirements { requirements, .. } = sources(&found)[0] else {
        panic!("{found:?}")
    };
    let on_one = "hypothesis ; python_full_version == '3.12.*'";
    assert_eq!(Requirement::words(&requirements[..2]), ["pytest", on_one]);
    let file = requirements[2].included();
    assert!(
        file.is_some_and(|it| it.ends_with("x.txt")),
        "{requirements:?}"
    );
    assert_eq!(found.unread[0].0.line, 6);
    assert_eq!(
        found.others[0].source.path(),
        Some(&pyproject.dir().join("tox.ini"))
    );
}

#[test]
fn a_runner_that_is_taken_by_default_is_said_by_no_file() {
    for pyproject in ["", "[project]\nname = 'x'\n"] {
        let found = find(&project(pyproject, &[]).1).unwrap();
        assert_eq!(sources(&found), [&Source::unlisted("pytest")]);
        assert_eq!(found.others[0].source.path(), None);
    }
}

#[test]
fn then_the_requirements_files_that_are_installed_wherever_they_are() {
    let make = (
        "Makefile",
        "setup:\n\t$(ENV)/bin/pip install -r python/requirements_dev.txt\n\
             docs:\n\tpip install -r docs/requirements.txt -r gone.txt\n",
    );
    let workflow = (
        ".github/workflows/ci.yml",
        "jobs:\n  test:\n    steps:\n      - run: python -m pip install -U pip -r ci/all.txt\n",
    );
    let docs = ("docs/requirements.txt", "sphinx\n");
    for (said, file) in [
        (make, "python/requirements_dev.txt"),
        (workflow, "ci/all.txt"),
    ] {
        let text = "[project]\nname = 'x'\n";
        let (_temp, pyproject) = project(text, &[said, docs, (file, "numpy\npytest\n")]);
        let found = find(&pyproject).unwrap();
        let expected = pyproject.dir().join(file);
        assert_eq!(sources(&found), [&Source::File(expected.clone())]);
        assert!(found.declared && found.files.contains(&expected));
    }
}

#[test]
fn then_the_parents_groups() {
    let (temp, _) = project(
        "",
        &[("pyproject.toml", "[dependency-groups]\ntest = ['pytest']\n")],
    );
    let dir = Utf8Path::from_path(temp.path()).unwrap().join("python");
    let toml = Toml::parse(&dir.join("pyproject.toml"), "").unwrap();
    let found = find(&PyProject::of(toml).unwrap()).unwrap();
    assert_eq!(found.others[0].groups, ["test"]);
    assert_eq!(found.others.len(), 1, "it brings pytest");
}

#[test]
fn development_dependencies_of_older_uvs_are_found_here_and_above() {
    let text = "[tool.uv]\ndev-dependencies = ['pytest', 'numpy']\n";
    let (temp, own) = project(text, &[("pyproject.toml", text)]);
    let dir = Utf8Path::from_path(temp.path()).unwrap().join("python");
    let toml = Toml::parse(&dir.join("pyproject.toml"), "").unwrap();
    assert_eq!(find(&own).unwrap().groups, ["dev"]);
    let found = find(&PyProject::of(toml).unwrap()).unwrap();
    assert_eq!(found.others[0].groups, ["dev"]);
    let path = dir.with_file_name("pyproject.toml");
    assert_eq!(found.others[0].source.path(), Some(&path));
}

#[test]
fn the_environment_that_has_the_runners_group_brings_what_else_it_has() {
    const GROUPS: &str = "[project]\nname = 'x'\n[project.optional-dependencies]\nx = ['idna']\n\
                              [dependency-groups]\nt = ['pytest']\ndocs = ['sphinx']\n";
    let tox =
        "[tool.tox.env_run_base]\ndependency_groups = ['t']\nextras = ['x']\ndeps = ['ddt']\n";
    let hatch = "[tool.hatch.envs.default]\nfeatures = ['x']\ndependency-groups = ['t']\n\
                     dependencies = ['ddt']\n";
    let dev = &hatch.replace("default", "dev");
    for tool in [tox, hatch, dev] {
        let found = find(&project(&format!("{GROUPS}{tool}"), &[]).1).unwrap();
        assert_eq!(
            (&*found.groups, &*found.extras),
            (&["t".into()][..], &["x".into()][..])
        );
        let [Source::Requirements { requirements, .. }] = sources(&found)[..] else {
            panic!("{found:?}")
        };
        assert_eq!(Requirement::words(requirements), ["ddt"]);
    }
    // what is for something else, or has none of it, brings nothing
    for tool in [
        "[tool.hatch.envs.lint]\nfeatures = ['x']\ndependency-groups = ['t']\n",
        "[tool.tox.env_run_base]\ndependency_groups = ['docs']\nextras = ['x']\n",
    ] {
        let found = find(&project(&format!("{GROUPS}{tool}"), &[]).1).unwrap();
        assert_eq!((found.groups.len(), found.extras.len()), (1, 0), "{tool}");
    }
}

#[test]
fn the_environment_that_has_the_runners_file_brings_what_else_it_has() {
    const TEXT: &str = "[project]\nname = 'x'\n[project.optional-dependencies]\nx = ['idna']\n";
    let tox = "[testenv]\ndeps =\n    -rrequirements/test.txt\n    ddt\nextras = x\n";
    let nox = "def tests(session):\n    session.install('-r', 'requirements/test.txt', '.[x]')\n    \
               session.install(*['ddt'])\n";
    let file = ("requirements/test.txt", "pytest\n");
    for said in [("tox.ini", tox), ("noxfile.py", nox)] {
        let (_temp, pyproject) = project(TEXT, &[said, file]);
        let found = find(&pyproject).unwrap();
        let [
            Source::File(path),
            Source::Requirements { requirements, .. },
        ] = sources(&found)[..]
        else {
            panic!("{found:?}")
        };
        assert_eq!(*path, pyproject.dir().join(file.0));
        assert_eq!(
            (Requirement::words(requirements), found.extras.len()),
            (vec!["ddt".to_owned()], 1)
        );
    }
    // another's, and one of something else
    for said in [
        ("tox.ini", "[testenv]\ndeps = ddt\n"),
        ("noxfile.py", &*nox.replace("tests", "lint")),
    ] {
        let found = find(&project(TEXT, &[said, file]).1).unwrap();
        assert!(matches!(sources(&found)[..], [Source::File(_)]), "{said:?}");
    }
}

#[test]
fn the_environment_for_tests_is_installed_where_nothing_brings_the_runner() {
    let text = "[dependency-groups]\ncheck = ['hypothesis']\n";
    let tox = "[env_run_base]\ndependency_groups = ['check']\ncommands = [['pytest']]\n";
    let nox = "PY = nox.project.load_toml('pyproject.toml')\n\ndef tests(session):\n    \
               session.install(*nox.project.dependency_groups(PY, 'check'))\n";
    for said in [("tox.toml", tox), ("noxfile.py", nox)] {
        let found = find(&project(text, &[said]).1).unwrap();
        assert_eq!(found.groups, ["check"], "{said:?}");
        assert_eq!(sources(&found), [&Source::unlisted("pytest")]);
        assert!(found.declared && found.unread.is_empty());
    }
    let lint = ("noxfile.py", &*nox.replace("tests", "lint"));
    assert!(find(&project(text, &[lint]).1).unwrap().groups.is_empty());
}

#[test]
fn stestr_runs_where_it_is_configured_and_required() {
    let runner = |pyproject: &str, files: &[(&str, &str)]| {
        find(&project(pyproject, files).1).unwrap().runner
    };
    let group = "[dependency-groups]\ntest = ['stestr>=4']\n";
    let config = (".stestr.conf", "[DEFAULT]\ntest_path=./tests\n");
    assert_eq!(runner(group, &[config]), TestRunner::Stestr);
    let beside_tests = ("tests/.stestr.conf", "[DEFAULT]\ntest_path=.\n");
    assert_eq!(runner(group, &[beside_tests]), TestRunner::Stestr);
    let own = format!("{group}[tool.stestr]\ntest_path = 'tests'\n");
    assert_eq!(runner(&own, &[]), TestRunner::Stestr);
    let file = ("test-requirements.txt", "stestr\n");
    assert_eq!(runner("", &[config, file]), TestRunner::Stestr);
    assert_eq!(runner(group, &[]), TestRunner::Pytest);
    assert_eq!(runner("", &[config]), TestRunner::Pytest);
}

#[test]
fn pytest_is_installed_beside_a_runner_that_we_do_not_run() {
    let plain_pytest = |pyproject: &str, files: &[(&str, &str)]| {
        let found = find(&project(pyproject, files).1).unwrap();
        let mut listed = sources(&found)
            .into_iter()
            .filter_map(|source| match source {
                Source::Requirements { requirements, .. } => Some(requirements),
                _ => None,
            });
        (
            found.groups.len(),
            listed.any(|it| Requirement::words(it) == ["pytest"]),
        )
    };
    for name in ["nose2", "stestr"] {
        let group = format!("[dependency-groups]\ntest = ['{name}']\n");
        assert_eq!(plain_pytest(&group, &[]), (1, true), "{name}");
        let file = ("test-requirements.txt", name);
        assert_eq!(plain_pytest("", &[file]), (0, true), "{name}");
    }
    for both in ["'nose2', 'pytest-cov'", "'nose2', 'PyTest>=8'"] {
        let group = format!("[dependency-groups]\ntest = [{both}]\n");
        assert_eq!(plain_pytest(&group, &[]), (1, false), "{both}");
    }
    let file = ("test-requirements.txt", "-r more.txt\nnose2\n");
    let more = ("more.txt", "pytest\n");
    assert_eq!(plain_pytest("", &[file, more]), (0, false));
    let stestr = "[dependency-groups]\ntest = ['stestr']\n[tool.stestr]\ntest_path = 't'\n";
    assert_eq!(plain_pytest(stestr, &[]), (1, false));
}

#[test]
fn unittest_runs_where_the_projects_words_are_its_alone() {
    let runner = |pyproject: &str, files: &[(&str, &str)]| {
        find(&project(pyproject, files).1).unwrap().runner
    };
    let make = (
        "Makefile",
        "test:\n\tpython -m unittest discover -s tests\n",
    );
    assert_eq!(runner("", &[make]), TestRunner::Unittest);
    let script = "[tool.hatch.envs.default.scripts]\ntest = 'python -m unittest'\n";
    assert_eq!(runner(script, &[]), TestRunner::Unittest);
    let workflow = (".github/workflows/ci.yml", "- run: pytest\n");
    assert_eq!(runner("", &[make, workflow]), TestRunner::Pytest);
    for file in ["conftest.py", "pytest.toml", ".pytest.toml", ".pytest.ini"] {
        assert_eq!(
            runner("", &[make, (file, "")]),
            TestRunner::Pytest,
            "{file}"
        );
    }
    let group = "[dependency-groups]\ndev = ['pytest']\n";
    assert_eq!(runner(group, &[make]), TestRunner::Pytest);
    assert_eq!(runner("", &[]), TestRunner::Pytest);
}

#[test]
fn unittest_runs_where_only_it_finds_the_cases_by_their_names() {
    const CASE: &str = "import unittest\n\nclass T(unittest.TestCase):\n    pass\n";
    let runner = |files: &[(&str, &str)]| find(&project("", files).1).unwrap().runner;
    for name in ["tests/testvalue.py", "test.py", "tests/tests.py"] {
        assert_eq!(runner(&[(name, CASE)]), TestRunner::Unittest, "{name}");
        for (other, text) in [
            ("tests/test_a.py", ""),
            ("conftest.py", ""),
            ("Makefile", "test:\n\tpytest tests/*.py\n"),
        ] {
            let both = [(name, CASE), (other, text)];
            assert_eq!(runner(&both), TestRunner::Pytest, "{name} {other}");
        }
    }
    assert_eq!(runner(&[("testing.py", "")]), TestRunner::Pytest);
    assert_eq!(runner(&[("checks.py", CASE)]), TestRunner::Pytest);
}

#[test]
fn an_environment_whose_files_are_not_there_is_none_of_unittests() {
    let tox = (
        "tox.ini",
        "[testenv]\ndeps = ddt\ncommands = python -m unittest\n\n[testenv:profile]\ndeps = -r profile/requirements.txt\n",
    );
    let listed = |files: &[(&str, &str)]| {
        let found = find(&project("", files).1).unwrap();
        let [Source::Requirements { requirements, .. }] = sources(&found)[..] else {
            panic!("{found:?}")
        };
        requirements.len()
    };
    assert_eq!(listed(&[tox]), 1);
    assert_eq!(listed(&[tox, ("profile/requirements.txt", "a\n")]), 2);
}

#[test]
fn what_unittest_needs_is_told_by_its_name_and_pytest_is_not_installed() {
    let tox = (
        "tox.ini",
        "[testenv]\ndeps = parameterized\ncommands = python -m unittest\n",
    );
    let text = "[dependency-groups]\ntest = ['ddt']\nlint = ['ruff']\n";
    let found = find(&project(text, &[tox]).1).unwrap();
    assert_eq!(found.groups, ["test"]);
    assert!(found.others.is_empty() && found.declared);
    let found = find(&project("", &[tox]).1).unwrap();
    let [Source::Requirements { requirements, .. }] = sources(&found)[..] else {
        panic!("{found:?}")
    };
    assert_eq!(Requirement::words(requirements), ["parameterized"]);
    // else as what those need who develop it
    let make = ("Makefile", "test: develop\n\tpython -m unittest\n");
    let file = ("dev-requirements.txt", "parameterized\nwheel\n");
    let found = find(&project("", &[make, file]).1).unwrap();
    assert!(matches!(sources(&found)[..], [Source::File(_)]) && found.declared);
    let text = "[dependency-groups]\ndev = ['ddt']\nlint = ['ruff']\n";
    let found = find(&project(text, &[make, file]).1).unwrap();
    assert_eq!(
        (found.groups.len(), found.others.len()),
        (1, 0),
        "{found:?}"
    );
}

#[test]
fn then_the_packages_that_jobs_for_tests_and_other_commands_install() {
    let job = "jobs:\n  test:\n    steps:\n      - run: pip install x --no-index --find-links dist\n      \
        - run: pip install pytest 'numpy>=2'\n      - run: pytest\n";
    let workflow = (".github/workflows/ci.yml", job);
    let make = (
        "Makefile",
        "setup:\n\tpip install -U pip pytest scipy\n\tpip install ruff\n",
    );
    for (files, installed, file) in [
        (&[workflow, make][..], ["pytest", "numpy>=2"], workflow.0),
        (&[make], ["pytest", "scipy"], make.0),
    ] {
        let (_temp, pyproject) = project("[project]\nname = 'X'\n", files);
        let found = find(&pyproject).unwrap();
        let [
            Source::Requirements {
                requirements,
                manifest,
            },
        ] = sources(&found)[..]
        else {
            panic!("{found:?}")
        };
        assert_eq!(Requirement::words(requirements), installed);
        assert_eq!(manifest.as_ref(), Some(&pyproject.dir().join(file)));
        assert!(found.declared);
    }
}

#[test]
fn and_pytest_itself_where_nobody_says_anything() {
    let found = find(&project("[project]\nname = 'x'\n", &[]).1).unwrap();
    let Source::Requirements { requirements, .. } = sources(&found)[0] else {
        panic!("{found:?}")
    };
    assert_eq!(Requirement::words(requirements), ["pytest"]);
}
