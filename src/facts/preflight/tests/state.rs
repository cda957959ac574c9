use crate::world::disk;

use super::{GoodProject, case, cases};

#[test]
fn cargo_lock_is_there_and_current() {
    let lock = |old: &str, new: &str, expected: &str| case("Cargo.lock", old, new, &[expected]);
    lock(
        "\"0.1.0\"",
        "\"0.0.9\"",
        "error: Cargo.toml:3: `Cargo.lock` has `one` at 0.0.9, but its version is 0.1.0",
    );
    lock(
        " \"pyo3\",\n",
        "",
        "error: Cargo.toml:9: `Cargo.lock` has no `pyo3 0.29`",
    );
    lock(
        "\"0.29.3\"",
        "\"0.28.3\"",
        "error: Cargo.toml:9: `Cargo.lock` has no `pyo3 0.29`",
    );
    lock(
        "name = \"one\"",
        "name = \"two\"",
        "error: Cargo.toml:2: `Cargo.lock` lacks the crate `one`",
    );
    lock(
        " \"pyo3\",\n",
        " \"pyo3\",\n \"libc 0.2.1\",\n",
        "error: Cargo.lock: `Cargo.lock` lists `libc` as a dependency of `one`, which no longer has it",
    );
    lock(
        "version = 4",
        "version = ",
        "error: Cargo.lock:1: `Cargo.lock` is not valid TOML: string values must be quoted, \
         expected literal string",
    );
    let project = GoodProject::new();
    disk::remove_file(&project.dir.join("Cargo.lock")).unwrap();
    assert_eq!(
        project.says(),
        ["warning: Cargo.toml: no Cargo.lock next to it: every build resolves versions again"]
    );
}

#[test]
fn the_version_that_a_lock_names_is_the_one_that_counts() {
    for (named, expected) in [
        ("0.29.3", ""),
        (
            "0.28.3",
            "error: Cargo.toml:9: `Cargo.lock` has no `pyo3 0.29`",
        ),
    ] {
        let project = GoodProject::new();
        project.edit("Cargo.lock", "\"pyo3\"", &format!("\"pyo3 {named}\""));
        let old = "\n[[package]]\nname = \"pyo3\"\nversion = \"0.28.3\"\nsource = \"registry\"\n";
        project.write(
            "Cargo.lock",
            &format!("{}{old}", project.read("Cargo.lock")),
        );
        let expected: Vec<&str> = Vec::from_iter(Some(expected).filter(|text| !text.is_empty()));
        assert_eq!(project.says(), expected);
    }
}

/// The crate `core` beside the project, in a workspace of its own whose version is not the project's.
const CORE: &str = "[package]\nname = \"core\"\nversion.workspace = true\n";
const CORES_WORKSPACE: &str =
    "[workspace]\nmembers = [\"core\"]\n[workspace.package]\nversion = \"0.8.0\"\n";

/// The project `one` in `python`, below the workspace of the crate `core`, which it depends on as `needs` says
/// there.
fn beside_another_workspace(core: &str, lock: &str) -> GoodProject {
    let project = GoodProject::new();
    let files = disk::names(&project.dir);
    for name in files {
        let (from, to) = (
            project.dir.join(&name),
            project.dir.join("python").join(&name),
        );
        disk::create_dir(to.parent().unwrap()).unwrap();
        std::fs::rename(from, to).unwrap();
    }
    project.write("Cargo.toml", CORES_WORKSPACE);
    project.write("Cargo.lock", "version = 4\n");
    project.write("core/Cargo.toml", core);
    project.write("core/src/lib.rs", "");
    let needs = "[workspace.package]\nversion = \"0.6.3\"\n\n[dependencies]\n\
                 core.path = \"../core\"\n";
    project.edit("python/Cargo.toml", "[dependencies]\n", needs);
    project.edit(
        "python/Cargo.lock",
        " \"pyo3\",\n",
        " \"core\",\n \"pyo3\",\n",
    );
    let locked = format!("{}\n{lock}", project.read("python/Cargo.lock"));
    project.write("python/Cargo.lock", &locked);
    project
}

#[test]
fn what_a_crate_inherits_is_that_of_its_own_workspace() {
    for (locked, expected) in [
        ("0.8.0", ""),
        (
            "0.6.3",
            "error: core/Cargo.toml:3: `Cargo.lock` has `core` at 0.6.3, but its version is 0.8.0",
        ),
    ] {
        let lock = format!("[[package]]\nname = \"core\"\nversion = \"{locked}\"\n");
        let project = beside_another_workspace(CORE, &lock);
        let expected: Vec<&str> = Vec::from_iter(Some(expected).filter(|text| !text.is_empty()));
        assert_eq!(project.says_in("python"), expected);
    }
}

#[test]
fn of_crates_outside_the_workspace_the_lock_holds_what_is_enabled() {
    let helper = "[package]\nname = \"helper\"\nversion = \"0.1.0\"\n";
    let lock = "[[package]]\nname = \"core\"\nversion = \"0.8.0\"\n";
    for (needs, is_demanded) in [
        ("[dependencies]\nhelper.path = \"../helper\"\n", true),
        ("[build-dependencies]\nhelper.path = \"../helper\"\n", true),
        ("[dev-dependencies]\nhelper.path = \"../helper\"\n", false),
        (
            "[dependencies]\nhelper = { path = \"../helper\", optional = true }\n\
             [dev-dependencies]\nhelper.path = \"../helper\"\n\
             [features]\ntest-data = [\"dep:helper\"]\n",
            false,
        ),
        // what only such a crate needs
        (
            "[dependencies]\nmiddle = { path = \"../middle\", optional = true }\n",
            false,
        ),
    ] {
        let project = beside_another_workspace(&format!("{CORE}{needs}"), lock);
        project.edit(
            "Cargo.toml",
            "[\"core\"]",
            "[\"core\", \"middle\", \"helper\"]",
        );
        project.write("helper/Cargo.toml", helper);
        project.write("helper/src/lib.rs", "");
        let middle = helper.replace("helper", "middle");
        let middle = format!("{middle}[dependencies]\nhelper.path = \"../helper\"\n");
        project.write("middle/Cargo.toml", &middle);
        project.write("middle/src/lib.rs", "");
        let text = "error: helper/Cargo.toml:2: `Cargo.lock` lacks the crate `helper`";
        let expected = Vec::from_iter(is_demanded.then_some(text));
        assert_eq!(project.says_in("python"), expected, "{needs}");
    }
}

#[test]
fn uv_lock_knows_the_dependency_groups() {
    const LOCKED: &str = "\n[package.metadata.requires-dev]\n\
                          Dev = [{ name = \"pytest\", specifier = \">=8\" }, { name = \"one\", extras = [\"fast\"] }]\n";
    let said = |groups: &str, locked: &str| {
        let project = GoodProject::new();
        let text = project.read("pyproject.toml") + groups;
        project.write("pyproject.toml", &text);
        project.write("uv.lock", &(project.read("uv.lock") + locked));
        project.says()
    };
    let group = |listed: &str| format!("\n[dependency-groups]\ndev = [{listed}]\n");
    for known in ["", "'pytest>=8'", "'Pytest >=8.0', 'one[fast]'"] {
        assert_eq!(said(&group(known), LOCKED), [""; 0], "{known}");
    }
    let one = |groups: &str, locked: &str| said(groups, locked).join("\n");
    let unknown = "`uv.lock` lacks `ddt` of the group `dev`";
    assert!(one(&group("'pytest>=8', 'ddt'"), LOCKED).ends_with(unknown));
    assert!(one(&group("'ddt'"), "").ends_with(unknown));
    let other = "`uv.lock` was made for a version other than `pytest>=7`";
    assert!(one(&group("'pytest>=7'"), LOCKED).ends_with(other));
}

#[test]
fn uv_lock_is_current() {
    cases(
        "uv.lock",
        &[
            (
                "\">=3.9\"",
                "\">=3.10\"",
                "warning: pyproject.toml:10: `uv.lock` was made for Python >=3.10, not for >=3.9",
            ),
            ("\">=3.9\"", "\">=3.9.0\"", ""),
            (
                "\">=4\"",
                "\">=3\"",
                "warning: pyproject.toml:14: `uv.lock` was made for a version other than \
                 `humanize>=4`",
            ),
            ("\">=4\"", "\">=4.0\"", ""),
            (
                "specifier = \">=4\"",
                "git = \"https://example.org/humanize\"",
                "",
            ),
            (
                "{ name = \"humanize\", specifier = \">=4\" },",
                "",
                "warning: pyproject.toml:14: `uv.lock` lacks `humanize`",
            ),
            (
                "name = \"one\"",
                "name = \"two\"",
                "warning: uv.lock:5: `uv.lock` lists one as `two`",
            ),
        ],
    );
}

#[test]
fn before_the_first_commit_nothing_differs_from_it() {
    let project = GoodProject::new();
    project.git("init -q");
    assert_eq!(project.says(), ["warning: nothing is committed yet"]);
    assert_eq!(project.says_when(true), [""; 0]);
}

#[test]
fn the_tree_is_clean() {
    let project = GoodProject::committed();
    project.write(".git/info/exclude", "*.log\n");
    project.write("a.log", "");
    assert_eq!(project.says(), [""; 0]);
    project.write("b ü.txt", "");
    let one = "error: b ü.txt: differs from the last commit";
    assert_eq!(project.says(), [one]);
    for name in ["README.md", "src/lib.rs", "x/y/z"] {
        project.write(name, "new");
    }
    assert_eq!(
        project.says(),
        [
            "error: README.md: differs from the last commit, and so do `src/lib.rs`, `b ü.txt` and \
          1 more"
        ]
    );
    assert_eq!(project.says_when(true), [""; 0]);
}

#[test]
fn a_module_that_was_built_among_the_sources_is_to_be_ignored_and_not_committed() {
    let project = GoodProject::committed();
    project.write("src/_hello.abi3.so", "");
    let hint = |project: &GoodProject| project.found()[0].hint.clone().unwrap();
    assert_eq!(
        hint(&project),
        "add `*.so` to .gitignore, or pass `--allow-dirty`"
    );
    project.write("README.md", "new");
    assert_eq!(hint(&project), "git commit, or pass `--allow-dirty`");
}

#[test]
fn an_ignored_lock_is_a_warning() {
    let project = GoodProject::new();
    project.write(".gitignore", "Cargo.lock\n");
    project.git("init -q");
    project.git("add -A");
    project.git("commit -q -m one");
    assert_eq!(
        project.says(),
        ["warning: Cargo.lock: git ignores it: a fresh checkout builds with other versions"]
    );
}

#[test]
fn looking_writes_nothing() {
    let project = GoodProject::committed();
    let index = project.dir.join(".git/index");
    let modified = disk::signature(&index);
    project.write("README.md", "# One\n"); // git would note that it is the same
    assert_eq!(project.says(), [""; 0]);
    assert_eq!(disk::signature(&index), modified);
}
