//! What Python imports is what was built, whatever else is in the way.

use std::fs;
use std::path::Path;

use super::{GREET, GREETING};
use crate::support::{Project, folder, project, read};

/// The ending that Python tries first, as in `.cpython-311-x86_64-linux-gnu.so`.
fn first_ending(project: &Project) -> String {
    project.python("import importlib.machinery as m; print(m.EXTENSION_SUFFIXES[0])")
}

/// Plants `path`, a copy of what is built now; the next build is another.
fn plant_stale(project: &Project, module: &str, path: &Path, edit: (&str, &str)) {
    fs::copy(project.file_of(module), path).unwrap();
    project.edit("src/lib.rs", edit.0, edit.1);
    let run = project.dev().run().succeeds().says("removed");
    let named = path.to_string_lossy();
    assert!(
        run.warnings().iter().any(|line| line.contains(&*named)),
        "{run}"
    );
    assert!(!path.exists(), "{run}");
}

#[test]
fn a_stale_module_in_the_environment_is_removed() {
    let project = project!("hardcoded");
    project.dev().run().succeeds();
    let built = project.file_of("hardcoded.hardcoded");
    let ending = first_ending(&project);
    assert!(
        !built.to_string_lossy().ends_with(&ending),
        "the plant comes before it"
    );
    let plant = built.with_file_name(format!("hardcoded{ending}"));
    let edit = ("info.getattr(\"major\")?.extract()?", "77");
    plant_stale(&project, "hardcoded.hardcoded", &plant, edit);
    let version = "import hardcoded; print(hardcoded.python_version()[0])";
    assert_eq!(project.python(version), "77");
    assert_eq!(project.file_of("hardcoded.hardcoded"), built);
    project.dev().run().finds_fresh("hardcoded");
}

#[test]
fn a_stale_module_in_the_projects_folder_is_removed() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let plant = project.path(&format!("hello{}", first_ending(&project)));
    plant_stale(&project, "hello.hello", &plant, (GREETING, "Servus!"));
    assert_eq!(project.python(GREET), "Servus!");
    project.dev().run().finds_fresh("hello");
}

#[test]
fn a_stale_module_that_hides_a_package_is_removed() {
    let project = project!("mixed");
    project.dev().run().succeeds();
    let plant = project.path("mixed.so");
    plant_stale(
        &project,
        "mixed._mixed",
        &plant,
        (".count()", ".count() + 10"),
    );
    assert_eq!(
        project.python("import mixed; print(mixed.count_words('a b'))"),
        "12"
    );
    project.dev().run().finds_fresh("mixed");
}

#[test]
fn a_package_that_comes_around_a_module_has_it_and_one_that_goes_leaves_it() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let installed = project.file_of("hello");
    project.write("hello/__init__.py", "from .hello import greeting\n");
    let run = project.dev().run().succeeds();
    run.says_once("Building hello [dev] (Python package was none, is hello)");
    assert_eq!(project.file_of("hello"), project.path("hello/__init__.py"));
    assert_eq!(project.python(GREET), GREETING);
    project.dev().run().finds_fresh("hello");
    fs::remove_dir_all(project.path("hello")).unwrap();
    project.dev().run().succeeds().never_says("Compiling");
    assert_eq!(project.file_of("hello"), installed);
    assert_eq!(project.python(GREET), GREETING);
}

/// What is installed is proved again, against what cargo has left.
#[test]
fn what_cargo_has_left_may_be_gone_when_packages_change() {
    // what other tests have left there would be an input
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.dev().run().succeeds();
    fs::remove_dir_all(project.path("target/pyx/ext")).unwrap();
    project.dev().run().finds_fresh("shout");
    let packages = project.python("import sysconfig; print(sysconfig.get_path('purelib'))");
    fs::write(Path::new(&packages).join("another.pth"), "").unwrap();
    let run = project.dev().run().succeeds();
    run.says("Building shout [dev] (`target/pyx/ext/debug/")
        .says(" vanished)");
    project.dev().run().finds_fresh("shout");
}

/// An older name of the same module beside it: Python tries the long ending first.
#[test]
fn a_stale_module_beside_the_built_one_is_harmless() {
    let project = project!("mixed");
    project.dev().run().succeeds();
    let built = project.file_of("mixed._mixed");
    fs::copy(&built, built.with_file_name("_mixed.abi3.so")).unwrap();
    project.edit("src/lib.rs", ".count()", ".count() + 10");
    project.dev().run().succeeds();
    assert_eq!(
        project.python("import mixed; print(mixed.count_words('a b'))"),
        "12"
    );
    project.dev().run().finds_fresh("mixed");
}

/// `plant` stands before the module and is nothing that cargo made from this project.
fn is_named_and_left(project: &Project, plant: &Path, hint: &str) {
    let planted = read(plant);
    // no record of the failure: it is told again
    for _ in 0..2 {
        // as in a hook of another checkout
        let dev = project.dev().env("GIT_DIR", "/nowhere");
        let run = dev.run().exits(2).says_once("error: ");
        run.says(plant.to_str().unwrap()).says(hint);
        assert!(read(plant) == planted);
    }
    fs::remove_file(plant).unwrap();
}

#[test]
fn a_foreign_file_that_hides_the_module_is_named_and_left() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let built = project.file_of("hello.hello");
    let plant = project.path(&format!("hello{}", first_ending(&project)));
    let remove = format!("hint: rm -r {}", plant.display());
    fs::write(&plant, "no program").unwrap();
    is_named_and_left(&project, &plant, &remove);
    fs::copy("/bin/sh", &plant).unwrap();
    is_named_and_left(&project, &plant, &remove);
    // somebody keeps an old build under version control
    fs::copy(built, &plant).unwrap();
    let name = plant.to_str().unwrap();
    project.git(&["add", name]);
    project.edit("src/lib.rs", GREETING, "Servus!");
    let doctor = project.pyx("doctor").run();
    doctor.says("Python imports this as").never_says("rm -r");
    is_named_and_left(&project, &plant, "hint: rename it");
    project.git(&["rm", "--cached", "--quiet", name]);
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), "Servus!");
}

/// Adds what the module does when it is imported; it is a statement.
fn at_import(project: &Project, does: &str) {
    let text = fs::read_to_string(project.path("src/lib.rs")).unwrap();
    let (before, _) = text.split_once("    #[pymodule_init]").unwrap_or_else(|| {
        let (before, _) = text.split_once("}\n\n#[cfg(test)]").unwrap();
        (before, "")
    });
    let init = format!(
        "    #[pymodule_init]\n    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {{\n        \
         #[allow(unused_imports)]\n        use pyo3::prelude::*;\n        {does}\n        Ok(())\n    }}\n}}\n"
    );
    project.write("src/lib.rs", &format!("{before}{init}"));
}

#[test]
fn a_module_that_cannot_be_imported_is_no_success() {
    let project = project!("hello");
    let raises = "let _ = module;\n        Err::<(), _>(pyo3::exceptions::PyImportError::new_err(\"no licence\"))?;";
    at_import(&project, raises);
    let run = project.dev().run().exits(1);
    run.says_once("is not importable after the build: importing it raises ImportError: no licence");
    // nor at the next run, and what ends Python is as it was
    project
        .dev()
        .run()
        .exits(1)
        .says("raises ImportError: no licence");
    at_import(&project, "let _ = module;\n        std::process::abort();");
    project
        .dev()
        .run()
        .exits(1)
        .says("loading it ended Python (killed by signal 6");

    // what an environment may lack, by an import of the module's own
    at_import(&project, "module.py().import(\"no_such_thing\")?;");
    let run = project.dev().run().succeeds();
    run.says_once(
        "warning: importing hello.hello raises ModuleNotFoundError: No module named 'no_such_thing'",
    );
    project.dev().run().finds_fresh("hello");
    at_import(&project, "let _ = module;");
    project.dev().run().succeeds().never_says("raises");
}

/// A module of a package that has prepared something for it.
#[test]
fn a_module_is_imported_as_a_part_of_its_package() {
    let project = project!("mixed");
    let path = fs::read_to_string(project.path("src/lib.rs")).unwrap();
    let wants = "#[pymodule]\nmod _mixed {\n    #[pymodule_init]\n    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> \
                 pyo3::PyResult<()> {\n        use pyo3::prelude::*;\n        let modules = \
                 module.py().import(\"sys\")?.getattr(\"modules\")?;\n        modules.get_item(\"mixed\")?;\n        Ok(())\n    }\n";
    let name = path.split_once("#[pymodule]\nmod ").unwrap().1;
    let (name, _) = name.split_once(" {\n").unwrap();
    let head = format!("#[pymodule]\nmod {name} {{\n");
    project.edit("src/lib.rs", &head, &wants.replace("_mixed", name));
    project.dev().run().succeeds().never_says("raises");
}

#[test]
fn what_an_environment_prints_at_its_start_is_no_answer() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let module = project.file_of("hello");
    let noise = module.ancestors().nth(2).unwrap().join("noise.pth");
    fs::write(&noise, "import sys; sys.stdout.write('{} noise')\n").unwrap();
    project.edit("src/lib.rs", GREETING, "Servus!");
    project.dev().run().succeeds().says("Installed hello");
    assert!(project.python(GREET).ends_with("Servus!"));
    project.dev().run().finds_fresh("hello");
    // maturin reads what Python says first
    let run = project.dev().with(&["--force"]).run().exits(1);
    run.says("python -c ''` must print nothing");
}
