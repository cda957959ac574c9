//! What unittest is called with.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::Automation;
use crate::facts::project::{Member, python_folders};
use crate::model::error::Result;
use crate::model::path::{normalize, slashed};
use crate::world::disk;

use super::test_files::test_folders;

/// What the project itself gives unittest, as far as it can be repeated in `dir` and finds some of the
/// `tests` there; else what finds them, if there are any.
pub(super) fn unittest_args(dir: &Utf8Path, tests: &[Utf8PathBuf]) -> Result<Option<Vec<String>>> {
    let tests = if tests.iter().all(is_script) {
        &[]
    } else {
        tests
    };
    let names_place = |args: &Vec<String>| args.iter().any(|word| disk::is_there(&dir.join(word)));
    let said = Automation::read(dir)?.arguments_of("unittest");
    let finds = |args: &Vec<String>| {
        let meant = by_pattern(dir, args);
        let mut tests = tests.iter().chain(&meant);
        is_repeatable(dir, args)
            && (!starts_here(args) || tests.any(|test| is_discovered(dir, test)))
    };
    let has_tests = |args: &Vec<String>| !(tests.is_empty() && by_pattern(dir, args).is_empty());
    let mut said = said.into_iter().filter(finds);
    if let Some(args) = said.find(|args| names_place(args) || (!args.is_empty() && has_tests(args)))
    {
        return Ok(Some(args));
    }
    if tests.is_empty() {
        return Ok(None);
    }
    let folders = test_folders(dir, tests);
    let start = match &folders[..] {
        [folder] => dir.join(folder),
        _ => dir.to_owned(),
    };
    if !tests.iter().all(|test| is_discovered(&start, test)) {
        let below = tests.iter().filter_map(|test| test.strip_prefix(dir).ok());
        return Ok(Some(below.map(slashed).collect()));
    }
    let mut args = vec!["discover".to_owned()];
    if let [folder] = &folders[..] {
        args.extend(["-s".to_owned(), folder.clone()]);
        if disk::is_file(&start.join("__init__.py")) {
            args.extend(["-t".to_owned(), ".".to_owned()]);
        }
    }
    let is_default = |path: &Utf8PathBuf| {
        path.file_name()
            .is_some_and(|name| name.starts_with("test"))
    };
    if !tests.iter().any(is_default) {
        args.extend(["-p".to_owned(), "*_test.py".to_owned()]);
    }
    Ok(Some(args))
}

/// What finds the `tests` where the package is installed, if `args` name places among its modules and all of
/// them are there: by their names.
pub(super) fn installed_unittest_args(
    member: &Member,
    dir: &Utf8Path,
    args: &[String],
    tests: &[Utf8PathBuf],
) -> Option<Vec<String>> {
    let are_names = !starts_here(args) && !args.iter().any(|word| disk::is_there(&dir.join(word)));
    let mut folders = python_folders(member).into_iter();
    let package = folders.find_map(|folder| {
        let folder = normalize(&member.dir.join(folder));
        tests
            .iter()
            .all(|test| test.starts_with(&folder))
            .then_some(folder)
    })?;
    let source = package
        .parent()
        .filter(|_| !are_names && !tests.is_empty())?;
    let name = |test: &Utf8PathBuf| {
        let below = test.strip_prefix(source).ok()?.with_extension("");
        let parts: Vec<&str> = below.components().map(|part| part.as_str()).collect();
        Some(parts.join("."))
    };
    tests.iter().map(name).collect()
}

/// The modules below `dir` that the pattern in unittest's arguments means, whatever they are called.
fn by_pattern(dir: &Utf8Path, args: &[String]) -> Vec<Utf8PathBuf> {
    let mut words = args.iter();
    let option = words.find(|word| ["-p", "--pattern"].contains(&&***word));
    let pattern = option.and(words.next());
    let Some(glob) = pattern.and_then(|pattern| globset::Glob::new(pattern).ok()) else {
        return Vec::new();
    };
    let glob = glob.compile_matcher();
    let mut files = disk::unignored_files(dir);
    files.retain(|path| path.file_name().is_some_and(|name| glob.is_match(name)));
    files
}

/// Whether a module only does something as it is imported, and has nothing that unittest could take for
/// a case: it would be run to find none.
fn is_script(path: &Utf8PathBuf) -> bool {
    let text = disk::read_text(path).ok().flatten().unwrap_or_default();
    let defines = |line: &str| line.starts_with("class ") || line.ends_with(" import *");
    let has_cases = text.contains("unittest") || text.contains("load_tests");
    !(text.trim().is_empty() || has_cases || text.lines().map(str::trim).any(defines))
}

/// Whether unittest comes to a module from the folder where it starts: it looks into packages only.
fn is_discovered(start: &Utf8Path, module: &Utf8Path) -> bool {
    let between = module.ancestors().skip(1).take_while(|dir| *dir != start);
    let mut markers = between.map(|dir| dir.join("__init__.py"));
    markers.all(|path| disk::is_file(&path))
}

/// Whether unittest is to search from where it is called, which may be another folder than here.
fn starts_here(args: &[String]) -> bool {
    const STARTS: [&str; 2] = ["-s", "--start-directory"];
    let mut words = args.iter().map(String::as_str);
    words.next() == Some("discover")
        && words.next().is_none_or(|word| word.starts_with('-'))
        && !args.iter().any(|word| STARTS.contains(&&**word))
}

/// Whether arguments mean the same in `dir` without a shell: their paths are there.
fn is_repeatable(dir: &Utf8Path, args: &[String]) -> bool {
    let mut before = "";
    args.iter().all(|word| {
        let option = std::mem::replace(&mut before, word);
        match option {
            "-p" | "--pattern" | "-k" => true,
            "-s" | "--start-directory" | "-t" | "--top-level-directory" => {
                disk::is_dir(&dir.join(word))
            }
            _ => {
                let is_path = word.contains('/') || Utf8Path::new(word).extension() == Some("py");
                !word.contains('*') && (!is_path || disk::is_file(&dir.join(word)))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_that_are_called_as_tests_are_no_suite() {
        const SCRIPT: &str = "import subprocess\n\nsubprocess.check_call(['lint'])\n";
        let found = |texts: &[&str]| {
            let temp = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(temp.path()).unwrap();
            let write = |(index, text): (usize, &&str)| {
                let path = dir.join(format!("checks/test_{index}.py"));
                disk::write(&path, text.as_bytes()).unwrap();
                path
            };
            let tests: Vec<Utf8PathBuf> = texts.iter().enumerate().map(write).collect();
            unittest_args(dir, &tests)
                .unwrap()
                .map(|args| args.join(" "))
        };
        let discover = Some("discover -s checks".to_owned());
        assert_eq!(found(&[SCRIPT, SCRIPT]), None);
        for text in [
            "import unittest\nclass Case(unittest.TestCase):\n    pass\n",
            "from base import Base\n\n\nclass Case(Base):\n    pass\n",
            "from base import *\n",
            "def load_tests(loader, tests, pattern):\n    return tests\n",
        ] {
            assert_eq!(found(&[SCRIPT, text]), discover, "{text}");
        }
    }

    #[test]
    fn unittest_is_run_where_a_pattern_of_the_projects_means_files_here() {
        let make = |args: &str| {
            let temp = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(temp.path()).unwrap();
            let text = format!("check:\n\tpython -m unittest {args}\n");
            disk::write(&dir.join("Makefile"), text.as_bytes()).unwrap();
            disk::write(&dir.join("check_a.py"), b"").unwrap();
            unittest_args(dir, &[]).unwrap()
        };
        let found = make("discover -p 'check_*.py'").unwrap();
        assert_eq!(found.join(" "), "discover -p check_*.py");
        assert_eq!(make("discover -p 'other_*.py'"), None);
        assert_eq!(make("discover"), None);
    }
}
