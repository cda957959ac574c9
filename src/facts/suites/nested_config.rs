//! A pytest configuration below the folder that pytest is started in.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::TestRunner;
use crate::model::error::Result;

use super::pytest_config::PytestConfig;
use super::test_files::TestFiles;

/// The configuration with which pytest runs tests that are all in one folder, if that folder is passed to it
/// and `dir` has none: the nearest above them (pytest docs, "Finding the rootdir"). With its own, pytest may
/// find tests where none are named like tests.
pub(super) fn nested_config(
    files: &TestFiles<'_>,
    dir: &Utf8Path,
    config: &PytestConfig,
    tests: &[Utf8PathBuf],
) -> Result<Option<(Utf8PathBuf, PytestConfig)>> {
    if config.is_own() {
        return Ok(None);
    }
    let first = tests.first().and_then(|test| test.parent());
    let around = first.into_iter().flat_map(Utf8Path::ancestors);
    let around = around.take_while(|folder| *folder != dir && folder.starts_with(dir));
    let shared = around.filter(|folder| tests.iter().all(|test| test.starts_with(folder)));
    let mut folders: Vec<Utf8PathBuf> = shared.map(Utf8Path::to_owned).collect();
    if tests.is_empty() {
        folders.extend(["tests", "test"].map(|name| dir.join(name)));
    }
    for folder in folders {
        let nested = PytestConfig::read(&files.project.manifests, &folder)?;
        let finds = || {
            let named = files.find(&folder, TestRunner::Pytest, &nested);
            !named.tests.is_empty()
        };
        if nested.is_own() && finds() {
            return Ok(Some((folder, nested)));
        }
    }
    Ok(None)
}
