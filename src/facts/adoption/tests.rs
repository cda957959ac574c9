use camino::{Utf8Path, Utf8PathBuf};

use super::*;
use crate::model::path::slashed;

/// What a folder with these files is, and the folder.
fn read_at(files: &[(&str, &str)]) -> (Utf8PathBuf, Result<Subject>) {
    read_in("fast-words", files)
}

fn read_in(folder: &str, files: &[(&str, &str)]) -> (Utf8PathBuf, Result<Subject>) {
    let temp = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(temp.path().join(folder)).unwrap();
    for (name, text) in files {
        disk::write(&root.join(name), text.as_bytes()).unwrap();
    }
    let read = subject(&Manifests::default(), &root, &AdoptionOptions::default());
    (root, read)
}

fn read(files: &[(&str, &str)]) -> Result<Subject> {
    read_at(files).1
}

const PROJECT: &str = "[project]\nname = \"Hot.Words\"\nversion = \"1.2rc1\"\n";
const INIT: (&str, &str) = ("src/hot_words/__init__.py", "");

fn package(files: &[(&str, &str)]) -> PythonPackage {
    match read(files).unwrap() {
        Subject::Package(package) => *package,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_package_of_the_projects_name_gets_the_module() {
    let found = package(&[
        ("pyproject.toml", PROJECT),
        INIT,
        ("src/other/__init__.py", ""),
    ]);
    assert_eq!(
        (found.source, &*found.name, &*found.leaf),
        ("src", "hot_words", "_core")
    );
    assert_eq!(found.all, ["hot_words", "other"]);
    assert_eq!(found.version.to_string(), "1.2.0-rc.1");
    let only = ("words/__init__.py", "");
    let found = package(&[("pyproject.toml", PROJECT), only, ("words/_core.py", "")]);
    assert_eq!(
        (found.source, &*found.name, &*found.leaf),
        (".", "words", "_rust")
    );
}

#[test]
fn people_are_the_same_in_either_spelling_of_a_list() {
    let people = |text: &str| {
        let text = format!("{PROJECT}{text}");
        let found = package(&[("pyproject.toml", &text), INIT]);
        let people = found.asked(None, &[]).people;
        people.into_iter().collect::<Vec<_>>()
    };
    let inline = "authors = [{ name = \"Ada\", email = \"ada@example.org\" }]\nmaintainers = [{ name = \"Bob\" }]\n";
    let tables = "[[project.authors]]\nemail = \"ada@example.org\"\nname = \"Ada\"\n\n\
                  [[project.maintainers]]\nname = \"Bob\"\n";
    assert_eq!(people(inline), ["Ada", "Bob", "ada@example.org"]);
    assert_eq!(people(tables), people(inline));
}

#[test]
fn a_licence_in_words_is_the_same_in_either_spelling() {
    for licence in ["\"MIT\"", "{ text = \"MIT\" }"] {
        let text = format!("{PROJECT}license = {licence}\n");
        let found = package(&[("pyproject.toml", &text), INIT]);
        assert_eq!(found.asked(None, &[]).licence.as_deref(), Some("MIT"));
    }
}

#[test]
fn a_version_in_the_package_serves_cargo_as_well() {
    let text = "[project]\nname = \"hot-words\"\ndynamic = [\"version\"]\n";
    let init = ("hot_words/__init__.py", "__version__ = \"3.1.4\"\n");
    assert_eq!(
        package(&[("pyproject.toml", text), init])
            .version
            .to_string(),
        "3.1.4"
    );
}

/// With `DIR` for the temporary folder, as every system writes what is below it.
fn anonymous(text: &str, dir: &Utf8Path) -> String {
    let text = text
        .replace(&slashed(dir), "DIR")
        .replace(dir.as_str(), "DIR");
    text.replace("DIR\\", "DIR/")
}

#[test]
fn what_maturin_would_lose_is_refused() {
    let refused = |files: &[(&str, &str)]| {
        let (root, read) = read_at(files);
        let error = read.unwrap_err();
        let hint = error.hint().unwrap_or_default();
        anonymous(&format!("{error}\nhint: {hint}\n"), &root)
    };
    let native = format!("[build-system]\nbuild-backend = \"mesonpy\"\n{PROJECT}");
    let rust = format!("{PROJECT}\n[[tool.setuptools-rust.ext-modules]]\ntarget = \"a\"\n");
    let said = [
        refused(&[]),
        refused(&[("pyproject.toml", "[tool.black]\n")]),
        refused(&[("pyproject.toml", &native), INIT]),
        refused(&[("pyproject.toml", &rust), INIT]),
        refused(&[
            ("pyproject.toml", PROJECT),
            ("Cargo.toml", "[package]\nname = \"a\"\n"),
        ]),
        refused(&[
            ("setup.py", "setup()\n"),
            ("Cargo.toml", "[package]\nname = \"a\"\n"),
            ("src/lib.rs", ""),
        ]),
        refused(&[("Cargo.toml", "[package]\nname = \"a\"\n")]),
        refused(&[(
            "Cargo.toml",
            "[package]\nname = \"a\"\n[lib]\nproc-macro = true\n",
        )]),
        refused(&[
            ("Cargo.toml", OPTIONAL),
            ("src/lib.rs", "mod py;\n"),
            ("src/py/mod.rs", "#[pymodule]\nmod a {}\n"),
        ]),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

const OPTIONAL: &str = "[package]\nname = \"a\"\nedition = \"2021\"\n[dependencies]\n\
    pyo3 = { version = \"0.29\", optional = true }\n[features]\npy = [\"dep:pyo3\"]\n";

#[test]
fn a_library_may_speak_of_no_std_and_of_modules() {
    let text = "//! As `#![no_std]` crates do; #[pymodule] is for others.\n\
                #![cfg_attr(docsrs, feature(doc_cfg))]\n#![doc = \"no_std\"]\n";
    let files = [("Cargo.toml", OPTIONAL), ("src/lib.rs", text)];
    let Subject::Crate(found) = read(&files).unwrap() else {
        panic!("no crate");
    };
    let CrateKind::Library(library) = found.kind else {
        panic!("no library");
    };
    assert_eq!(library.pyo3, Pyo3::Behind("py".to_owned()));
}

#[test]
fn a_name_that_the_library_has_is_no_name_for_the_file() {
    let file = |text: &str| {
        let cargo = "[package]\nname = \"a\"\nedition = \"2021\"\n";
        match read(&[("Cargo.toml", cargo), ("src/lib.rs", text)]).unwrap() {
            Subject::Crate(found) => match found.kind {
                CrateKind::Library(library) => library.file,
                CrateKind::Programs(_) => panic!("no library"),
            },
            other => panic!("{other:?}"),
        }
    };
    for text in [
        "pub mod python { pub fn a() {} }\n",
        "use std::fmt as python;\n",
        "#[path = \"other.rs\"]\nmod python;\n",
        "mod a { pub mod python {} }\npub use a::{self, python};\n",
    ] {
        assert_eq!(file(text), "pymodule", "{text}");
    }
    let both = "mod python {}\npub mod pymodule {}\n";
    assert_eq!(file(both), "python_module");
    for text in ["//! For python.\n", "pub const A: &str = \"python\";\n"] {
        assert_eq!(file(text), "python", "{text}");
    }
}

#[test]
fn a_feature_of_that_name_leaves_the_library_alone() {
    for lines in [
        "[features]\npython = []\n",
        "[dependencies]\npython = { version = \"1\", optional = true }\n",
    ] {
        let cargo = format!("[package]\nname = \"a\"\nedition = \"2021\"\n{lines}");
        let files = [("Cargo.toml", &*cargo), ("src/lib.rs", "")];
        let Subject::Workspace(found) = read(&files).unwrap() else {
            panic!("no crate beside it");
        };
        let why = found.why.unwrap();
        assert!(why.contains("feature `python`"), "{why}");
    }
}

#[test]
fn a_backend_that_nobody_knows_says_by_its_wheel_whether_it_compiles() {
    for backend in [
        "flit.buildapi",
        "flit_scm:buildapi",
        "pbr.build",
        "pdm.pep517.api",
        "poetry.masonry.api",
    ] {
        let text = format!("[build-system]\nbuild-backend = \"{backend}\"\n{PROJECT}");
        let read = read(&[("pyproject.toml", &text), INIT]);
        assert!(matches!(read, Ok(Subject::NeedsBackend(_))), "{backend}");
    }
    for backend in ["mesonpy", "scikit_build_core.build", "sipbuild.api"] {
        let text = format!("[build-system]\nbuild-backend = \"{backend}\"\n{PROJECT}");
        let said = read(&[("pyproject.toml", &text), INIT]).unwrap_err();
        let why = format!("`{backend}` compiles code, which maturin would not");
        assert_eq!(said.to_string().lines().next(), Some(&*why));
    }
}

#[test]
fn words_of_setup_py_are_no_arguments_until_python_has_read_them() {
    for text in [
        "# no ext_modules since 2.0\nsetup()\n",
        "setup(\n  ext_modules=x)",
    ] {
        let files = [("pyproject.toml", PROJECT), INIT, ("setup.py", text)];
        let read = read(&files);
        assert!(matches!(read, Ok(Subject::NeedsBackend(_))), "{text}");
    }
}

#[test]
fn what_has_both_languages_is_whole() {
    let maturin = "[build-system]\nrequires = [\"maturin\"]\nbuild-backend = \"maturin\"\n";
    let embeds = "[package]\nname = \"a\"\n[dependencies]\npyo3 = \"0.29\"\n";
    for files in [
        &[("pyproject.toml", maturin)][..],
        &[("Cargo.toml", embeds), ("src/main.rs", "")],
        &[
            ("Cargo.toml", "[workspace]\n"),
            ("python/pyproject.toml", maturin),
        ],
    ] {
        assert!(
            matches!(read(files), Ok(Subject::AlreadyMixed(_))),
            "{files:?}"
        );
    }
    // a program beside a library that has Python behind a feature runs none
    let files = [("src/lib.rs", ""), ("src/main.rs", "fn main() {}\n")];
    let files = [&[("Cargo.toml", OPTIONAL)], &files[..]].concat();
    assert!(matches!(read(&files), Ok(Subject::Crate(_))));
}

#[test]
fn a_workspace_gets_a_member_for_its_exposed() {
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
        ("crates/words/Cargo.toml", "[package]\nname = \"words\"\n"),
        ("crates/words/src/lib.rs", ""),
        ("crates/tool/Cargo.toml", "[package]\nname = \"tool\"\n"),
        ("python/notes.txt", ""),
    ];
    let Subject::Workspace(found) = read(&files).unwrap() else {
        panic!("no workspace");
    };
    assert_eq!((found.folder, found.is_listed), ("bindings/python", false));
    let library = found.exposed.unwrap();
    assert_eq!(
        library,
        ("words".to_owned(), "../../crates/words".to_owned())
    );
}

#[test]
fn a_name_that_leads_astray_is_refused_with_the_way_to_another() {
    let refused = |folder: &str, files: &[(&str, &str)]| {
        let (root, read) = read_in(folder, files);
        let error = read.unwrap_err();
        let hint = error.hint().unwrap_or_default();
        let text = format!("{error}\nhint: {hint}\n");
        anonymous(&text, root.parent().unwrap())
    };
    let said = [
        refused("my words", &[("Cargo.toml", "[workspace]\n")]),
        refused("json", &[("Cargo.toml", "[workspace]\n")]),
    ];
    insta::assert_snapshot!(said.join("\n"));
    let version = "[package]\nname = \"version\"\nedition = \"2021\"\n";
    let files = [("Cargo.toml", version), ("src/lib.rs", "")];
    assert!(matches!(read(&files), Ok(Subject::Crate(_))));
}

/// What a library of these lines gets when somebody asks for it.
fn wished(package: &str, lib: &str, options: &AdoptionOptions) -> Result<Subject> {
    let temp = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
    let manifest = format!("[package]\n{package}\n");
    for (name, text) in [("Cargo.toml", &*manifest), ("src/lib.rs", lib)] {
        disk::write(&root.join(name), text.as_bytes()).unwrap();
    }
    subject(&Manifests::default(), &root, options)
}

#[test]
fn a_library_that_cannot_have_the_module_gets_a_crate_beside_it() {
    let json = "name = \"fast-json\"\nedition = \"2021\"\n[lib]\nname = \"json\"";
    let beside = |package, lib| match wished(package, lib, &AdoptionOptions::default()).unwrap() {
        Subject::Workspace(workspace) => *workspace,
        other => panic!("{other:?}"),
    };
    let found = beside(json, "");
    assert_eq!(found.module.module, "json_rs");
    assert_eq!(found.module.distribution, "json-rs");
    assert_eq!(
        found.why.unwrap(),
        "`json` cannot be the name: Python's standard library has a module of that name; its name in Python is `json_rs`"
    );
    let found = beside("name = \"a-b\"\nedition = \"2021\"", "#![no_std]\n");
    assert_eq!(found.module.module, "a_b");
    assert_eq!((found.folder, found.is_listed), ("python", false));
    assert_eq!(found.exposed.unwrap(), ("a-b".to_owned(), "..".to_owned()));
}

#[test]
fn a_wish_goes_before_what_would_be_chosen() {
    let options = |layout, module: Option<&str>| AdoptionOptions {
        layout,
        module: module.map(str::to_owned),
        ..AdoptionOptions::default()
    };
    let new = "name = \"a\"\nedition = \"2021\"";
    let old = "name = \"a\"\nedition = \"2021\"\nrust-version = \"1.60\"";
    let beside = options(Some(AdoptionLayout::Workspace), Some("hot_a"));
    match wished(new, "", &beside).unwrap() {
        Subject::Workspace(found) => assert_eq!(found.module.module, "hot_a"),
        other => panic!("{other:?}"),
    }
    let inside = options(Some(AdoptionLayout::Crate), None);
    assert!(matches!(wished(old, "", &inside), Ok(Subject::Crate(_))));
    let refused = wished(new, "#![no_std]\n", &inside).unwrap_err();
    assert!(refused.hint().unwrap().contains("--layout workspace"));
    let error = wished(new, "", &options(None, Some("class"))).unwrap_err();
    assert!(error.hint().unwrap().contains("--module my_class"));
}

#[test]
fn what_only_the_backend_knows_is_asked_of_it() {
    let asked = |files: &[(&str, &str)]| matches!(read(files), Ok(Subject::NeedsBackend(_)));
    assert!(asked(&[("setup.py", "setup()")]));
    for lines in [
        "name = \"a\"\ndynamic = [\"version\", \"dependencies\"]",
        "name = \"hot-words\"\ndynamic = [\"version\"]",
        "name = \"hot-words\"\nversion = \"1!2.0\"",
    ] {
        let text = format!("[project]\n{lines}\n");
        assert!(asked(&[("pyproject.toml", &text), INIT]), "{lines}");
    }
    assert!(asked(&[("pyproject.toml", PROJECT)]));
    for setting in [
        "[tool.setuptools]\npy-modules = [\"a\"]",
        "[tool.hatch.build.hooks.mypyc]\nx = 1",
        "[tool.hatch.build.targets.wheel.hooks.custom]",
        "[tool.poetry]\nbuild = \"build.py\"",
        "[tool.pdm.build]\nrun-setup = true",
    ] {
        let text = format!("{PROJECT}\n{setting}\n");
        assert!(asked(&[("pyproject.toml", &text), INIT]), "{setting}");
    }
    for plain in [
        "[tool.setuptools]\npy-modules = []",
        "[tool.hatch.build.targets.wheel]\npackages = []",
        "[tool.pdm.build]\nrun-setup = false",
    ] {
        let text = format!("{PROJECT}\n{plain}\n");
        package(&[("pyproject.toml", &text), INIT]);
    }
}

#[test]
fn a_wheel_that_maturin_would_not_make_is_refused() {
    let refused = |files: &[(&str, &str)], wheel: &[&str], is_pure: bool| {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        for (name, text) in files {
            disk::write(&root.join(name), text.as_bytes()).unwrap();
        }
        let text = "Name: hot-words\nVersion: 1.2\n";
        let built = BuiltPackage {
            metadata: crate::facts::artifact::Headers::parse(text.as_bytes()),
            files: wheel
                .iter()
                .map(|name| ((*name).to_owned(), Vec::new()))
                .collect(),
            is_pure,
            ..BuiltPackage::default()
        };
        let error = built_subject(&root, built, &AdoptionOptions::default()).unwrap_err();
        let text = format!("{error}\nhint: {}\n", error.hint().unwrap_or_default());
        anonymous(&text, &root)
    };
    let run_setup = format!("{PROJECT}\n[tool.pdm.build]\nrun-setup = true\n");
    let said = [
        refused(&[INIT], &["hot_words/__init__.py"], false),
        refused(
            &[("pyproject.toml", &run_setup), INIT],
            &["hot_words/__init__.py"],
            false,
        ),
        refused(
            &[INIT],
            &["hot_words/__init__.py", "hot_words/made.py"],
            true,
        ),
        refused(&[("a.py", "")], &[], true),
        refused(&[("a.py", ""), ("_a/b", "")], &["a.py"], true),
    ];
    insta::assert_snapshot!(said.join("\n"));
}
