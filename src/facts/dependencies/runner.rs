//! Where a project says what its tests need: everything that transitively brings the test runner, whatever it
//! is called.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::path::normalize;
use crate::model::requirement::Requirement;
use crate::model::runner_options::{PYTEST, RunnerOptions, STESTR, UNITTEST};
use crate::world::checkout;
use crate::world::disk;
use crate::world::manifest::{Manifests, PyProject};

use super::automation::{self, Automation};
use super::development;
use super::environments::{self, Place, ToolEnvironment};
use super::groups::{self, is_for_tests, is_pytest, is_runner};
use super::requirements_file::{self, RequirementsFile, names_in};
use super::sync::{Source, Sync};
use super::workflow;

/// What runs a project's Python tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TestRunner {
    /// The default: it also runs `unittest` cases and doctests.
    #[default]
    Pytest,
    /// If nothing mentions pytest, and the project's automation says `-m unittest` or its test files have
    /// names that only unittest recognises.
    Unittest,
    /// If the project configures and requires it.
    Stestr,
}

impl TestRunner {
    pub fn of(manifests: &Manifests, pyproject: &PyProject) -> Result<Self> {
        Ok(find(manifests, pyproject)?.runner)
    }

    /// Whether it recognises a Python file as tests by its name without `.py`, by default.
    pub fn finds(self, stem: &str) -> bool {
        match self {
            Self::Pytest => stem.starts_with("test_") || stem.ends_with("_test"),
            Self::Unittest | Self::Stestr => stem.starts_with("test"),
        }
    }

    pub fn options(self) -> &'static RunnerOptions {
        match self {
            Self::Pytest => &PYTEST,
            Self::Unittest => &UNITTEST,
            Self::Stestr => &STESTR,
        }
    }
}

/// What brings the test runner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FoundRunner {
    pub(super) runner: TestRunner,
    pub(super) groups: Vec<String>,
    pub(super) extras: Vec<String>,
    /// Additionally installed.
    pub(super) others: Vec<Sync>,
    /// Whether the project declares any of it itself.
    pub(super) declared: bool,
    /// Files that decide, existing or not.
    pub(super) files: Vec<Utf8PathBuf>,
    /// Where something is additionally installed that only running a tool would tell, and how that is
    /// written.
    pub(super) unread: Vec<(Place, String)>,
}

/// In this order: groups and extras, requirements files, what hatch, poetry, pdm, tox or nox install, the
/// requirements files that anything else installs, a parent project's groups, what such a tool installs for
/// tests without the runner, and pytest alone; in addition to any of them if they bring another runner, which
/// pyx does not run. If a tool's environment has some of the first, all of it is installed.
pub(super) fn find(manifests: &Manifests, pyproject: &PyProject) -> Result<FoundRunner> {
    let mut found = declared(manifests, pyproject)?;
    if !found.declared && runs_unittest(pyproject)? {
        return for_unittest(manifests, pyproject);
    }
    if !found.declared {
        // the runner may come with something that is not read; what its tests import is listed there
        add_environments(manifests, pyproject, &mut found, |_, environment| {
            Ok(environment.is_for_tests && has_its_files(environment))
        })?;
        found.declared = !found.is_empty();
    }
    if !found.declared {
        add_installed_packages(pyproject, &mut found)?;
    }
    let named = named(manifests, pyproject, &found)?;
    if stestr_folder(pyproject).is_some() && named.iter().any(|name| name == "stestr") {
        found.runner = TestRunner::Stestr;
    } else if !named.iter().any(|name| is_pytest(name)) {
        found.others.push(Sync::of(Source::unlisted("pytest")));
    }
    Ok(found)
}

/// What brings the runner besides groups and extras in a folder that is not a package, though it may have a
/// pyproject.toml. `files`: those that decide.
pub(super) fn beside(
    manifests: &Manifests,
    dir: &Utf8Path,
    files: &mut Vec<Utf8PathBuf>,
) -> Result<Vec<Sync>> {
    let pyproject = &*manifests.pyproject_or_empty(&dir.join("pyproject.toml"))?;
    if pyproject.is_built() {
        return Ok(Vec::new());
    }
    let found = declared(manifests, pyproject)?;
    files.extend(found.files);
    Ok(found.others)
}

fn declared(manifests: &Manifests, pyproject: &PyProject) -> Result<FoundRunner> {
    let mut found = FoundRunner {
        groups: groups::with_runner(pyproject),
        extras: groups::extras_with_runner(pyproject),
        ..FoundRunner::default()
    };
    found.declared = !(found.groups.is_empty() && found.extras.is_empty());
    let for_the_same = |found: &FoundRunner, environment: &ToolEnvironment| {
        Ok(environment.is_for_tests && found.is_part_of(environment))
    };
    if found.declared {
        add_environments(manifests, pyproject, &mut found, for_the_same)?;
        return Ok(found);
    }
    let dir = pyproject.dir();
    for file in requirements_file::in_folder(dir) {
        let read = RequirementsFile::read(&file)?;
        found.files.extend(read.files);
        if read.names.iter().any(|name| is_runner(name)) {
            found.others.push(Sync::of(Source::File(file)));
        }
    }
    if found.others.is_empty() {
        let brings_runner = |_: &FoundRunner, environment: &ToolEnvironment| {
            let mut names = names_in(&environment.everything())?;
            names.extend(environment.missed.iter().cloned());
            Ok(names.iter().any(|name| is_runner(name)))
        };
        add_environments(manifests, pyproject, &mut found, brings_runner)?;
    } else {
        add_environments(manifests, pyproject, &mut found, for_the_same)?;
    }
    if found.others.is_empty() {
        add_installed_files(dir, &mut found)?;
        add_environments(manifests, pyproject, &mut found, for_the_same)?;
    }
    if found.others.is_empty() {
        found
            .others
            .extend(development::above(manifests, pyproject, &mut found.files)?);
    }
    found.declared = !found.others.is_empty();
    Ok(found)
}

/// The requirements files that the project's automation installs, wherever they are, and that bring the
/// runner.
fn add_installed_files(dir: &Utf8Path, found: &mut FoundRunner) -> Result<()> {
    let automation = Automation::read(dir)?;
    for name in automation.requirements_files() {
        let mut places = checkout::around(dir).map(|folder| folder.join(name));
        let Some(file) = places.find(|path| disk::is_file(path)) else {
            continue;
        };
        let read = RequirementsFile::read(&file)?;
        let sync = Sync::of(Source::File(normalize(&file)));
        if read.names.iter().any(|name| is_runner(name)) && !found.others.contains(&sync) {
            found.files.extend(read.files);
            found.others.push(sync);
        }
    }
    Ok(())
}

/// What jobs that run tests install by name, else what any command installs together with the runner, in the
/// nearest folder that has either. The project itself is what is built here.
fn add_installed_packages(pyproject: &PyProject, found: &mut FoundRunner) -> Result<()> {
    let own = pyproject.normalized_name();
    for folder in checkout::around(pyproject.dir()) {
        let jobs = workflow::files(folder);
        let mut listed = listed_in_files(jobs, workflow::installed_for_tests)?;
        if listed.is_empty() {
            listed = listed_in_files(automation::files(folder), installed_with_runner)?;
        }
        for (_, requirements) in &mut listed {
            requirements.retain(|it| it.package_name() != own);
        }
        listed.retain(|(_, requirements)| !requirements.is_empty());
        if !listed.is_empty() {
            let mut all = listed.iter().flat_map(|(_, requirements)| requirements);
            found.declared = all.any(|it| is_runner(&it.to_string()));
            let sources = listed.into_iter();
            let sources = sources.map(|(file, listed)| Source::listed_in(file, listed));
            found.others.extend(sources.map(Sync::of));
            break;
        }
    }
    Ok(())
}

/// Each file that lists any requirements, with them.
fn listed_in_files(
    files: Vec<Utf8PathBuf>,
    listed: impl Fn(&str) -> Vec<Requirement>,
) -> Result<Vec<(Utf8PathBuf, Vec<Requirement>)>> {
    let mut found = Vec::new();
    for file in files {
        let requirements = listed(&disk::read_text(&file)?.unwrap_or_default());
        if !requirements.is_empty() {
            found.push((file, requirements));
        }
    }
    Ok(found)
}

fn installed_with_runner(text: &str) -> Vec<Requirement> {
    let mut whole = ToolEnvironment::default();
    for given in Automation::of(text).calls_of("install") {
        let one = ToolEnvironment::of_packages(given);
        if one.requirements.iter().any(|it| is_runner(&it.to_string())) {
            whole.merge(one);
        }
    }
    workflow::without_tools(whole.requirements)
}

/// Those environments of tools that are meant, with all that they have besides what was found.
fn add_environments(
    manifests: &Manifests,
    pyproject: &PyProject,
    found: &mut FoundRunner,
    is_meant: impl Fn(&FoundRunner, &ToolEnvironment) -> Result<bool>,
) -> Result<()> {
    let mut whole = ToolEnvironment::default();
    for environment in environments::all(manifests, pyproject, &mut found.files)? {
        if is_meant(found, &environment)? {
            whole.merge(environment);
        }
    }
    whole
        .requirements
        .retain(|it| it.included().is_none_or(|file| !found.has_file(file)));
    add_environment(pyproject, found, whole)
}

fn add_environment(
    pyproject: &PyProject,
    found: &mut FoundRunner,
    environment: ToolEnvironment,
) -> Result<()> {
    found
        .files
        .extend(requirements_file::read_for(&environment.everything())?);
    for name in environment.groups {
        if pyproject.groups.contains_key(&name) && !found.groups.contains(&name) {
            found.groups.push(name);
        }
    }
    for name in environment.extras {
        if pyproject.extras.contains_key(&name) && !found.extras.contains(&name) {
            found.extras.push(name);
        }
    }
    found.unread.extend(environment.unread);
    let file = environment.file;
    let file = file.unwrap_or_else(|| pyproject.toml.path.clone());
    let indexed = environment.indexed.into_iter();
    let indexed = indexed.map(|it| [it.indexes, it.requirements].concat());
    for requirements in std::iter::once(environment.requirements).chain(indexed) {
        if !requirements.is_empty() {
            let source = Source::listed_in(file.clone(), requirements);
            found.others.push(Sync::of(source));
        }
    }
    Ok(())
}

/// The folder where stestr is configured, which is where it is called: a package's own, else its tests'.
pub fn stestr_folder(pyproject: &PyProject) -> Option<Utf8PathBuf> {
    let dir = pyproject.dir();
    if pyproject.toml.get(&["tool", "stestr"]).is_some() {
        return Some(dir.to_owned());
    }
    let mut folders = ["", "tests", "test"].into_iter().map(|name| match name {
        "" => dir.to_owned(),
        name => dir.join(name),
    });
    folders.find(|folder| disk::is_file(&folder.join(".stestr.conf")))
}

/// The normalised names of the packages that the tests of a package get, without what those depend on.
pub(super) fn installed_names(manifests: &Manifests, pyproject: &PyProject) -> Result<Vec<String>> {
    let found = find(manifests, pyproject)?;
    named(manifests, pyproject, &found)
}

/// The names of the packages in what was found.
fn named(manifests: &Manifests, pyproject: &PyProject, found: &FoundRunner) -> Result<Vec<String>> {
    let mut texts = groups::requirements(pyproject, &found.groups, &found.extras);
    let mut names = Vec::new();
    for sync in &found.others {
        match &sync.source {
            Source::Requirements { requirements, .. } => {
                names.extend(names_in(requirements)?);
                if let Some(parent) = sync.source.pyproject(manifests)? {
                    texts.extend(groups::requirements(&parent, &sync.groups, &sync.extras));
                }
            }
            Source::File(path) => {
                names.extend(RequirementsFile::read(path)?.names);
            }
            Source::LockAbove(_) => {
                if let Some(above) = sync.source.pyproject(manifests)? {
                    texts.extend(groups::requirements(&above, &sync.groups, &sync.extras));
                }
            }
            Source::Lock(_) | Source::Metadata(_) | Source::Workspace(_) => {}
        }
    }
    names.extend(names_in(&Requirement::packages(texts))?);
    Ok(names)
}

/// Whether the project's automation says `-m unittest`, and never pytest; or its file names do.
fn runs_unittest(pyproject: &PyProject) -> Result<bool> {
    const PYTESTS: [&str; 9] = [
        "pytest.toml",
        ".pytest.toml",
        "pytest.ini",
        ".pytest.ini",
        "conftest.py",
        "tests/conftest.py",
        "test/conftest.py",
        "tests/pytest.ini",
        "test/pytest.ini",
    ];
    let dir = pyproject.dir();
    let automation = Automation::read(dir)?;
    let mut pytests = PYTESTS.iter().map(|name| dir.join(name));
    if automation.mentions("pytest") || pytests.any(|path| disk::is_file(&path)) {
        return Ok(false);
    }
    Ok(!automation.arguments_of("unittest").is_empty() || is_named_for_unittest(dir))
}

/// Whether there are test cases in files that unittest finds by name, and none that pytest finds.
fn is_named_for_unittest(dir: &Utf8Path) -> bool {
    let mut modules = disk::unignored_files(dir);
    modules.retain(|path| path.extension() == Some("py"));
    let finds = |runner: TestRunner, path: &Utf8PathBuf| {
        path.file_stem().is_some_and(|stem| runner.finds(stem))
    };
    let has_cases = |path: &Utf8PathBuf| {
        let text = disk::read_text(path).ok().flatten().unwrap_or_default();
        text.contains("unittest") && text.contains("TestCase")
    };
    let is_case = |path: &Utf8PathBuf| finds(TestRunner::Unittest, path) && has_cases(path);
    !modules.iter().any(|path| finds(TestRunner::Pytest, path)) && modules.iter().any(is_case)
}

/// What tests without a runner package need can only be recognised by name.
fn for_unittest(manifests: &Manifests, pyproject: &PyProject) -> Result<FoundRunner> {
    let mut found = FoundRunner {
        runner: TestRunner::Unittest,
        ..FoundRunner::default()
    };
    found.take_named(pyproject, is_for_tests);
    if found.is_empty() {
        found.take_files(pyproject.dir(), "test")?;
        let mut whole = ToolEnvironment::default();
        let all = environments::all(manifests, pyproject, &mut found.files)?;
        // a source distribution may lack files other than tests
        for environment in all.into_iter().filter(has_its_files) {
            whole.merge(environment);
        }
        if found.is_empty() {
            add_environment(pyproject, &mut found, whole)?;
        }
    }
    // its developers run them
    if found.is_empty() {
        found.take_named(pyproject, |name| name == "dev");
    }
    if found.is_empty() {
        found.take_files(pyproject.dir(), "dev")?;
    }
    found.declared = !found.is_empty();
    Ok(found)
}

/// Whether the requirements files that it installs exist: otherwise it cannot be created.
fn has_its_files(environment: &ToolEnvironment) -> bool {
    let requirements = environment.everything();
    let mut files = requirements.iter().filter_map(Requirement::included);
    files.all(disk::is_file)
}

impl FoundRunner {
    fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.extras.is_empty() && self.others.is_empty()
    }

    /// Whether a requirements file is among what was found.
    fn has_file(&self, file: &Utf8Path) -> bool {
        let mut sources = self.others.iter().map(|sync| &sync.source);
        sources.any(|source| matches!(source, Source::File(path) if path == file))
    }

    /// Whether an environment has some of the groups, extras or requirements files that were found.
    fn is_part_of(&self, environment: &ToolEnvironment) -> bool {
        let requirements = environment.everything();
        let mut files = requirements.iter().filter_map(Requirement::included);
        let mut groups = environment.groups.iter();
        let mut extras = environment.extras.iter();
        groups.any(|name| self.groups.contains(name))
            || extras.any(|name| self.extras.contains(name))
            || files.any(|file| self.has_file(file))
    }

    /// The groups and extras with such a name.
    fn take_named(&mut self, pyproject: &PyProject, is_meant: impl Fn(&str) -> bool) {
        let groups = pyproject.groups.keys().filter(|name| is_meant(name));
        self.groups = groups.cloned().collect();
        let extras = pyproject.extras.keys().filter(|name| is_meant(name));
        self.extras = extras.cloned().collect();
    }

    /// The requirements files below `dir` with a word in their path.
    fn take_files(&mut self, dir: &Utf8Path, word: &str) -> Result<()> {
        for file in requirements_file::in_folder(dir) {
            let below = file.strip_prefix(dir);
            if below.is_ok_and(|path| path.as_str().contains(word)) {
                self.files.extend(RequirementsFile::read(&file)?.files);
                self.others.push(Sync::of(Source::File(file)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
