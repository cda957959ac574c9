//! maturin alone knows what it packs, and where. Before a build we say of which crate that will be, which
//! module, and in which folder of the checkout its package is.

use std::path::{Path, PathBuf};

use cargo_pyx::facts::project::{Project as Facts, Selection, package_folder};
use cargo_pyx::world::session::Session;

use crate::support::{Project, cache, entries, name_of, on_path, project};

/// `python-source`, and where the Python package is.
const PACKAGES: [(Option<&str>, Option<&str>); 7] = [
    (None, None),
    (None, Some(".")),
    (None, Some("src")),
    (None, Some("python")),
    (Some("python"), None),
    (Some("python"), Some("python")),
    (Some("python"), Some(".")),
];

const MODULES: [Option<&str>; 3] = [None, Some("acme"), Some("acme._core")];

/// Where the crate is.
const CRATES: [&str; 2] = [".", "rust"];

/// A crate in both places, of which the one at the top has another name.
const BOTH: &str = "rust and .";

/// Of PyO3 maturin knows the name and the version.
const PYO3: &str = "[package]\nname = 'pyo3'\nversion = '0.29.0'\n";

const CARGO: &str = "\
[package]
name = 'acme'
version = '1.0.0'

[workspace]

[lib]
crate-type = ['cdylib']

[dependencies]
pyo3 = { path = '../pyo3' }
";

/// What is in the one wheel of a folder.
const LIST: &str = "\
import glob, sys, zipfile
print(*zipfile.ZipFile(*glob.glob(sys.argv[1] + '/*.whl')).namelist(), sep='\\n')
";

type Layout = (
    (Option<&'static str>, Option<&'static str>),
    Option<&'static str>,
    &'static str,
);

fn layouts() -> Vec<Layout> {
    let mut all = Vec::new();
    for package in PACKAGES {
        for module in MODULES {
            all.extend(CRATES.map(|place| (package, module, place)));
        }
        all.push((package, None, BOTH));
    }
    all
}

/// The folder of a layout.
fn write(project: &Project, number: usize, layout: &Layout) -> PathBuf {
    let ((source, package), module, place) = layout;
    let name = format!("layouts/{number}");
    let write = |path: &str, text: &str| project.write(&format!("{name}/{path}"), text);
    let quoted = |key: &str, value: Option<&str>| {
        let line = |value| format!("{key} = '{value}'\n");
        value.map(line).unwrap_or_default()
    };
    write(".git/HEAD", "");
    write("pyo3/Cargo.toml", PYO3);
    write("pyo3/src/lib.rs", "");
    for place in place.split(" and ") {
        write(&format!("{place}/src/lib.rs"), "");
        let up = if place == "." { "pyo3" } else { "../pyo3" };
        let cargo = CARGO.replace("../pyo3", up);
        let is_other = (place, layout.2) == (".", BOTH);
        let name = if is_other { "other" } else { "acme" };
        write(&format!("{place}/Cargo.toml"), &cargo.replace("acme", name));
    }
    let pyproject = format!(
        "[build-system]\nrequires = ['maturin>=1,<2']\nbuild-backend = 'maturin'\n\n\
         [project]\nname = 'acme'\nversion = '1'\n\n[tool.maturin]\n{}{}",
        quoted("python-source", *source),
        quoted("module-name", *module),
    );
    write("pyproject.toml", &pyproject);
    if let Some(package) = package {
        write(&format!("{package}/acme/__init__.py"), "");
        write(&format!("{package}/acme/own.py"), "");
    }
    project.path(&name)
}

/// The names of the files in the wheel that maturin builds of a folder; `None` where it refuses.
fn packed(project: &Project, maturin: &Path, folder: &Path) -> Option<Vec<String>> {
    let wheels = folder.join("wheels");
    let target = project.path("layouts/target");
    let python = project.path(".venv/bin/python");
    let build = format!(
        "cd '{}' && '{}' build --quiet -i '{}' --target-dir '{}' -o '{}'",
        folder.display(),
        maturin.display(),
        python.display(),
        target.display(),
        wheels.display()
    );
    if project.run("sh", &["-c", &build]).code != Some(0) {
        return None;
    }
    let listed = project.run(&python, &["-c", LIST, wheels.to_str().unwrap()]);
    let names = listed.succeeds().stdout;
    Some(names.lines().map(str::to_owned).collect())
}

/// The maturin that pyx takes.
fn maturin() -> PathBuf {
    let provided = entries(&cache().join("tools"));
    let mut provided = provided
        .into_iter()
        .filter(|dir| name_of(dir).starts_with("maturin-1."));
    let found = on_path("maturin").or_else(|| Some(provided.next()?.join("maturin")));
    found.expect("a run of pyx has provided maturin")
}

#[test]
fn maturin_packs_the_crate_the_module_and_the_package_that_are_foretold() {
    let project = project!("hello");
    project.dev().run().succeeds(); // has an environment, and maturin
    let maturin = maturin();
    let mut built = 0;
    for (number, layout) in layouts().iter().enumerate() {
        let folder = write(&project, number, layout);
        let Some(files) = packed(&project, &maturin, &folder) else {
            continue;
        };
        built += 1;
        let session = Session {
            cwd: folder.try_into().unwrap(),
            ..Session::default()
        };
        let read = Facts::discover(&session, &Selection::default()).unwrap();
        let member = &read.members[0];
        let module = files.iter().find(|file| file.contains(".so")).unwrap();
        let (place, _) = module.split_once('.').unwrap();
        let foretold = member.module.replace('.', "/");
        // one that is no part of a package is packed with one that hands it on
        let places = [foretold.clone(), format!("{foretold}/{foretold}")];
        assert!(places.contains(&place.to_owned()), "{layout:?}: {files:?}");
        let has_sources = files.iter().any(|file| file == "acme/own.py");
        let sources = package_folder(member);
        assert_eq!(sources.is_some(), has_sources, "{layout:?}: {files:?}");
        let crate_name = member.cargo.package_name().unwrap();
        let bill = format!("acme-1.dist-info/sboms/{crate_name}.cyclonedx.json");
        assert!(files.contains(&bill), "{layout:?}: {files:?}");
    }
    assert!(built > 20, "{built} of {}", layouts().len());
}
