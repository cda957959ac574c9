//! The same project in the hands of uv, maturin and pytest.

use super::{GREET, GREETING};
use crate::support::{Project, folder, project, read, uv};

#[test]
fn uv_leaves_the_build_alone() {
    let project = project!("hello");
    project.edit("src/lib.rs", GREETING, "Servus!");
    project.dev().run().succeeds();
    let module = project.file_of("hello.hello");
    let built = read(&module);
    project
        .run(uv(), &["run", "python", "-c", "pass"])
        .succeeds();
    assert!(read(&module) == built, "uv replaced {}", module.display());
    project.remove("uv.lock"); // uv writes it
    project.dev().run().finds_fresh("hello");
}

#[test]
fn uv_with_its_lock_leaves_the_build_alone() {
    let project = project!("mixed");
    project.edit("src/lib.rs", ".count()", ".count() + 10");
    project.dev().run().succeeds();
    let module = project.file_of("mixed._mixed");
    let built = read(&module);
    for args in [&["run", "python", "-c", "pass"][..], &["sync"]] {
        project.run(uv(), args).succeeds();
        assert!(
            read(&module) == built,
            "uv {args:?} replaced {}",
            module.display()
        );
    }
    project.dev().run().finds_fresh("mixed");
    assert_eq!(project.traces(), " M src/lib.rs\n");
}

#[test]
fn pytest_finds_what_was_built() {
    for fixture in ["hello", "mixed"] {
        let project = Project::new(&folder!(), fixture);
        project.dev().run().succeeds();
        project.install("pytest");
        let python = project.path(".venv/bin/python");
        let tests = project.run(&python, &["-m", "pytest", "-q"]).succeeds();
        assert!(tests.stdout.contains("passed"), "{tests}");
    }
}

/// The line of the plan that calls maturin.
fn maturins_command(project: &Project) -> String {
    let plan = project
        .dev()
        .with(&["--force", "--dry-run"])
        .run()
        .succeeds();
    let mut lines = plan
        .stdout
        .lines()
        .filter(|line| line.contains("maturin develop"));
    let line = lines.next().unwrap_or_else(|| panic!("{plan}"));
    assert_eq!(lines.next(), None);
    line.to_owned()
}

/// pyx's own call of cargo is the one that maturin makes, so neither undoes the other's work.
fn agrees_with_maturin(project: &Project, edit: (&str, &str), value: &str) {
    project.dev().run().succeeds();
    let command = maturins_command(project);
    let by_hand = || {
        project
            .run("sh", &["-c", &command])
            .succeeds()
            .never_says("Compiling")
    };
    by_hand();
    project.dev().run().succeeds().never_says("Compiling");
    project.edit("src/lib.rs", edit.0, edit.1);
    project.dev().run().succeeds().says("Compiling");
    by_hand();
    assert_eq!(project.python(value), "new");
}

#[test]
fn maturin_by_hand_compiles_nothing_again() {
    let project = project!("hello");
    let edit = (GREETING, "new");
    agrees_with_maturin(&project, edit, GREET);
}

/// maturin describes the interpreter in a file of its own for the stable ABI.
#[test]
fn maturin_by_hand_compiles_nothing_again_for_the_stable_abi() {
    let project = project!("hardcoded");
    let edit = ("info.getattr(\"major\")?.extract()?", "77");
    let value = "import hardcoded; print({77: 'new'}[hardcoded.python_version()[0]])";
    agrees_with_maturin(&project, edit, value);
}

#[test]
fn an_edit_is_not_installed_by_maturin() {
    let project = project!("hello");
    project.dev().run().succeeds();
    project.edit("src/lib.rs", GREETING, "Servus!");
    let plan = project.dev().with(&["--dry-run"]).run().succeeds();
    assert!(!plan.stdout.contains("maturin develop"), "{plan}");
    project.dev().run().succeeds();
    // and the list of what is installed tells the new module's hash
    let record = "import importlib.metadata as m, hashlib, base64\n\
                  [f] = [f for f in m.files('hello') if f.suffix in ('.so', '.pyd')]\n\
                  digest = hashlib.new(f.hash.mode, f.locate().read_bytes()).digest()\n\
                  print(base64.urlsafe_b64encode(digest).decode().rstrip('=') == f.hash.value)";
    assert_eq!(project.python(record), "True");
}

#[cfg(target_os = "linux")]
const SHARED: &str = r#"
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap());
    std::fs::write(out.join("own.c"), "int own(void) { return 7; }").unwrap();
    let status = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-Wl,-soname,libown.so.1", "-o"])
        .arg(out.join("libown.so.1"))
        .arg(out.join("own.c"))
        .status();
    assert!(status.unwrap().success());
    std::fs::copy(out.join("libown.so.1"), out.join("libown.so")).unwrap();
    println!("cargo:rustc-link-search=native={}", out.display());
    println!("cargo:rustc-link-lib=dylib=own");
}
"#;

#[test]
#[cfg(target_os = "linux")]
fn a_module_finds_the_shared_library_that_it_links() {
    let project = project!("ffi");
    let sum = || project.python("import ffi_add; print(ffi_add.add(2, 3))");
    project.dev().run().succeeds();
    assert_eq!(sum(), "5");
    // it links none yet: an edit is enough to link one
    project.write("build.rs", SHARED);
    let call = "a.wrapping_add(b).wrapping_add(unsafe { own() })";
    project.edit("src/lib.rs", "a.wrapping_add(b)", call);
    project.append(
        "src/lib.rs",
        "unsafe extern \"C\" {\n    fn own() -> c_int;\n}\n",
    );
    project
        .dev()
        .run()
        .succeeds()
        .says("does not find a library that it links");
    assert_eq!(sum(), "12");
    project.edit(
        "src/lib.rs",
        call,
        "a.wrapping_mul(b).wrapping_add(unsafe { own() })",
    );
    project.dev().run().succeeds().never_says("Repeating");
    assert_eq!(sum(), "13");
    project.dev().run().finds_fresh("ffi-add");
}

#[test]
fn an_edit_beside_another_package_with_its_module_in_place_is_not_installed_by_maturin() {
    let project = project!("workspace");
    let [alpha, beta] = ["packages/alpha", "packages/beta"];
    project.append(
        &format!("{alpha}/pyproject.toml"),
        "\n[tool.maturin]\npython-source = \"python\"\n",
    );
    project.write(
        &format!("{alpha}/python/alpha/__init__.py"),
        "from .alpha import slug\n",
    );
    project.commit();
    project.dev().run().succeeds();
    for member in [alpha, beta] {
        project.append(&format!("{member}/src/lib.rs"), "const _: u8 = 0;\n");
        let plan = project.dev().with(&["--dry-run"]).run().succeeds();
        assert!(!plan.stdout.contains("maturin develop"), "{plan}");
        project.dev().run().succeeds();
    }
}

const IMPORTING: &str = r#"
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let imported = std::process::Command::new("python3")
        .args(["-c", "import attr; print(attr.__file__)"])
        .output()
        .unwrap();
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let place = String::from_utf8_lossy(&imported.stdout);
    assert!(place.contains("/.venv/"), "{place}");
}
"#;

#[test]
fn a_build_script_runs_the_python_that_has_what_the_build_requires() {
    let project = project!("ffi");
    project.edit(
        "pyproject.toml",
        "\"maturin>=1.9,<2\"",
        "\"maturin>=1.9,<2\", \"attrs\"",
    );
    project.write("build.rs", IMPORTING);
    let run = project.pyx("test").run().succeeds();
    run.says("Rust (ffi-add) 1 passed; Python (ffi-add) 1 passed");
    project.dev().run().finds_fresh("ffi-add");
}
