//! Environments of conda and pixi: built into where they are named, and otherwise as their makers left them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::GREET;
use crate::support::{Project, folder, project, pythons, skipped};

const ENVIRONMENT: &str = ".pixi/envs/default";

/// Its files, but for what Python itself writes when it imports.
fn held(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = project.listing(&[]);
    let of_it = project.path(ENVIRONMENT);
    found.retain(|path, _| {
        path.starts_with(&of_it) && !path.components().any(|it| it.as_os_str() == "__pycache__")
    });
    found
}

/// A package as conda has it: `files` are not looked at here.
fn install_by_conda(project: &Project, version: &str, name: &str) {
    let packages = format!("{ENVIRONMENT}/lib/python{version}/site-packages");
    let dist_info = format!("{packages}/{name}-1.1.1.dist-info");
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.1.1\n");
    project.write(
        &format!("{packages}/{name}/__init__.py"),
        "FROM = 'conda'\n",
    );
    project.write(&format!("{dist_info}/METADATA"), &metadata);
    project.write(&format!("{dist_info}/INSTALLER"), "conda\n");
    let record = format!("{name}/__init__.py,,\n{name}-1.1.1.dist-info/RECORD,,\n");
    project.write(&format!("{dist_info}/RECORD"), &record);
}

#[test]
fn an_environment_of_conda_is_built_into_and_else_left_as_it_is() {
    let project = project!("hello");
    project.append(".gitignore", "/.pixi/\n");
    let setting = format!("\n[tool.pyx]\nenvironment = \"{ENVIRONMENT}\"\n");
    project.append("pyproject.toml", &setting);
    // it is not there: making it is not our part
    let run = project.dev().run().exits(2);
    run.says("conda or pixi has to create it");
    assert!(!project.path(ENVIRONMENT).exists());

    let Some(version) = pythons::like_condas(&project.path(ENVIRONMENT)) else {
        skipped("a Python in a folder of its own");
        return;
    };
    install_by_conda(&project, &version, "six");
    let before = held(&project);
    project.dev().run().succeeds();
    project.dev().run().finds_fresh("hello");
    let python = project.path(ENVIRONMENT).join("bin/python");
    let greeting = project.run(&python, &["-c", GREET]).succeeds();
    assert_eq!(greeting.stdout.trim_end(), "Hello from Rust!");
    // what uv is told of besides holds as well
    let constraints = folder!().join("constraints.txt");
    fs::create_dir_all(constraints.parent().unwrap()).unwrap();
    fs::write(&constraints, "pygments==2.18.0\n").unwrap();
    let test = project.pyx("test").env("UV_CONSTRAINT", &constraints);
    test.run().succeeds().says("Python (hello) 3 passed");
    let script = "import importlib.metadata as m; print(m.version('pygments'))";
    let pygments = project.run(&python, &["-c", script]).succeeds().stdout;
    assert_eq!(pygments, "2.18.0\n");
    let from = "import six; print(six.FROM)";
    assert_eq!(
        project.run(&python, &["-c", from]).succeeds().stdout,
        "conda\n"
    );

    let after = held(&project);
    for (path, content) in &before {
        assert!(after.get(path) == Some(content), "{}", path.display());
    }
    assert!(!project.path(".venv").exists());
    let traces = project.traces();
    assert!(!traces.contains("pixi"), "{traces}");

    // what it has of its maker is kept, whoever asks for another version
    project.edit(
        "pyproject.toml",
        "test = [\"pytest\"]",
        "test = [\"pytest\", \"six>=1.16\"]",
    );
    let run = project.pyx("test").run().exits(2);
    run.says("install another version with conda");
    project.edit("pyproject.toml", "\"six>=1.16\"", "\"six\"");
    project
        .run(crate::support::uv(), &["lock", "--quiet"])
        .succeeds();
    project.pyx("test").run().succeeds();
    assert_eq!(
        project.run(&python, &["-c", from]).succeeds().stdout,
        "conda\n"
    );
    let after = held(&project);
    assert!(before.keys().all(|path| after.contains_key(path)));

    // nor is the package itself, where conda has it
    let ours =
        format!("{ENVIRONMENT}/lib/python{version}/site-packages/hello-0.1.0.dist-info/INSTALLER");
    project.write(&ours, "conda\n");
    project.touch("src/lib.rs");
    let run = project.dev().with(&["--force"]).run().exits(2);
    run.says("has hello from conda, which pyx does not replace")
        .says("--force hello, or pixi remove hello");
    project.write(&ours, "uv");

    project.pyx("clean").with(&["--env"]).run().succeeds();
    assert!(python.exists());
    let others = format!(">=3.9, !={version}.*");
    project.edit("pyproject.toml", ">=3.9", &others);
    let run = project.dev().run().exits(2);
    run.says("change it with the tool that created it")
        .says(&format!("requires >=3.9, !={version}.*"));
    assert!(python.exists());
}

/// Whoever names an environment has chosen its Python; only what the project cannot do without is checked.
#[test]
fn a_version_file_does_not_turn_down_an_environment_of_conda() {
    let project = project!("hello");
    // a place that no earlier run has built into
    let environment = project.path(&format!("{ENVIRONMENT}-{}", std::process::id()));
    if pythons::like_condas(&environment).is_none() {
        skipped("a Python in a folder of its own");
        return;
    }
    project.write(".python-version", "3.9.0\n");
    let dev = || project.dev().env("UV_PROJECT_ENVIRONMENT", &environment);
    let env = || {
        project
            .pyx("env")
            .env("UV_PROJECT_ENVIRONMENT", &environment)
    };
    // the checkout brings it: only what builds runs it, and what looks does from then on
    env().run().exits(2).says("it comes from this checkout");
    dev().run().succeeds();
    let exported = env().run().succeeds().stdout;
    let prefix = fs::canonicalize(&environment).unwrap();
    let line = format!("export CONDA_PREFIX={}\n", prefix.display());
    assert!(exported.contains(&line), "{exported}");
    assert!(!exported.contains("VIRTUAL_ENV"), "{exported}");
    dev().run().finds_fresh("hello");
}
