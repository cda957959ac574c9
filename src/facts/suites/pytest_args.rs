//! The arguments of pytest: the files and doctests of the project's own calls, and modules where a package is
//! installed.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::Automation;
use crate::facts::project::{Member, package_folder};
use crate::world::disk;

use super::pytest_config::PytestConfig;
use super::test_files::test_folders;

/// As in [`PythonSuite::installed_args`](super::PythonSuite::installed_args), for the tests that pytest
/// collects in `dir`.
pub(super) fn installed_args(
    config: &PytestConfig,
    member: &Member,
    dir: &Utf8Path,
    tests: &[Utf8PathBuf],
) -> Option<Vec<String>> {
    let package = package_folder(member)?;
    let collects = |test: &&Utf8PathBuf| {
        let paths = config.paths.as_ref();
        paths.is_none_or(|paths| paths.iter().any(|path| test.starts_with(dir.join(path))))
    };
    let collected = tests.iter().filter(collects).cloned();
    let (inside, outside): (Vec<_>, Vec<_>) =
        collected.partition(|test| test.starts_with(&package));
    if inside.is_empty() {
        return None;
    }
    let mut args = vec!["--pyargs".to_owned(), package.file_name()?.to_owned()];
    args.extend(match test_folders(dir, &outside) {
        folders if folders.is_empty() && !outside.is_empty() => vec![".".to_owned()],
        folders => folders,
    });
    Some(args)
}

/// Arguments with which pytest runs the doctests that the project's automation runs: those of `python -m
/// doctest FILE…` and of `pytest --doctest-…`.
pub(super) fn document_args(automation: &Automation, dir: &Utf8Path) -> Option<Vec<String>> {
    for words in automation.arguments_of("doctest") {
        let is_there = |word: &&String| disk::is_file(&dir.join(word));
        let files: Vec<String> = words.iter().filter(is_there).cloned().collect();
        if !files.is_empty() {
            let options = files.iter().map(|file| match file.strip_suffix(".py") {
                Some(_) => "--doctest-modules".to_owned(),
                None => format!("--doctest-glob={}", file_name(file)),
            });
            return Some(options.chain(files.iter().cloned()).collect());
        }
    }
    let mut calls = automation.arguments_to("pytest").into_iter();
    calls.find(|words| words.iter().any(|word| word.starts_with("--doctest-")))
}

/// Whether the project's automation starts pytest as `python -m pytest` where the tests are, which makes
/// Python look for modules there too (pytest's documentation, "Calling pytest through `python -m pytest`").
pub(super) fn is_started_as_module(automation: &Automation) -> bool {
    let calls = automation.calls_of_module("pytest");
    calls.iter().any(|(elsewhere, _)| elsewhere.is_none())
}

/// The modules that the project's automation passes to pytest by name.
pub(super) fn named_files(automation: &Automation, dir: &Utf8Path) -> Option<Vec<String>> {
    let is_module = |word: &&String| {
        let path = Utf8Path::new(word);
        path.extension() == Some("py") && disk::is_file(&dir.join(path))
    };
    let calls = automation.arguments_to("pytest");
    let calls = calls.iter().map(|words| words.iter().filter(is_module));
    let mut files: Vec<String> = calls.flatten().cloned().collect();
    files.sort();
    files.dedup();
    (!files.is_empty()).then_some(files)
}

fn file_name(path: &str) -> &str {
    Utf8Path::new(path).file_name().unwrap_or(path)
}
