//! cargo alone knows which targets a package has. We say it before cargo is there to be asked: whether
//! there may be tests, and which examples and binaries `run` can start.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use camino::Utf8Path;
use cargo_pyx::plan::scaffold::{ABI3, PYO3};
use cargo_pyx::world::manifest::Manifests;
use serde_json::Value;

use crate::support::{Project, folder};

#[test]
fn new_projects_are_offered_the_stable_abis_that_their_pyo3_has() {
    let project = Project::new(&folder!(), "hello"); // `new` writes the same PyO3
    let run = project
        .run("cargo", &["metadata", "--format-version", "1"])
        .succeeds();
    let metadata: Value = serde_json::from_str(&run.stdout).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let pyo3 = packages.find(|package| package["name"] == "pyo3").unwrap();
    let features = pyo3["features"].as_object().unwrap().keys();
    let minors = features.filter_map(|name| name.strip_prefix("abi3-py3")?.parse::<u64>().ok());
    let minors: BTreeSet<u64> = minors.collect();
    assert_eq!(minors, ABI3.collect());
    assert!(
        project
            .read("Cargo.toml")
            .contains(&format!("pyo3 = \"{PYO3}\""))
    );
}

/// In the order of [`named`]: what cargo calls them, and the folder where it looks for them.
const KINDS: [(&str, &str); 3] = [
    ("bin", "src/bin"),
    ("test", "tests"),
    ("example", "examples"),
];

/// What the manifest says of a kind of target.
#[derive(Clone, Copy)]
enum Stated {
    Nothing,
    /// One that is found as well.
    Found,
    /// One whose file is where cargo does not look.
    Elsewhere,
}

struct Layout {
    edition: &'static str,
    /// Whether targets are looked for, where the manifest says so.
    looks: Option<bool>,
    stated: Stated,
    lib_path: Option<&'static str>,
}

fn layouts() -> Vec<Layout> {
    let mut all = Vec::new();
    for edition in ["2015", "2021"] {
        for looks in [None, Some(true), Some(false)] {
            for stated in [Stated::Nothing, Stated::Found, Stated::Elsewhere] {
                for lib_path in [None, Some("src/lib.rs"), Some("code/all.rs")] {
                    all.push(Layout {
                        edition,
                        looks,
                        stated,
                        lib_path,
                    });
                }
            }
        }
    }
    all.retain(Layout::has_targets);
    all
}

impl Layout {
    /// cargo refuses a package without any.
    fn has_targets(&self) -> bool {
        let is_stated = !matches!(self.stated, Stated::Nothing);
        self.looks != Some(false) || is_stated || self.lib_path.is_some()
    }
}

fn write(project: &Project, name: &str, layout: &Layout) {
    let mut manifest = format!(
        "[package]\nname = '{name}'\nversion = '1.0.0'\nedition = '{}'\n",
        layout.edition
    );
    let mut targets = String::new();
    for (kind, folder) in KINDS {
        if let Some(looks) = layout.looks {
            writeln!(manifest, "auto{kind}s = {looks}").unwrap();
        }
        let file = |path: &str| project.write(&format!("{name}/{path}"), "fn main() {}\n");
        for path in [
            "file.rs",
            "folder/main.rs",
            "folder/other.rs",
            "none/other.rs",
        ] {
            file(&format!("{folder}/{kind}-{path}"));
        }
        match layout.stated {
            Stated::Nothing => {}
            Stated::Found => writeln!(targets, "[[{kind}]]\nname = '{kind}-file'").unwrap(),
            Stated::Elsewhere => {
                file(&format!("code/{kind}.rs"));
                writeln!(
                    targets,
                    "[[{kind}]]\nname = 'own-{kind}'\npath = 'code/{kind}.rs'"
                )
                .unwrap();
            }
        }
    }
    project.write(&format!("{name}/src/main.rs"), "fn main() {}\n");
    if let Some(path) = layout.lib_path {
        project.write(&format!("{name}/{path}"), "");
        writeln!(targets, "[lib]\npath = '{path}'").unwrap();
    }
    project.write(&format!("{name}/Cargo.toml"), &(manifest + &targets));
}

/// By kind, the names of a package's targets.
type Targets = BTreeMap<&'static str, BTreeSet<String>>;

/// What cargo says of a package.
fn told(package: &Value) -> Targets {
    let mut told: Targets = KINDS.map(|(kind, _)| (kind, BTreeSet::new())).into();
    for target in package["targets"].as_array().unwrap() {
        let kind = target["kind"][0].as_str().unwrap();
        if let Some(names) = told.get_mut(kind) {
            names.insert(target["name"].as_str().unwrap().to_owned());
        }
    }
    told
}

#[test]
fn a_package_has_the_targets_that_cargo_finds() {
    let project = Project::at(&folder!());
    let _ = std::fs::remove_dir_all(&project.root);
    let all = layouts();
    let name = |number: usize| format!("layout-{number}");
    for (number, layout) in all.iter().enumerate() {
        write(&project, &name(number), layout);
    }
    project.write(
        "Cargo.toml",
        "[workspace]\nresolver = '2'\nmembers = ['layout-*']\n",
    );
    let words = [
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ];
    let run = project.run("cargo", &words).succeeds();
    let metadata: Value = serde_json::from_str(&run.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert_eq!(packages.len(), all.len());
    for package in packages {
        let path = Utf8Path::new(package["manifest_path"].as_str().unwrap());
        let cargo = Manifests::default().cargo(path).unwrap().unwrap();
        let read = [cargo.bins(), cargo.tests(), cargo.examples()];
        let kinds = KINDS.map(|(kind, _)| kind).into_iter();
        let read: Targets = kinds.zip(read.map(BTreeSet::from_iter)).collect();
        let manifest = project.read(&format!("{}/Cargo.toml", package["name"].as_str().unwrap()));
        assert_eq!(read, told(package), "{manifest}");
        let targets = package["targets"].as_array().unwrap();
        let has_lib = targets.iter().any(|target| target["kind"][0] == "lib");
        assert_eq!(cargo.has_lib(), has_lib, "{manifest}");
    }
}
