use camino::Utf8PathBuf;

use super::*;
use crate::facts::adoption::{Wishes, subject};
use crate::world::disk;
use crate::world::manifest::Manifests;

/// All that a folder with these files gets: new files whole, others as patches.
fn gets(files: &[(&str, &str)]) -> String {
    gets_beside(&[], files)
}

/// The same where these files stand among them.
fn gets_beside(there: &[&str], files: &[(&str, &str)]) -> String {
    let temp = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(temp.path().join("fast-words")).unwrap();
    for (name, text) in files {
        disk::write(&root.join(name), text.as_bytes()).unwrap();
    }
    let adoption = Adoption {
        subject: subject(&Manifests::default(), &root, &Wishes::default()).unwrap(),
        gitignore: Some("target/\n".to_owned()),
        there: there.iter().map(Utf8PathBuf::from).collect(),
        locked: false,
        cargo: "cargo".into(),
        uv: None,
        any_python: None,
        scrubbed: [].into(),
        root,
    };
    let shown = |one: FileChange| {
        let before = one.before.as_deref().unwrap_or_default();
        let text = match one.before {
            Some(_) => similar::TextDiff::from_lines(before, &one.after)
                .unified_diff()
                .to_string(),
            None => one.after,
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
