//! What a set in `dist/` is, and what is known about it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::hello::hello;
use crate::released::{Set, is_wheel, set};
use crate::support::{
    CheckOutcome, Project, entries, label, name_of, newest, oldest_and_newest, project,
};

/// Runs it; git sees nothing of it.
#[track_caller]
fn releases(project: &Project, args: &[&str]) -> (CheckOutcome, Set) {
    let run = project.release(&["wheel"]).with(args).run().succeeds();
    assert_eq!(project.traces(), "");
    let mut others = entries(&project.path("dist"));
    others.retain(|path| !is_wheel(path));
    let others: Vec<String> = others.iter().map(|path| name_of(path)).collect();
    assert_eq!(others, [".gitignore", "SHA256SUMS", "release.json"]);
    (run, set(project))
}

/// The labels of the oldest and the newest Python.
fn labels() -> BTreeSet<String> {
    oldest_and_newest()
        .iter()
        .map(|python| label(python))
        .collect()
}

/// For these two; it is one where the machine has no other.
fn for_both(project: &Project) -> (CheckOutcome, Set) {
    let [oldest, newest] = oldest_and_newest();
    releases(project, &["--python", &oldest, "--python", &newest])
}

#[track_caller]
fn passed_its_checks(known: &Value) {
    let checks = known["checks"].as_object().unwrap();
    assert!(checks.len() > 5, "{known:#}");
    for result in checks.values() {
        assert!(
            ["pass", "not-applicable"].contains(&result.as_str().unwrap()),
            "{known:#}"
        );
    }
}

/// Where it is for Linux: nearly every Linux.
#[track_caller]
fn is_portable(name: &str, known: &Value) {
    passed_its_checks(known);
    if cfg!(not(target_os = "linux")) {
        return;
    }
    assert!(name.contains("manylinux2014_"), "{name}");
    let tags: Vec<&str> = known["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(tags.len(), 2, "{tags:?}");
    let glibc = known["glibc"].as_str().unwrap();
    let (major, minor) = glibc.split_once('.').unwrap();
    let minor: u32 = minor.split('.').next().unwrap().parse().unwrap();
    assert!(major == "2" && minor <= 17, "{glibc}");
}

/// Each wheel is for one Python, and is tested on that.
#[track_caller]
fn each_serves_one(set: &Set, tests: &str) {
    let mut served = BTreeSet::new();
    for (name, known) in &set.known {
        is_portable(name, known);
        let tested = known["tests"].as_object().unwrap();
        let [(on, words)] = &Vec::from_iter(tested)[..] else {
            panic!("{known:#}")
        };
        assert!(name.contains(&format!("-{on}-{on}-")), "{known:#}");
        assert_eq!(*words, tests);
        served.insert((*on).clone());
    }
    assert_eq!(served, labels());
}

#[test]
fn every_python_gets_a_wheel_that_is_tested_on_it() {
    let hello = hello();
    let (set, run) = &hello.first;
    each_serves_one(set, "imports 2 passed, Python 3 passed");
    let known = set.known.values().next().unwrap();
    assert_eq!(known["distribution"], "hello");
    assert_eq!(known["version"], "0.1.0");
    assert_eq!(known["kind"], "wheel");
    let commit = known["commit"].as_str().unwrap();
    let said = format!("{commit} {}\n", known["source_date_epoch"]);
    assert_eq!(said, hello.head);
    let tools = known["tools"].as_object().unwrap();
    assert_eq!(tools["cargo-pyx"], env!("CARGO_PKG_VERSION"));
    for tool in ["uv", "rustc", "maturin for hello"] {
        let version = tools[tool].as_str().unwrap();
        assert!(version.contains(" sha256:"), "{tools:#?}");
    }
    for name in set.files.keys() {
        assert!(run.count(name) > 0, "{run}");
    }
    assert_eq!((&*hello.traces, &*hello.ignored), ("", "*\n"));
}

#[test]
fn a_package_around_a_module_is_released_with_its_dependencies() {
    let project = project!("mixed");
    let (_, set) = for_both(&project);
    each_serves_one(&set, "imports 2 passed, Python 2 passed");
}

#[test]
fn one_wheel_of_the_stable_abi_is_tested_on_every_python() {
    let project = project!("hardcoded");
    let (_, set) = for_both(&project);
    let [(name, known)] = &Vec::from_iter(&set.known)[..] else {
        panic!("{:#?}", set.known)
    };
    assert!(name.starts_with("hardcoded-0.1.0-cp39-abi3-"), "{name}");
    is_portable(name, known);
    assert_eq!(known["checks"]["abi3audit"], "pass");
    let tested: BTreeSet<String> = known["tests"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(tested, labels());
    for words in known["tests"].as_object().unwrap().values() {
        assert_eq!(words, "imports 2 passed, Python 1 passed");
    }
}

#[test]
fn members_of_a_workspace_are_one_set_in_one_environment() {
    let project = project!("workspace");
    // an index has no such version: it can only come from the set
    let beta = "packages/beta/pyproject.toml";
    project.edit(
        beta,
        "readme =",
        "dependencies = [\"alpha==0.1.0\"]\nreadme =",
    );
    project.commit();
    let newest = newest();
    let (_, set) = releases(&project, &["--python", &newest]);
    let released: Vec<&str> = set
        .known
        .values()
        .map(|one| one["distribution"].as_str().unwrap())
        .collect();
    assert_eq!(released, ["alpha", "beta"]);
    for (name, known) in &set.known {
        is_portable(name, known);
        let tested: Vec<&Value> = known["tests"].as_object().unwrap().values().collect();
        let python = if known["distribution"] == "alpha" {
            1
        } else {
            2
        };
        assert_eq!(
            tested,
            [&format!("imports 2 passed, Python {python} passed")]
        );
    }
}
