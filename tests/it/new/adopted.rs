//! Crates that get a module for Python.

use super::adopting::{adopts, project};
use crate::support::{Project, folder};

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

#[test]
fn the_way_back_leaves_out_a_lock_that_git_ignores() {
    let files = [
        (".gitignore", "Cargo.lock\n/target/\n"),
        (
            "Cargo.toml",
            "[package]\nname = \"ignored-lock\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        ),
        ("src/lib.rs", "//! Words.\n"),
    ];
    let project = project(&folder!(), &files);
    project.run("cargo", &["generate-lockfile"]).succeeds();
    let run = project.pyx("init").with(&["--yes"]).run().succeeds();
    let mut lines = run.stderr.lines();
    let back = lines.find_map(|line| line.trim().strip_prefix("Undo "));
    let back = back.expect("a way back");
    assert!(!back.contains("Cargo.lock"), "{back}");
    project.run("sh", &["-c", back]).succeeds();
    assert_eq!(project.git(&["status", "--porcelain"]), "");
}

#[test]
fn what_setup_py_compiles_is_read_by_python_and_not_by_its_words() {
    let setup = |text: &str| {
        let files = [("setup.py", text), ("words/__init__.py", "")];
        let project = project(&folder!(), &files);
        project.pyx("init").run().exits(2)
    };
    let run = setup(
        "from setuptools import Extension, setup\n\n# no ext_modules before\nsetup(\n    name='words',\n    \
         ext_modules=[Extension('a', ['a.c'])],\n)\n",
    );
    run.says("setup.py:6: it compiles extension modules");
    for text in [
        "\"\"\"Without ext_modules=[x] since 2.\"\"\"\nfrom setuptools import setup\n\nsetup(name='words')  \
         # no ext_modules\n",
        "from setuptools import setup\n\nsetup(name='words', ext_modules=[])\n",
    ] {
        setup(text).says("hint: cargo pyx init --yes"); // the backend is to say it
    }
}
