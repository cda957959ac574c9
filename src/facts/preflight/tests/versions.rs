use crate::world::disk;

use super::{GoodProject, PYPROJECT, case};

#[test]
fn one_version_is_stated_everywhere() {
    case(
        "pyproject.toml",
        "version = \"0.1.0\"",
        "version = \"0.2.0rc1\"",
        &[
            "error: Cargo.toml:3: the version is 0.1.0 here but 0.2.0rc1 in pyproject.toml:7",
            "warning: one/__init__.py:2: the version is 0.1.0 here but 0.2.0rc1 in pyproject.toml:7",
            "warning: uv.lock:6: the version is 0.1.0 here but 0.2.0rc1 in pyproject.toml:7",
        ],
    );
    let project = GoodProject::new();
    project.edit("one/__init__.py", "0.1.0", "0.0.9");
    let hints: Vec<String> = project
        .found()
        .into_iter()
        .filter_map(|finding| finding.hint)
        .collect();
    // what `release version` leaves alone is no work for it
    assert_eq!(
        hints,
        ["write \"0.1.0\" there, or take it from importlib.metadata"]
    );
    let project = GoodProject::new();
    for name in ["Cargo.toml", "Cargo.lock"] {
        project.edit(name, "\"0.1.0\"", "\"0.1.0-rc.1\"");
    }
    for name in ["pyproject.toml", "uv.lock", "one/__init__.py"] {
        project.edit(name, "\"0.1.0\"", "\"0.1.0rc1\"");
    }
    assert_eq!(project.says(), [""; 0]);
}

#[test]
fn a_crate_without_a_version_leaves_it_to_python() {
    let project = GoodProject::new();
    for name in ["Cargo.toml", "Cargo.lock"] {
        project.edit(name, "\"0.1.0\"", "\"0.0.0\"");
    }
    assert_eq!(project.says(), [""; 0]);
}

#[test]
fn the_version_of_a_crate_that_is_never_published_reaches_nobody() {
    for (package, workspace) in [
        ("publish = false\n", "[workspace]\n"),
        (
            "publish.workspace = true\n",
            "[workspace.package]\npublish = false\n",
        ),
    ] {
        let project = GoodProject::new();
        project.edit("Cargo.toml", "edition", &format!("{package}edition"));
        project.edit("Cargo.toml", "[workspace]\n", workspace);
        for name in ["Cargo.toml", "Cargo.lock"] {
            project.edit(name, "\"0.1.0\"", "\"0.0.1\"");
        }
        assert_eq!(
            project.says(),
            ["warning: Cargo.toml:3: the version is 0.0.1 here but 0.1.0 in pyproject.toml:7"]
        );
    }
}

#[test]
fn a_crates_version_that_is_not_kept_in_step_with_pythons_stops_no_release() {
    for (python, is_error) in [
        ("0.1.1", true),
        ("0.2.0", true),
        ("1.0", true),
        ("0.0.9", true),
        ("0.3.0", false),
        ("3.13", false),
        ("2025.2.5", false),
    ] {
        let project = GoodProject::new();
        for name in ["pyproject.toml", "uv.lock", "one/__init__.py"] {
            project.edit(name, "\"0.1.0\"", &format!("\"{python}\""));
        }
        let level = if is_error { "error" } else { "warning" };
        let text = "Cargo.toml:3: the version is 0.1.0 here but";
        assert_eq!(
            project.says(),
            [format!("{level}: {text} {python} in pyproject.toml:7")]
        );
    }
}

#[test]
fn a_version_that_python_does_not_know_is_an_error() {
    let project = GoodProject::new();
    for name in ["Cargo.toml", "Cargo.lock"] {
        project.edit(name, "\"0.1.0\"", "\"0.1.0-nightly\"");
    }
    assert_eq!(
        project.says(),
        ["error: Cargo.toml:3: `0.1.0-nightly` is not a valid Python version (PEP 440)"]
    );
}

#[test]
fn a_crate_that_makes_no_distribution_has_whatever_version_cargo_knows() {
    let project = GoodProject::new();
    for name in ["Cargo.toml", "Cargo.lock"] {
        project.edit(name, "\"0.1.0\"", "\"0.1.0-fork.2\"");
    }
    for name in ["pyproject.toml", "uv.lock"] {
        std::fs::remove_file(project.dir.join(name)).unwrap();
    }
    assert_eq!(project.says(), [""; 0]);
}

#[test]
fn a_tag_of_another_version_is_an_error() {
    for (tag, wrong) in [
        ("v0.2.0", true),
        ("0.2.0", true),
        ("one-v0.2.0", true),
        ("One-0.2.0", true),
        ("v0.1.0", false),
        ("other-v0.2.0", false),
        ("nightly", false),
        ("2", false),
    ] {
        let project = GoodProject::committed();
        project.git(&format!("tag {tag}"));
        let text = format!(
            "error: pyproject.toml:7: the version is 0.1.0, but the last commit is tagged `{tag}`"
        );
        assert_eq!(
            project.says(),
            Vec::from_iter(wrong.then_some(text)),
            "{tag}"
        );
    }
}

#[test]
fn a_tag_without_a_name_may_mean_a_crate_that_the_package_is_made_of() {
    for (tag, of_crate, is_told) in [
        ("v0.3.0", "0.3.0", false),
        ("v0.3.0", "0.3.1", true),
        ("one-v0.3.0", "0.3.0", true),
        ("v0.2.0", "0.2.0", true), // and the package's was forgotten
    ] {
        let project = GoodProject::committed();
        let dependency = "[dependencies]\ncore = { path = 'cores/core' }\n";
        project.edit("Cargo.toml", "[dependencies]\n", dependency);
        // in a workspace of its own, from which it inherits
        let root = "[workspace]\nmembers = ['core']\n[workspace.package]\n";
        project.write(
            "cores/Cargo.toml",
            &format!("{root}version = '{of_crate}'\n"),
        );
        let core = "[package]\nname = 'core'\nversion.workspace = true\n";
        project.write("cores/core/Cargo.toml", core);
        project.write("cores/core/src/lib.rs", "");
        project.git("add .");
        project.git("commit -qm core");
        project.git(&format!("tag {tag}"));
        let says = project.says();
        let told = says.iter().any(|line| line.contains("is tagged"));
        assert_eq!(told, is_told, "{tag}: {says:?}");
    }
}

/// The hints about differing versions once the crate has one and the package another.
fn hints(project: &GoodProject, cargo: &str, python: &str) -> Vec<Option<String>> {
    for name in ["Cargo.toml", "Cargo.lock"] {
        project.edit(name, "\"0.1.0\"", &format!("\"{cargo}\""));
    }
    for name in ["pyproject.toml", "uv.lock", "one/__init__.py"] {
        project.edit(name, "\"0.1.0\"", &format!("\"{python}\""));
    }
    let mut found = project.found();
    found.retain(|finding| finding.rule == "version-mismatch");
    found.into_iter().map(|finding| finding.hint).collect()
}

#[test]
fn no_version_is_proposed_that_is_lower_than_another() {
    for (cargo, python, highest) in [
        ("0.10.0", "0.9.0", "0.10.0"),
        ("0.9.0", "0.10.0", "0.10.0"),
        ("0.10.0", "0.10.0rc1", "0.10.0"),
        ("0.23.1", "0.1", "0.23.1"),
    ] {
        let hints = hints(&GoodProject::new(), cargo, python);
        let hint = format!("cargo pyx release version {highest}");
        assert_eq!(hints, [Some(hint)], "{cargo} {python}");
    }
}

#[test]
fn a_version_that_other_crates_inherit_is_not_changed_for_one_package() {
    const DYNAMIC: &str =
        "dynamic = [\"version\"], in place of `version`, takes it from Cargo.toml";
    for (needs, python, expected) in [
        ("", "0.9.0", Some(DYNAMIC)),
        ("", "1.1.0", None),
        (
            "other.path = \"other\"\n",
            "0.9.0",
            Some("cargo pyx release version 1.0.0"),
        ),
        (
            "other.path = \"other\"\n",
            "1.1.0",
            Some("cargo pyx release version 1.1.0"),
        ),
    ] {
        let project = GoodProject::new();
        project.edit(
            "Cargo.toml",
            "version = \"0.1.0\"",
            "version.workspace = true",
        );
        let root = "members = [\"other\"]\n[workspace.package]\nversion = \"0.1.0\"\n";
        project.edit(
            "Cargo.toml",
            "[workspace]\n",
            &format!("[workspace]\n{root}"),
        );
        project.edit(
            "Cargo.toml",
            "[dependencies]\n",
            &format!("[dependencies]\n{needs}"),
        );
        let other = "[package]\nname = \"other\"\nversion.workspace = true\n";
        project.write("other/Cargo.toml", other);
        project.write("other/src/lib.rs", "");
        let hints = hints(&project, "1.0.0", python);
        assert_eq!(hints, [expected.map(str::to_owned)], "{needs} {python}");
    }
}

#[test]
fn a_tag_of_a_crate_is_none_of_the_package_that_follows_another_version() {
    for (cargo, tag, is_told) in [
        ("0.4.3", "v0.4.3", false),
        ("0.2.0", "v0.2.0", true), // and the package's was forgotten
        ("0.4.3", "v0.4.2", true),
    ] {
        let project = GoodProject::committed();
        for name in ["Cargo.toml", "Cargo.lock"] {
            project.edit(name, "\"0.1.0\"", &format!("\"{cargo}\""));
        }
        project.git("commit -qam core");
        project.git(&format!("tag {tag}"));
        let says = project.says();
        let told = says.iter().any(|line| line.contains("is tagged"));
        assert_eq!(told, is_told, "{tag}: {says:?}");
    }
}

#[test]
fn one_tag_of_several_is_enough() {
    let project = GoodProject::committed();
    project.git("tag v0.0.9");
    project.git("tag one-v0.1.0");
    assert_eq!(project.says(), [""; 0]);
}

#[test]
fn packages_of_one_workspace_share_its_version() {
    let project = GoodProject::new();
    for name in ["Cargo.toml", "Cargo.lock", "uv.lock", "one/__init__.py"] {
        disk::remove_file(&project.dir.join(name)).unwrap();
    }
    disk::remove_file(&project.dir.join("pyproject.toml")).unwrap();
    let root = "[workspace]\nmembers = ['a', 'b']\n[workspace.package]\nversion = '0.1.0'\n";
    project.write("Cargo.toml", root);
    let mut lock = "version = 4\n".to_owned();
    for name in ["a", "b"] {
        let named = |text: &str| text.replace("\"one\"", &format!("\"{name}\""));
        let python = named(PYPROJECT).replace("LICENSE*", "L*");
        project.write(&format!("{name}/pyproject.toml"), &python);
        let cargo = "[package]\nname = \"one\"\nversion.workspace = true\n";
        project.write(&format!("{name}/Cargo.toml"), &named(cargo));
        project.write(&format!("{name}/LICENSE"), "MIT\n");
        project.write(&format!("{name}/README.md"), "");
        lock += &named("[[package]]\nname = \"one\"\nversion = \"0.1.0\"\n");
    }
    project.write("Cargo.lock", &lock);
    assert_eq!(project.says(), [""; 0]);
    project.edit("b/pyproject.toml", "\"0.1.0\"", "\"0.2.0\"");
    assert_eq!(
        project.says(),
        ["error: b/pyproject.toml:7: the version is 0.2.0 here but 0.1.0 in a/pyproject.toml:7"]
    );
}
