//! A Python package that gets a crate, and maturin as its build backend.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use toml_edit::{Array, InlineTable, Value};

use crate::facts::adoption::{PythonPackage, Takeover, plain};
use crate::facts::dependencies::TestRunner;
use crate::facts::suites::TestPlace;
use crate::model::error::Result;
use crate::model::package_name;
use crate::world::manifest::{Toml, lines, with_maturin, with_project, without_package};

use super::super::render::render;
use super::super::{OWN_WORKSPACE, PYO3, toml_string};
use super::file_change::{FileChange, RUST, SOURCES, cache_keys, changed, made};
use super::project;

pub(super) fn files(
    package: &PythonPackage,
    there: &BTreeSet<Utf8PathBuf>,
    tests: &TestPlace,
) -> Result<Vec<FileChange>> {
    let toml = &package.pyproject.toml;
    let distribution = &package.distribution;
    let PythonPackage {
        source, name, leaf, ..
    } = package;
    let inside = name.replace('.', "/");
    let folder = match *source {
        "." => inside,
        source => format!("{source}/{inside}"),
    };
    let license = toml.str(&["project", "license"]);
    let license = license.map(|text| format!("license = {}", toml_string(text)));
    let workspace = if package.nested { OWN_WORKSPACE } else { "" };
    let values = [
        (
            "crate",
            format!("{}-rust", package_name::normalize(distribution)),
        ),
        (
            "description",
            format!("The Rust half of the Python package {distribution}"),
        ),
        ("dotted", format!("{name}.{leaf}")),
        ("exports", "levenshtein".to_owned()),
        ("leaf", leaf.clone()),
        ("license", license.unwrap_or_default()),
        ("program", String::new()),
        ("publish", "publish = false".to_owned()),
        ("pyo3", format!("\"{PYO3}\"")),
        ("version", package.version.to_string()),
        ("visibility", String::new()),
        ("workspace", workspace.to_owned()),
    ];
    let render = |template| render(template, &values);
    let mut files = vec![
        pyproject(package, there)?,
        made(
            format!("{RUST}Cargo.toml"),
            render(template!("manifest.toml")),
        ),
        made(format!("{RUST}src/lib.rs"), render(template!("lib.rs"))),
        made(
            format!("{folder}/{leaf}.pyi"),
            render(template!("stub.pyi")),
        ),
        made(
            test_path(package, there, tests),
            render(match tests.runner {
                TestRunner::Pytest => template!("adopted/test_package.py"),
                TestRunner::Unittest | TestRunner::Stestr => template!("adopted/case_package.py"),
            }),
        ),
    ];
    if package.is_around_modules() {
        let init = format!("\"\"\"The Rust part of {distribution}.\"\"\"\n");
        files.push(made(format!("{folder}/__init__.py"), init));
    }
    if let Some(takeover) = &package.takeover {
        files.extend(taken_over(package, takeover));
    }
    Ok(files)
}

/// Where the example is tested: many packages already have a `test_core.py`.
pub(super) fn test_path(
    package: &PythonPackage,
    there: &BTreeSet<Utf8PathBuf>,
    tests: &TestPlace,
) -> Utf8PathBuf {
    let PythonPackage { name, leaf, .. } = package;
    let short = leaf.trim_start_matches('_');
    let abouts = [
        short.to_owned(),
        format!("{short}_module"),
        format!("{}_{short}", name.replace('.', "_")),
    ];
    let paths = abouts.map(|about| tests.file(&about));
    let free = paths.iter().find(|path| !there.contains(*path));
    free.unwrap_or(&paths[0]).clone()
}

fn pyproject(package: &PythonPackage, there: &BTreeSet<Utf8PathBuf>) -> Result<FileChange> {
    let PythonPackage { pyproject, .. } = package;
    let toml = &pyproject.toml;
    let after = match &package.takeover {
        None => built_by_maturin(package, toml)?,
        Some(takeover) => {
            let described = with_project(toml, &project::fields(package, takeover))?;
            built_by_maturin(package, &Toml::parse(&toml.path, &described)?)?
        }
    };
    let mut change = changed(pyproject.dir(), toml, after);
    if toml.text().is_empty() && !there.contains(&change.path) {
        change.before = None;
    }
    Ok(change)
}

/// The other files that the old build backend read or wrote.
fn taken_over(package: &PythonPackage, takeover: &Takeover) -> Vec<FileChange> {
    let gone = |(path, text): (&Utf8PathBuf, &String)| FileChange {
        after: match path.as_str() {
            "setup.cfg" => without_package(text),
            _ => None,
        },
        path: path.clone(),
        before: Some(text.clone()),
    };
    let mut files: Vec<FileChange> = takeover.setup.iter().map(gone).collect();
    if let Some(file) = &takeover.version_file {
        files.push(FileChange {
            path: file.path.clone(),
            before: file.there.clone(),
            after: Some(project::version_file(package, &file.made)),
        });
    }
    if let Some(path) = project::new_description(takeover) {
        let text = format!("{}\n", plain(&takeover.built.metadata.body));
        files.push(made(path, text));
    }
    files.retain(|file| file.before != file.after);
    files
}

fn built_by_maturin(package: &PythonPackage, toml: &Toml) -> Result<String> {
    let PythonPackage {
        source,
        name,
        leaf,
        all,
        ..
    } = package;
    let mut settings: Vec<(&str, Value)> = vec![
        ("manifest-path", format!("{RUST}Cargo.toml").into()),
        ("module-name", format!("{name}.{leaf}").into()),
        ("python-source", (*source).into()),
    ];
    if all.len() > 1 {
        settings.push(("python-packages", Array::from_iter(all).into()));
    }
    let takeover = package.takeover.as_ref();
    let lists = takeover.map(lists).unwrap_or_default();
    let lists = lists.into_iter().filter(|(_, values)| !values.is_empty());
    settings.extend(lists.map(|(key, values)| (key, lines(values.into_iter()))));
    with_maturin(toml, &settings, &cache_keys(RUST, SOURCES.into()))
}

/// What maturin is told to pack besides the packages, and not to pack.
fn lists(takeover: &Takeover) -> [(&'static str, Vec<Value>); 2] {
    let included = takeover.included.iter().map(Value::from);
    let carried = takeover.carried.iter().map(|path| only(path, "sdist"));
    let excluded = takeover.excluded.iter().map(|path| only(path, "wheel"));
    // maturin looks for no bytecode where a pattern means all files
    let means_all = takeover.carried.iter().any(|path| path.ends_with("/*"));
    let bytecode = means_all.then(|| only("**/*.pyc", "sdist"));
    [
        ("include", included.chain(carried).collect()),
        ("exclude", excluded.chain(bytecode).collect()),
    ]
}

/// A pattern for one format only.
fn only(path: &str, format: &str) -> Value {
    let mut table = InlineTable::new();
    table.insert("path", path.into());
    table.insert("format", format.into());
    table.into()
}
