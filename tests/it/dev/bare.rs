//! Extension modules without a pyproject.toml, of which maturin makes packages by their Cargo.toml alone.

use crate::support::{Project, folder, project, summary};

use super::{GREET, GREETING};

#[test]
fn a_module_without_a_pyproject_is_installed_and_tested() {
    let project = project!("hello");
    project.remove("pyproject.toml");
    project.commit();
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), GREETING);
    let run = project.pyx("test").run().succeeds();
    assert!(summary(&run).contains("Python (hello) 3 passed"), "{run}");
    assert_eq!(project.traces(), "", "{run}");
    project.dev().run().finds_fresh("hello");

    project.edit("src/lib.rs", GREETING, "Hello again!");
    let run = project.pyx("test").with(&["--py"]).run().exits(1);
    assert!(
        summary(&run).contains("Python (hello) 1 failed, 2 passed"),
        "{run}"
    );
    assert_eq!(project.python(GREET), "Hello again!");

    // the folder of the module's name is its package, as in any other
    let package =
        "from .hello import greeting as greet\n\n\ndef greeting():\n    return greet() + '!'\n";
    project.write("hello/__init__.py", package);
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), "Hello again!!");
}

#[test]
fn a_module_without_a_pyproject_is_no_distribution() {
    let project = Project::cold(&folder!(), "hello");
    project.remove("pyproject.toml");
    let run = project.pyx("release").with(&["wheel"]).run().exits(2);
    run.says("error: nothing to release: no member builds a Python distribution")
        .says("hint: `cargo pyx init` gives a crate a Python package");
}
