//! Where a new test is found by the package's runner.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::TestRunner;
use crate::model::error::Result;
use crate::model::path::slashed;
use crate::world::disk;
use crate::world::manifest::{Manifests, PyProject};

use super::pytest_config::{PytestConfig, is_test_file};
use super::test_files::called_as_tests;
use super::unittest::unittest_call;

/// A folder, and the naming pattern for test files there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestPlace {
    /// Relative to the root.
    pub folder: Utf8PathBuf,
    /// A file's name, with `*` for its subject.
    pub pattern: String,
    pub runner: TestRunner,
}

/// unittest's default pattern.
const UNITTESTS: &str = "test*.py";

impl Default for TestPlace {
    fn default() -> Self {
        Self {
            folder: "tests".into(),
            pattern: "test_*.py".to_owned(),
            runner: TestRunner::default(),
        }
    }
}

impl TestPlace {
    /// Where the package has its tests, and where new ones belong.
    ///
    /// # Errors
    /// Those of reading.
    pub fn of(manifests: &Manifests, pyproject: &PyProject) -> Result<Self> {
        let root = pyproject.dir();
        let config = PytestConfig::read(manifests, root)?;
        let runner = TestRunner::of(manifests, pyproject)?;
        let (_, mut tests) = called_as_tests(root, disk::unignored_files(root), runner, &config);
        tests.retain(|path| path.extension() == Some("py"));
        match runner {
            TestRunner::Unittest => Self::of_unittest(root, &tests),
            runner => Ok(Self::of_pytest(root, &tests, &config, runner)),
        }
    }

    /// unittest finds only what it can import: a new file goes next to the others.
    fn of_unittest(root: &Utf8Path, tests: &[Utf8PathBuf]) -> Result<Self> {
        let call = unittest_call(root, tests)?;
        let (place, args) = call.map_or_else(Default::default, |call| {
            let place = call.dir.strip_prefix(root).map(Utf8Path::to_owned);
            (place.unwrap_or_default(), call.args)
        });
        let after = |names: &[&str]| {
            let at = args.iter().position(|word| names.contains(&&**word))?;
            args.get(at + 1).map(|word| &**word)
        };
        let start = after(&["-s", "--start-directory"]).or(after(&["discover"]));
        let start = start.filter(|word| !word.starts_with('-')).unwrap_or(".");
        let start = &*slashed(&place.join(start));
        let seen = below(root, tests, &[start]);
        let default = Self::default();
        let pattern = match after(&["-p", "--pattern"]) {
            Some(said) => pattern_for(&[said.to_owned()]),
            // the first name of pytest's would make it the runner, and it would find that test only
            None if !tests.is_empty() && !tests.iter().any(|path| is_test_file(path)) => {
                UNITTESTS.to_owned()
            }
            None => default.pattern,
        };
        let found = most(&seen).or((start != ".").then(|| start.into()));
        Ok(Self {
            folder: found.unwrap_or(default.folder),
            pattern,
            runner: TestRunner::Unittest,
        })
    }

    /// pytest finds `tests` unless it is told where to look; if the project's tests are elsewhere, so is a
    /// new one.
    fn of_pytest(
        root: &Utf8Path,
        tests: &[Utf8PathBuf],
        config: &PytestConfig,
        runner: TestRunner,
    ) -> Self {
        let default = Self::default().folder;
        let paths = config.stated_paths.iter().flatten();
        let paths: Vec<&str> = paths.map(|path| &**path).collect();
        let seen = below(root, tests, &paths);
        let most = most(&seen);
        let is_elsewhere = most.as_ref().is_some_and(|folder| is_of_tests(folder))
            && !seen.iter().any(|test| test.starts_with(&default));
        let plain = paths.iter().find(|path| !path.contains(['*', '?', '[']));
        let folder = if is_seen(&default, &paths) && !is_elsewhere {
            default
        } else {
            most.or(plain.map(|path| (*path).into())).unwrap_or(default)
        };
        Self {
            folder,
            pattern: pattern_for(config.file_patterns()),
            runner,
        }
    }

    /// The file of a test, relative to the root.
    pub fn file(&self, about: &str) -> Utf8PathBuf {
        let file = self.folder.join(self.pattern.replace('*', about));
        slashed(&file).into()
    }
}

fn is_seen(path: &Utf8Path, paths: &[&str]) -> bool {
    paths.is_empty() || paths.iter().any(|one| *one == "." || path.starts_with(one))
}

/// Those tests that are below one of the paths, relative to the root.
fn below<'a>(root: &Utf8Path, tests: &'a [Utf8PathBuf], paths: &[&str]) -> Vec<&'a Utf8Path> {
    let below = tests.iter().filter_map(|test| test.strip_prefix(root).ok());
    below.filter(|test| is_seen(test, paths)).collect()
}

/// The folder that holds most of the files, the first of several; of those around it that hold some too, the
/// outermost below the root.
fn most(files: &[&Utf8Path]) -> Option<Utf8PathBuf> {
    let mut counts: BTreeMap<&Utf8Path, usize> = BTreeMap::new();
    for folder in files.iter().filter_map(|file| file.parent()) {
        *counts.entry(folder).or_default() += 1;
    }
    let (most, _) = counts.iter().rev().max_by_key(|(_, count)| **count)?;
    let is_one = |dir: &&Utf8Path| !dir.as_str().is_empty() && counts.contains_key(dir);
    Some(
        most.ancestors()
            .filter(is_one)
            .last()
            .unwrap_or(most)
            .to_owned(),
    )
}

/// Whether it has a name like `test` or `testing`, and is not part of a package.
fn is_of_tests(folder: &Utf8Path) -> bool {
    let first = folder.components().next();
    first.is_some_and(|first| first.as_str().contains("test"))
}

/// The usual pattern if it is among the stated ones, or none is stated; else the first of them.
fn pattern_for(said: &[String]) -> String {
    let usual = TestPlace::default().pattern;
    let has_usual = |pattern: &String| {
        let glob = globset::Glob::new(pattern);
        glob.is_ok_and(|glob| glob.compile_matcher().is_match(usual.replace('*', "x")))
    };
    let mut others = said.iter().filter(|one| one.matches('*').count() == 1);
    match others.next() {
        Some(other) if !said.iter().any(has_usual) => other.clone(),
        _ => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::disk;

    /// Where the test of `core` goes beside these files.
    fn place(pyproject: &str, files: &[(&str, &str)]) -> String {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        disk::create_dir(&root.join(".git")).unwrap(); // the search upward ends here
        for (name, text) in [&[("pyproject.toml", pyproject)], files].concat() {
            disk::write(&root.join(name), text.as_bytes()).unwrap();
        }
        let manifests = Manifests::default();
        let pyproject = manifests.pyproject(&root.join("pyproject.toml")).unwrap();
        let place = TestPlace::of(&manifests, &pyproject.unwrap()).unwrap();
        place.file("core").into_string()
    }

    #[test]
    fn a_test_for_pytest_goes_where_it_looks() {
        let of = |said: &str, files: &[&str]| {
            let files: Vec<_> = files.iter().map(|name| (*name, "")).collect();
            let said = format!("[tool.pytest.ini_options]\n{said}\n");
            place(&said, &files)
        };
        for (said, files, expected) in [
            ("", &[][..], "tests/test_core.py"),
            ("", &["tests/unit/test_a.py"], "tests/test_core.py"),
            (
                "",
                &["testing/test_a.py", "testing/test_b.py"],
                "testing/test_core.py",
            ),
            (
                "",
                &["test/a/test_a.py", "test/test_b.py"],
                "test/test_core.py",
            ),
            (
                "",
                &["test/a/b/test_a.py", "test/a/b/test_b.py", "test/test_c.py"],
                "test/test_core.py",
            ),
            (
                "",
                &["test_x.py", "test/a/test_a.py", "test/a/test_b.py"],
                "test/a/test_core.py",
            ),
            // pytest needs no help to find both
            ("", &["pkg/tests/test_a.py"], "tests/test_core.py"),
            ("", &["test_a.py"], "tests/test_core.py"),
            ("testpaths = 'tests/unit'", &[], "tests/unit/test_core.py"),
            (
                "testpaths = ['tests', 'more']",
                &["more/test_a.py"],
                "tests/test_core.py",
            ),
            (
                "testpaths = ['src/pkg']",
                &["src/pkg/tests/test_a.py", "tests/test_b.py"],
                "src/pkg/tests/test_core.py",
            ),
            (
                "testpaths = ['t?sts']",
                &["tests/test_a.py"],
                "tests/test_core.py",
            ),
            ("testpaths = '.'", &[], "tests/test_core.py"),
            (
                "python_files = ['check_*.py', '*_check.py']",
                &[],
                "tests/check_core.py",
            ),
            ("python_files = '*.py'", &[], "tests/test_core.py"),
            ("python_files = 'tests.py'", &[], "tests/test_core.py"),
        ] {
            assert_eq!(of(said, files), expected, "{said} {files:?}");
        }
    }

    #[test]
    fn a_test_for_unittest_goes_where_it_can_be_imported() {
        for (command, files, expected) in [
            ("discover", &["src/test_a.py"][..], "src/test_core.py"),
            ("discover", &["tests/test_a.py"], "tests/test_core.py"),
            (
                "discover -s checks",
                &["checks/test_a.py"],
                "checks/test_core.py",
            ),
            (
                "discover checks",
                &["checks/test_a.py"],
                "checks/test_core.py",
            ),
            (
                "discover",
                &[
                    "a/__init__.py",
                    "a/b/__init__.py",
                    "a/b/test_a.py",
                    "c/test_c.py",
                ],
                "a/b/test_core.py",
            ),
            (
                "discover",
                &["test_a.py", "c/d/test_b.py", "c/d/test_c.py", "c/test_d.py"],
                "c/test_core.py",
            ),
            (
                "discover -p '*_test.py'",
                &["tests/a_test.py"],
                "tests/core_test.py",
            ),
            (
                "discover -p 'test*.py'",
                &["tests/test_a.py"],
                "tests/test_core.py",
            ),
        ] {
            let files: Vec<_> = files.iter().map(|name| (*name, "")).collect();
            let tox = format!("[testenv]\ncommands = python -m unittest {command}\n");
            let files = [&[("tox.ini", &*tox)], &files[..]].concat();
            assert_eq!(place("", &files), expected, "{command} {files:?}");
        }
    }

    #[test]
    fn a_test_beside_those_that_only_unittest_finds_leaves_it_the_runner() {
        const CASE: &str = "import unittest\n\nclass T(unittest.TestCase):\n    pass\n";
        for (name, expected) in [
            ("src/a/tests.py", "src/a/testcore.py"),
            ("tests/testvalue.py", "tests/testcore.py"),
        ] {
            assert_eq!(place("", &[(name, CASE)]), expected);
            assert_eq!(place("", &[(name, CASE), (expected, CASE)]), expected);
        }
    }
}
