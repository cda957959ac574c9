//! pytest alone knows what it collects. A package in which we see no tests is never asked.

use camino::Utf8PathBuf;
use cargo_pyx::facts::project::{Project as Facts, Selection};
use cargo_pyx::facts::suites::{Languages, Suites};
use cargo_pyx::world::session::Session;

use crate::support::{Project, project};

/// Configuration files, with what stands before a key and around its value.
const CONFIGURATIONS: [(&str, &str, [&str; 2]); 8] = [
    ("pytest.toml", "[pytest]", ["[\"", "\"]"]),
    (".pytest.toml", "[pytest]", ["[\"", "\"]"]),
    ("pyproject.toml", "[tool.pytest]", ["[\"", "\"]"]),
    ("pyproject.toml", "[tool.pytest.ini_options]", ["\"", "\""]),
    ("pytest.ini", "[pytest]", ["", ""]),
    (".pytest.ini", "[pytest]", ["", ""]),
    ("tox.ini", "[pytest]", ["", ""]),
    ("setup.cfg", "[tool:pytest]", ["", ""]),
];

/// A key, its value, and the files for which it may matter.
const SETTINGS: [(&str, &str, &[&str]); 4] = [
    (
        "testpaths",
        "checks",
        &["tests/test_a.py", "checks/a_test.py"],
    ),
    (
        "python_files",
        "check_*.py",
        &["tests/test_a.py", "checks/check_a.py"],
    ),
    ("addopts", "--doctest-modules", &["acme/a.py"]),
    ("addopts", "--doctest-glob=*.md", &["guide.md"]),
];

/// Those that may be tests without a setting.
const FILES: [&str; 6] = [
    "tests/test_a.py",
    "tests/deep/a_test.py",
    "checks/check_a.py",
    "acme/a.py",
    "guide.md",
    "tests/test_guide.txt",
];

const TEST: &str = "\"\"\"\n>>> 1\n1\n\"\"\"\n\n\ndef test_it():\n    pass\n";
const DOCUMENT: &str = ">>> 1\n1\n";

const PYPROJECT: &str = "\
[build-system]
requires = ['maturin>=1,<2']
build-backend = 'maturin'

[project]
name = 'acme'
version = '1'
";

const CARGO: &str = "\
[package]
name = 'acme'

[lib]
crate-type = ['cdylib']

[dependencies]
pyo3 = '0.29'
";

/// The exit code of pytest in each folder that is named, in a process of its own.
const ASK: &str = "\
import os, sys
import pytest

for folder in sys.argv[1:]:
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(pytest.main(['--collect-only', '-q', '-p', 'no:cacheprovider']))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";

/// A file, and the configuration beside it.
type Layout = (&'static str, Vec<(&'static str, String)>);

/// Each file without a setting, and with each that may matter in each place for it; and with one that a
/// file before it in pytest's order hides.
fn layouts() -> Vec<Layout> {
    let mut all: Vec<Layout> = FILES.iter().map(|file| (*file, Vec::new())).collect();
    for (name, section, [before, after]) in CONFIGURATIONS {
        for (key, value, files) in SETTINGS {
            let text = format!("{section}\n{key} = {before}{value}{after}\n");
            all.extend(files.iter().map(|file| (*file, vec![(name, text.clone())])));
        }
    }
    let hidden = "[tool:pytest]\npython_files = check_*.py\n".to_owned();
    let hiding = ("pytest.ini", "[pytest]\n".to_owned());
    all.push(("tests/test_a.py", vec![hiding, ("setup.cfg", hidden)]));
    all
}

/// The folder of a layout.
fn write(project: &Project, number: usize, (file, settings): &Layout) -> Utf8PathBuf {
    let name = format!("layouts/{number}");
    let write = |path: &str, text: &str| project.write(&format!("{name}/{path}"), text);
    write(".git/HEAD", "");
    write("src/lib.rs", "");
    write("Cargo.toml", CARGO);
    write("pyproject.toml", PYPROJECT);
    let content = if file.contains(".py") { TEST } else { DOCUMENT };
    write(file, content);
    for (path, text) in settings {
        match *path {
            "pyproject.toml" => write(path, &format!("{PYPROJECT}\n{text}")),
            _ => write(path, text),
        }
    }
    Utf8PathBuf::from_path_buf(project.path(&name)).unwrap()
}

/// Whether there are Python tests in the package of a folder, as we read it.
fn sees_tests(folder: &Utf8PathBuf) -> bool {
    let session = Session {
        cwd: folder.clone(),
        ..Session::default()
    };
    let project = Facts::discover(&session, &Selection::default()).unwrap();
    let suites = Suites::gather(&session, &project, Languages::Python).unwrap();
    !suites.python.is_empty()
}

#[test]
fn pytest_collects_nothing_where_no_tests_are_seen() {
    let project = project!("hello");
    project.dev().run().succeeds(); // has an environment, and uv
    let layouts = layouts();
    let numbered = layouts.iter().enumerate();
    let folders: Vec<Utf8PathBuf> = numbered
        .map(|(number, layout)| write(&project, number, layout))
        .collect();
    project.install("pytest");
    let words = ["-c", ASK].into_iter();
    let words: Vec<&str> = words.chain(folders.iter().map(|it| it.as_str())).collect();
    let answers = project.run(project.path(".venv/bin/python"), &words);
    let answers = answers.succeeds();
    let codes: Vec<&str> = answers.stdout.lines().collect();
    assert_eq!(codes.len(), layouts.len(), "{answers}");
    let collected = codes.iter().filter(|code| **code == "0").count();
    assert!(collected > 30, "in {collected} of {}", codes.len());
    for ((layout, folder), code) in std::iter::zip(&layouts, &folders).zip(codes) {
        assert!(code == "5" || sees_tests(folder), "{layout:?}: {code}");
    }
}
