use super::*;
use crate::world::manifest::Manifests;

/// The sources of `b`, which stands beside a member `a`.
fn sources(dependencies: &str, extras: &[&str]) -> Vec<Source> {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let text = format!("[project]\nname = 'b'\nversion = '1'\n{dependencies}");
    let path = dir.join("pyproject.toml");
    disk::write(&path, text.as_bytes()).unwrap();
    let manifests = Manifests::default();
    let pyproject = manifests.pyproject(&path).unwrap();
    let member = |name: &str, pyproject| Member {
        name: name.into(),
        pyproject,
        ..Member::default()
    };
    let project = Project {
        root: dir.to_owned(),
        home: dir.to_owned(),
        members: vec![member("a", None), member("b", pyproject)],
        manifests,
        ..Project::default()
    };
    let wanted = DependencySelection {
        extras: extras.iter().map(ToString::to_string).collect(),
        ..DependencySelection::default()
    };
    let mut found = Dependencies::default();
    found
        .add_member(&project, &project.members[1], &wanted)
        .unwrap();
    found.syncs.into_iter().map(|sync| sync.source).collect()
}

#[test]
fn a_file_that_requirements_include_decides_as_they_do() {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    for (name, text) in [
        ("requirements.txt", "-r base.txt  # why\n-c pins.txt\n"),
        ("base.txt", "numpy\n"),
    ] {
        disk::write(&dir.join(name), text.as_bytes()).unwrap();
    }
    let member = Member {
        dir: dir.to_owned(),
        ..Member::default()
    };
    let mut found = Dependencies::default();
    let wanted = DependencySelection::default();
    found
        .add_member(&Project::default(), &member, &wanted)
        .unwrap();
    let files = ["base.txt", "pins.txt", "requirements.txt"].map(|name| dir.join(name));
    assert_eq!(found.files, files);
}

#[test]
fn what_needs_nothing_but_members_needs_no_installation() {
    assert_eq!(sources("dependencies = ['a==1']\n", &[]), []);
    let both = "dependencies = ['a', 'other>=1']\n[project.optional-dependencies]\nx = ['more']\n";
    for (dependencies, extras) in [(both, &["x"][..]), ("dependencies = ['other']\n", &[])] {
        let found = sources(dependencies, extras);
        assert!(matches!(found[..], [Source::Metadata(_)]), "{found:?}");
    }
}

#[test]
fn what_a_pyproject_asks_for_is_left_to_uv_with_its_sources() {
    let places = "[tool.uv.sources]\nhelpers = { path = 'helpers' }\n";
    let list = "['pytest', 'helpers']\n";
    let older = format!("[tool.uv]\ndev-dependencies = {list}");
    let group = format!("[dependency-groups]\ndev = {list}");
    for project in ["", "[project]\nname = 'a'\nversion = '1'\n"] {
        for listed in [&older, &group] {
            let text = format!("{project}{listed}{places}");
            let temp = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(temp.path()).unwrap();
            for sync in for_tests(dir, &[("pyproject.toml", &text)], true) {
                let bare = match &sync.source {
                    Source::Requirements { requirements, .. } => Requirement::words(requirements),
                    _ => Vec::new(),
                };
                assert!(bare.is_empty(), "{text}: {bare:?}");
                assert_eq!(sync.groups, ["dev"], "{text}");
            }
        }
    }
}

#[test]
fn groups_of_what_uv_does_not_manage_are_asked_for_as_what_they_list() {
    let text = |more: &str| {
        format!(
            "[project]\nname = 'b'\nversion = '1'\ndependencies = ['other']\n[dependency-groups]\n\
             dev = ['mypy', {{include-group = 'test'}}]\ntest = ['pytest>=8']\n{more}"
        )
    };
    let temp = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(temp.path())
        .unwrap()
        .join("pyproject.toml");
    let asked = |more: &str| {
        disk::write(&path, text(more).as_bytes()).unwrap();
        let pyproject = Manifests::default().pyproject(&path).unwrap().unwrap();
        let sync = Sync {
            groups: vec!["dev".into()],
            ..Sync::of(Source::Metadata(path.clone()))
        };
        readable(&pyproject, sync)
    };
    assert_eq!(asked("").groups, ["dev"]);
    let sync = asked("[tool.uv]\nmanaged = false\n");
    let Source::Requirements { requirements, .. } = &sync.source else {
        panic!("uv takes no groups of it")
    };
    let mut words = Requirement::words(requirements);
    words.sort();
    assert_eq!(words, ["mypy", "other", "pytest>=8"]);
    assert!(sync.groups.is_empty());
}

/// Of a package by itself in `dir`, whose files are written there; `in_python`: whether its tests are.
fn for_tests(dir: &Utf8Path, files: &[(&str, &str)], in_python: bool) -> Vec<Sync> {
    let cargo = ("Cargo.toml", "[package]\nname = 'a'\n");
    for (name, text) in [cargo].iter().chain(files) {
        disk::write(&dir.join(name), text.as_bytes()).unwrap();
    }
    disk::create_dir(&dir.join(".git")).unwrap();
    let manifests = Manifests::default();
    let member = Member {
        name: "a".into(),
        dir: dir.to_owned(),
        cargo: manifests.cargo(&dir.join("Cargo.toml")).unwrap().unwrap(),
        pyproject: manifests.pyproject(&dir.join("pyproject.toml")).unwrap(),
        ..Member::default()
    };
    let project = Project {
        root: dir.to_owned(),
        home: dir.to_owned(),
        members: vec![member],
        manifests,
        ..Project::default()
    };
    let tested = [(&project.members[0], in_python)];
    Dependencies::for_tests(&project, &tested, None)
        .unwrap()
        .syncs
}

#[test]
fn of_groups_in_conflict_tests_have_one_in_a_project_by_itself_too() {
    let temp = tempfile::tempdir().unwrap();
    let text = "[project]\nname = 'a'\nversion = '1'\n\
                [dependency-groups]\nnewest = ['pytest', 'six==2']\ntest = ['pytest', 'six==1']\n\
                [tool.uv]\nconflicts = [[{ group = 'newest' }, { group = 'test' }]]\n";
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let syncs = for_tests(dir, &[("pyproject.toml", text)], true);
    assert_eq!(syncs[0].groups, ["test"]);
}

#[test]
fn tests_around_a_package_have_what_is_listed_beside_them() {
    let listed = |files: &[(&str, &str)]| {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        disk::create_dir(&root.join(".git")).unwrap();
        let package = (
            "py/pyproject.toml",
            "[project]\nname = 'a'\nversion = '1'\n",
        );
        for (name, text) in [package].iter().chain(files) {
            disk::write(&root.join(name), text.as_bytes()).unwrap();
        }
        let manifests = Manifests::default();
        let member = Member {
            dir: root.join("py"),
            pyproject: manifests
                .pyproject(&root.join("py/pyproject.toml"))
                .unwrap(),
            ..Member::default()
        };
        let project = Project {
            manifests,
            ..Project::default()
        };
        let mut found = Dependencies::default();
        found.add_development(&project, &member, root).unwrap();
        let paths = found.syncs.iter().filter_map(|sync| sync.source.path());
        let below = paths.map(|path| crate::model::path::relative(root, path));
        below.collect::<Vec<_>>().join(" ")
    };
    let tools = ("pyproject.toml", "[tool.ruff]\n");
    let file = |name| (name, "pytest\nattrs\n");
    let tox = ("tox.ini", "[testenv]\ndeps =\n    pytest\n    attrs\n");
    for said in [
        file("requirements-dev.txt"),
        file("requirements/dev.txt"),
        tox,
    ] {
        assert_eq!(listed(&[said]), said.0);
        assert_eq!(listed(&[said, tools]), said.0);
        // what is another package's
        assert_eq!(listed(&[said, ("pyproject.toml", "[build-system]\n")]), "");
    }
    assert_eq!(listed(&[tools]), "");
}

#[test]
fn tests_in_rust_alone_need_no_runner_to_have_what_is_listed_for_them() {
    let pyproject = ("pyproject.toml", "[project]\nname = 'a'\nversion = '1'\n");
    let listed = ("dev-requirements.txt", "numpy\n");
    let workflow = (
        ".github/workflows/ci.yml",
        "jobs:\n  test:\n    steps:\n      - run: pip install numpy\n      - run: cargo test\n",
    );
    for (files, expected) in [
        ([pyproject, listed], listed.0),
        ([pyproject, workflow], workflow.0),
    ] {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let syncs = for_tests(dir, &files, false);
        let [sync] = &syncs[..] else {
            panic!("{syncs:?}")
        };
        assert_eq!(sync.source.path(), Some(&dir.join(expected)));
    }
}

/// An index may have anything by the name of a member.
#[test]
fn a_member_that_a_list_names_is_not_asked_of_an_index() {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let pyproject = ("pyproject.toml", "[project]\nname = 'a'\nversion = '1'\n");
    let tox = ("tox.ini", "[testenv]\ndeps =\n  pytest\n  A\n");
    let syncs = for_tests(dir, &[pyproject, tox], true);
    let [Source::Requirements { requirements, .. }] = [&syncs[0].source] else {
        panic!("{syncs:?}")
    };
    assert_eq!(Requirement::words(requirements), ["pytest"]);
}
