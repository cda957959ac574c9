//! What `cargo pyx release version` promises: one version wherever it is stated, and no other byte.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{CheckOutcome, Project, Pyx, folder, on_path};
use serde_json::Value;

/// A copy of a fixture in which nothing was ever built.
fn cold(folder: &Path, fixture: &str) -> Project {
    Project::cold(&folder.join(fixture), fixture)
}

fn version(project: &Project, args: &[&str]) -> Pyx {
    project.pyx("release").with(&["version"]).with(args)
}

/// Files that are not as before, by their names.
fn changed(project: &Project, before: &BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<String, String> {
    let mut after = project.listing(&[".git"]);
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    assert_eq!(gone.count(), 0);
    after.retain(|path, bytes| before.get(path) != Some(bytes));
    let named = after.into_iter().map(|(path, bytes)| {
        let name = path.strip_prefix(&project.root).unwrap();
        (
            name.display().to_string(),
            String::from_utf8(bytes).unwrap(),
        )
    });
    named.collect()
}

/// Runs it and holds every file against what it was with `edits` (name, old text, new text) made.
#[track_caller]
fn sets(project: &Project, run: Pyx, edits: &[(&str, &str, &str)]) -> CheckOutcome {
    let before = project.listing(&[".git"]);
    let mut expected = BTreeMap::new();
    for (name, old, new) in edits {
        let text = expected.remove(*name).unwrap_or_else(|| project.read(name));
        assert_eq!(text.matches(old).count(), 1, "{name} holds `{old}` once");
        expected.insert((*name).to_owned(), text.replace(old, new));
    }
    let run = run.run().succeeds();
    let after = changed(project, &before);
    assert!(
        after == expected,
        "{run}\n{after:#?}\nis not\n{expected:#?}"
    );
    run
}

/// cargo and uv find the lock files current.
fn agree(project: &Project) {
    let metadata = ["metadata", "--locked", "--format-version", "1"];
    project.run("cargo", &metadata).succeeds();
    if let Some(uv) = on_path("uv")
        && project.path("uv.lock").is_file()
    {
        let check = ["lock", "--check", "--offline"];
        project.run(uv, &check).succeeds();
    }
}

#[test]
fn every_file_gets_the_version_in_its_own_spelling() {
    let project = cold(&folder!(), "mixed");
    let literal = "# é\n__version__: str = '0.1.0'  # ours\n";
    project.append("python/mixed/__init__.py", literal);
    let lock = "name = \"mixed\"\nversion = ";
    let (old, cargo, python) = ("\"0.1.0\"", "\"0.2.0-rc.1\"", "\"0.2.0rc1\"");
    let locked = |version: &str| format!("{lock}{version}");
    let run = sets(
        &project,
        version(&project, &["0.2.0-rc.1"]),
        &[
            ("Cargo.toml", &locked(old), &locked(cargo)),
            ("Cargo.lock", &locked(old), &locked(cargo)),
            ("pyproject.toml", &locked(old), &locked(python)),
            ("uv.lock", &locked(old), &locked(python)),
            ("python/mixed/__init__.py", "'0.1.0'", "'0.2.0rc1'"),
        ],
    );
    assert_eq!(
        run.stderr,
        "    Updating Cargo.lock (0.1.0 -> 0.2.0-rc.1)\n    \
             Updating Cargo.toml (0.1.0 -> 0.2.0-rc.1)\n    \
             Updating pyproject.toml (0.1.0 -> 0.2.0rc1)\n    \
             Updating python/mixed/__init__.py (0.1.0 -> 0.2.0rc1)\n    \
             Updating uv.lock (0.1.0 -> 0.2.0rc1)\n"
    );
    agree(&project);
    let again = version(&project, &["0.2.0rc1"]);
    sets(&project, again, &[]).finds_fresh("mixed 0.2.0rc1");
    let lock = project.read("uv.lock").find("name = \"mixed\"").unwrap();
    let line = project.read("uv.lock")[..lock].lines().count() + 2;
    assert_eq!(
        version(&project, &[]).run().succeeds().stdout,
        format!(
            "mixed 0.2.0rc1\n  pyproject.toml:7: 0.2.0rc1\n  Cargo.toml:3: 0.2.0-rc.1\n  \
             python/mixed/__init__.py:{}: 0.2.0rc1\n  uv.lock:{line}: 0.2.0rc1\n  \
             Cargo.lock:19: 0.2.0-rc.1\n",
            project.read("python/mixed/__init__.py").lines().count(),
        )
    );
}

#[test]
fn members_of_a_cargo_workspace_move_together() {
    let project = cold(&folder!(), "workspace");
    let path = "shared = { path = \"crates/shared\"";
    let shared = |version: &str| format!("{path}, version = \"={version}\"");
    project.edit("Cargo.toml", path, &shared("0.1.0"));
    project.commit();
    let locked = |name: &str, version: &str| format!("name = \"{name}\"\nversion = \"{version}\"");
    let alpha = version(&project, &["--bump", "minor", "-C", "packages/alpha"]);
    sets(
        &project,
        alpha,
        &[
            (
                "Cargo.toml",
                "\nversion = \"0.1.0\"",
                "\nversion = \"0.2.0\"",
            ),
            ("Cargo.toml", &shared("0.1.0"), &shared("0.2.0")),
            (
                "Cargo.lock",
                &locked("alpha", "0.1.0"),
                &locked("alpha", "0.2.0"),
            ),
            (
                "Cargo.lock",
                &locked("beta", "0.1.0"),
                &locked("beta", "0.2.0"),
            ),
            (
                "Cargo.lock",
                &locked("shared", "0.1.0"),
                &locked("shared", "0.2.0"),
            ),
            ("packages/beta/pyproject.toml", "\"0.1.0\"", "\"0.2.0\""),
        ],
    );
    agree(&project);
}

#[test]
fn members_with_versions_of_their_own_are_chosen() {
    let project = cold(&folder!(), "workspace");
    project.edit(
        "packages/beta/Cargo.toml",
        "version.workspace = true",
        "version = '0.3.0'",
    );
    project.edit("packages/beta/pyproject.toml", "0.1.0", "0.3.0");
    let locked = |version: &str| format!("name = \"beta\"\nversion = \"{version}\"");
    project.edit("Cargo.lock", &locked("0.1.0"), &locked("0.3.0"));
    project.commit();
    let before = project.listing(&[".git"]);
    let both = version(&project, &["1.0.0"]).run().exits(2);
    both.says("alpha is 0.1.0, but beta is 0.3.0")
        .says("hint: choose with `-p alpha`");
    assert!(changed(&project, &before).is_empty());
    sets(
        &project,
        version(&project, &["1.0.0", "-p", "packages/beta"]),
        &[
            ("packages/beta/Cargo.toml", "'0.3.0'", "'1.0.0'"),
            ("packages/beta/pyproject.toml", "\"0.3.0\"", "\"1.0.0\""),
            ("Cargo.lock", &locked("0.3.0"), &locked("1.0.0")),
        ],
    );
    agree(&project);
}

#[test]
fn a_dynamic_version_is_cargos() {
    let project = cold(&folder!(), "cffi");
    let named = |version: &str| format!("name = \"cffi-add\"\nversion = \"{version}\"");
    sets(
        &project,
        version(&project, &["--bump", "pre"]),
        &[
            ("Cargo.toml", &named("0.1.0"), &named("0.1.1-rc.1")),
            ("Cargo.lock", &named("0.1.0"), &named("0.1.1-rc.1")),
        ],
    );
    agree(&project);
}

#[test]
fn a_dry_run_writes_nothing_and_prints_a_patch() {
    let project = cold(&folder!(), "mixed");
    let before = project.listing(&[".git"]);
    let dry = version(&project, &["2.0.0", "--dry-run"]).run().succeeds();
    assert!(changed(&project, &before).is_empty());
    project.write("../patch", &dry.stdout);
    project.git(&["apply", "../patch"]);
    let patched = changed(&project, &before);
    assert_eq!(patched.len(), 4);
    project.git(&["checkout", "--quiet", "."]);
    version(&project, &["2.0.0"]).run().succeeds();
    assert_eq!(changed(&project, &before), patched);
}

#[test]
fn what_is_refused_writes_nothing() {
    let project = cold(&folder!(), "mixed");
    let before = project.listing(&[".git"]);
    let lower = version(&project, &["0.0.9"]).run().exits(2);
    lower
        .says("error: 0.0.9 is lower than the current 0.1.0")
        .says("hint: pass `--force` to set it anyway");
    let odd = version(&project, &["1.0-nightly"]).run().exits(2);
    odd.says("error: `1.0-nightly` is not a valid Python version")
        .says("hint: write it as 1.2.3, 1.2.3-rc.1 or 1.2.3rc1");
    let unknown = version(&project, &["1.0.0", "-p", "mxed"]).run().exits(2);
    unknown.says("did you mean `-p mixed`?");
    assert!(changed(&project, &before).is_empty());
    version(&project, &["0.0.9", "--force"]).run().succeeds();
    assert_eq!(changed(&project, &before).len(), 4);
}

#[test]
fn json_has_the_edits_and_the_places() {
    let project = cold(&folder!(), "cffi");
    let events = |args: &[&str]| -> Vec<Value> {
        let run = version(&project, args).with(&["--message-format", "json"]);
        let lines = run.run().succeeds().stdout;
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let shown = events(&[]);
    assert_eq!(shown[0]["type"], "version");
    assert_eq!(shown[0]["version"], "0.1.0");
    assert_eq!(shown[0]["places"][0]["path"], "Cargo.toml");
    assert_eq!(shown[0]["places"][0]["kind"], "cargo");
    let planned = events(&["0.2.0", "--dry-run"]);
    let edit = &planned[0]["steps"][0]["edits"]["Cargo.toml"][0];
    assert_eq!(
        *edit,
        serde_json::json!({ "line": 3, "from": "0.1.0", "to": "0.2.0" })
    );
}
