//! What uv knows and we have written down.

use camino::Utf8Path;
use cargo_pyx::model::minor::NEWEST_PYTHON;
use cargo_pyx::world::interpreter;
use cargo_pyx::world::manifest::Manifests;
use cargo_pyx::world::python_preference::PythonPreference;
use cargo_pyx::world::session::Session;
use serde_json::Value;

use crate::support::{Project, folder, uv};

#[test]
fn the_newest_python_is_the_newest_that_uv_knows_as_released() {
    let project = Project::written(&folder!(), &[("pyproject.toml", "")]);
    let list = [
        "python",
        "list",
        "--only-downloads",
        "--output-format",
        "json",
    ];
    let said = project.run(uv(), &list).succeeds().stdout;
    let all: Value = serde_json::from_str(&said).unwrap();
    let newest = all.as_array().unwrap().iter().filter_map(|one| {
        let is_released = one["version"]
            .as_str()?
            .chars()
            .all(|c| c.is_ascii_digit() || c == '.');
        let parts = &one["version_parts"];
        let minor = (parts["major"].as_u64()?, parts["minor"].as_u64()?);
        (is_released && one["implementation"] == "cpython").then_some(minor)
    });
    assert_eq!(newest.max(), Some(NEWEST_PYTHON));
}

/// uv is told of a folder of its own Pythons in which none is: those of the system are what is left.
#[test]
fn uv_finds_an_interpreter_where_its_preference_as_we_read_it_leaves_one() {
    let folder = folder!();
    let pyproject = |key: &str| format!("[tool.uv]\n{key}\n");
    let only = |which: &str| format!("python-preference = \"only-{which}\"");
    let variable = |name, value| Some((name, value));
    for (pyproject, uv_toml, variable, is_found) in [
        (pyproject(""), None, None, true),
        (pyproject(&only("managed")), None, None, false),
        (pyproject(&only("system")), None, None, true),
        (
            pyproject(&only("managed")),
            Some(only("system")),
            None,
            true,
        ),
        (pyproject(&only("managed")), Some(String::new()), None, true),
        (
            pyproject(""),
            None,
            variable("UV_PYTHON_PREFERENCE", "only-managed"),
            false,
        ),
        (
            pyproject(&only("managed")),
            None,
            variable("UV_PYTHON_PREFERENCE", "system"),
            true,
        ),
        (
            pyproject(&only("managed")),
            None,
            variable("UV_NO_MANAGED_PYTHON", "1"),
            true,
        ),
        (
            pyproject(&only("managed")),
            None,
            variable("UV_NO_CONFIG", "1"),
            true,
        ),
        (
            pyproject(""),
            None,
            variable("UV_MANAGED_PYTHON", "true"),
            false,
        ),
    ] {
        let mut files = vec![("pyproject.toml", &*pyproject)];
        files.extend(uv_toml.as_deref().map(|text| ("uv.toml", text)));
        files.push(("inner/a.txt", ""));
        let project = Project::written(&folder, &files);
        let root = Utf8Path::from_path(&project.root).unwrap();
        let (none, inner) = (root.join("none"), root.join("inner"));
        let mut session = Session::read().unwrap();
        let own = [("UV_PYTHON_INSTALL_DIR", none.as_str())];
        let set: Vec<_> = own.into_iter().chain(variable).collect();
        session
            .env
            .retain(|name, _| ["HOME", "PATH"].contains(&&**name));
        session.env.extend(
            set.iter()
                .map(|(name, value)| ((*name).into(), (*value).into())),
        );
        let mut found = interpreter::installed(&session);
        let preference = PythonPreference::read(&session, &Manifests::default(), &inner).unwrap();
        if let Some(preference) = preference {
            found = preference.order(&session, found);
        }
        let mut find = project.program(
            uv(),
            &[
                "--directory",
                "inner",
                "python",
                "find",
                "--no-python-downloads",
            ],
        );
        for (name, value) in set {
            find = find.env(name, value);
        }
        let find = find.run();
        let case = (&pyproject, uv_toml, variable);
        assert_eq!(
            (find.code == Some(0), !found.is_empty()),
            (is_found, is_found),
            "{case:?}"
        );
    }
}
