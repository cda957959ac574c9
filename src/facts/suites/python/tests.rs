use crate::model::path::normalize;
use crate::world::disk;

use super::*;

#[test]
fn tests_are_called_as_the_project_tells_pytest_wherever_it_does() {
    const KEYS: &str = "testpaths = ['checks']\npython_files = ['check_*.py']\n";
    for table in ["[tool.pytest]\n", "[tool.pytest.ini_options]\n"] {
        let found = suite(&format!("{table}{KEYS}"), &["checks/check_a.py"]);
        assert!(found.is_some(), "{table}");
    }
    assert!(suite("", &["checks/check_a.py"]).is_none());
}

#[test]
fn a_folder_is_told_on_all_systems_alike_and_by_its_own_name() {
    let (_temp, found) = found("", &["tests/test_a.py"]);
    let suite = PythonSuite {
        dir: r"/checkout/one\two".into(),
        checkout: "/checkout".into(),
        ..found.suite.unwrap()
    };
    let told = if cfg!(windows) { "one/two" } else { r"one\two" };
    assert_eq!(suite.label(), told);
}

fn suite(pyproject: &str, files: &[&str]) -> Option<PythonSuite> {
    suite_of("Cargo.toml", pyproject, files)
}

fn suite_of(manifest: &str, pyproject: &str, files: &[&str]) -> Option<PythonSuite> {
    found_of(manifest, pyproject, files).1.suite
}

fn found(pyproject: &str, files: &[&str]) -> (tempfile::TempDir, PythonTests) {
    found_of("Cargo.toml", pyproject, files)
}

fn found_of(manifest: &str, pyproject: &str, files: &[&str]) -> (tempfile::TempDir, PythonTests) {
    found_below("", manifest, pyproject, files)
}

/// `folder`: the package's in the checkout; the files are relative to it.
fn found_below(
    folder: &str,
    manifest: &str,
    pyproject: &str,
    files: &[&str],
) -> (tempfile::TempDir, PythonTests) {
    let files: Vec<(&str, &str)> = files.iter().map(|file| (*file, "")).collect();
    found_among(folder, manifest, pyproject, &files)
}

/// As [`found_below`], of files with texts.
fn found_among(
    folder: &str,
    manifest: &str,
    pyproject: &str,
    files: &[(&str, &str)],
) -> (tempfile::TempDir, PythonTests) {
    let temp = tempfile::tempdir().unwrap();
    let root = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
    disk::create_dir(&root.join(".git")).unwrap(); // the search upward ends here
    let dir = normalize(&root.join(folder));
    disk::write(&dir.join("pyproject.toml"), pyproject.as_bytes()).unwrap();
    for (file, text) in [&[(manifest, "")], files].concat() {
        disk::write(&normalize(&dir.join(file)), text.as_bytes()).unwrap();
    }
    let manifests = Manifests::default();
    let member = Member {
        pyproject: manifests.pyproject(&dir.join("pyproject.toml")).unwrap(),
        cargo: manifests.cargo(&dir.join(manifest)).unwrap().unwrap(),
        dir: dir.clone(),
        module: "pkg._rust".into(),
        ..Member::default()
    };
    (temp, found_in(dir, &member))
}

/// In a project of one package, which is in that folder.
fn found_in(dir: Utf8PathBuf, member: &Member) -> PythonTests {
    let project = Project {
        root: dir.clone(),
        home: dir,
        ..Project::default()
    };
    PythonSuite::find(&project, member).unwrap()
}

#[test]
fn tests_of_no_package_at_the_checkouts_root_are_named() {
    let left_out = |files: &[&str]| {
        let (temp, found) = found_below("bindings/python", "Cargo.toml", "", files);
        assert_eq!(found.suite.is_some(), files.contains(&"tests/test_own.py"));
        let root = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let folders = found.left_out.into_iter();
        let below = folders.map(|folder| folder.strip_prefix(&root).unwrap().to_string());
        below.collect::<Vec<_>>()
    };
    let theirs = "../../tests/python/test_it.py";
    assert_eq!(left_out(&[theirs]), ["tests"]);
    assert!(left_out(&[theirs, "tests/test_own.py"]).is_empty());
    let package = ["../other/tests/test_it.py", "../other/pyproject.toml"];
    assert!(left_out(&package).is_empty());
}

#[test]
fn tests_of_no_package_run_where_the_folder_above_configures_pytest() {
    let found = |files: &[(&str, &str)]| {
        let (temp, found) = found_among("py", "Cargo.toml", "", files);
        let root = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let suite = found.suite.map(|suite| {
            let place = suite.dir.strip_prefix(&root).unwrap().to_string();
            (place, suite.args.join(" "))
        });
        (suite, found.left_out.len())
    };
    let run = |place: &str, args: &str| (Some((place.to_owned(), args.to_owned())), 0);
    let test = ("../tests/test_a.py", "");
    let (paths, plain) = ("[pytest]\ntestpaths = tests\n", "[pytest]\naddopts = -q\n");
    for config in [
        ("../pytest.ini", paths),
        ("../pytest.ini", plain),
        ("../tox.ini", paths),
        (
            "../setup.cfg",
            "[tool:pytest] ; options\ntestpaths = tests\n",
        ),
    ] {
        assert_eq!(found(&[config, test]), run("", ""), "{config:?}");
        let own = ("tests/test_own.py", "");
        assert_eq!(found(&[config, test, own]), run("py", ""), "{config:?}");
        // the tests of a package that something else builds
        let package = ("../setup.py", "");
        assert_eq!(found(&[config, test, package]), (None, 1), "{config:?}");
    }
    // hooks may take something for a test; what is above is named
    let hooks = [("conftest.py", ""), test];
    let asked = (run("py", "").0, 1);
    assert_eq!(found(&hooks), asked);
    let documents = "[pytest]\naddopts = --doctest-modules\n";
    assert!(found(&[("../pytest.ini", documents)]).0.is_some());
    assert_eq!(found(&[("../pytest.ini", plain)]), (None, 0));
}

#[test]
#[cfg(unix)]
fn tests_behind_a_link_out_of_the_checkout_are_run() {
    let away = tempfile::tempdir().unwrap();
    std::fs::write(away.path().join("test_a.py"), "").unwrap();
    let found = |name: &str| {
        let (temp, _) = found("", &[]);
        let dir = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        std::os::unix::fs::symlink(away.path(), dir.join(name)).unwrap();
        let member = Member {
            dir: dir.clone(),
            ..Member::default()
        };
        found_in(dir, &member).suite.map(|suite| suite.args)
    };
    assert_eq!(found("tests"), Some(Vec::new()));
    assert_eq!(found("data"), None);
}

fn args(pyproject: &str, files: &[&str]) -> Vec<String> {
    suite(pyproject, files).unwrap().args
}

#[test]
fn pytest_gets_no_path_where_its_own_collection_will_do() {
    assert!(args("", &["tests/test_a.py"]).is_empty());
    assert!(args("", &["test_a.py", "benches/test_b.py"]).is_empty());
}

#[test]
fn the_folder_of_all_tests_is_named_where_it_alone_configures_pytest() {
    let found = |pyproject: &str, config: &str, text: &str, test: &str| {
        let files = [(config, text), (test, "")];
        let suite = found_among("", "Cargo.toml", pyproject, &files).1.suite;
        suite.map(|suite| suite.args.join(" "))
    };
    let said = |args: &str| Some(args.to_owned());
    let (own, ini) = ("[tool.pytest.ini_options]\n", "[pytest]\n");
    let names = "[pytest]\npython_files = check_*.py\n";
    let (test, check) = ("tests/unit/test_a.py", "tests/check_a.py");
    assert_eq!(found("", "tests/pytest.ini", ini, test), said("tests"));
    assert_eq!(
        found("", "tests/setup.cfg", "[tool:pytest]", test),
        said("tests")
    );
    assert_eq!(
        found("", "tests/unit/pytest.ini", ini, test),
        said("tests/unit")
    );
    assert_eq!(found("", "tests/pytest.ini", names, check), said("tests"));
    assert_eq!(found(own, "tests/pytest.ini", ini, test), said(""));
    assert_eq!(found("", "tests/setup.cfg", "", test), said(""));
    assert_eq!(found("", "tests/pytest.ini", ini, check), None);
}

#[test]
fn a_path_keeps_benchmarks_and_docs_out_unless_the_project_names_its_own() {
    let files = ["tests/test_a.py", "benches/test_b.py"];
    assert_eq!(args("", &files), ["tests"]);
    let said = "[tool.pytest.ini_options]\ntestpaths = 'tests'\n";
    assert!(args(said, &files).is_empty());
    // pytest would look everywhere
    let said = "[tool.pytest.ini_options]\ntestpaths = 'gone'\n";
    assert_eq!(args(said, &files), ["tests"]);
}

#[test]
fn what_benchmarks_call_is_tested_once_unless_the_project_decides() {
    let group = "[dependency-groups]\ntest = ['pytest-benchmark']\n";
    assert_eq!(args(group, &["tests/test_a.py"]), ["--benchmark-disable"]);
    let said = format!("{group}[tool.pytest.ini_options]\naddopts = '--benchmark-skip'\n");
    assert!(args(&said, &["tests/test_a.py"]).is_empty());
}

#[test]
fn tests_of_a_packed_workspace_run_beside_their_crate_where_the_package_was_developed() {
    let place = |files: &[&str]| {
        let said = "[tool.maturin]\nmanifest-path = 'py/Cargo.toml'\n";
        let suite = suite_of("py/Cargo.toml", said, files).unwrap();
        suite.place().to_owned()
    };
    assert_eq!(place(&["PKG-INFO", "py/tests/test_a.py"]), "py");
    // the tests of the whole, and a checkout, where the pyproject.toml is where it was
    assert_eq!(place(&["PKG-INFO", "py/test_a.py", "tests/test_b.py"]), "");
    assert_eq!(place(&["py/tests/test_a.py"]), "");
}

#[test]
fn a_development_environment_above_holds_the_tests_of_the_packages_below() {
    let found = |above: &str, test: &str| {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let dir = root.join("package");
        disk::create_dir(&root.join(".git")).unwrap();
        for (name, text) in [
            ("pyproject.toml", above),
            ("package/pyproject.toml", "[build-system]\n"),
            ("sibling/pyproject.toml", "[build-system]\n"),
            ("sibling/tests/test_b.py", ""),
            (test, ""),
        ] {
            disk::write(&root.join(name), text.as_bytes()).unwrap();
        }
        let manifests = Manifests::default();
        let member = Member {
            pyproject: manifests.pyproject(&dir.join("pyproject.toml")).unwrap(),
            dir: dir.clone(),
            ..Member::default()
        };
        found_in(dir, &member).suite.map(|suite| {
            assert_eq!(suite.dir, root);
            suite.args
        })
    };
    let (unbuilt, test) = ("[dependency-groups]\n", "tests/test_a.py");
    // without those of another package
    assert_eq!(found(unbuilt, test).unwrap(), ["tests"]);
    assert_eq!(found(unbuilt, "sibling/test_c.py"), None);
    assert_eq!(found("[build-system]\n", test), None);
}

#[test]
fn tests_inside_the_package_are_named_by_module_where_it_is_installed() {
    let installed = |text: &str, files: &[&str]| {
        let files = [&["pkg/__init__.py"], files].concat();
        suite(text, &files).unwrap().installed("/away".into()).args
    };
    let inside = ["--pyargs", "pkg"];
    assert_eq!(installed("", &["pkg/tests/test_a.py"]), inside);
    let both = ["pkg/tests/test_a.py", "tests/test_b.py"];
    assert_eq!(installed("", &both), ["--pyargs", "pkg", "tests"]);
    let first = ["pkg/test_a.py", "test_b.py"];
    assert_eq!(installed("", &first), ["--pyargs", "pkg", "."]);
    assert!(installed("", &["tests/test_b.py"]).is_empty());
    for (said, args) in [
        ("['tests']", &[][..]),
        ("'pkg/tests'", &inside),
        ("['pkg', 'tests']", &["--pyargs", "pkg", "tests"]),
    ] {
        let said = format!("[tool.pytest.ini_options]\ntestpaths = {said}\n");
        assert_eq!(installed(&said, &both), args);
    }
}

#[test]
fn cases_inside_the_package_are_named_by_module_where_it_is_installed() {
    let installed = |said: &str, files: &[&str]| {
        let said = format!(
            "[tool.maturin]\npython-source = 'src'\n[tool.poe.tasks]\ntest = 'python -m unittest {said}'\n"
        );
        let suite = suite(&said, files).unwrap();
        suite.installed("/away".into()).args
    };
    let (a, b) = ("src/pkg/in/tests.py", "src/pkg/in/test_b.py");
    for said in ["", "discover", "discover -s src", a] {
        let names = ["pkg.in.test_b", "pkg.in.tests"];
        assert_eq!(installed(said, &[a, b]), names, "{said}");
    }
    assert_eq!(installed("pkg.in.tests", &[a, b]), ["pkg.in.tests"]);
    let outside = ["discover", "-s", "tests"];
    assert_eq!(
        installed("discover -s tests", &[a, "tests/test_c.py"]),
        outside
    );
}

#[test]
fn unittest_is_given_what_the_project_gives_it() {
    let said = "[tool.poe.tasks]\ntest = 'python -m unittest discover -s tests -v'\n";
    let files = ["tests/test_a.py"];
    assert_eq!(args(said, &files), ["discover", "-s", "tests", "-v"]);
    // what a shell would expand, and folders that are elsewhere, are found anew
    for said in ["tests/*.py", "discover -s python/tests", ""] {
        let said = format!("[tool.poe.tasks]\ntest = 'python -m unittest {said}'\n");
        assert_eq!(args(&said, &files), ["discover", "-s", "tests"]);
        let package = ["tests/__init__.py", "tests/a_test.py"];
        let expected = ["discover", "-s", "tests", "-t", ".", "-p", "*_test.py"];
        assert_eq!(args(&said, &package), expected);
    }
}

#[test]
fn unittest_is_given_the_files_to_which_it_does_not_come_by_itself() {
    let said = "[tool.poe.tasks]\ntest = 'python -m unittest'\n";
    let apart = ["spec/testa.py", "tests/testb.py"];
    assert_eq!(args(said, &apart), apart);
    assert_eq!(
        args(said, &["tests/deep/testa.py"]),
        ["tests/deep/testa.py"]
    );
    let packages = [&apart[..], &["spec/__init__.py", "tests/__init__.py"]].concat();
    assert_eq!(args(said, &packages), ["discover"]);
}

#[test]
fn unittest_is_run_where_the_project_says_whatever_the_files_are_called() {
    let said = "[tool.poe.tasks]\ntest = 'python -m unittest discover -s checks -p check_*.py'\n";
    let expected = ["discover", "-s", "checks", "-p", "check_*.py"];
    assert_eq!(args(said, &["checks/check_a.py"]), expected);
    assert!(suite(said, &["src/lib.rs"]).is_none());
}

#[test]
fn pytest_is_asked_where_something_may_take_other_files_for_tests() {
    assert_eq!(args("", &["tests/conftest.py", "tests/a.yaml"]), [""; 0]);
    assert!(suite("[tool.pytest.ini_options]\nxfail_strict = true\n", &[]).is_some());
    assert!(suite("", &["tests/a.yaml"]).is_none());
}

#[test]
fn files_that_the_projects_automation_hands_pytest_are_tests() {
    let said = "[tool.poe.tasks]\ntest = 'pytest -q checks/verify.py gone.py'\n";
    assert_eq!(args(said, &["checks/verify.py"]), ["checks/verify.py"]);
    assert!(suite(said, &["checks/other.py"]).is_none());
}

#[test]
fn folders_whose_tests_are_not_run_are_named() {
    let left_out = |pyproject: &str, files: &[&str]| {
        let (temp, found) = found(pyproject, files);
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let below = found
            .left_out
            .iter()
            .map(|it| it.strip_prefix(root).unwrap());
        below.map(ToString::to_string).collect::<Vec<_>>()
    };
    let example = "docs/examples/test_a.py";
    assert_eq!(left_out("", &[example]), ["docs"]);
    let both = [example, "tests/test_b.py"];
    assert_eq!(left_out("", &both), ["docs"]);
    let inside = ["tests/examples/test_a.py", "tests/test_b.py"];
    assert_eq!(
        left_out("", &inside),
        [""; 0],
        "pytest looks into all of `tests`"
    );
    let said = "[tool.pytest.ini_options]\ntestpaths = ['docs', 'tests']\n";
    for (pyproject, files) in [(said, &both[..]), ("", &[example, "test_b.py"])] {
        assert_eq!(left_out(pyproject, files), [""; 0], "{pyproject}");
    }
}

#[test]
fn doctests_that_the_projects_automation_runs_are_a_suite() {
    let said = "[tool.poe.tasks]\ntest = 'python -m doctest -v README.md pkg/a.py gone.py'\n";
    let expected = [
        "--doctest-glob=README.md",
        "--doctest-modules",
        "README.md",
        "pkg/a.py",
    ];
    assert_eq!(args(said, &["README.md", "pkg/a.py"]), expected);
    let said = "[tool.poe.tasks]\ntest = 'pytest --doctest-modules pkg'\n";
    assert_eq!(args(said, &["pkg/a.py"]), ["--doctest-modules", "pkg"]);
}

#[test]
fn a_suite_of_doctests_is_a_suite_and_nothing_is_none() {
    let doctests = "[tool.pytest.ini_options]\naddopts = '--doctest-glob=*.rst'\n";
    assert!(suite(doctests, &[]).is_some());
    assert!(suite("", &["src/lib.rs"]).is_none());
}
