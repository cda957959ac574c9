//! What is put among the sources, and taken from there again: what pyx or maturin made, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use super::{GREET, GREETING};
use crate::support::{Project, project, read};

/// Something that has the module installed again and nothing compiled.
fn new_version(project: &Project, old: &str, new: &str) {
    let version = |text: &str| format!("version = \"{text}\"");
    project.edit("pyproject.toml", &version(old), &version(new));
}

/// The package `mixed` under another name, as another branch has it: what git tracks goes there.
fn rename(project: &Project, from: &str, to: &str) {
    let dir = |name: &str| project.path(&format!("python/{name}"));
    fs::create_dir_all(dir(to)).unwrap();
    for name in ["__init__.py", "_mixed.pyi", "py.typed"] {
        fs::rename(dir(from).join(name), dir(to).join(name)).unwrap();
    }
    project.edit(
        "pyproject.toml",
        &format!("\"{from}._mixed\""),
        &format!("\"{to}._mixed\""),
    );
    let import = |name: &str| format!("from {name}._mixed import");
    let init = format!("python/{to}/__init__.py");
    project.edit(&init, &import(from), &import(to));
}

#[test]
fn a_copy_of_the_module_that_somebody_keeps_is_left_as_it_is() {
    let project = project!("mixed");
    project.dev().run().succeeds();
    let module = project.file_of("mixed._mixed");
    let name = module.file_name().unwrap();
    let kept = [
        project.path("python/before").join(name),
        module.with_file_name("_mixed_before.so"),
    ];
    fs::create_dir_all(project.path("python/before")).unwrap();
    for copy in &kept {
        fs::copy(&module, copy).unwrap();
    }
    let was = read(&module);
    let is_left = || kept.iter().all(|copy| read(copy) == was);
    new_version(&project, "0.1.0", "0.1.1");
    let run = project.dev().run().succeeds().never_says("Compiling");
    run.says("Installed mixed").never_says("before");
    project.edit("src/lib.rs", ".count()", ".count() + 10");
    project.dev().run().succeeds().never_says("before");
    assert!(read(&module) != was && is_left());
    project.dev().run().finds_fresh("mixed");
    project.edit("src/lib.rs", "mod _mixed", "mod _words");
    project.edit("pyproject.toml", "mixed._mixed", "mixed._words");
    project.edit("python/mixed/__init__.py", "mixed._mixed", "mixed._words");
    project.dev().run().succeeds().says("removed");
    assert!(!module.exists() && is_left());
}

#[test]
fn a_package_that_is_called_otherwise_leaves_no_module_behind() {
    let project = project!("mixed");
    project.dev().run().succeeds();
    let module = |name: &str| -> PathBuf { project.file_of(&format!("{name}._mixed")) };
    let count =
        |name: &str| project.python(&format!("import {name}; print({name}.count_words('a b'))"));
    let mut former = module("mixed");
    for (from, to) in [("mixed", "words"), ("words", "mixed")] {
        rename(&project, from, to);
        let run = project.dev().run().succeeds().never_says("Compiling");
        run.says(&format!("removed `{}`", shown(&former)));
        assert!(!former.parent().unwrap().exists());
        assert_eq!(count(to), "2");
        project.dev().run().finds_fresh("mixed");
        former = module(to);
    }
}

/// hello on a branch with a package around its module, and back on the one without; `left`: what else is in
/// the package's folder.
fn package_goes_on_a_branch(project: &Project, left: &[&str]) {
    project.write("hello/__init__.py", "from .hello import greeting\n");
    project.dev().run().succeeds();
    assert_eq!(project.file_of("hello"), project.path("hello/__init__.py"));
    for name in left {
        project.write(&format!("hello/{name}"), "");
    }
    project.remove("hello/__init__.py");
}

#[test]
fn a_package_that_goes_on_a_branch_leaves_nothing_in_the_modules_place() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let installed = project.file_of("hello");
    package_goes_on_a_branch(&project, &["__pycache__/__init__.cpython-311.pyc"]);
    let run = project.dev().run().succeeds().never_says("Compiling");
    run.says("Removing hello, whose package is gone")
        .says("Python package was hello, is none");
    assert!(!project.path("hello").exists());
    assert_eq!(project.file_of("hello"), installed);
    assert_eq!(project.python(GREET), GREETING);
    project.dev().run().finds_fresh("hello");
}

#[test]
fn a_namespace_that_was_made_for_the_module_stays() {
    let project = project!("mixed");
    project.edit("pyproject.toml", "mixed._mixed", "apart._mixed");
    fs::create_dir(project.path("python/apart")).unwrap();
    project.dev().run().succeeds();
    let module = project.file_of("apart._mixed");
    assert!(module.starts_with(project.path("python/apart")));
    project.dev().run().finds_fresh("mixed");
    assert_eq!(project.file_of("apart._mixed"), module);
}

#[test]
fn a_folder_that_hides_the_module_with_files_of_the_users_is_named_and_left() {
    let project = project!("hello");
    package_goes_on_a_branch(&project, &["notes.txt"]);
    let run = project.dev().run().succeeds();
    run.says("`hello` has no `__init__.py`");
    assert!(project.path("hello/notes.txt").exists());
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
