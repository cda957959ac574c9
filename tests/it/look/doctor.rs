//! Each problem, made from a fixture: found with its place, and fixed without touching anything else.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{CheckOutcome, Project, Pyx, folder};

/// A copy of a fixture in which nothing was ever built.
macro_rules! cold {
    ($fixture:literal) => {
        Project::cold(&folder!().join($fixture), $fixture)
    };
}

fn doctor(project: &Project, args: &[&str]) -> Pyx {
    project.pyx("doctor").with(args)
}

fn events(run: &CheckOutcome) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What a run of `doctor` in JSON found, as `rule file:line`.
fn found_by(project: &Project, run: Pyx) -> Vec<String> {
    let run = run.with(&["--message-format", "json"]).run();
    let events = events(&run);
    let findings = events.iter().filter(|event| event["type"] == "finding");
    let errors = findings
        .clone()
        .filter(|event| event["severity"] == "error")
        .count();
    assert_eq!(
        events.last().unwrap()["exit"],
        i32::from(errors > 0),
        "{run}"
    );
    let shown = findings.map(|finding| {
        let rule = finding["rule"].as_str().unwrap();
        let Some(path) = finding["place"]["path"].as_str() else {
            return rule.to_owned();
        };
        let path = path.strip_prefix(project.root.to_str().unwrap()).unwrap();
        match finding["place"]["line"].as_u64() {
            Some(line) => format!("{rule} {}:{line}", &path[1..]),
            None => format!("{rule} {}", &path[1..]),
        }
    });
    shown.collect()
}

#[track_caller]
fn finds(project: &Project, expected: &[&str]) {
    let before = project.listing(&[]);
    assert_eq!(found_by(project, doctor(project, &[])), expected);
    assert!(before == project.listing(&[]), "it has changed something");
}

/// `--fix` makes these edits (name, old text, new text), nothing else, and then nothing is found.
#[track_caller]
fn fixes(project: &Project, edits: &[(&str, &str, &str)]) {
    let mut expected: BTreeMap<PathBuf, Vec<u8>> = project.listing(&[".git"]);
    for (name, old, new) in edits {
        let path = project.path(name);
        let text = expected.get(&path).cloned().unwrap_or_default();
        let text = String::from_utf8(text).unwrap();
        assert!(
            old.is_empty() || text.matches(old).count() == 1,
            "{name}: {old}"
        );
        let text = if old.is_empty() {
            text + new
        } else {
            text.replace(old, new)
        };
        expected.insert(path, text.into_bytes());
    }
    let before = project.listing(&[".git"]);
    let patch = doctor(project, &["--fix", "--dry-run"]).run().succeeds();
    assert!(before == project.listing(&[".git"]), "{patch}");
    let refused = doctor(project, &["--fix"]).run().exits(2);
    assert!(before == project.listing(&[".git"]), "{refused}");
    let run = doctor(project, &["--fix", "--yes"]).run().succeeds();
    for line in patch
        .stdout
        .lines()
        .filter(|line| line.starts_with(['+', '-']))
    {
        assert!(run.stderr.contains(line), "{line} is not in {run}");
    }
    assert!(expected == project.listing(&[".git"]), "{run}");
    finds(project, &[]);
}

#[test]
fn a_healthy_project_is_described_and_nothing_is_found() {
    let project = cold!("hello");
    finds(&project, &[]);
    let json = doctor(&project, &["--message-format", "json"])
        .run()
        .succeeds();
    let facts = &events(&json)[0];
    assert_eq!(facts["type"], "report");
    assert_eq!(facts["environment"]["state"], "missing");
    assert_eq!(facts["members"][0]["layout"], "pure");
    assert_eq!(facts["members"][0]["link"]["mode"], "maturin");
    assert_eq!(facts["members"][0]["because"], "new environment");
    assert_eq!(facts["tools"][0]["name"], "uv");
    let people = doctor(&project, &[]).run().succeeds();
    assert!(people.stdout.contains("\nenvironment  .venv "), "{people}");
    people.says("Found no problems");
}

#[test]
fn a_hard_coded_extension_module_goes_to_maturin() {
    let project = cold!("hardcoded");
    finds(&project, &["extension-module Cargo.toml:12"]);
    let switch = "\n[tool.maturin]\nfeatures = [\"pyo3/extension-module\"]\n";
    fixes(
        &project,
        &[
            (
                "Cargo.toml",
                "[\"extension-module\", \"abi3-py39\"]",
                "[\"abi3-py39\"]",
            ),
            ("pyproject.toml", "", switch),
        ],
    );
}

#[test]
fn missing_cache_keys_are_added() {
    let project = cold!("mixed"); // it has a uv.lock
    finds(&project, &["cache-keys-missing pyproject.toml:1"]);
    let keys = "\n[tool.uv]\ncache-keys = [\n    { file = \"pyproject.toml\" },\n    \
                { file = \"Cargo.toml\" },\n    { file = \"Cargo.lock\" },\n    \
                { file = \"src/**/*.rs\" },\n]\n";
    fixes(&project, &[("pyproject.toml", "", keys)]);
}

#[test]
fn wide_cache_keys_are_narrowed() {
    let project = cold!("hello");
    let lines = project.read("pyproject.toml").lines().count();
    let keys = "\n[tool.uv] # theirs\ncache-keys = [{ file = \"**/*.rs\" }, \"Cargo.toml\"]\n";
    project.append("pyproject.toml", keys);
    finds(
        &project,
        &[&format!("cache-keys-wide pyproject.toml:{}", lines + 3)],
    );
    fixes(&project, &[("pyproject.toml", "**/*.rs", "src/**/*.rs")]);
}

#[test]
fn versions_that_differ_are_an_error() {
    let project = cold!("mixed");
    project.remove("uv.lock");
    project.edit(
        "pyproject.toml",
        "version = \"0.1.0\"",
        "version = \"0.2.0\"",
    );
    finds(&project, &["version-mismatch Cargo.toml:3"]);
}

#[test]
fn a_tag_of_another_version_is_an_error_once_the_version_is_committed() {
    let project = cold!("mixed");
    project.remove("uv.lock");
    project.git(&["tag", "v0.0.9"]);
    finds(&project, &["tag-mismatch pyproject.toml:7"]);
    project.append("pyproject.toml", "# the next version\n");
    finds(&project, &[]);
}

#[test]
fn after_a_fix_only_what_is_left_counts() {
    let project = cold!("mixed");
    project.git(&["tag", "v0.0.9"]);
    let problems = [
        "tag-mismatch pyproject.toml:7",
        "cache-keys-missing pyproject.toml:1",
    ];
    finds(&project, &problems);
    // the tag is not for what the fix has changed
    doctor(&project, &["--fix", "--yes"]).run().succeeds();
    finds(&project, &[]);
}

#[test]
fn pythons_below_the_stable_abi_are_an_error() {
    let project = cold!("hardcoded");
    project.edit("pyproject.toml", ">=3.9", ">=3.8");
    let expected = [
        "abi3-floor pyproject.toml:8",
        "extension-module Cargo.toml:12",
    ];
    finds(&project, &expected);
}

#[test]
fn two_active_environments_are_found() {
    let project = cold!("hello");
    let run = doctor(&project, &[])
        .env("VIRTUAL_ENV", "/a")
        .env("CONDA_PREFIX", "/b");
    assert_eq!(found_by(&project, run), ["two-environments"]);
}

#[test]
fn a_module_that_lies_in_the_way_is_an_error() {
    let project = cold!("hello");
    project.write("hello.abi3.so", "");
    finds(&project, &["shadowing-module hello.abi3.so"]);
}

#[test]
fn an_optimised_profile_for_every_edit_is_found() {
    let project = cold!("hello");
    let lines = project.read("pyproject.toml").lines().count();
    project.append("pyproject.toml", "\n[tool.pyx]\nprofile = \"release\"\n");
    finds(
        &project,
        &[&format!("release-profile pyproject.toml:{}", lines + 3)],
    );
}

#[test]
fn what_dev_would_refuse_is_found_before_it_is_run() {
    let project = cold!("hello");
    let line = 2 + project.read("pyproject.toml").lines().count();
    project.append("pyproject.toml", "[tool.maturin]\nfeatures = \"fast\"\n");
    finds(&project, &[&format!("dev-refused pyproject.toml:{line}")]);
}

#[test]
fn a_manifest_that_cargo_does_not_read_is_found() {
    let project = cold!("hello");
    project.edit("Cargo.toml", "\"2024\"", "2024");
    let found = found_by(&project, doctor(&project, &[]));
    let found = found.contains(&"cargo-manifest Cargo.toml".to_owned());
    assert!(found, "{}", doctor(&project, &[]).run());
}

#[test]
fn a_lock_that_is_missing_or_ignored_is_found() {
    let project = cold!("hello");
    project.append(".gitignore", "Cargo.lock\n");
    project.git(&["rm", "--quiet", "--cached", "Cargo.lock"]);
    finds(&project, &["cargo-lock-ignored Cargo.lock"]);
    project.remove("Cargo.lock");
    finds(&project, &["cargo-lock-missing Cargo.toml"]);
}

#[test]
fn a_toolchain_that_is_pinned_and_not_installed_is_found() {
    let project = cold!("hello");
    project.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.2.3\"\n");
    finds(&project, &["toolchain-missing rust-toolchain.toml:2"]);
}

#[test]
fn a_cdylib_with_tests_of_its_own_gets_an_rlib() {
    let project = cold!("hello");
    project.edit("Cargo.toml", "[\"cdylib\", \"rlib\"]", "[\"cdylib\"]");
    project.write("tests/it.rs", "use hello::greeting;\n");
    let line = 1 + project
        .read("Cargo.toml")
        .lines()
        .position(|line| line.contains("crate-type"))
        .unwrap();
    finds(&project, &[&format!("cdylib-only Cargo.toml:{line}")]);
    fixes(
        &project,
        &[("Cargo.toml", "[\"cdylib\"]", "[\"cdylib\", \"rlib\"]")],
    );
}

#[test]
fn stubs_that_nobody_reads_get_their_mark() {
    let project = cold!("mixed");
    project.remove("uv.lock");
    project.remove("python/mixed/py.typed");
    finds(&project, &["py-typed python/mixed/_mixed.pyi"]);
    fixes(&project, &[("python/mixed/py.typed", "", "")]);
}

#[test]
fn settings_of_editors_that_thrash_are_found() {
    let project = cold!("hello");
    let settings = "{\n  // mine\n  \"python.defaultInterpreterPath\": \"/usr/bin/python3\",\n  \
                    \"rust-analyzer.cargo.extraEnv\": {\n    \"PYO3_PYTHON\": \"/usr/bin/python3\",\n  },\n}\n";
    project.write(".vscode/settings.json", settings);
    let expected = [
        "ide-python .vscode/settings.json:3",
        "ide-thrash .vscode/settings.json:5",
    ];
    finds(&project, &expected);
}
