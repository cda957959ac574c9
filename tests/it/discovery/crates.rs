//! Which crates a package consists of, how they are bound to Python, and which are projects by themselves.

use camino::Utf8Path;
use cargo_pyx::facts::project::Bindings;

use super::{Checkout, MATURIN, PYO3};

#[test]
fn bindings_are_what_maturin_would_guess() {
    let with = |cargo: &str, files: &[&str]| {
        let pyproject = format!("{MATURIN}[project]\nname = 'x'\n");
        let mut checkout = Checkout::new()
            .file("pyproject.toml", &pyproject)
            .file("Cargo.toml", cargo);
        for file in files {
            checkout = checkout.file(file, "");
        }
        checkout.bindings()
    };
    let cdylib = "[package]\nname = 'x'\n[lib]\ncrate-type = ['cdylib']\n[dependencies]\n";
    let lib = &["src/lib.rs"][..];
    assert_eq!(with(&format!("{cdylib}pyo3 = '1'"), lib), Bindings::Pyo3);
    assert_eq!(
        with(&format!("{cdylib}pyo3-ffi = '1'"), lib),
        Bindings::Pyo3Ffi
    );
    assert_eq!(
        with(&format!("{cdylib}uniffi = '1'"), lib),
        Bindings::Uniffi
    );
    assert_eq!(with(cdylib, lib), Bindings::Cffi);
    assert_eq!(
        with("[package]\nname = 'x'\n", &["src/main.rs"]),
        Bindings::Bin
    );
}

#[test]
fn a_crate_alone_is_a_module_where_its_sources_make_one_and_nothing_else_builds_it() {
    const MODULE: &str = "use pyo3::prelude::*;\n#[pymodule]\nmod ext {}\n";
    let found = |cargo: &str, lib: &str| {
        let checkout = Checkout::new()
            .file("Cargo.toml", cargo)
            .file("src/lib.rs", lib);
        checkout.bindings()
    };
    assert_eq!(found(PYO3, MODULE), Bindings::Pyo3);
    assert_eq!(
        found(&PYO3.replace("pyo3 ", "pyo3-ffi "), "fn PyInit_ext() {}"),
        Bindings::Pyo3Ffi
    );
    assert_eq!(found(PYO3, "// #[pymodule]\n"), Bindings::Embed);
    assert_eq!(
        found(&PYO3.replace("cdylib", "rlib"), MODULE),
        Bindings::Embed
    );
    let optional = PYO3.replace("'0.29'", "{ version = '0.29', optional = true }");
    assert_eq!(found(&optional, MODULE), Bindings::Embed);
    let on = format!("{optional}[features]\ndefault = ['py']\npy = ['dep:pyo3']\n");
    assert_eq!(found(&on, MODULE), Bindings::Pyo3);
    let starts = PYO3.replace(
        "'0.29'",
        "{ version = '0.29', features = ['auto-initialize'] }",
    );
    assert_eq!(found(&starts, MODULE), Bindings::Embed);
    let tools = Checkout::new()
        .file("Cargo.toml", PYO3)
        .file("src/lib.rs", MODULE)
        .file("pyproject.toml", "[tool.ruff]\n");
    assert_eq!(tools.bindings(), Bindings::Embed);
    let inside = Checkout::new()
        .file(
            "Cargo.toml",
            &PYO3.replace("[lib]", "[lib]\npath = 'ext/mod.rs'"),
        )
        .file("ext/mod.rs", "mod python;\n")
        .file("ext/python.rs", MODULE);
    assert_eq!(inside.bindings(), Bindings::Pyo3);
}

#[test]
fn bindings_may_come_through_a_path_dependency_or_the_lock() {
    let pyproject = format!("{MATURIN}[project]\nname = 'x'\n");
    let cdylib = "[package]\nname = 'x'\n[lib]\ncrate-type = ['cdylib']\n[dependencies]\nhelper = { path = 'helper' }\n";
    let checkout = Checkout::new()
        .file("pyproject.toml", &pyproject)
        .file("Cargo.toml", cdylib)
        .file("src/lib.rs", "")
        .file(
            "helper/Cargo.toml",
            "[package]\nname = 'helper'\n[dependencies]\npyo3 = '1'\n",
        );
    assert_eq!(checkout.bindings(), Bindings::Pyo3);
    let locked = "[[package]]\nname = 'x'\nversion = '1'\ndependencies = ['wrap']\n\
                  [[package]]\nname = 'wrap'\nversion = '1'\ndependencies = ['pyo3-ffi 0.29.0']\n";
    let checkout = Checkout::new()
        .file("pyproject.toml", &pyproject)
        .file(
            "Cargo.toml",
            "[package]\nname = 'x'\n[lib]\ncrate-type = ['cdylib']\n[dependencies]\nwrap = '1'\n",
        )
        .file("src/lib.rs", "")
        .file("Cargo.lock", locked);
    assert_eq!(checkout.bindings(), Bindings::Pyo3Ffi);
}

#[test]
fn a_crate_that_initializes_python_itself_is_a_project_without_pyproject() {
    let embeds = "[package]\nname = 'Embed_It'\n[dependencies]\npyo3 = { version = '1', features = ['auto-initialize'] }\n";
    let checkout = Checkout::new()
        .file("Cargo.toml", embeds)
        .file("src/main.rs", "");
    let project = checkout.discover("src").unwrap();
    assert_eq!(project.members[0].bindings, Bindings::Embed);
    assert_eq!(project.members[0].name, "embed-it");
}

#[test]
fn a_crate_that_uses_pyo3_is_a_project_unless_a_package_is_below_it() {
    let library =
        "[package]\nname = 'convert'\n[dependencies]\npyo3 = { version = '1', optional = true }\n";
    let in_tests = "[package]\nname = 'convert'\n[dev-dependencies]\npyo3-ffi = '1'\n";
    let none = "[package]\nname = 'convert'\n[dependencies]\nserde = '1'\n";
    for (manifest, is_project) in [(library, true), (in_tests, true), (none, false)] {
        let checkout = Checkout::new()
            .file("Cargo.toml", manifest)
            .file("src/lib.rs", "");
        for dir in ["", "src"] {
            let found = checkout.discover(dir);
            assert_eq!(found.is_ok(), is_project, "{manifest}");
            if let Ok(project) = found {
                assert_eq!(project.members[0].bindings, Bindings::Embed);
            }
        }
    }
    let published = Checkout::new()
        .file("Cargo.toml", library)
        .file("src/lib.rs", "")
        .package("bindings", "bindings");
    assert_eq!(published.names("src"), ["bindings"]);
}

#[test]
fn a_path_dependency_above_is_a_host_and_no_part_with_all_that_only_it_needs() {
    let crate_with = |name: &str, paths: &[&str]| {
        let needs = paths.iter().enumerate();
        let needs = needs.map(|(number, path)| format!("d{number} = {{ path = '{path}' }}\n"));
        let needs = needs.collect::<Vec<_>>().concat();
        format!("[package]\nname = '{name}'\n[workspace]\n[dependencies]\n{needs}")
    };
    let checkout = Checkout::new()
        .package("examples/one", "one")
        .file("Cargo.toml", &crate_with("host", &["macros", "shared"]))
        .file("macros/Cargo.toml", &crate_with("macros", &[]))
        .file("shared/Cargo.toml", &crate_with("shared", &[]))
        .file("examples/core/Cargo.toml", &crate_with("core", &[]))
        .file(
            "examples/one/Cargo.toml",
            &crate_with("one", &["../..", "../core", "../../shared"]),
        );
    let project = checkout.discover("examples/one").unwrap();
    let member = &project.members[0];
    let parts: Vec<&Utf8Path> = member
        .parts
        .iter()
        .map(|path| path.strip_prefix(&checkout.root).unwrap())
        .collect();
    assert_eq!(parts, ["examples/core/Cargo.toml", "shared/Cargo.toml"]);
    assert_eq!(member.path_dependencies.len(), 4, "all are built");
    let hosts: Vec<_> = member.hosts().map(|host| host.package_name()).collect();
    assert_eq!(hosts, [Some("host")]);
}

#[test]
fn a_library_above_a_module_that_is_no_example_is_part_of_it() {
    let module = format!("{PYO3}library = {{ path = '..' }}\n[workspace]\n");
    for folder in ["python", "examples"] {
        let checkout = Checkout::new()
            .file("Cargo.toml", "[package]\nname = 'library'\n")
            .package(folder, "module")
            .file(&format!("{folder}/Cargo.toml"), &module);
        let project = checkout.discover(folder).unwrap();
        let member = &project.members[0];
        let is_part = folder == "python";
        let library = checkout.root.join("Cargo.toml");
        assert_eq!(member.parts.contains(&library), is_part, "{folder}");
        assert_eq!(member.hosts().count(), usize::from(!is_part), "{folder}");
    }
}

#[test]
fn a_crate_in_the_packages_own_folder_is_no_host_of_the_module_below_it() {
    let pyproject = format!("{MATURIN}[tool.maturin]\nmanifest-path = 'tests/module/Cargo.toml'\n");
    let module = format!("{PYO3}own = {{ path = '../..' }}\n[workspace]\n");
    let checkout = Checkout::new()
        .file("pyproject.toml", &pyproject)
        .file("Cargo.toml", "[package]\nname = 'own'\n")
        .file("tests/module/Cargo.toml", &module);
    let project = checkout.discover("").unwrap();
    let member = &project.members[0];
    assert_eq!(member.hosts().count(), 0);
    let own = checkout.root.join("Cargo.toml");
    assert!(member.parts.contains(&own), "{:?}", member.parts);
}

#[test]
fn features_for_maturin_are_the_crates_by_whatever_name_and_all_where_all_are_said() {
    let features = |said: &str| {
        let pyproject = format!("{MATURIN}[project]\nname = 'p'\n[tool.maturin]\n{said}\n");
        let cargo = format!("{PYO3}[features]\na = []\nb = []\n");
        let checkout = Checkout::new()
            .file("pyproject.toml", &pyproject)
            .file("Cargo.toml", &cargo)
            .file("src/lib.rs", "");
        let project = checkout.discover(".").unwrap();
        project.members[0].features.join(" ")
    };
    assert_eq!(
        features("features = ['ext/a', 'a', 'pyo3/abi3']"),
        "a pyo3/abi3"
    );
    assert_eq!(features("all-features = true"), "a b");
    assert_eq!(features("all-features = false"), "");
}
