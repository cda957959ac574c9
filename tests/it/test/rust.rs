//! Rust tests.

use std::fs;
use std::path::PathBuf;

use super::{plain_cargo, small, summary, test};
use crate::support::{
    Project, cache, entries, folder, modified, name_of, on_path, program, project, set_modified,
    skipped, traps,
};

const PYX: &str = env!("CARGO_BIN_EXE_cargo-pyx");

/// A module of Rust tests that ask the Python they run in.
const ASKS_PYTHON: &str = r#"
#[cfg(test)]
mod asks_python {
    use pyo3::prelude::*;

    #[test]
    fn it_is_the_environments() -> PyResult<()> {
        Python::initialize();
        Python::attach(|py| {
            let version: String = py.import("sys")?.getattr("version")?.extract()?;
            assert_eq!(version, std::env::var("EXPECTED_VERSION").unwrap());
            // with another interpreter's prefix it would run on that one's standard library
            let prefix: String = py.import("sys")?.getattr("prefix")?.extract()?;
            assert_eq!(prefix, std::env::var("EXPECTED_FOLDER").unwrap());
            let package: String = py.import("iniconfig")?.getattr("__file__")?.extract()?;
            assert!(package.starts_with(&std::env::var("EXPECTED_FOLDER").unwrap()), "{package}");
            Ok(())
        })
    }
}
"#;

/// A module of Rust tests that need the Python half of their own package.
const IMPORTS_ITS_PACKAGE: &str = r#"
#[cfg(test)]
mod imports_its_package {
    use pyo3::prelude::*;

    #[test]
    fn and_the_rust_half_in_it() -> PyResult<()> {
        Python::initialize();
        Python::attach(|py| {
            let package = py.import("mixed")?;
            assert_eq!(package.getattr("count_words")?.call1(("a b",))?.extract::<usize>()?, 2);
            Ok(())
        })
    }
}
"#;

/// What Rust tests need to find libpython would mislead Python's own tests.
const NOTHING_LEAKS: &str = "\
import os


def test_nothing_leaks():
    names = ['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'PYTHONHOME', 'PYTHONPATH']
    names += ['PYO3_CONFIG_FILE', 'PYO3_PYTHON']
    assert [name for name in names if name in os.environ] == []
";

#[test]
fn rust_tests_that_cargo_cannot_link_run_in_the_environments_python() {
    let project = project!("hardcoded");
    let run = test(&project, &[]).run().succeeds();
    let both = "Rust (hardcoded) 2 passed; Python (hardcoded) 1 passed";
    assert_eq!(summary(&run), both, "{run}");
    assert_eq!(project.traces(), "", "no manifest is touched:\n{run}");

    let plain = plain_cargo(&project, &["test"]);
    assert_ne!(plain.code, Some(0), "{plain}");
    plain.says("linking with");

    let base = project.python("import sys; print(sys._base_executable)");
    let without = project.run(base, &["-I", "-c", "import iniconfig"]);
    assert_ne!(
        without.code,
        Some(0),
        "only the environment has it:\n{without}"
    );

    project.append("src/lib.rs", ASKS_PYTHON);
    project.write("tests/test_leaks.py", NOTHING_LEAKS);
    let version = project.python("import sys; print(sys.version)");
    let traps = traps(&folder!().join("traps"), &["python", "python3"]);
    let run = test(&project, &[])
        .env("EXPECTED_VERSION", version)
        .env("EXPECTED_FOLDER", project.path(".venv"))
        .path_first(traps.dir())
        .run()
        .succeeds();
    let both = "Rust (hardcoded) 3 passed; Python (hardcoded) 2 passed";
    assert_eq!(summary(&run), both, "{run}");
    assert_eq!(traps.sprung(), "", "no other Python is asked");
}

/// A doctest that starts Python.
const DOCUMENTED: &str = "
/// ```
/// use pyo3::prelude::*;
/// Python::initialize();
/// Python::attach(|py| assert_eq!(hello::answer(py).unwrap(), 42));
/// ```
pub fn answer(py: Python<'_>) -> PyResult<usize> {
    py.eval(c\"6 * 7\", None, None)?.extract()
}
";

#[test]
fn what_an_extension_depends_on_is_compiled_once_for_it_and_its_tests() {
    let project = project!("hello");
    if !cfg!(target_os = "linux") {
        skipped("Linux");
        return;
    }
    let hard_wired = "{ version = \"0.29\", features = [\"extension-module\"] }";
    project.edit("Cargo.toml", "\"0.29\"", hard_wired);
    project.append("src/lib.rs", DOCUMENTED);
    project.append("pyproject.toml", "\n[tool.pyx.test]\ndoctests = true\n");
    project.write("build.rs", "fn main() {}\n");
    // not every shell would hand on the variable that this makes cargo set
    project.write("src/bin/say-hello.rs", "fn main() {}\n");
    let program = "#[test]\nfn is_there() {\n    \
                   assert!(!env!(\"CARGO_BIN_EXE_say-hello\").is_empty());\n}\n";
    project.write("tests/program.rs", program);
    let by_itself = "use pyo3::prelude::*;\n\n#[test]\nfn starts() {\n    Python::initialize();\n    \
                     Python::attach(|py| assert_eq!(hello::answer(py).unwrap(), 42));\n}\n";
    project.write("tests/starts.rs", by_itself);
    // other projects were compiled in the folder that this one is given
    let _ = fs::remove_dir_all(project.path("target/pyx/test"));
    let run = test(&project, &[]).run().succeeds();
    let both = "Rust (hello) 4 passed; Python (hello) 3 passed";
    assert_eq!(summary(&run), both, "{run}");
    // PyO3 was copied from the extension's build, and is as it was
    let compiled = |which: &str| {
        let found = entries(&project.path(&format!("target/pyx/{which}/debug/deps")));
        let mut found: Vec<_> = found
            .into_iter()
            .filter(|path| name_of(path).starts_with("libpyo3"))
            .map(|path| (name_of(&path), modified(&path)))
            .collect();
        found.sort();
        found
    };
    assert_eq!(compiled("test"), compiled("ext"), "{run}");
    // what the compiler starts itself has nothing of Python
    let mut files = entries(&project.path("target/pyx/test")).into_iter();
    let wrapper = files.find(|path| name_of(path).starts_with("link-python-"));
    let wrapper = wrapper.unwrap();
    let names_python = |words: &[&str]| {
        let run = project.run(&wrapper, &[&["echo"], words].concat());
        run.succeeds().stdout.contains("-lpython3")
    };
    assert!(names_python(&["--crate-name", "hello", "--test"]));
    assert!(!names_python(&["--crate-name", "build_script_build"]));
    assert!(!names_python(&[
        "--crate-name",
        "m",
        "--crate-type",
        "proc-macro"
    ]));
}

#[test]
fn rust_tests_alone_have_their_packages_and_need_no_variables() {
    let project = project!("hardcoded");
    let run = test(&project, &["--rust"]).run().succeeds();
    assert_eq!(summary(&run), "Rust (hardcoded) 2 passed", "{run}");
    let names = ["HOME", "PATH", "CARGO_HOME", "RUSTUP_HOME"];
    let kept = names
        .into_iter()
        .filter_map(|name| Some(format!("{name}={}", std::env::var(name).ok()?)));
    let tools = format!("CARGO_PYX_CACHE_DIR={}", cache().display());
    let variables: Vec<String> = kept.chain([tools]).collect();
    let variables: Vec<&str> = variables.iter().map(String::as_str).collect();
    let words = [&["-i"], &variables[..], &[PYX, "pyx", "test", "--rust"]].concat();
    let run = project.run("env", &words).succeeds();
    assert_eq!(summary(&run), "Rust (hardcoded) 2 passed", "{run}");
    run.never_says("Python tests");
}

#[test]
fn rust_tests_import_the_python_half_of_their_package_on_the_first_run_too() {
    let project = project!("mixed");
    project.append("src/lib.rs", IMPORTS_ITS_PACKAGE);
    let run = test(&project, &["--rust"]).run().succeeds();
    assert_eq!(summary(&run), "Rust (mixed) 2 passed", "{run}");
    let plan = test(&project, &["--rust", "--dry-run"]).run().succeeds();
    let source = project.path("python");
    let to_paste = format!("/site-packages:{} ", source.display());
    assert!(plan.stdout.contains(&to_paste), "{plan}");
}

/// A crate whose only test imports a package, by CPython's own interface.
const CRATE: [(&str, &str); 2] = [
    (
        "Cargo.toml",
        "[package]\nname = 'bare'\nversion = '0.1.0'\nedition = '2024'\n\n[workspace]\n\n[dependencies]\npyo3-ffi = '0.29'\n",
    ),
    (
        "src/lib.rs",
        r#"
#[test]
fn it_imports_a_package() {
    unsafe {
        pyo3_ffi::Py_InitializeEx(0);
        let module = pyo3_ffi::PyImport_ImportModule(c"iniconfig".as_ptr());
        if module.is_null() {
            pyo3_ffi::PyErr_Print();
            panic!("not imported");
        }
    }
}
"#,
    ),
];

#[test]
fn rust_tests_of_a_crate_have_the_packages_that_their_project_names() {
    let project = Project::written(&folder!(), &CRATE);
    let run = test(&project, &[]).run().exits(1);
    run.says_once("Rust tests failed; Python found no module `iniconfig`")
        .says_once("[package.metadata.pyx] requires = [\"iniconfig\"]");

    project.append(
        "Cargo.toml",
        "\n[package.metadata.pyx]\nrequires = ['iniconfig']\n",
    );
    let run = test(&project, &[]).run().succeeds();
    assert_eq!(summary(&run), "Rust (bare) 1 passed", "{run}");
    run.says_once("Syncing dependencies from Cargo.toml");
    let again = test(&project, &[]).run().succeeds();
    again.never_says("Syncing dependencies from");

    // what is no longer said stays, so that it is another version that shows
    project.edit("Cargo.toml", "requires = ['iniconfig']", "");
    let ci = "jobs:\n  test:\n    steps:\n      - run: pip install 'iniconfig==1.1.1'\n      - run: cargo test\n";
    project.write(".github/workflows/ci.yml", ci);
    test(&project, &[])
        .run()
        .succeeds()
        .says_once("Syncing dependencies from .github/workflows/ci.yml");
    let version =
        project.python("from importlib.metadata import version; print(version('iniconfig'))");
    assert_eq!(version, "1.1.1");
}

#[test]
fn a_crate_without_an_extension_is_tested_with_the_features_that_its_automation_takes() {
    let project = Project::written(&folder!(), &CRATE);
    project.write(
        "src/lib.rs",
        "#[test]\nfn it_is() {}\n\n#[test]\n#[cfg(feature = \"more\")]\nfn it_has_more() {}\n",
    );
    project.append("Cargo.toml", "\n[features]\nmore = []\nother = []\n");
    let wanting = "\n[[test]]\nname = 'wanting'\nrequired-features = ['more']\n";
    project.append("Cargo.toml", wanting);
    project.write("tests/wanting.rs", "#[test]\nfn it_wants_more() {}\n");
    let warning = "the Rust test `wanting` of bare is left out: it needs feature `more`";
    let run = test(&project, &[]).run().succeeds();
    run.says_once(warning);
    let run = test(&project, &["-F", "more"]).run().succeeds();
    let run = run.never_says(warning);
    assert_eq!(summary(&run), "Rust (bare) 3 passed", "{run}");
    for call in [
        "--all-features",
        "-F more",
        "-Fmore",
        "--features=other,more",
    ] {
        let ci = format!("jobs:\n  test:\n    steps:\n      - run: cargo test {call}\n");
        project.write(".github/workflows/ci.yml", &ci);
        let run = test(&project, &[]).run().succeeds().never_says(warning);
        assert_eq!(summary(&run), "Rust (bare) 3 passed", "{run}");
    }
}

/// A crate for Rust, in which the module is behind a feature that changes what the crate's tests see.
const OPTIONAL: [(&str, &str); 3] = [
    (
        "pyproject.toml",
        "[build-system]\nrequires = ['maturin>=1.9,<2']\nbuild-backend = 'maturin'\n\n\
         [project]\nname = 'optional'\ndynamic = ['version']\n\n[tool.maturin]\nfeatures = ['python']\n",
    ),
    (
        "Cargo.toml",
        "[package]\nname = 'optional'\nversion = '0.1.0'\nedition = '2024'\n\n[workspace]\n\n\
         [lib]\ncrate-type = ['cdylib', 'rlib']\n\n[features]\npython = ['dep:pyo3']\n\n\
         [dependencies]\npyo3 = { version = '0.29', optional = true }\n",
    ),
    (
        "src/lib.rs",
        r#"
#[cfg(feature = "python")]
#[pyo3::pymodule]
mod optional {}

/// ```
/// assert!(optional::is_for_rust());
/// ```
pub fn is_for_rust() -> bool {
    cfg!(not(feature = "python"))
}

#[test]
fn it_is_for_rust() {
    assert!(is_for_rust());
}
"#,
    ),
];

#[test]
fn a_crate_with_optional_bindings_is_tested_as_its_automation_does() {
    let project = Project::written(&folder!(), &OPTIONAL);
    let run = test(&project, &[]).run().exits(1);
    assert_eq!(summary(&run), "Rust (optional) 1 failed, 0 passed", "{run}");
    project.write("justfile", "test:\n    cargo test\n");
    let run = test(&project, &[]).run().succeeds();
    assert_eq!(summary(&run), "Rust (optional) 2 passed", "{run}");
}

#[test]
fn a_rust_test_finds_the_examples_of_its_crate() {
    let project = small(&folder!());
    project.write(
        "examples/loud.rs",
        "fn main() {\n    println!(\"LOUD\");\n}\n",
    );
    project.write(
        "tests/loud.rs",
        r#"
#[test]
fn the_example_is_there() {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap().with_file_name("examples");
    let done = std::process::Command::new(folder.join("loud")).output().unwrap();
    assert_eq!(done.stdout, b"LOUD\n");
}
"#,
    );
    let run = test(&project, &["--rust"]).run().succeeds();
    assert_eq!(summary(&run), "Rust (shout) 2 passed", "{run}");
    // as cargo has them
    project.edit("examples/loud.rs", "LOUD", "SILENT");
    let run = test(&project, &["--rust"]).run().exits(1);
    run.says("left: [83, 73, 76, 69, 78, 84, 10]");
}

#[test]
fn a_rust_test_that_ends_its_program_never_passes() {
    let project = small(&folder!());
    let test_of = |body: &str| {
        let text = format!("\n#[cfg(test)]\n#[test]\nfn of_doom() {{\n    {body}\n}}\n");
        project.append("src/main.rs", &text);
    };
    test_of("std::process::abort();");
    let run = test(&project, &[]).run().exits(1);
    assert!(summary(&run).ends_with("Python (shout) 1 passed"), "{run}");
    run.says("signal: 6, SIGABRT");
    // to cargo this is a success
    project.edit("src/main.rs", "abort()", "exit(0)");
    let run = test(&project, &[]).run().exits(1);
    run.says_once("error: ").never_says("no tests");
    // nor where another program's tests pass after it
    project.write("tests/passes.rs", "#[test]\nfn passes() {}\n");
    let run = test(&project, &["--rust"]).run().exits(1);
    run.says("error: a Rust test ended its process before the other tests ran");
    fs::remove_file(project.path("tests/passes.rs")).unwrap();
    // once it has told its result
    let late = "extern \"C\" fn end() {\n    unsafe { _exit(0) }\n}\n\n\
                unsafe extern \"C\" {\n    fn _exit(code: i32) -> !;\n    \
                fn atexit(end: extern \"C\" fn()) -> i32;\n}\n";
    project.append(
        "src/main.rs",
        &format!(
            "\n#[cfg(test)]\n{}",
            late.replace("\n\nunsafe", "\n\n#[cfg(test)]\nunsafe")
        ),
    );
    project.edit(
        "src/main.rs",
        "std::process::exit(0);",
        "unsafe { atexit(end) };\n    panic!();",
    );
    let run = test(&project, &["--rust"]).run().exits(1);
    assert_eq!(summary(&run), "Rust (shout) 1 failed, 1 passed", "{run}");
    run.says("error: Rust tests failed");
}

/// Makes the environment's Python say that it has no shared libpython.
fn without_libpython(project: &Project) {
    let python = project.path(".venv/bin/python");
    let real = fs::canonicalize(&python).unwrap();
    fs::remove_file(&python).unwrap();
    let real = real.display();
    let script = format!(
        "case \"$*\" in *link_name*) \"{real}\" \"$@\" | sed 's/\"libdir\": \"[^\"]*\"/\"libdir\": null/';;\n\
         *) exec bash -c 'exec -a \"$0\" \"{real}\" \"$@\"' \"$0\" \"$@\";; esac"
    );
    program(&python, &script);
}

#[test]
fn rust_tests_that_no_python_can_be_linked_with_fail_and_pythons_run() {
    let project = project!("hardcoded");
    project.dev().run().succeeds();
    without_libpython(&project);
    let run = test(&project, &[]).run().exits(1);
    let both = "Rust (hardcoded) not finished; Python (hardcoded) 1 passed";
    assert_eq!(summary(&run), both, "{run}");
    let run = run.says_once("error: the Rust code of hardcoded cannot be linked with Python: ");
    run.says_once("hint: ").says("uv python install 3.");
    test(&project, &["--py"]).run().succeeds();
}

/// The folder of Rust tests' builds, which earlier runs may have left.
fn no_test_builds(project: &Project) -> PathBuf {
    let path = project.path("target/pyx/test");
    let _ = fs::remove_dir_all(&path);
    path
}

#[test]
fn without_rust_tests_nothing_is_compiled_for_them() {
    let project = project!("hello");
    let folder = no_test_builds(&project);
    let text = project.read("src/lib.rs");
    let (code, _) = text.split_once("#[cfg(test)]").unwrap();
    project.write("src/lib.rs", code);
    let run = test(&project, &[]).run().succeeds();
    assert_eq!(summary(&run), "Python (hello) 3 passed", "{run}");
    assert!(!folder.exists(), "{run}");
    test(&project, &["--rust"]).run().exits(5);

    fs::remove_dir_all(project.path("tests")).unwrap();
    let run = test(&project, &[])
        .run()
        .exits(5)
        .says_once("error: no tests");
    run.says_once("hint: ").never_says("Tested");
    assert!(!folder.exists());
}

#[test]
fn documentation_of_libraries_is_tested_and_docstrings_are_not() {
    let project = project!("workspace");
    let example = "/// Turns a title into a word that fits into a URL.\n";
    let documented =
        format!("{example}///\n/// ```\n/// assert_eq!(CRATE::slug(\"A\"), \"a\");\n/// ```\n");
    let shared = documented.replace("CRATE", "shared");
    project.edit("crates/shared/src/lib.rs", example, &shared);
    let alpha = documented.replace("CRATE::", "nonsense");
    project.edit("packages/alpha/src/lib.rs", example, &alpha);
    let run = test(&project, &["--rust"]).run().succeeds();
    run.says_once("Testing doctests of shared")
        .never_says("nonsense");
}

/// cargo refuses a feature of a package that a call does not select.
#[test]
fn documentation_is_tested_with_the_features_of_its_own_package() {
    let project = project!("workspace");
    let text = "//! ```\n//! assert!(shared::RICH);\n//! ```\n\n\
        pub const RICH: bool = cfg!(feature = \"rich\");\n\
        pub fn slug(title: &str) -> String { title.to_lowercase().replace(' ', \"-\") }\n";
    project.write("crates/shared/src/lib.rs", text); // nothing else is tested of it
    project.append("crates/shared/Cargo.toml", "\n[features]\nrich = []\n");
    let manifest = "packages/alpha/Cargo.toml";
    let rich = "shared = { workspace = true, features = [\"rich\"] }";
    project.edit(manifest, "shared.workspace = true", rich);
    project.append(manifest, "\n[features]\nfast = []\n");
    let settings = "\n[tool.maturin]\nfeatures = [\"fast\"]\n";
    project.append("packages/alpha/pyproject.toml", settings);
    project.append(
        "packages/alpha/src/lib.rs",
        "\n#[test]\nfn is_fast() {\n    assert!(cfg!(feature = \"fast\"));\n}\n",
    );
    let run = test(&project, &["--rust"]).run().succeeds();
    let own = "Testing doctests of shared";
    run.says_once(own).says("is_fast");
}

#[test]
fn a_filter_that_selects_no_rust_test_is_no_success_whoever_runs_them() {
    let project = small(&folder!());
    let rust = |args: &[&str]| test(&project, &["--rust"]).with(args).run();
    let unselected = "error: no tests are selected by `typo`";
    rust(&["--", "typo"]).exits(5).says_once(unselected);
    rust(&["-q", "--", "typo"]).exits(5).says_once(unselected);
    rust(&["--", "shouts"]).succeeds();
    rust(&["--", "--list"]).succeeds();

    // a program with a harness of its own may have run whatever it is asked for
    project.append(
        "Cargo.toml",
        "\n[[test]]\nname = \"own\"\nharness = false\n",
    );
    project.write("tests/own.rs", "fn main() {}\n");
    rust(&["--", "typo"]).succeeds();

    if on_path("cargo-nextest").is_some() {
        project.edit(
            "Cargo.toml",
            "\n[[test]]\nname = \"own\"\nharness = false\n",
            "",
        );
        project.remove("tests/own.rs");
        project.append("pyproject.toml", "\n[tool.pyx.test]\nrust = \"nextest\"\n");
        rust(&["--", "typo"]).exits(5).says_once(unselected);
        rust(&["--", "shouts"]).succeeds();
    }
}

#[test]
fn cargo_nextest_runs_where_the_project_asks_for_it() {
    let project = small(&folder!());
    project.append("pyproject.toml", "\n[tool.pyx.test]\nrust = \"nextest\"\n");
    if on_path("cargo-nextest").is_none() {
        let lost = test(&project, &["--rust"]).run().exits(3);
        lost.says("cargo install cargo-nextest --locked");
        return skipped("cargo-nextest");
    }
    // beside `--no-run` nextest takes no word on how tests end
    let plan = test(&project, &["--dry-run"]).run().succeeds();
    let mut lines = plan.stdout.lines();
    let compiling = lines.find(|line| line.contains(" --no-run")).unwrap();
    assert!(!compiling.contains("fail-fast"), "{compiling}");
    let run = test(&project, &[]).run().succeeds().says("Nextest run");
    assert_eq!(
        summary(&run),
        "Rust (shout) 1 passed; Python (shout) 1 passed"
    );
    project.edit("src/main.rs", "\"HELLO YOU!\"", "\"hello?\"");
    let run = test(&project, &["--release"]).run().exits(1);
    let both = "Rust (shout) 1 failed, 0 passed; Python (shout) 1 passed";
    assert_eq!(summary(&run), both, "{run}");
}

#[test]
fn without_python_tests_the_arguments_are_for_rust() {
    let project = small(&folder!());
    fs::remove_dir_all(project.path("tests")).unwrap();
    let run = test(&project, &["--", "shouts"]).run().succeeds();
    assert_eq!(summary(&run), "Rust (shout) 1 passed", "{run}");
    let run = test(&project, &["--", "nosuch"]).run().exits(5);
    run.says("no tests are selected by `nosuch`");
}

#[test]
fn the_features_of_the_extension_are_those_of_its_rust_tests() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    project.append(
        "Cargo.toml",
        "\n[features]\nnew = []\nold = []\nplain = []\n",
    );
    project.append(
        "pyproject.toml",
        "\n[tool.maturin]\nfeatures = ['plain', 'pyo3/abi3-py39', \
         { feature = 'new', python-version = '>=3' }, { feature = 'old', python-version = '<3' }]\n",
    );
    let plan = test(&project, &["--rust", "--dry-run"]).run().succeeds();
    let features = "-p hello --features hello/plain --features hello/new ";
    assert!(plan.stdout.contains(features), "{plan}");
    for other in ["hello/old", "hello/pyo3"] {
        assert!(!plan.stdout.contains(other), "{plan}");
    }
}

#[test]
fn documentation_without_other_tests_is_linked_with_the_features_that_it_is_tested_with() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let optional = "\"0.29\", features = [\"abi3-py39\"], optional = true }";
    project.edit(
        "Cargo.toml",
        "\"0.29\"",
        &format!("{{ version = {optional}"),
    );
    project.append("Cargo.toml", "\n[features]\npython = [\"dep:pyo3\"]\n");
    project.append(
        "pyproject.toml",
        "\n[tool.maturin]\nfeatures = ['python']\n",
    );
    project.write(
        "src/lib.rs",
        "/// ```\n/// assert!(true);\n/// ```\npub fn documented() {}\n",
    );
    let left_out = "the doctests of hello are left out";
    let run = test(&project, &["--dry-run"]).run().succeeds();
    run.says_once(left_out);
    project.append("pyproject.toml", "\n[tool.pyx.test]\ndoctests = true\n");
    let run = test(&project, &["--rust", "--dry-run"]).run().succeeds();
    let plan = run.never_says(left_out);
    let lines = plan.stdout.lines();
    let calls = lines.filter(|line| line.contains(" check ") || line.contains(" --doc"));
    let calls: Vec<&str> = calls.collect();
    assert_eq!(calls.len(), 2, "{plan}");
    for call in calls {
        assert!(call.contains("--features hello/python"), "{call}");
    }
}

/// cargo goes by times.
#[test]
fn what_tests_are_compiled_from_is_seen_by_its_content_whatever_its_time_says() {
    let project = small(&folder!());
    let helper = Project::at(&project.root.with_file_name("helper"));
    let manifest =
        "[package]\nname = \"helper\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n";
    helper.write("Cargo.toml", manifest);
    project.append(
        "Cargo.toml",
        "\n[dev-dependencies]\nhelper = { path = \"../helper\" }\n",
    );
    let text = "#[test]\nfn all_is_well() {\n    assert!(helper::WELL && include_str!(\"../said.txt\") == \"well\");\n}\n";
    let (well, ill) = (
        "pub const WELL: bool = true;\n",
        "pub const WELL: bool = false;\n",
    );
    let other = text.replace("WELL &&", "!helper::WELL &&");
    let files = [
        (&project, "tests/it.rs", text, other.as_str()),
        (&project, "said.txt", "well", "else"),
        (&helper, "src/lib.rs", well, ill),
    ];
    for (place, name, good, _) in files {
        place.write(name, good);
    }
    test(&project, &["--rust"]).run().succeeds();
    for (place, name, good, bad) in files {
        let time = modified(&place.path(name));
        for (text, code) in [(bad, 1), (good, 0)] {
            place.write(name, text);
            set_modified(&place.path(name), time);
            test(&project, &["--rust"]).run().exits(code);
        }
    }
    let run = test(&project, &["--rust"]).run().succeeds();
    run.never_says("Compiling");
}
