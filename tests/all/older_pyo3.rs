//! Rust tests with older releases of PyO3 in a crate that is a cdylib alone: with `extension-module`
//! hard-coded, where PyO3 links nothing, and without, where it links what its configuration says.

use std::path::Path;

use crate::support::{CheckOutcome, Project, folder, program, summary, versions};

const LIB: &str = r#"
use pyo3::ffi;

static mut DEFINITION: ffi::PyModuleDef = ffi::PyModuleDef {
    m_base: ffi::PyModuleDef_HEAD_INIT,
    m_name: c"older".as_ptr(),
    m_doc: std::ptr::null(),
    m_size: 0,
    m_methods: std::ptr::null_mut(),
    m_slots: std::ptr::null_mut(),
    m_traverse: None,
    m_clear: None,
    m_free: None,
};

#[no_mangle]
pub unsafe extern "C" fn PyInit_older() -> *mut ffi::PyObject {
    ffi::PyModule_Create(std::ptr::addr_of_mut!(DEFINITION))
}

#[cfg(test)]
mod tests {
    use pyo3::prelude::*;

    #[test]
    fn the_environments_python_runs() -> PyResult<()> {
        pyo3::prepare_freethreaded_python();
        Python::with_gil(|py| {
            let found = py.version_info();
            let version = format!("{}.{}", found.major, found.minor);
            assert_eq!(version, std::env::var("EXPECTED_VERSION").unwrap());
            let package: String = py.import_OLD("iniconfig")?.getattr("__file__")?.extract()?;
            assert!(package.starts_with(&std::env::var("EXPECTED_FOLDER").unwrap()), "{package}");
            Ok(())
        })
    }
}
"#;

const PYPROJECT: &str = "[build-system]
requires = [\"maturin>=1,<2\"]
build-backend = \"maturin\"

[project]
name = \"older\"
version = \"1.0.0\"
";

const PYTHON: &str = "import older


def test_older():
    assert older.__name__ == 'older'
";

/// A project with a release of PyO3, tested on the newest Python here that is not above `newest`.
fn tested(folder: &Path, (pyo3, features): (&str, &[&str]), newest: u32) -> (CheckOutcome, bool) {
    let manifest = format!(
        "[package]\nname = \"older\"\nversion = \"1.0.0\"\nedition = \"2021\"\n\n[lib]\n\
         crate-type = [\"cdylib\"]\n\n[dependencies.pyo3]\nversion = \"{pyo3}\"\n\
         default-features = false\nfeatures = {features:?}\n"
    );
    // the function that imports by that name has had several
    let import = if newest > 11 {
        "import_bound"
    } else {
        "import"
    };
    let files = [
        (".gitignore", "target\nCargo.lock\n"),
        ("Cargo.toml", &*manifest),
        ("pyproject.toml", PYPROJECT),
        ("src/lib.rs", &LIB.replace("import_OLD", import)),
        ("tests/test_older.py", PYTHON),
    ];
    let project = Project::written(folder, &files);
    let all = versions();
    let minor = |version: &&String| version.trim_start_matches("3.").parse::<u32>().unwrap();
    let fits = |version: &&String| minor(version) <= newest;
    let fitting = all.iter().rfind(fits);
    let python = fitting.or(all.last()).unwrap();
    let run = project
        .pyx("test")
        .with(&["--python", python])
        .env("EXPECTED_VERSION", python)
        .env("EXPECTED_FOLDER", &project.root)
        .run();
    (run, fitting.is_some())
}

fn is_linked((run, fits): (CheckOutcome, bool)) {
    if fits {
        let run = run.succeeds();
        let both = "Rust (older) 1 passed; Python (older) 1 passed";
        assert_eq!(summary(&run), both, "{run}");
    } else {
        // PyO3 refuses it, or does not fit it: that is not for pyx to help
        run.never_says("could not be linked with libpython");
    }
}

#[test]
fn pyo3_0_22_with_an_older_stable_abi_is_linked_with_the_environments_python() {
    is_linked(tested(&folder!(), ("0.22", &["abi3-py38"]), 12));
}

#[test]
fn pyo3_0_17_is_linked_with_the_environments_python() {
    is_linked(tested(&folder!(), ("0.17", &["extension-module"]), 11));
}

/// Asked for a Python of the future, pyx names the newest that PyO3 is for; so does its build script.
#[test]
fn what_a_pyo3_is_for_is_what_its_build_script_accepts() {
    for pyo3 in ["0.20", "0.22", "0.24", "0.26", "0.29"] {
        let folder = folder!();
        let manifest = format!(
            "[package]\nname = \"ends\"\nversion = \"1.0.0\"\nedition = \"2021\"\n\n[lib]\n\
             crate-type = [\"cdylib\"]\n\n[dependencies]\npyo3-ffi = \"{pyo3}\"\n"
        );
        let files = [
            (".gitignore", "target\n"),
            ("Cargo.toml", &*manifest),
            ("pyproject.toml", &PYPROJECT.replace("older", "ends")),
            ("src/lib.rs", ""),
            (
                "future.txt",
                "implementation=CPython\nversion=3.99\nshared=true\nabi3=false\n",
            ),
        ];
        let project = Project::written(&folder, &files);
        project.run("cargo", &["generate-lockfile"]).succeeds();
        let newer = folder.join("newer");
        let said = r#"echo '{"implementation": "cpython", "version": "3.99.0", "abiflags": ""}'"#;
        program(&newer.join("python3.99"), said);
        let dev = project.dev().with(&["--python", "3.99"]);
        let said = dev.path_first(&newer).run().exits(3);
        let check = project.program("cargo", &["check"]);
        let config = project.path("future.txt");
        let built = check.env("PYO3_CONFIG_FILE", config).run().exits(101);
        let (_, newest) = built
            .stderr
            .split_once("maximum supported version (")
            .unwrap();
        let (newest, _) = newest.split_once(')').unwrap();
        said.says(&format!(" to {newest}, not for CPython 3.99.0"));
    }
}
