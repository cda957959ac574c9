//! What maturin rejects, some of it only after minutes of compiling.

use toml_edit::Item;

use crate::model::error::Result;
use crate::world::disk;
use crate::world::manifest::PyProject;
use crate::world::tool::Tool;

/// Older versions build it anyway.
const REFUSES: [u64; 2] = [1, 8];

/// Finds what this maturin would reject, to report it with its place.
///
/// # Errors
/// [`Error::Manifest`](crate::model::error::Error::Manifest) with the place.
pub fn check(pyproject: &PyProject, maturin: &Tool) -> Result<()> {
    check_name(pyproject)?;
    check_types(pyproject)?;
    if !maturin.at_least(REFUSES) {
        return Ok(());
    }
    check_source(pyproject)?;
    check_version(pyproject)
}

/// A name consists of ASCII letters, digits, `-`, `_` and `.`, and begins and ends with one of the first two
/// (packaging.python.org, "Names and normalization").
fn check_name(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    let Some(name) = toml.spanned(&["project", "name"]) else {
        return Ok(());
    };
    let is_end = |c: char| c.is_ascii_alphanumeric();
    let is_inner = |c: char| is_end(c) || "-_.".contains(c);
    let text = &*name.value;
    if text.starts_with(is_end) && text.ends_with(is_end) && text.chars().all(is_inner) {
        return Ok(());
    }
    let message = format!("`{text}` is not a valid package name");
    let hint = "use ASCII letters and digits, with `-`, `_` or `.` between them";
    Err(toml.error(&name.span, message, Some(hint.into())))
}

type IsRight = fn(&Item) -> bool;

fn is_list(item: &Item) -> bool {
    item.is_array() || item.is_array_of_tables()
}

/// maturin settings with the same type in all its versions, and that type for people.
const TYPES: [(&str, &str, IsRight); 15] = [
    ("all-features", "true or false", Item::is_bool),
    ("bindings", "a string", Item::is_str),
    ("editable-profile", "a string", Item::is_str),
    ("features", "a list", is_list),
    ("frozen", "true or false", Item::is_bool),
    ("locked", "true or false", Item::is_bool),
    ("manifest-path", "a string", Item::is_str),
    ("module-name", "a string", Item::is_str),
    ("no-default-features", "true or false", Item::is_bool),
    ("offline", "true or false", Item::is_bool),
    ("profile", "a string", Item::is_str),
    ("python-packages", "a list", is_list),
    ("python-source", "a string", Item::is_str),
    ("rustc-args", "a list", is_list),
    ("strip", "true or false", Item::is_bool),
];

fn check_types(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    for (key, expected, is_right) in TYPES {
        let Some(item) = toml.get(&["tool", "maturin", key]) else {
            continue;
        };
        if !is_right(item) {
            let message = format!(
                "maturin expects {expected} for `{key}`, but this is {}",
                kind(item)
            );
            return Err(toml.error(&item.span().unwrap_or_default(), message, None));
        }
    }
    Ok(())
}

/// For people.
fn kind(item: &Item) -> &'static str {
    match item {
        _ if item.is_str() => "a string",
        _ if item.is_bool() => "true or false",
        _ if is_list(item) => "a list",
        _ if item.is_table_like() => "a table",
        _ => "a number or a date",
    }
}

fn check_source(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    let Some(said) = toml.spanned(&["tool", "maturin", "python-source"]) else {
        return Ok(());
    };
    if disk::is_dir(&pyproject.dir().join(&said.value)) {
        return Ok(());
    }
    let message = format!("`python-source` is not a folder: `{}`", said.value);
    let hint = "set it to the folder that contains the package's folder, relative to this file";
    Err(toml.error(&said.span, message, Some(hint.into())))
}

/// A `[project]` states its version, or that another file does (PEP 621).
fn check_version(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    let dynamic = toml.strings(&["project", "dynamic"]);
    let Some(name) = toml.spanned(&["project", "name"]) else {
        return Ok(());
    };
    if toml.get(&["project", "version"]).is_some() || dynamic.iter().any(|it| it == "version") {
        return Ok(());
    }
    let message = format!(
        "`{}` has no version, and maturin installs nothing without one",
        name.value
    );
    let hint = "`dynamic = [\"version\"]` under [project] takes the version from Cargo.toml";
    Err(toml.error(&name.span, message, Some(hint.into())))
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::world::manifest::Toml;

    fn refused(text: &str) -> String {
        let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), text).unwrap();
        let pyproject = PyProject::of(toml).unwrap();
        let maturin = Tool {
            path: "/maturin".into(),
            version: None,
            missing: None,
        };
        let refused = check(&pyproject, &maturin).err();
        refused.map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn settings_of_another_type_and_names_of_no_package_are_refused_with_their_place() {
        let setting = |line: &str| refused(&format!("[tool.maturin]\n{line}\n"));
        assert_eq!(refused("[[tool.maturin.features]]\nfeature = 'a'\n"), "");
        for (line, words) in [
            (
                "features = 'python'",
                "expects a list for `features`, but this is a string",
            ),
            ("strip = 'yes'", "expects true or false for `strip`"),
            (
                "python-source = ['python']",
                "expects a string for `python-source`, but this is a list",
            ),
        ] {
            let said = setting(line);
            assert!(
                said.contains(words) && said.contains("pyproject.toml:2"),
                "{said}"
            );
        }
        assert_eq!(
            setting("features = ['a', { feature = 'b', python-version = '>=3.11' }]"),
            ""
        );
        for name in ["my pkg", "-a", "a.", "\u{fc}", ""] {
            let said = refused(&format!("[project]\nname = '{name}'\nversion = '1'\n"));
            assert!(
                said.contains("is not a valid package name"),
                "{name}: {said}"
            );
        }
        for name in ["a", "A-b_c.d", "4x"] {
            assert_eq!(
                refused(&format!("[project]\nname = '{name}'\nversion = '1'\n")),
                ""
            );
        }
    }
}
