//! What a folder says without being asked: one law a rule of inference.

mod crates;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_pyx::facts::project::{Bindings, Project, Selection};
use cargo_pyx::model::error::{Error, ProjectError};
use cargo_pyx::world::session::Session;

const MATURIN: &str = "[build-system]\nrequires = ['maturin>=1,<2']\nbuild-backend = 'maturin'\n";
const PYO3: &str =
    "[package]\nname = 'ext'\n[lib]\ncrate-type = ['cdylib']\n[dependencies]\npyo3 = '0.29'\n";

/// A checkout in a temporary folder.
struct Checkout {
    _temp: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl Checkout {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(temp.path().canonicalize().unwrap()).unwrap();
        std::fs::create_dir(root.join(".git")).unwrap();
        Self { _temp: temp, root }
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// A PyO3 package that maturin builds; `dir` relative to the checkout, `.` for its root.
    fn package(self, dir: &str, name: &str) -> Self {
        let pyproject = format!("{MATURIN}[project]\nname = '{name}'\nversion = '1'\n");
        self.file(&format!("{dir}/pyproject.toml"), &pyproject)
            .file(&format!("{dir}/Cargo.toml"), PYO3)
            .file(&format!("{dir}/src/lib.rs"), "")
    }

    fn discover(&self, dir: &str) -> Result<Project, Error> {
        self.select(dir, &[])
    }

    fn select(&self, dir: &str, members: &[&str]) -> Result<Project, Error> {
        let session = Session {
            cwd: self.root.join(dir),
            ..Session::default()
        };
        let selection = Selection {
            manifest: None,
            members: members.iter().map(ToString::to_string).collect(),
            ..Selection::default()
        };
        Project::discover(&session, &selection)
    }

    fn names(&self, dir: &str) -> Vec<String> {
        let members = self.discover(dir).unwrap().members;
        members.into_iter().map(|member| member.name).collect()
    }

    fn bindings(&self) -> Bindings {
        self.discover("").unwrap().members[0].bindings
    }
}

#[test]
fn the_nearest_maturin_project_upward_is_the_project() {
    let checkout = Checkout::new()
        .package("a", "outer")
        .package("a/b", "inner")
        .file("a/b/src/deep/x.rs", "");
    assert_eq!(checkout.names("a/b/src/deep"), ["inner"]);
    assert_eq!(checkout.names("a"), ["outer"]);
}

#[test]
fn a_project_of_another_backend_on_the_way_up_is_passed() {
    let other = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";
    let checkout = Checkout::new()
        .package(".", "ext")
        .file("docs/pyproject.toml", other);
    assert_eq!(checkout.names("docs"), ["ext"]);
}

#[test]
fn every_package_below_a_monorepos_root_is_a_member() {
    let checkout = Checkout::new()
        .package("bindings/python", "py")
        .package("crates/fast", "fast");
    let project = checkout.discover("").unwrap();
    assert_eq!(checkout.names(""), ["fast", "py"]);
    assert_eq!(project.home, checkout.root);
}

#[test]
fn a_package_that_cargo_rejects_is_no_member_beside_others_and_said_to_be_left_out() {
    let root = "[workspace]\nmembers = ['a', 'b']\n";
    let checkout = Checkout::new()
        .package("python/a", "a")
        .package("python/b", "b")
        .package("python/old", "old")
        .file("python/Cargo.toml", root);
    for dir in ["", "python/a"] {
        let project = checkout.discover(dir).unwrap();
        assert!(project.all().all(|member| member.name != "old"), "{dir}");
        assert_eq!(project.rejected, [checkout.root.join("python/old")]);
        let said: Vec<String> = project.left_out().collect();
        assert!(said[0].contains("old` is left out"), "{said:?}");
    }
    // whoever is in it means it, and cargo says why it cannot be
    assert_eq!(checkout.names("python/old"), ["old"]);
    let checkout = checkout.file("python/Cargo.toml", "[workspace]\nmembers = []\n");
    assert_eq!(checkout.names(""), ["a", "b", "old"]);
    let excluding = format!("{root}exclude = ['old']\n");
    let checkout = checkout.file("python/Cargo.toml", &excluding);
    assert_eq!(checkout.names(""), ["a", "b", "old"]);
}

#[test]
fn a_single_package_below_is_the_project_with_its_own_environment() {
    let checkout = Checkout::new().package("bindings/python", "py");
    let project = checkout.discover("").unwrap();
    assert_eq!(project.home, checkout.root.join("bindings/python"));
    assert_eq!(checkout.names("bindings"), ["py"]);
}

#[test]
fn examples_templates_fixtures_vendored_and_ignored_folders_do_not_count() {
    let checkout = Checkout::new()
        .package("python", "real")
        .package("examples/a", "a")
        .package("templates/b", "b")
        .package("fixtures/c", "c")
        .package("vendor/d", "d")
        .package("generated/e", "e")
        .package(".hidden/f", "f")
        .file(".gitignore", "generated/\n");
    assert_eq!(checkout.names(""), ["real"]);
}

#[test]
fn tool_maturin_beside_another_backend_is_no_project() {
    let other = "[build-system]\nrequires = ['setuptools-rust']\nbuild-backend = 'setuptools.build_meta'\n[tool.maturin]\n";
    let checkout = Checkout::new().file("pyproject.toml", other);
    let error = checkout.discover("").unwrap_err();
    assert!(
        matches!(error, Error::Project(ProjectError::NotMaturin { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("setuptools.build_meta"));
}

#[test]
fn a_crate_that_another_backend_compiles_is_not_a_project_of_its_own() {
    let setuptools =
        "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n";
    let by_default = "[build-system]\nrequires = ['setuptools', 'setuptools-rust>=1.7']\n";
    let own = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'build'\nbackend-path = ['.']\n";
    let extension =
        "[package]\nname = 'ext'\n[lib]\ncrate-type = ['cdylib']\n[dependencies]\npyo3 = '0.29'\n";
    let program = "[package]\nname = 'app'\n[dependencies]\npyo3 = { version = '0.29', features = ['auto-initialize'] }\n";
    let named = "[build-system]\nrequires = ['setuptools', 'cargo-tools']\nbuild-backend = 'setuptools.build_meta'\n";
    for (other, place) in [
        (setuptools, ""),
        (named, "src/ext"),
        (by_default, ""),
        (own, ""),
        (own, "src/ext"),
    ] {
        let checkout = Checkout::new()
            .file("pyproject.toml", other)
            .file(Utf8Path::new(place).join("Cargo.toml").as_str(), extension);
        for start in ["", place] {
            let error = checkout.discover(start).unwrap_err();
            assert!(
                matches!(error, Error::Project(ProjectError::NotMaturin { .. })),
                "{place}: {error}"
            );
        }
        let library = extension.replace("cdylib", "rlib");
        let beside = checkout
            .file("app/Cargo.toml", program)
            .file("lib/Cargo.toml", &library);
        assert_eq!(beside.names("app"), ["app"]);
        assert_eq!(beside.names("lib"), ["ext"]);
    }
}

#[test]
fn a_crate_below_a_package_that_compiles_none_is_a_project_of_its_own() {
    let setuptools =
        "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n";
    let checkout = Checkout::new()
        .file("pyproject.toml", setuptools)
        .file("setup.py", "from setuptools import setup\nsetup()\n")
        .file("rust/Cargo.toml", PYO3)
        .file("rust/src/lib.rs", "#[pymodule]\nmod ext {}\n");
    for start in ["", "rust"] {
        assert_eq!(checkout.names(start), ["ext"]);
    }
    assert_eq!(checkout.bindings(), Bindings::Pyo3);
    let said = "from setuptools_rust import RustExtension\n";
    let checkout = checkout.file("setup.py", said);
    for start in ["", "rust"] {
        let error = checkout.discover(start).unwrap_err();
        assert!(
            error.to_string().contains("setuptools.build_meta"),
            "{error}"
        );
    }
}

#[test]
fn a_module_below_that_another_backend_compiles_is_named_with_that_backend() {
    let requires = "[build-system]\nrequires = ['setuptools', 'setuptools-rust']\n";
    let extension =
        "[package]\nname = 'ext'\n[lib]\ncrate-type = ['cdylib']\n[dependencies]\npyo3 = '0.29'\n";
    let checkout = Checkout::new()
        .file("Cargo.toml", "[workspace]\nmembers = ['python', 'core']\n")
        .file("core/Cargo.toml", "[package]\nname = 'core'\n")
        .file("python/Cargo.toml", extension)
        .file("python/pyproject.toml", requires);
    for start in ["", "core", "python"] {
        let error = checkout.discover(start).unwrap_err().to_string();
        let path = checkout.root.join("python/pyproject.toml");
        assert!(error.contains(path.as_str()), "{start}: {error}");
    }
    let beside = checkout.package("bindings", "theirs");
    assert_eq!(beside.names(""), ["theirs"]);
}

#[test]
fn a_module_beside_a_package_without_a_backend_is_no_project() {
    let extension =
        "[package]\nname = 'ext'\n[lib]\ncrate-type = ['cdylib']\n[dependencies]\npyo3 = '0.29'\n";
    for package in ["[project]\nname = 'ext'\n", "[tool.poetry]\nname = 'ext'\n"] {
        let checkout = Checkout::new()
            .file("Cargo.toml", extension)
            .file("pyproject.toml", package);
        let error = checkout.discover("").unwrap_err();
        assert!(
            matches!(error, Error::Project(ProjectError::NotMaturin { .. })),
            "{error}"
        );
    }
    // nor are the crates beside it that only use it
    let user = "[package]\nname = 'profiling'\n[dependencies]\npyo3 = '0.29'\n";
    let checkout = Checkout::new()
        .file("Cargo.toml", extension)
        .file("pyproject.toml", "[project]\nname = 'ext'\n")
        .file("profiling/Cargo.toml", user);
    let error = checkout.discover("").unwrap_err();
    assert!(
        matches!(error, Error::Project(ProjectError::NotMaturin { .. })),
        "{error}"
    );
    let tools = Checkout::new()
        .file("Cargo.toml", extension)
        .file("pyproject.toml", "[tool.ruff]\n");
    assert_eq!(tools.names(""), ["ext"]);
}

#[test]
fn nothing_is_an_error_that_says_what_is_looked_for() {
    let error = Checkout::new().discover("").unwrap_err();
    assert!(matches!(error, Error::Project(ProjectError::NoProject(_))));
    let hint = error.hint().unwrap();
    assert!(hint.contains("build-backend") && hint.contains("cargo pyx new NAME"));
}

#[test]
fn outside_a_checkout_only_a_folder_with_a_manifest_is_searched() {
    let checkout = Checkout::new().package("somewhere/deep", "stranger");
    std::fs::remove_dir(checkout.root.join(".git")).unwrap();
    assert!(checkout.discover("").is_err());
    let checkout = checkout.file("Cargo.toml", "[workspace]\nmembers = []\n");
    assert_eq!(checkout.names(""), ["stranger"]);
}

#[test]
fn a_uv_workspace_shares_the_environment_of_its_root() {
    let checkout = Checkout::new()
        .file(
            "pyproject.toml",
            "[tool.uv.workspace]\nmembers = ['packages/*']\n",
        )
        .package("packages/a", "a")
        .package("packages/b", "b");
    let project = checkout.discover("packages/a").unwrap();
    assert_eq!(project.home, checkout.root);
    assert_eq!(checkout.names("packages/a"), ["a"]);
}

#[test]
fn a_member_brings_the_members_that_it_needs_first() {
    let needs =
        format!("{MATURIN}[project]\nname = 'a'\nversion = '1'\ndependencies = ['B_ase>=1']\n");
    let checkout = Checkout::new()
        .package("packages/a", "a")
        .file("packages/a/pyproject.toml", &needs)
        .package("packages/b", "b-ase")
        .package("packages/c", "c");
    assert_eq!(checkout.names(""), ["b-ase", "a", "c"]);
    let chosen = checkout.select("", &["a"]).unwrap().members;
    let names: Vec<&str> = chosen.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["b-ase", "a"]);
}

#[test]
fn a_package_of_a_cargo_workspace_with_several_is_built_in_the_shared_environment() {
    let checkout = Checkout::new()
        .file("Cargo.toml", "[workspace]\nmembers = ['packages/*']\n")
        .package("packages/a", "a")
        .package("packages/b", "b");
    let project = checkout.discover("packages/b").unwrap();
    assert_eq!(project.home, checkout.root);
    assert_eq!(project.state, checkout.root.join("target/pyx"));
    assert_eq!(checkout.names("packages/b"), ["b"]);
}

#[test]
fn a_crate_for_others_means_the_packages_that_are_built_with_it() {
    let library = "[package]\nname = 'core'\n";
    let using = |name: &str| format!("{PYO3}{name} = {{ path = '../{name}' }}\n");
    let checkout = Checkout::new()
        .file("core/Cargo.toml", library)
        .file("core/src/lib.rs", "")
        .package("one", "one")
        .file("one/Cargo.toml", &using("core"))
        .package("two", "two");
    for start in ["core", "core/src"] {
        assert_eq!(checkout.names(start), ["one"]);
        assert_eq!(
            checkout.discover(start).unwrap().home,
            checkout.root.join("one")
        );
    }
    let checkout = checkout.file("two/Cargo.toml", &using("core"));
    assert_eq!(checkout.names("core"), ["one", "two"]);
    let program = format!("{library}[dependencies]\none = {{ path = '../one' }}\n");
    let checkout = checkout.file("app/Cargo.toml", &program.replace("core", "app"));
    assert_eq!(checkout.names("app"), ["one"]);
    // others are not its own
    let checkout = checkout.file("tools/Cargo.toml", &library.replace("core", "tools"));
    let error = checkout.discover("tools").unwrap_err();
    assert_eq!(error.exit().code(), 2);
    assert!(
        error
            .to_string()
            .starts_with("`tools` is not part of any Python package ("),
        "{error}"
    );
    assert_eq!(checkout.names(""), ["one", "two"]);
    // a folder that is in no crate is of the whole checkout, and so is the crate at its root
    let checkout = checkout.file("docs/index.md", "");
    assert_eq!(checkout.names("docs"), ["one", "two"]);
    let checkout = checkout.file("Cargo.toml", &library.replace("core", "all"));
    assert_eq!(checkout.names("docs"), ["one", "two"]);
}

#[test]
fn an_unknown_member_is_an_error_that_names_the_nearest() {
    let checkout = Checkout::new()
        .package("packages/alpha", "alpha")
        .package("packages/beta", "beta");
    let error = checkout.select("", &["alhpa"]).unwrap_err();
    assert_eq!(error.exit().code(), 2);
    assert!(error.to_string().contains("alpha, beta"));
    assert_eq!(error.hint().unwrap(), "did you mean `-p alpha`?");
}

#[test]
fn the_manifest_is_beside_the_project_or_where_it_says() {
    let said = format!(
        "{MATURIN}[project]\nname = 'x'\n[tool.maturin]\nmanifest-path = 'core/Cargo.toml'\n"
    );
    let checkout = Checkout::new()
        .file("pyproject.toml", &said)
        .file("core/Cargo.toml", PYO3);
    let project = checkout.discover("").unwrap();
    assert_eq!(
        project.members[0].manifest(),
        checkout.root.join("core/Cargo.toml")
    );
    std::fs::remove_file(checkout.root.join("core/Cargo.toml")).unwrap();
    let error = checkout.discover("").unwrap_err();
    assert_eq!(error.exit().code(), 2);
    assert!(error.to_string().contains("pyproject.toml:7:17"), "{error}");
}

#[test]
fn a_project_keeps_what_it_was_found_by_and_the_next_sees_what_changed() {
    let checkout = Checkout::new().package(".", "one");
    let project = checkout.discover("").unwrap();
    let checkout = checkout.package(".", "two");
    let name = |project: &Project| {
        let path = project.home.join("pyproject.toml");
        let again = project.manifests.pyproject(&path).unwrap().unwrap();
        let own = project.members[0].pyproject.as_ref().unwrap();
        assert!(Arc::ptr_eq(own, &again));
        own.name().unwrap().to_owned()
    };
    assert_eq!(name(&project), "one");
    let next = checkout.discover("").unwrap();
    assert_eq!(name(&next), "two");
    assert_eq!(name(&project), "one");
}

#[test]
fn the_target_directory_is_cargos() {
    let target = |project: &Project| project.state.clone();
    let checkout = Checkout::new()
        .file(
            "Cargo.toml",
            "[workspace]\nmembers = ['py']\nexclude = ['alone']\n",
        )
        .package("py", "py")
        .package("alone", "alone");
    let project = |dir: &str| checkout.discover(dir).unwrap();
    assert_eq!(target(&project("py")), checkout.root.join("target/pyx"));
    assert_eq!(
        target(&project("alone")),
        checkout.root.join("alone/target/pyx")
    );
    let config = checkout.root.join(".cargo/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(&config, "[build]\ntarget-dir = 'out'\n").unwrap();
    assert_eq!(target(&project("py")), checkout.root.join("out/pyx"));
    let session = Session {
        cwd: checkout.root.join("py"),
        env: [("CARGO_TARGET_DIR".to_owned(), "/elsewhere".to_owned())].into(),
        ..Session::default()
    };
    let moved = Project::discover(&session, &Selection::default()).unwrap();
    // where other workspaces may be built as well
    let target = target(&moved);
    let own = target.strip_prefix("/elsewhere/pyx").unwrap();
    let name = checkout.root.file_name().unwrap();
    assert!(own.as_str().starts_with(&format!("{name}-")), "{own}");
}

#[test]
fn the_package_at_a_workspaces_root_is_meant_alone_and_the_others_can_be_named() {
    let root = format!("{PYO3}[workspace]\nmembers = ['crates/*']\n");
    let checkout = Checkout::new()
        .package(".", "tool")
        .file("Cargo.toml", &root)
        .package("crates/py", "module");
    assert_eq!(checkout.names(""), ["tool"]);
    let project = checkout.discover("").unwrap();
    assert_eq!(project.aside, [checkout.root.join("crates/py")]);
    let named = checkout.select("", &["module"]).unwrap();
    let names: Vec<&str> = named.members.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["module"]);
    assert_eq!(named.home, checkout.root);
}
