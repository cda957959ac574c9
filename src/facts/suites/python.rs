//! The Python tests of a package.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::{Automation, TestRunner, stestr_folder};
use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::model::path::slashed;
use crate::world::checkout;
use crate::world::manifest::Manifests;

use super::nested_config::nested_config;
use super::pytest_args::{document_args, installed_args, named_files};
use super::pytest_config::PytestConfig;
use super::test_files::{NamedAsTests, TestFiles, folders_of_none, test_folders};
use super::unittest::{installed_unittest_args, unittest_call};

/// One run of a project's test runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonSuite {
    /// The member whose tests they are.
    pub member: String,
    pub runner: TestRunner,
    /// Where it runs, so that the project's configuration applies; absolute.
    pub dir: Utf8PathBuf,
    /// Arguments before those of the command line.
    pub args: Vec<String>,
    /// The same where the package is installed from a wheel, and its folder is not there:
    /// tests that are modules of the package are found by its name. `None` where it has none.
    pub installed_args: Option<Vec<String>>,
    /// Whether the project starts its runner by `python -m`, so that what lies in `dir` can be imported.
    pub as_module: bool,
    /// The root of the repository that `dir` is in, absolute: tests read files beside their package.
    pub checkout: Utf8PathBuf,
}

/// The Python tests of a package.
#[derive(Debug, Default)]
pub(super) struct PythonTests {
    pub(super) suite: Option<PythonSuite>,
    /// Folders with files that are called as tests and are not run, absolute.
    pub(super) left_out: BTreeSet<Utf8PathBuf>,
}

impl From<Option<PythonSuite>> for PythonTests {
    fn from(suite: Option<PythonSuite>) -> Self {
        Self {
            suite,
            ..Self::default()
        }
    }
}

impl PythonSuite {
    /// The suite in `dir`, outside the source tree, where the package is imported from its wheel.
    #[must_use]
    pub fn installed(&self, dir: Utf8PathBuf) -> Self {
        let args = self.installed_args.as_ref().unwrap_or(&self.args).clone();
        let suite = self.clone();
        Self { dir, args, ..suite }
    }

    /// By what it is told from other suites, on any machine: its folder as seen from the root of the
    /// repository; outside of that its member.
    pub fn label(&self) -> String {
        match self.dir.strip_prefix(&self.checkout) {
            Ok(place) if place.as_str().is_empty() => ".".to_owned(),
            Ok(place) => slashed(place),
            Err(_) => self.member.clone(),
        }
    }

    /// Where it runs, seen from the root of the repository.
    pub fn place(&self) -> &Utf8Path {
        let below = self.dir.strip_prefix(&self.checkout);
        below.unwrap_or(Utf8Path::new(""))
    }

    /// In the package's folder, else beside or above it.
    pub(super) fn find(project: &Project, member: &Member) -> Result<PythonTests> {
        let manifests = &project.manifests;
        let pyproject = member.python_manifest(manifests)?;
        let runner = match &pyproject {
            Some(pyproject) => TestRunner::of(manifests, pyproject)?,
            None => TestRunner::default(),
        };
        let own = Self::of(project, member, runner, &member.dir);
        if runner == TestRunner::Stestr {
            let dir = pyproject.as_deref().and_then(stestr_folder);
            let dir = dir.unwrap_or_else(|| member.dir.clone());
            return Ok(Some(Self { dir, ..own }).into()); // its configuration says where they are
        }
        if let Some(dir) = packed_from(project, member)? {
            let files = TestFiles::of(project, member);
            let config = PytestConfig::read(manifests, &member.dir)?;
            let suite = Self::of(project, member, runner, &dir);
            let found = suite.with_tests(&files, &config, member)?;
            if found.suite.is_some() {
                return Ok(found);
            }
        }
        let around = development(manifests, &member.dir)?;
        let folders = [&member.dir, &project.root, &project.home];
        let mut seen = BTreeSet::new();
        let mut left_out = BTreeSet::new();
        for dir in folders.into_iter().chain(&around) {
            if !seen.insert(dir) {
                continue; // most projects are one folder, and walking it takes time
            }
            let files = TestFiles {
                is_shared: around.as_ref() == Some(dir),
                ..TestFiles::of(project, member)
            };
            let config = PytestConfig::read(manifests, dir)?;
            let suite = Self::of(project, member, runner, dir);
            let found = suite.with_tests(&files, &config, member)?;
            left_out.extend(found.left_out);
            if found.suite.is_some() {
                let suite = found.suite;
                return Ok(PythonTests { suite, left_out });
            }
        }
        let suite = own.without_names(project, member)?;
        if suite.is_none() {
            left_out.extend(of_no_package(project, member, runner)?);
        }
        Ok(PythonTests { suite, left_out })
    }

    /// Where nothing is called as a test: what the project's automation names, else what plug-ins may
    /// take for tests, of which pytest has to be asked.
    fn without_names(self, project: &Project, member: &Member) -> Result<Option<Self>> {
        let automation = Automation::read(&self.dir)?;
        let args = document_args(&automation, &self.dir);
        let args = args.or_else(|| named_files(&automation, &self.dir));
        let may_have_plugins = || -> Result<bool> {
            let config = PytestConfig::read(&project.manifests, &self.dir)?;
            let files = TestFiles::of(project, member);
            Ok(config.is_there || files.has_conftest(&self.dir))
        };
        if args.is_none() && !may_have_plugins()? {
            return Ok(None);
        }
        let args = args.unwrap_or_default();
        Ok(Some(Self { args, ..self }))
    }

    /// What the packages of a uv workspace that are Python alone have besides `known`, run from its root;
    /// `None` where the packages that maturin builds are asked for one by one.
    pub(super) fn of_workspace(project: &Project, known: &[Self]) -> Result<PythonTests> {
        let (Some(workspace), Some(member)) = (&project.workspace, project.members.first()) else {
            return Ok(PythonTests::default());
        };
        let home = &project.home;
        let is_whole = project.root == *home && project.others.is_empty();
        let is_known = known.iter().any(|suite| suite.dir == *home);
        if !is_whole || is_known || project.all().any(|member| member.dir == *home) {
            return Ok(PythonTests::default());
        }
        let runner = TestRunner::of(&project.manifests, &workspace.root)?;
        let files = TestFiles {
            project,
            owner: home,
            is_shared: false,
        };
        let config = PytestConfig::read(&project.manifests, home)?;
        Self::of(project, member, runner, home).with_tests(&files, &config, member)
    }

    pub(super) fn of(
        project: &Project,
        member: &Member,
        runner: TestRunner,
        dir: &Utf8Path,
    ) -> Self {
        Self {
            member: member.name.clone(),
            runner,
            dir: dir.to_owned(),
            args: Vec::new(),
            installed_args: None,
            as_module: false,
            checkout: project.checkout().to_owned(),
        }
    }

    /// With the arguments for the tests in its folder; no suite where there are none.
    fn with_tests(
        self,
        files: &TestFiles<'_>,
        config: &PytestConfig,
        member: &Member,
    ) -> Result<PythonTests> {
        let named = files.find(&self.dir, self.runner, config);
        if self.runner == TestRunner::Unittest {
            return Ok(self.with_unittests(member, &named.tests)?.into());
        }
        if let Some((folder, nested)) = nested_config(files, &self.dir, config, &named.tests)? {
            let tests = files.find(&folder, self.runner, &nested).tests;
            let place = folder.strip_prefix(&self.dir).map(slashed);
            let place = place.unwrap_or_default();
            let left_out = folders_of_none(&self.dir, &named.others);
            let suite = Self {
                args: [nested.untimed_benchmarks(member), vec![place]].concat(),
                installed_args: installed_args(config, member, &self.dir, &tests),
                ..self
            };
            return Ok(PythonTests {
                suite: Some(suite),
                left_out,
            });
        }
        // where it is told where they are, pytest decides whether there are any
        if named.tests.is_empty() && !config.says_where() {
            return Ok(PythonTests {
                suite: None,
                left_out: folders_of_none(&self.dir, &named.others),
            });
        }
        Ok(self.with_pytests(files, config, member, &named))
    }

    fn with_unittests(self, member: &Member, tests: &[Utf8PathBuf]) -> Result<Option<Self>> {
        let is_module = |test: &&Utf8PathBuf| test.extension() == Some("py");
        let modules: Vec<Utf8PathBuf> = tests.iter().filter(is_module).cloned().collect();
        let call = unittest_call(&self.dir, &modules)?;
        Ok(call.map(|call| Self {
            installed_args: installed_unittest_args(member, &call.dir, &call.args, &modules),
            args: call.args,
            dir: call.dir,
            ..self
        }))
    }

    fn with_pytests(
        self,
        files: &TestFiles<'_>,
        config: &PytestConfig,
        member: &Member,
        named: &NamedAsTests,
    ) -> PythonTests {
        let mut args = config.untimed_benchmarks(member);
        let installed_args = installed_args(config, member, &self.dir, &named.tests);
        let installed_args = installed_args.map(|own| [&args[..], &own].concat());
        let mut left_out = BTreeSet::new();
        if config.paths.is_none() {
            args.extend(files.others_below(&self.dir));
            let folders = test_folders(&self.dir, &named.tests);
            if !(named.others.is_empty() || folders.is_empty()) {
                left_out = folders_of_none(&self.dir, &named.others);
                args.extend(folders);
            }
        }
        let suite = Self {
            args,
            installed_args,
            ..self
        };
        PythonTests {
            suite: Some(suite),
            left_out,
        }
    }
}

/// The crate's folder, where all tests are below it in a source distribution: of a workspace, maturin
/// packs the pyproject.toml that was there at the top, and tests read files from where people run them.
fn packed_from(project: &Project, member: &Member) -> Result<Option<Utf8PathBuf>> {
    let beside = member.manifest().parent();
    let Some(dir) = beside.filter(|dir| *dir != member.dir && member.is_packed()) else {
        return Ok(None);
    };
    let config = PytestConfig::read(&project.manifests, &member.dir)?;
    let files = TestFiles::of(project, member);
    let tests = files.find(&member.dir, TestRunner::Pytest, &config).tests;
    let is_there = |test: &Utf8PathBuf| test.starts_with(dir);
    Ok(tests.iter().all(is_there).then(|| dir.to_owned()))
}

/// The folders at the checkout's root with tests that are of no package, where people who work in
/// a folder below may look for them.
fn of_no_package(
    project: &Project,
    member: &Member,
    runner: TestRunner,
) -> Result<BTreeSet<Utf8PathBuf>> {
    let checkout = project.checkout();
    let looked_into = [&member.dir, &project.root, &project.home];
    if looked_into.iter().any(|dir| **dir == checkout) {
        return Ok(BTreeSet::new());
    }
    let files = TestFiles {
        is_shared: true,
        ..TestFiles::of(project, member)
    };
    let config = PytestConfig::read(&project.manifests, checkout)?;
    let tests = files.find(checkout, runner, &config).tests;
    let folders = test_folders(checkout, &tests).into_iter();
    Ok(folders.map(|name| checkout.join(name)).collect())
}

/// The nearest folder above, up to the checkout's root, whose pyproject.toml is of nothing that is
/// built: what develops and tests the packages below it (uv docs, "Virtual projects").
pub(super) fn development(manifests: &Manifests, dir: &Utf8Path) -> Result<Option<Utf8PathBuf>> {
    for folder in checkout::above(dir) {
        if let Some(pyproject) = manifests.pyproject(&folder.join("pyproject.toml"))? {
            return Ok((!pyproject.is_built()).then(|| folder.to_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
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

    fn found_of(
        manifest: &str,
        pyproject: &str,
        files: &[&str],
    ) -> (tempfile::TempDir, PythonTests) {
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
        let project = Project {
            root: dir.clone(),
            home: dir,
            ..Project::default()
        };
        let found = PythonSuite::find(&project, &member).unwrap();
        (temp, found)
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
            let project = Project {
                root: dir.clone(),
                home: dir,
                ..Project::default()
            };
            let found = PythonSuite::find(&project, &member).unwrap();
            found.suite.map(|suite| {
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
        let said =
            "[tool.poe.tasks]\ntest = 'python -m unittest discover -s checks -p check_*.py'\n";
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
}
