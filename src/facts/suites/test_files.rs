//! Which files are tests, by name and place.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::TestRunner;
use crate::facts::project::{Member, Project};
use crate::world::disk;

use super::pytest_config::{PytestConfig, is_test_file};

/// Folders with files that look like tests but are not.
const NO_TESTS: [&str; 7] = [
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "doc",
    "docs",
    "examples",
];

/// Which files in a folder are tests of one package.
pub(super) struct TestFiles<'a> {
    pub(super) project: &'a Project,
    /// The folder of the package whose tests they are.
    pub(super) owner: &'a Utf8Path,
    /// Whether the folder belongs to no package, but develops and tests those below it.
    pub(super) is_shared: bool,
}

/// Files that are named like tests; absolute.
pub(super) struct NamedAsTests {
    pub(super) tests: Vec<Utf8PathBuf>,
    /// Those that are not tests, by their folder.
    pub(super) others: Vec<Utf8PathBuf>,
}

impl<'a> TestFiles<'a> {
    pub(super) fn of(project: &'a Project, member: &'a Member) -> Self {
        Self {
            project,
            owner: &member.dir,
            is_shared: false,
        }
    }

    /// Those in a folder that a runner would take for tests.
    pub(super) fn find(
        &self,
        dir: &Utf8Path,
        runner: TestRunner,
        config: &PytestConfig,
    ) -> NamedAsTests {
        let (mut others, tests) = called_as_tests(dir, self.below(dir), runner, config);
        let (of_others, tests) = tests
            .into_iter()
            .partition(|path| self.is_shared && is_in_package(dir, path));
        others.extend::<Vec<_>>(of_others);
        NamedAsTests { tests, others }
    }

    /// Whether pytest finds hooks of the package.
    pub(super) fn has_conftest(&self, dir: &Utf8Path) -> bool {
        let files = self.below(dir);
        files
            .iter()
            .any(|path| path.file_name() == Some("conftest.py"))
    }

    fn below(&self, dir: &Utf8Path) -> Vec<Utf8PathBuf> {
        let mut files = disk::unignored_files(dir);
        files.extend(self.linked(dir));
        files.retain(|path| !self.others().any(|other| path.starts_with(other)));
        files
    }

    /// Those in test folders that are links out of the checkout, which pytest follows. Other links may lead
    /// anywhere.
    fn linked(&self, dir: &Utf8Path) -> Vec<Utf8PathBuf> {
        let bounds = disk::resolve(self.project.checkout());
        let links = ["test", "tests"].map(|name| dir.join(name)).into_iter();
        let leads_out = |link: &Utf8PathBuf| {
            link.is_symlink() && disk::is_dir(link) && !disk::resolve(link).starts_with(&bounds)
        };
        let files = links
            .filter(leads_out)
            .map(|link| disk::unignored_files(&link));
        files.flatten().collect()
    }

    /// The folders of other packages that maturin builds, which have their own tests.
    fn others(&self) -> impl Iterator<Item = &Utf8Path> {
        let dirs = self.project.all().map(|member| &*member.dir);
        let aside = self.project.aside.iter().chain(&self.project.rejected);
        let aside = aside.map(|dir| &**dir);
        dirs.chain(aside).filter(|dir| !self.owner.starts_with(dir))
    }

    pub(super) fn is_of_others(&self, path: &Utf8Path) -> bool {
        self.others().any(|other| path.starts_with(other))
    }

    /// Keeps pytest from the tests of those.
    pub(super) fn others_below(&self, dir: &Utf8Path) -> Vec<String> {
        let below = self
            .others()
            .filter_map(|other| other.strip_prefix(dir).ok());
        let below = below.filter(|path| disk::is_dir(&dir.join(path)));
        below.map(|path| format!("--ignore={path}")).collect()
    }
}

/// Of `files` below `dir`, all modules or data that a runner takes for tests: those in folders for other
/// things, and the tests.
pub(super) fn called_as_tests(
    dir: &Utf8Path,
    mut files: Vec<Utf8PathBuf>,
    runner: TestRunner,
    config: &PytestConfig,
) -> (Vec<Utf8PathBuf>, Vec<Utf8PathBuf>) {
    let is_found = |path: &Utf8PathBuf| {
        let stem = path.file_stem().unwrap_or_default();
        path.extension() == Some("py") && runner.finds(stem)
    };
    files.retain(|path| is_found(path) || is_test_file(path) || config.names(path));
    let is_aside = |path: &Utf8PathBuf| {
        let below = path.strip_prefix(dir).unwrap_or(path);
        let mut parts = below.components();
        parts.any(|part| NO_TESTS.contains(&part.as_str()))
    };
    files.into_iter().partition(is_aside)
}

/// The folders below `dir` with modules that are named as pytest expects and belong to no package there.
pub(super) fn named(dir: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    let mut modules = disk::unignored_files(dir);
    modules.retain(|path| path.extension() == Some("py") && !is_in_package(dir, path));
    let (_, tests) = called_as_tests(dir, modules, TestRunner::Pytest, &PytestConfig::default());
    let folders = tests.iter().filter_map(|path| path.parent());
    folders.map(Utf8Path::to_owned).collect()
}

/// Whether a file is in a folder below `dir` that has a pyproject.toml of its own, and so its own tests.
fn is_in_package(dir: &Utf8Path, file: &Utf8Path) -> bool {
    let between = file.ancestors().skip(1).take_while(|folder| *folder != dir);
    let mut manifests = between.map(|folder| folder.join("pyproject.toml"));
    manifests.any(|path| disk::is_file(&path))
}

/// Those folders of [`NO_TESTS`] that hold `modules` named like tests, absolute.
pub(super) fn folders_of_none(dir: &Utf8Path, modules: &[Utf8PathBuf]) -> BTreeSet<Utf8PathBuf> {
    let is_one = |path: &&Utf8Path| {
        let name = path.file_name().unwrap_or_default();
        path.starts_with(dir) && NO_TESTS.contains(&name)
    };
    let modules = modules.iter().filter(|path| path.extension() == Some("py"));
    let folders = modules.filter_map(|path| path.ancestors().filter(is_one).last());
    folders.map(Utf8Path::to_owned).collect()
}

/// The folders directly below `dir` that hold the tests, relative to it; empty if some of the tests are in
/// `dir` itself.
pub(super) fn test_folders(dir: &Utf8Path, tests: &[Utf8PathBuf]) -> Vec<String> {
    let mut folders = Vec::new();
    for test in tests {
        let below = test.strip_prefix(dir).unwrap_or(test);
        let mut parts = below.components();
        let (Some(first), Some(_)) = (parts.next(), parts.next()) else {
            return Vec::new();
        };
        folders.push(first.as_str().to_owned());
    }
    folders.sort();
    folders.dedup();
    folders
}
