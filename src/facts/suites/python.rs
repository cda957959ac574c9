//! The Python tests of a package.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::{Automation, TestRunner, stestr_folder};
use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::model::path::slashed;
use crate::world::checkout;
use crate::world::disk;
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
    /// The same if the package is installed from a wheel and its folder is missing: tests that are modules of
    /// the package are found by its name. `None` if it has none.
    pub installed_args: Option<Vec<String>>,
    /// Whether the project starts its runner with `python -m`, so that what is in `dir` can be imported.
    pub as_module: bool,
    /// The root of the repository that `dir` is in, absolute: tests read files next to their package.
    pub checkout: Utf8PathBuf,
}

/// The Python tests of a package.
#[derive(Debug, Default)]
pub(super) struct PythonTests {
    pub(super) suite: Option<PythonSuite>,
    /// Folders with files that are named like tests but are not run, absolute.
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

    /// What distinguishes it from other suites, on any machine: its folder relative to the root of the
    /// repository; outside a repository, its member.
    pub fn label(&self) -> String {
        match self.dir.strip_prefix(&self.checkout) {
            Ok(place) if place.as_str().is_empty() => ".".to_owned(),
            Ok(place) => slashed(place),
            Err(_) => self.member.clone(),
        }
    }

    /// Where it runs, relative to the root of the repository.
    pub fn place(&self) -> &Utf8Path {
        let below = self.dir.strip_prefix(&self.checkout);
        below.unwrap_or(Utf8Path::new(""))
    }

    /// In the package's folder, else next to or above it.
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
        left_out.extend(of_no_package(project, member, runner)?);
        Ok(PythonTests { suite, left_out })
    }

    /// If nothing is named like a test: what the project's automation names, else what plug-ins may take for
    /// tests, for which pytest has to be asked.
    fn without_names(self, project: &Project, member: &Member) -> Result<Option<Self>> {
        let automation = Automation::read(&self.dir)?;
        let args = document_args(&automation, &self.dir);
        let args = args.or_else(|| named_files(&automation, &self.dir));
        let may_have_plugins = || -> Result<bool> {
            let config = PytestConfig::read(&project.manifests, &self.dir)?;
            let files = TestFiles::of(project, member);
            Ok(config.collects_here() || files.has_conftest(&self.dir))
        };
        if args.is_none() && !may_have_plugins()? {
            return Ok(None);
        }
        let args = args.unwrap_or_default();
        Ok(Some(Self { args, ..self }))
    }

    /// What the pure Python packages of a uv workspace have besides `known`, run from its root; `None` if the
    /// packages that maturin builds are asked for individually.
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

    /// With the arguments for the tests in its folder; no suite if there are none.
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
        // if pytest is told where they are, it decides whether there are any
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
                let is_run = |dir: &Utf8PathBuf| {
                    let mut folders = folders.iter().map(|name| self.dir.join(name));
                    folders.any(|folder| dir.starts_with(folder))
                };
                left_out.retain(|dir| !is_run(dir));
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

/// The crate's folder, if all tests are below it in a source distribution: from a workspace, maturin packs
/// its pyproject.toml at the top, and tests read files relative to where people run them.
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

/// The folders at the checkout's root with tests that belong to no package, where people who work in a folder
/// below may look for them.
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

/// The nearest folder above, up to the checkout's root, whose pyproject.toml builds nothing, or configures
/// pytest and is not a package: it develops and tests the packages below it (uv docs, "Virtual projects";
/// pytest docs, "Finding the rootdir").
pub(super) fn development(manifests: &Manifests, dir: &Utf8Path) -> Result<Option<Utf8PathBuf>> {
    for folder in checkout::above(dir) {
        if let Some(pyproject) = manifests.pyproject(&folder.join("pyproject.toml"))? {
            return Ok((!pyproject.is_built()).then(|| folder.to_owned()));
        }
        if disk::is_file(&folder.join("setup.py")) {
            return Ok(None);
        }
        if PytestConfig::read(manifests, folder)?.is_own() {
            return Ok(Some(folder.to_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
