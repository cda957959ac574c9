use camino::{Utf8Path, Utf8PathBuf};

use super::*;
use crate::facts::adoption::{
    AdoptionLayout, AdoptionOptions, BuiltPackage, History, built_subject, subject,
};
use crate::facts::artifact::Headers;
use crate::facts::suites::TestPlace;
use crate::world::disk;
use crate::world::manifest::Manifests;

/// All that a folder with these files gets: new files whole, others as patches.
fn gets(files: &[(&str, &str)]) -> String {
    gets_beside(&[], files)
}

/// The same where these files stand among them.
fn gets_beside(there: &[&str], files: &[(&str, &str)]) -> String {
    shown(there, files, |root| {
        subject(&Manifests::default(), root, &AdoptionOptions::default())
    })
}

/// The same of a package whose wheel has these files and this metadata.
fn gets_by_wheel(files: &[(&str, &str)], metadata: &str, wheel: &[(&str, &str)]) -> String {
    let bytes = |(name, text): &(&str, &str)| ((*name).to_owned(), text.as_bytes().to_vec());
    let built = BuiltPackage {
        metadata: Headers::parse(metadata.as_bytes()),
        files: wheel.iter().map(bytes).collect(),
        is_pure: true,
        ..BuiltPackage::default()
    };
    shown(&[], files, |root| {
        built_subject(root, built, &AdoptionOptions::default())
    })
}

fn place(root: &Utf8Path) -> TestPlace {
    let manifests = Manifests::default();
    let pyproject = manifests.pyproject_or_empty(&root.join("pyproject.toml"));
    TestPlace::of(&manifests, &pyproject.unwrap()).unwrap()
}

fn shown(
    there: &[&str],
    files: &[(&str, &str)],
    subject: impl FnOnce(&Utf8Path) -> Result<Subject>,
) -> String {
    let temp = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(temp.path().join("fast-words")).unwrap();
    for (name, text) in files {
        disk::write(&root.join(name), text.as_bytes()).unwrap();
    }
    let adoption = Adoption {
        subject: subject(&root).unwrap(),
        function: None,
        gitignore: Some("target/\n".to_owned()),
        there: there.iter().map(Utf8PathBuf::from).collect(),
        tests: place(&root),
        locked: false,
        cargo: "cargo".into(),
        uv: None,
        has_uv_lock: false,
        history: History::Same,
        any_python: None,
        python: None,
        scrubbed: [].into(),
        root,
    };
    let shown = |one: FileChange| {
        let before = one.before.as_deref().unwrap_or_default();
        let after = one.after.unwrap_or_default();
        let text = match one.before {
            Some(_) => similar::TextDiff::from_lines(before, &after)
                .unified_diff()
                .to_string(),
            None => after,
        };
        format!("==> {}\n{text}", one.path)
    };
    adoption.wanted().unwrap().into_iter().map(shown).collect()
}

const PROJECT: &str = "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\n\
    [project]\nname = \"hot-words\"\nversion = \"1.2\"\nlicense = \"MIT\"\n";

#[test]
fn a_package_gets_a_crate_that_nobody_publishes() {
    let init = ("src/hot_words/__init__.py", "");
    insta::assert_snapshot!(gets(&[("pyproject.toml", PROJECT), init]));
}

#[test]
fn a_package_that_unittest_tests_gets_a_case_beside_its_others() {
    let all = gets(&[
        ("pyproject.toml", PROJECT),
        ("src/hot_words/__init__.py", ""),
        (
            "tox.ini",
            "[testenv]\nchangedir = checks\ncommands = python -m unittest discover\n",
        ),
        ("checks/test_words.py", ""),
    ]);
    let test = all.split("==> ").find(|file| file.starts_with("checks/"));
    insta::assert_snapshot!(test.unwrap());
}

#[test]
fn a_package_that_stays_as_it_is_requires_one_with_the_module() {
    let options = AdoptionOptions {
        layout: Some(AdoptionLayout::Workspace),
        ..AdoptionOptions::default()
    };
    let beside = |files: &[(&str, &str)]| {
        shown(&[], files, |root| {
            subject(&Manifests::default(), root, &options)
        })
    };
    insta::assert_snapshot!(beside(&[("pyproject.toml", PROJECT)]));
    // where the requirements stand in a script
    let files = beside(&[("setup.py", "setup(packages=['a'])\n")]);
    assert!(!files.contains("==> pyproject.toml"), "{files}");
    assert!(files.contains("name = \"fast-words-rust\""), "{files}");
}

const METADATA: &str = "Metadata-Version: 2.1\nName: hot-words\nVersion: 1.2\nSummary: Words\n\
    Home-page: https://a.b\nAuthor: Ada\nAuthor-email: ada@a.b\nLicense: MIT\nKeywords: x,y z\n\
    Classifier: A :: B\nRequires-Python: >=3.9\nDescription-Content-Type: text/markdown\n\
    Requires-Dist: idna>=2\nRequires-Dist: toml; (os_name == \"nt\") and extra == \"x\"\n\
    Provides-Extra: x\n\n# Words\n";

#[test]
fn a_package_of_setup_py_is_described_by_its_wheel() {
    let files = [
        ("setup.py", "setup()\n"),
        (
            "setup.cfg",
            "[metadata]\nname = hot-words\n\n[flake8]\nx = 1\n",
        ),
        ("README.md", "# Words\n\n"),
        ("hot_words/__init__.py", "a = 1\n"),
        ("hot_words/tests/test_a.py", ""),
    ];
    let wheel = [("hot_words/__init__.py", "a = 1\n")];
    insta::assert_snapshot!(gets_by_wheel(&files, METADATA, &wheel));
}

#[test]
fn files_of_setuptools_are_taken_over_below_other_backends_as_well() {
    let pbr =
        "[build-system]\nrequires = [\"pbr>=6\", \"setuptools\"]\nbuild-backend = \"pbr.build\"\n";
    let flit = "[build-system]\nrequires = [\"flit\"]\nbuild-backend = \"flit.buildapi\"\n";
    let wheel = [("hot_words/__init__.py", "a = 1\n")];
    for (backend, is_taken) in [(pbr, true), (flit, false)] {
        let gets = gets_by_wheel(
            &[
                ("pyproject.toml", backend),
                (
                    "setup.cfg",
                    "[metadata]\nname = hot-words\n\n[files]\npackages = hot_words\n",
                ),
                ("setup.py", "setup(pbr=True)\n"),
                ("hot_words/__init__.py", "a = 1\n"),
            ],
            METADATA,
            &wheel,
        );
        for line in ["-[metadata]\n", "-[files]\n", "-setup(pbr=True)\n"] {
            assert_eq!(gets.contains(line), is_taken, "{gets}");
        }
    }
}

#[test]
fn what_the_sdist_holds_besides_stays_in_it() {
    let files = [
        ("pyproject.toml", PROJECT),
        ("hot_words/__init__.py", ""),
        ("tests/test_a.py", ""),
        ("tests/data/a.json", ""),
        ("tox.ini", ""),
        ("notes.txt", ""),
    ];
    let built = |sources: &[&str]| BuiltPackage {
        metadata: Headers::parse(METADATA.as_bytes()),
        files: [("hot_words/__init__.py".to_owned(), Vec::new())].into(),
        is_pure: true,
        sources: sources.iter().map(|path| (*path).to_owned()).collect(),
        ..BuiltPackage::default()
    };
    let gets = |sources: &[&str]| {
        shown(&[], &files, |root| {
            built_subject(root, built(sources), &AdoptionOptions::default())
        })
    };
    let all = files.map(|(path, _)| path);
    let patch = gets(&all[..5]).replace("\n+", "\n");
    for line in [
        "include = [\n    { path = \"tests/**/*\", format = \"sdist\" },\n    { path = \"tox.ini\", format = \"sdist\" },\n]",
        "exclude = [{ path = \"**/*.pyc\", format = \"sdist\" }]",
    ] {
        assert!(patch.contains(line), "{line}\n{patch}");
    }
    assert!(!gets(&all[..2]).contains("include = "));
}

#[test]
fn a_module_gets_a_package_beside_it() {
    let files = [("setup.py", "setup()\n"), ("hot.py", "a = 1\n")];
    let gets = gets_by_wheel(&files, METADATA, &[("hot.py", "a = 1\n")]);
    for expected in [
        "\nmodule-name = \"_hot._core\"\npython-source = \".\"\ninclude = [\"hot.py\"]\n",
        "==> _hot/__init__.py\n",
        "==> PYPI.md\n# Words\n",
        "\nreadme = \"PYPI.md\"\n",
    ] {
        assert!(gets.contains(expected), "{expected}\n{gets}");
    }
}

#[test]
fn a_version_from_git_stays_importable() {
    let project = "[build-system]\nrequires = [\"hatch-vcs\"]\nbuild-backend = \"hatchling.build\"\n\n\
        [project]\nname = \"hot-words\" # own\ndynamic = [\"version\"]\n\n\
        [tool.hatch]\nversion.source = \"vcs\"\n";
    let files = [
        ("pyproject.toml", project),
        ("src/hot_words/__init__.py", "a = 1\n"),
        (".gitignore", "_version.py\n"),
        ("src/hot_words/_version.py", "old\n"),
    ];
    let made = "__version__ = version = '1.2'\n__version_tuple__ = version_tuple = (1, 2)\n";
    let wheel = [
        ("hot_words/__init__.py", "a = 1\n"),
        ("hot_words/_version.py", made),
    ];
    insta::assert_snapshot!(gets_by_wheel(&files, METADATA, &wheel));
}

#[test]
fn a_test_that_is_there_keeps_its_name() {
    let files = [
        ("pyproject.toml", PROJECT),
        ("src/hot_words/__init__.py", ""),
    ];
    assert!(gets(&files).contains("==> tests/test_core.py\n"));
    let beside = gets_beside(&["tests/test_core.py"], &files);
    assert!(
        beside.contains("==> tests/test_core_module.py\n"),
        "{beside}"
    );
}

const CRATE: &str = "[package]\nname = \"cold-words\"\nversion = \"0.3.0\"\nedition = \"2021\"\n";

#[test]
fn a_library_gets_a_module_behind_a_feature() {
    let text = "pub fn a() {}\n\n#[cfg(test)]\nmod tests {}\n";
    insta::assert_snapshot!(gets(&[("Cargo.toml", CRATE), ("src/lib.rs", text)]));
}

#[test]
fn a_library_without_std_keeps_its_package() {
    let package = format!("{CRATE}license = \"MIT\"\n");
    insta::assert_snapshot!(gets(&[
        ("Cargo.toml", &package),
        ("src/lib.rs", "#![no_std]\n"),
    ]));
}

#[test]
fn a_library_with_an_optional_pyo3_keeps_its_feature() {
    let optional = "\n[dependencies]\npyo3 = { version = \"0.29\", optional = true }\n\n\
                    [features]\npy = [\"dep:pyo3\"]\n";
    let files = gets(&[
        ("Cargo.toml", &format!("{CRATE}{optional}")),
        ("src/lib.rs", "pub fn a() {}\r\n"),
    ]);
    assert!(files.contains("\n+#[cfg(feature = \"py\")]\r\n+mod python;\r\n"));
    assert!(files.contains("\n[tool.maturin]\nfeatures = [\"py\"]\n"));
}

#[test]
fn a_library_is_built_again_for_its_sources_wherever_they_are() {
    for (path, sources) in [
        ("lib.rs", "*.rs"),
        ("src/lib.rs", "src/**/*.rs"),
        ("code/words/lib.rs", "code/words/**/*.rs"),
    ] {
        let cargo = format!("{CRATE}\n[lib]\npath = \"{path}\"\n");
        let files = gets(&[("Cargo.toml", &cargo), (path, "")]);
        let line = format!("\n    {{ file = \"{sources}\" }},\n");
        assert!(files.contains(&line), "{files}");
    }
}

#[test]
fn programs_are_packed_as_they_are() {
    let files = [("Cargo.toml", CRATE), ("src/main.rs", "fn main() {}\n")];
    insta::assert_snapshot!(gets(&files));
}

#[test]
fn a_workspace_gets_a_member_for_python() {
    let workspace =
        "[workspace]\nmembers = [\"words\"]\n\n[workspace.package]\nversion = \"0.3.0\"\n";
    insta::assert_snapshot!(gets(&[
        ("Cargo.toml", workspace),
        ("words/Cargo.toml", CRATE),
        ("words/src/lib.rs", ""),
    ]));
}

#[test]
fn tests_of_the_example_say_their_types_as_strict_checkers_ask() {
    let pyproject = (
        "pyproject.toml",
        "[project]\nname = \"a\"\nversion = \"1\"\n",
    );
    let case = ("tests/test_a.py", "import unittest\n");
    let (init, library) = (("a/__init__.py", ""), ("src/lib.rs", ""));
    for files in [
        &[pyproject, init][..],
        &[pyproject, init, case],
        &[("Cargo.toml", CRATE), library],
        &[("Cargo.toml", CRATE), ("src/main.rs", "fn main() {}\n")],
    ] {
        let files = gets(files);
        let mut defined = files.lines().filter(|line| line.contains("def test_"));
        assert!(defined.clone().count() > 0, "{files}");
        assert!(defined.all(|line| line.ends_with(" -> None:")), "{files}");
    }
}
