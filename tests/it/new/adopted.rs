//! Projects of one language that get the other.

use std::path::Path;

use crate::support::{Project, folder};

const PYPROJECT: &str = r#"# by hand

[build-system]
requires = ["hatchling"] # packs it
build-backend = 'hatchling.build'

[project]
name = "hot-words"
version = "1.2"
requires-python = ">=3.9"

[tool.hatch.build.targets.wheel]
packages = ["hot_words"]
"#;

const HOT: &str = "def steps(n):
    count = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        count += 1
    return count
";

const HOT_TEST: &str =
    "from hot_words import steps\n\n\ndef test_steps():\n    assert steps(27) == 111\n";

const CARGO: &str = "[package]
name = \"cold-words\" # of a crate
version = \"0.3.0\"
edition = \"2021\"
description = \"Words\"

[dependencies]
# none yet
";

const LIB: &str = "//! Words.
#![deny(missing_docs, unreachable_pub, unsafe_code)]

/// Loud.
pub fn shout(word: &str) -> String {
    word.to_uppercase()
}

#[cfg(test)]
mod tests {
    #[test]
    fn shouts() {
        assert_eq!(super::shout(\"a\"), \"A\");
    }
}
";

fn project(folder: &Path, files: &[(&str, &str)]) -> Project {
    let project = Project::written(folder, files);
    project.git(&["checkout", "--quiet", "-b", "adopted"]);
    project
}

/// Gets the other language, at the cost of so many lines; passes its tests, and is whole from then on.
fn adopts(project: &Project, name: &str, (edited, lost): (&[&str], usize)) {
    let plain = project.listing(&[".git", "target"]);
    let run = project.pyx("init").run().exits(2); // nobody can be asked
    run.says("hint: cargo pyx init --yes");
    project.pyx("init").with(&["--dry-run"]).run().succeeds();
    assert_eq!(project.listing(&[".git", "target"]), plain);
    let run = project.pyx("init").with(&["--yes"]).run().succeeds();
    run.says("your own functions go into ");
    let changed = project.git(&["diff", "--name-only"]);
    assert_eq!(changed.lines().collect::<Vec<_>>(), edited);
    project.git(&["add", "--all"]);
    let removed = project.git(&["diff", "--cached", "--numstat"]);
    let removed = removed.lines().filter_map(|line| line.split('\t').nth(1));
    assert_eq!(
        removed.map(|n| n.parse::<usize>().unwrap()).sum::<usize>(),
        lost
    );
    project.commit();
    project.pyx("test").run().succeeds();
    assert_eq!(project.traces(), "");
    project.pyx("init").run().finds_fresh(name);
    assert_eq!(project.traces(), "");
}

#[test]
fn a_package_with_a_hot_loop_gets_a_module_in_rust() {
    let files = [
        (".gitignore", "__pycache__/\n.venv/\n"),
        ("pyproject.toml", PYPROJECT),
        ("hot_words/__init__.py", HOT),
        ("tests/test_hot.py", HOT_TEST),
    ];
    let project = project(&folder!(), &files);
    adopts(
        &project,
        "hot-words",
        (&[".gitignore", "pyproject.toml"], 4),
    );
    let backend = "requires = [\"maturin>=1.9.4,<2\"] # packs it\nbuild-backend = \"maturin\"\n";
    let kept = PYPROJECT.replace(
        "requires = [\"hatchling\"] # packs it\nbuild-backend = 'hatchling.build'\n",
        backend,
    );
    let (kept, _) = kept.split_once("\n[tool.hatch").unwrap();
    assert!(project.read("pyproject.toml").starts_with(kept));
}

const SETUP: &str = "from setuptools import setup

import hot

setup(
    name='hot-module',
    version=hot.__version__,
    description='Words',
    long_description=open('README.md').read(),
    long_description_content_type='text/markdown',
    py_modules=['hot'],
    python_requires='>=3.9',
    install_requires=['idna>=2'],
    entry_points={'console_scripts': ['hot = hot:main']},
)
";

#[test]
fn a_module_of_setup_py_gets_another_in_rust_and_a_way_back() {
    let files = [
        (".gitignore", "__pycache__/\n.venv/\n"),
        ("README.md", "# Words\n"),
        ("setup.py", SETUP),
        (
            "setup.cfg",
            "[bdist_wheel]\nuniversal = 0\n\n[flake8]\nmax-line-length = 99\n",
        ),
        (
            "hot.py",
            "__version__ = '1.2'\n\n\ndef main():\n    return 111\n",
        ),
        (
            "tests/test_hot.py",
            "import hot\n\n\ndef test_main():\n    assert hot.main() == 111\n",
        ),
    ];
    let project = project(&folder!(), &files);
    let plain = project.listing(&[".git"]);
    let refused = project.pyx("init").with(&["--dry-run"]).run().exits(2);
    refused.says("which runs the project's code");
    project
        .pyx("init")
        .with(&["--dry-run", "--yes"])
        .run()
        .succeeds();
    assert_eq!(project.listing(&[".git"]), plain);
    // nobody else has what it was
    let setup = format!("{SETUP}# not committed\n");
    project.write("setup.py", &setup);
    let refused = project.pyx("init").with(&["--yes"]).run().exits(2);
    refused.says("the last commit has no copy of it as it is");
    assert_eq!(project.read("setup.py"), setup);
    project.write("setup.py", SETUP);
    project.write("NOTES", "not committed\n");
    let inside = ["--yes", "--module", "hotter"];
    project.pyx("init").with(&inside).run().exits(2);
    // from another folder: what is said to be pasted there is about this one
    let here = project.root.display();
    let pyx = env!("CARGO_BIN_EXE_cargo-pyx");
    let line = format!("cd / && {pyx} init --yes -C {here}");
    let elsewhere = project.run("sh", &["-c", &line]);
    let run = elsewhere.succeeds().says("Compared both wheels");
    assert!(!project.root.join("setup.py").exists());
    assert_eq!(
        project.read("setup.cfg"),
        "[flake8]\nmax-line-length = 99\n"
    );
    let back = run
        .stderr
        .lines()
        .find_map(|line| line.trim().strip_prefix("Undo "));
    project.edit("NOTES", "not", "never");
    project.edit("tests/test_hot.py", "111", "110 + 1");
    let back = format!("cd / && {}", back.unwrap());
    project.run("sh", &["-c", &back]).succeeds();
    assert_eq!(
        project.git(&["diff", "--name-only"]).trim(),
        "tests/test_hot.py"
    );
    assert_eq!(project.read("NOTES"), "never committed\n");
    project.edit("tests/test_hot.py", "110 + 1", "111");
    project.remove("NOTES");
    assert_eq!(project.traces(), "");
    assert_eq!(project.listing(&[".git"]), plain);
    project.pyx("init").with(&["--yes"]).run().succeeds();
    project.git(&["add", "--all"]);
    project.commit();
    let run = project.pyx("test").run().succeeds();
    run.says("Python (hot-module) 2 passed");
    assert_eq!(project.traces(), "");
}

const EXTENSION: &str = "from setuptools import Extension, setup

setup(ext_modules=[Extension(\"hot_words._c\", [\"c.c\"])])
";

const C: &str = "#include <Python.h>

static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_c\", 0, -1, 0};

PyMODINIT_FUNC PyInit__c(void) {
    PyObject *module = PyModule_Create(&def);
    PyModule_AddIntConstant(module, \"answer\", 42);
    return module;
}
";

#[test]
fn a_package_that_compiles_c_keeps_its_backend_and_requires_a_second_distribution() {
    let setuptools = PYPROJECT
        .replace("\"hatchling\"] # packs it", "\"setuptools\"]")
        .replace("'hatchling.build'", "\"setuptools.build_meta\"");
    let (setuptools, _) = setuptools.split_once("\n[tool.hatch").unwrap();
    let setuptools = format!("{setuptools}\n[dependency-groups]\ntest = [\"pytest\"]\n");
    let files = [
        (
            ".gitignore",
            "__pycache__/\n.venv/\n*.so\n*.egg-info/\nbuild/\n",
        ),
        ("pyproject.toml", &*setuptools),
        ("setup.py", EXTENSION),
        ("c.c", C),
        ("hot_words/__init__.py", "from ._c import answer\n"),
        (
            "tests/test_hot.py",
            "import hot_words\nimport hot_words_rust\n\n\ndef test_both():\n    assert hot_words.answer == 42\n",
        ),
    ];
    let project = project(&folder!(), &files);
    let refused = project.pyx("init").with(&["--yes"]).run().exits(2);
    refused
        .says("setup.py:3: it compiles extension modules")
        .says("cargo pyx init --layout workspace");
    // git could not give that back
    project.append("pyproject.toml", "# not committed\n");
    let beside = ["--layout", "workspace", "--yes"];
    let run = project.pyx("init").with(&beside).run().succeeds();
    let run = run.says("your own functions go into rust/src/lib.rs");
    run.never_says("Undo");
    // setuptools would find `rust` and `target` as well
    let named = "[tool.setuptools.packages.find]\ninclude = [\"hot_words*\"]\n";
    assert!(project.read("pyproject.toml").contains(named));
    let changed = project.git(&["diff", "--name-only"]);
    assert_eq!(
        changed.lines().collect::<Vec<_>>(),
        [".gitignore", "pyproject.toml"]
    );
    project.git(&["add", "--all"]);
    project.commit();
    let run = project.pyx("test").run().succeeds();
    run.says("Python (hot-words-rust) 2 passed");
    project.pyx("init").run().finds_fresh("hot-words-rust");
    assert_eq!(project.traces(), "");
}

#[test]
fn a_crate_gets_a_module_for_python_and_keeps_its_own_face() {
    let files = [
        (".gitignore", "/target\n"),
        ("Cargo.toml", CARGO),
        ("src/lib.rs", LIB),
    ];
    let project = project(&folder!(), &files);
    let published = published(&project);
    adopts(
        &project,
        "cold-words",
        (&[".gitignore", "Cargo.toml", "src/lib.rs"], 0),
    );
    let with_module = published.replace("src/lib.rs\n", "src/lib.rs\nsrc/python.rs\n");
    assert_eq!(self::published(&project), with_module);
    needs_no_pyo3(&project);
}

/// What crates.io would get.
fn published(project: &Project) -> String {
    let run = project.run("cargo", &["package", "--list", "--allow-dirty"]);
    run.succeeds().stdout.clone()
}

/// Who depends on the crate compiles nothing for Python.
fn needs_no_pyo3(project: &Project) {
    let tree = project.run("cargo", &["tree", "--offline", "--edges", "normal"]);
    assert_eq!(tree.succeeds().stdout.lines().count(), 1);
}

#[test]
fn a_crate_that_cannot_have_the_module_gets_another_beside_it() {
    let cargo = CARGO.replace("cold-words", "queue").replace("2021", "2018");
    let lib = LIB.replace("#![deny(", "#![cfg_attr(not(test), no_std)]\n#![forbid(");
    let lib = lib
        .replace("word.to_uppercase()", "word")
        .replace("String", "&str");
    let lib = lib.replace("\"A\"", "\"a\"");
    let files = [
        (".gitignore", "/target\n"),
        ("Cargo.toml", &*cargo),
        ("src/lib.rs", &*lib),
    ];
    let project = project(&folder!(), &files);
    let published = published(&project);
    adopts(&project, "queue-rs", (&[".gitignore", "Cargo.toml"], 0));
    assert_eq!(self::published(&project), published);
    needs_no_pyo3(&project);
    let run = project.pyx("test").run().succeeds();
    run.says("Rust (queue-rs) 1 passed; Python (queue-rs) 1 passed");
}
