//! Python packages that get a module in Rust, from each kind of backend.

use crate::adopting::{adopts, project};
use crate::support::folder;

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
    let refused = refused.says("runs the project's code");
    refused.says("hint: cargo pyx init --dry-run --yes");
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
    refused.says("whose current state is not committed");
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
    let run = run.says("the version now lives in rust/Cargo.toml: cargo pyx release version");
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
    let run = run.says("add your own functions to rust/src/lib.rs");
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
fn what_the_present_sdist_holds_besides_is_in_that_of_maturin() {
    let files = [
        (
            "pyproject.toml",
            "[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n\n\
             [tool.poetry]\nname = \"hot-words\"\nversion = \"1.2\"\ndescription = \"Words\"\nauthors = []\n\
             packages = [{ include = \"hot_words\" }, { include = \"tests\", format = \"sdist\" }]\n",
        ),
        ("hot_words/__init__.py", HOT),
        ("tests/test_hot.py", HOT_TEST),
        ("notes.txt", "nobody's\n"),
    ];
    let project = project(&folder!(), &files);
    project.pyx("init").with(&["--yes"]).run().succeeds();
    let pattern = "include = [{ path = \"tests/**/*\", format = \"sdist\" }]";
    let pyproject = project.read("pyproject.toml");
    assert!(pyproject.contains(pattern), "{pyproject}");
}
