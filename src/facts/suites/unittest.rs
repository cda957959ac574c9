//! The arguments of unittest.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::dependencies::Automation;
use crate::facts::project::{Member, python_folders};
use crate::model::error::Result;
use crate::model::path::{normalize, slashed};
use crate::world::disk;

use super::test_files::test_folders;

/// How unittest is called.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnittestCall {
    /// Where, absolute.
    pub(super) dir: Utf8PathBuf,
    pub(super) args: Vec<String>,
}

/// The project's own unittest arguments, as far as they can be repeated in `dir`, or in a folder below that
/// the project's automation works in, and find some of the `tests` there; else what finds them, if there are
/// any.
pub(super) fn unittest_call(dir: &Utf8Path, tests: &[Utf8PathBuf]) -> Result<Option<UnittestCall>> {
    let automation = Automation::read(dir)?;
    let said = automation.calls_of_module("unittest");
    let folders = automation.folders();
    let below = |name: &String| Some(normalize(&dir.join(name))).filter(|it| disk::is_dir(it));
    let folders: Vec<Utf8PathBuf> = folders.iter().filter_map(below).collect();
    for (before, args) in &said {
        let arguments = Arguments::of(args);
        let before = before.as_ref().and_then(below);
        let mut places = before.iter().chain(&folders);
        let is_elsewhere = before.is_some() || !arguments.all_are_there(dir);
        let is_meant = |place: &&Utf8PathBuf| {
            place.starts_with(dir) && is_repeatable(place, args) && arguments.find_all(place)
        };
        if let Some(place) = places.find(is_meant).filter(|_| is_elsewhere) {
            let (dir, args) = (place.clone(), args.clone());
            return Ok(Some(UnittestCall { dir, args }));
        }
        if is_own(dir, args, tests) {
            let (dir, args) = (dir.to_owned(), args.clone());
            return Ok(Some(UnittestCall { dir, args }));
        }
    }
    let found = found_args(dir, tests).or_else(|| {
        let mut globs = said.iter().map(|(_, args)| expanded(dir, args));
        globs.find(|files| !files.is_empty())
    });
    let dir = dir.to_owned();
    Ok(found.map(|args| UnittestCall { dir, args }))
}

/// Whether unittest's arguments find tests in `dir`.
fn is_own(dir: &Utf8Path, args: &[String], tests: &[Utf8PathBuf]) -> bool {
    let tests = with_cases(tests);
    let arguments = Arguments::of(args);
    let meant = arguments.modules(dir);
    let names_place = args.iter().any(|word| disk::is_there(&dir.join(word)));
    let mut known = tests.iter().chain(&meant);
    let has_tests = !(tests.is_empty() && meant.is_empty());
    is_repeatable(dir, args)
        && (names_place || (!args.is_empty() && has_tests))
        && (!starts_here(args) || known.any(|test| is_discovered(dir, test)))
}

/// Empty if all of them only do something when imported.
fn with_cases(tests: &[Utf8PathBuf]) -> &[Utf8PathBuf] {
    if tests.iter().all(is_script) {
        &[]
    } else {
        tests
    }
}

/// The files that a shell would expand patterns to, relative to `dir`.
fn expanded(dir: &Utf8Path, args: &[String]) -> Vec<String> {
    let Arguments::Names(names) = Arguments::of(args) else {
        return Vec::new();
    };
    let patterns = names.iter().filter(|name| name.contains('*'));
    let files = patterns.flat_map(|pattern| matching(dir, &format!("{dir}/{pattern}")));
    let below = files.filter_map(|file| file.strip_prefix(dir).map(slashed).ok());
    below.collect()
}

/// Arguments that find the `tests`.
fn found_args(dir: &Utf8Path, tests: &[Utf8PathBuf]) -> Option<Vec<String>> {
    let tests = with_cases(tests);
    if tests.is_empty() {
        return None;
    }
    let folders = test_folders(dir, tests);
    let start = match &folders[..] {
        [folder] => dir.join(folder),
        _ => dir.to_owned(),
    };
    if !tests.iter().all(|test| is_discovered(&start, test)) {
        let below = tests.iter().filter_map(|test| test.strip_prefix(dir).ok());
        return Some(below.map(slashed).collect());
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
    Some(args)
}

/// Arguments that find the `tests` if the package is installed, and `args` name places among its modules that
/// all exist: by module names.
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

/// unittest's arguments (Python docs, "unittest", "Command-Line Interface").
#[derive(Debug, PartialEq, Eq)]
enum Arguments<'a> {
    Names(Vec<&'a str>),
    Discover {
        start: Option<&'a str>,
        pattern: Option<&'a str>,
        top: Option<&'a str>,
    },
}

impl<'a> Arguments<'a> {
    fn of(args: &'a [String]) -> Self {
        let is_discover = args.first().is_some_and(|word| word == "discover");
        let (mut start, mut pattern, mut top) = (None, None, None);
        let mut names = Vec::new();
        let mut words = args
            .iter()
            .map(String::as_str)
            .skip(usize::from(is_discover));
        while let Some(word) = words.next() {
            let (option, own) = match word.split_once('=') {
                Some((option, own)) if word.starts_with("--") => (option, Some(own)),
                _ => (word, None),
            };
            let mut value = || own.or_else(|| words.next());
            match option {
                "-s" | "--start-directory" => start = value(),
                "-p" | "--pattern" => pattern = value(),
                "-t" | "--top-level-directory" => top = value(),
                "-k" | "--durations" => _ = value(),
                _ if word.starts_with('-') => {}
                _ => names.push(word),
            }
        }
        if !is_discover {
            return Self::Names(names);
        }
        let mut names = names.into_iter();
        for place in [&mut start, &mut pattern, &mut top] {
            if place.is_none() {
                *place = names.next();
            }
        }
        Self::Discover {
            start,
            pattern,
            top,
        }
    }

    /// The modules in `dir` that match a pattern or are named, whatever their names.
    fn modules(&self, dir: &Utf8Path) -> Vec<Utf8PathBuf> {
        match self {
            Self::Names(names) => names.iter().filter_map(|name| module(dir, name)).collect(),
            Self::Discover { start, pattern, .. } => {
                let start = normalize(&dir.join(start.unwrap_or_default()));
                pattern.map_or_else(Vec::new, |pattern| matching(&start, pattern))
            }
        }
    }

    /// Whether everything that is named exists; if nothing is named, unittest searches anywhere.
    fn all_are_there(&self, dir: &Utf8Path) -> bool {
        match self {
            Self::Names(names) => names.iter().all(|name| module(dir, name).is_some()),
            Self::Discover { start, top, .. } => {
                let mut folders = start.iter().chain(top);
                folders.all(|name| disk::is_dir(&dir.join(name)))
            }
        }
    }

    /// Whether something is named, and all of it found in `dir`.
    fn find_all(&self, dir: &Utf8Path) -> bool {
        let start = match self {
            Self::Names(_) => dir.to_owned(),
            Self::Discover { start, .. } => normalize(&dir.join(start.unwrap_or_default())),
        };
        let modules = self.modules(dir);
        let are_names = matches!(self, Self::Names(_));
        let is_found = |module: &Utf8PathBuf| are_names || is_discovered(&start, module);
        self.all_are_there(dir) && modules.iter().any(is_found)
    }
}

/// The files below a folder that match a pattern: by name, or by path if the pattern is a path.
fn matching(dir: &Utf8Path, pattern: &str) -> Vec<Utf8PathBuf> {
    let mut glob = globset::GlobBuilder::new(pattern);
    let Ok(glob) = glob.literal_separator(true).build() else {
        return Vec::new();
    };
    let glob = glob.compile_matcher();
    let is_path = pattern.contains('/');
    let mut files = disk::unignored_files(dir);
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        glob.is_match(if is_path { path.as_str() } else { name })
    });
    files
}

/// The module of a name that unittest accepts, which may continue with that of a case: `tests.a.Case.test_b`;
/// a package's is its `__init__.py`.
fn module(dir: &Utf8Path, name: &str) -> Option<Utf8PathBuf> {
    if name.contains('/') || Utf8Path::new(name).extension() == Some("py") {
        return Some(dir.join(name)).filter(|path| disk::is_file(path));
    }
    let parts: Vec<&str> = name.split('.').collect();
    let file = |count: usize| dir.join(format!("{}.py", parts[..count].join("/")));
    let mut files = (1..=parts.len()).rev().map(file);
    let package = || Some(dir.join(parts.join("/")).join("__init__.py"));
    let is_there = |path: &Utf8PathBuf| disk::is_file(path);
    files.find(is_there).or_else(|| package().filter(is_there))
}

/// Whether a module only does something when imported, and has nothing that unittest could take for a case:
/// it would be run to find none.
fn is_script(path: &Utf8PathBuf) -> bool {
    let text = disk::read_text(path).ok().flatten().unwrap_or_default();
    let defines = |line: &str| line.starts_with("class ") || line.ends_with(" import *");
    let has_cases = text.contains("unittest") || text.contains("load_tests");
    !(text.trim().is_empty() || has_cases || text.lines().map(str::trim).any(defines))
}

/// Whether unittest reaches a module from the folder where it starts: it descends into packages only.
fn is_discovered(start: &Utf8Path, module: &Utf8Path) -> bool {
    let between = module.ancestors().skip(1).take_while(|dir| *dir != start);
    let mut markers = between.map(|dir| dir.join("__init__.py"));
    markers.all(|path| disk::is_file(&path))
}

/// Whether unittest is to search from where it is called, which may be a folder other than this.
fn starts_here(args: &[String]) -> bool {
    let arguments = Arguments::of(args);
    matches!(arguments, Arguments::Discover { start: None, .. })
}

/// Whether arguments mean the same in `dir` without a shell: their paths exist.
fn is_repeatable(dir: &Utf8Path, args: &[String]) -> bool {
    match Arguments::of(args) {
        arguments @ Arguments::Discover { .. } => arguments.all_are_there(dir),
        Arguments::Names(names) => names.iter().all(|name| {
            let is_path = name.contains('/') || Utf8Path::new(name).extension() == Some("py");
            !name.contains('*') && (!is_path || disk::is_file(&dir.join(name)))
        }),
    }
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
            let call = unittest_call(dir, &tests).unwrap();
            call.map(|call| call.args.join(" "))
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
            let call = unittest_call(dir, &[]).unwrap();
            call.map(|call| call.args)
        };
        let found = make("discover -p 'check_*.py'").unwrap();
        assert_eq!(found.join(" "), "discover -p check_*.py");
        assert_eq!(make("discover -p 'other_*.py'"), None);
        assert_eq!(make("discover"), None);
    }

    #[test]
    fn cases_are_found_where_the_project_names_them_however_their_files_are_called() {
        let call = |file: &str, text: &str| {
            let temp = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(temp.path()).unwrap();
            disk::create_dir(&dir.join(".git")).unwrap();
            disk::write(&dir.join(file), text.as_bytes()).unwrap();
            disk::write(&dir.join("tests/a_t.py"), b"").unwrap();
            let call = unittest_call(dir, &[]).unwrap()?;
            let place = call.dir.strip_prefix(dir).unwrap().to_string();
            Some((place, call.args.join(" ")))
        };
        let make = |line: &str| call("Makefile", &format!("check:\n\t{line}\n"));
        for (line, place, args) in [
            ("python -m unittest -v tests.a_t", "", "-v tests.a_t"),
            (
                "python -m unittest tests.a_t.Case.test_b",
                "",
                "tests.a_t.Case.test_b",
            ),
            (
                "python -m unittest discover tests '*_t.py'",
                "",
                "discover tests *_t.py",
            ),
            (
                "python -m unittest discover tests '*_t.py' tests",
                "",
                "discover tests *_t.py tests",
            ),
            (
                "python -m unittest discover --pattern=*_t.py -s tests",
                "",
                "discover --pattern=*_t.py -s tests",
            ),
            ("python -m unittest tests/*_t.py", "", "tests/a_t.py"),
            ("cd tests && python -m unittest a_t", "tests", "a_t"),
            (
                "cd ./tests; python -m unittest discover -p '*_t.py'",
                "tests",
                "discover -p *_t.py",
            ),
        ] {
            let expected = Some((place.to_owned(), args.to_owned()));
            assert_eq!(make(line), expected, "{line}");
        }
        for line in [
            "python -m unittest other.a_t",
            "python -m unittest discover elsewhere '*_t.py'",
            "cd elsewhere && python -m unittest a_t",
        ] {
            assert_eq!(make(line), None, "{line}");
        }
        let inside = Some(("tests".to_owned(), "a_t".to_owned()));
        for (file, text) in [
            (
                "tox.ini",
                "[testenv]\nchangedir = tests\ncommands = python -m unittest a_t\n",
            ),
            (
                "noxfile.py",
                "session.chdir('tests')\nsession.run('python', '-m', 'unittest', 'a_t')\n",
            ),
            (
                ".github/workflows/a.yml",
                "- run: python -m unittest a_t\n  working-directory: tests\n",
            ),
        ] {
            assert_eq!(call(file, text), inside, "{file}");
        }
    }
}
