//! `[project]` for a package that another build backend described: text in, text out.

use toml_edit::{Array, InlineTable, Item, Table, TableLike, Value};

use crate::model::error::Result;

use super::Toml;
use super::edit_adoption::{document, set, table, text};

/// A value of `[project]`, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    Text(String),
    List(Vec<String>),
    /// Inline tables in a list, each of keys and strings.
    Tables(Vec<Vec<(&'static str, String)>>),
    /// One inline table.
    Table(Vec<(&'static str, String)>),
    /// A table of its own, of strings.
    Named(Vec<(String, String)>),
    /// A table of its own, of lists.
    Lists(Vec<(String, Vec<String>)>),
    /// Tables in a table of its own.
    Groups(Vec<(String, Vec<(String, String)>)>),
}

/// Build backend tables below `[tool]` that say what maturin takes from elsewhere.
const BACKENDS: [&[&str]; 13] = [
    &["setuptools"],
    &["setuptools_scm"],
    &["setuptools-git-versioning"],
    &["distutils"],
    &["flit"],
    &["hatch", "build"],
    &["hatch", "version"],
    &["hatch", "metadata"],
    &["pdm", "build"],
    &["pdm", "version"],
    &["poetry-dynamic-versioning"],
    &["uv", "build-backend"],
    &["versioneer"],
];

/// What `[tool.poetry]` says about the package; groups and sources are not the build backend's.
const POETRY: [&str; 21] = [
    "authors",
    "build",
    "classifiers",
    "dependencies",
    "description",
    "documentation",
    "exclude",
    "extras",
    "homepage",
    "include",
    "keywords",
    "license",
    "maintainers",
    "name",
    "packages",
    "plugins",
    "readme",
    "repository",
    "scripts",
    "urls",
    "version",
];

/// pyproject.toml with these fields unless `[project]` already has them, `version` as the only one that
/// another file states, and without the tables of the old build backend.
///
/// # Errors
/// [`Error::Manifest`](crate::model::error::Error::Manifest) if a table has an unexpected type.
pub fn with_project(toml: &Toml, fields: &[(&str, Field)]) -> Result<String> {
    let mut document = document(toml);
    let has_version = toml.get(&["project", "version"]).is_some();
    let build = table(&mut document, toml, &["build-system"])?;
    build.remove("backend-path");
    let project = table(&mut document, toml, &["project"])?;
    if let Some((_, Field::Text(name))) = fields.iter().find(|(key, _)| *key == "name")
        && !project.contains_key("name")
    {
        set(project, "name", name.as_str().into());
    }
    if has_version {
        project.remove("dynamic");
    } else {
        let said = project.get_mut("dynamic").and_then(Item::as_array_mut);
        match said.filter(|said| said.iter().any(is_version)) {
            Some(said) if said.len() == 1 => {} // as it was written
            _ => set(project, "dynamic", Array::from_iter(["version"]).into()),
        }
    }
    for (key, field) in fields {
        if !project.contains_key(key) {
            project.insert(key, item(field));
        }
    }
    if let Some(tool) = document.get_mut("tool").and_then(Item::as_table_like_mut) {
        for keys in BACKENDS {
            remove(tool, keys);
        }
        for key in POETRY {
            remove(tool, &["poetry", key]);
        }
        if let Some(poetry) = tool.get_mut("poetry").and_then(Item::as_table_mut) {
            hide_header(poetry);
        }
    }
    let edited = text(document, toml);
    if toml.text().starts_with(['\r', '\n']) {
        return Ok(edited);
    }
    // a table that was first, and is gone, leaves the line before the second
    Ok(edited.trim_start_matches(['\r', '\n']).to_owned())
}

fn is_version(value: &Value) -> bool {
    value.as_str() == Some("version")
}

/// A table with only tables needs no header line, unless there is a comment.
fn hide_header(table: &mut Table) {
    let decor = [table.decor().prefix(), table.decor().suffix()];
    let said = decor.into_iter().flatten().filter_map(|text| text.as_str());
    let has_comment = said.into_iter().any(|text| text.contains('#'));
    let holds_tables = table.iter().all(|(_, item)| item.is_table());
    if holds_tables && !has_comment {
        table.set_implicit(true);
    }
}

/// Removes what is at a path of keys, and the tables around it that become empty.
fn remove(table: &mut dyn TableLike, keys: &[&str]) {
    let [first, rest @ ..] = keys else { return };
    if rest.is_empty() {
        table.remove(first);
        return;
    }
    let Some(inner) = table.get_mut(first).and_then(Item::as_table_like_mut) else {
        return;
    };
    let was_empty = inner.is_empty();
    remove(inner, rest);
    if inner.is_empty() && !was_empty {
        table.remove(first);
    }
}

fn item(field: &Field) -> Item {
    match field {
        Field::Text(text) => Item::Value(text.as_str().into()),
        Field::List(list) => Item::Value(lines(list.iter().map(|text| text.as_str().into()))),
        Field::Tables(tables) => Item::Value(lines(tables.iter().map(|one| inline(one)))),
        Field::Table(keys) => Item::Value(inline(keys)),
        Field::Named(texts) => Item::Table(named(texts)),
        Field::Lists(lists) => {
            let mut table = Table::new();
            for (key, list) in lists {
                let list = lines(list.iter().map(|text| text.as_str().into()));
                table.insert(key, Item::Value(list));
            }
            Item::Table(table)
        }
        Field::Groups(groups) => {
            let mut table = Table::new();
            table.set_implicit(true);
            for (key, texts) in groups {
                table.insert(key, Item::Table(named(texts)));
            }
            Item::Table(table)
        }
    }
}

fn named(texts: &[(String, String)]) -> Table {
    let mut table = Table::new();
    for (key, text) in texts {
        table.insert(key, Item::Value(text.as_str().into()));
    }
    table
}

fn inline(keys: &[(&'static str, String)]) -> Value {
    let mut table = InlineTable::new();
    for (key, text) in keys {
        table.insert(*key, text.as_str().into());
    }
    table.into()
}

/// Each value on a line of its own, if there are several.
pub fn lines(values: impl ExactSizeIterator<Item = Value>) -> Value {
    let mut list = Array::new();
    if values.len() < 2 {
        list.extend(values);
        return list.into();
    }
    for value in values {
        list.push_formatted(value.decorated("\n    ", ""));
    }
    list.set_trailing_comma(true);
    list.set_trailing("\n");
    list.into()
}

/// The text of a setup.cfg without the package's description; empty if that was all.
pub fn without_package(setup_cfg: &str) -> Option<String> {
    let is_own = |name: &str| {
        let name = name.trim();
        let other = [
            "metadata",
            "options",
            "bdist_wheel",
            "egg_info",
            "sdist",
            "wheel",
            // pbr's
            "backwards_compat",
            "entry_points",
            "extras",
            "files",
            "pbr",
        ];
        other.contains(&name) || name.starts_with("options.") || name == "versioneer"
    };
    let mut kept = String::new();
    let mut skipped = false;
    // comments directly above a section are about that one, not about the section before
    let mut above = String::new();
    for line in setup_cfg.split_inclusive('\n') {
        let section = line
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next());
        if let Some(name) = section {
            skipped = is_own(name);
            if !skipped {
                kept.push_str(&above);
            }
            above.clear();
        }
        if !skipped {
            kept.push_str(line);
        } else if line.starts_with(['#', ';']) || (line.trim().is_empty() && !above.is_empty()) {
            above.push_str(line);
        } else {
            above.clear();
        }
    }
    let kept = kept.trim_end();
    (!kept.is_empty()).then(|| format!("{kept}\n"))
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    fn parsed(text: &str) -> Toml {
        Toml::parse(Utf8Path::new("/p/pyproject.toml"), text).unwrap()
    }

    #[test]
    fn what_another_backend_knew_is_written_and_its_tables_go() {
        let before = "[tool.poetry] # by hand\nname = \"a\"\n\n[tool.poetry.dependencies]\npython = \"^3.9\"\n\n\
                      [tool.poetry.group.test.dependencies]\npytest = \"*\"\n\n\
                      [tool.black]\nline-length = 99 # wide\n\n[build-system]\nrequires = [\"x\"]\n";
        let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let fields = [
            ("name", Field::Text("a".into())),
            ("authors", Field::Tables(vec![vec![("name", "Ada".into())]])),
            ("dependencies", Field::List(texts(&["b>=1", "c"]))),
            ("scripts", Field::Named(vec![pair("a", "a:main")])),
            (
                "optional-dependencies",
                Field::Lists(vec![("x".into(), texts(&["d"]))]),
            ),
            (
                "entry-points",
                Field::Groups(vec![("p.q".into(), vec![pair("e", "f:g")])]),
            ),
        ];
        insta::assert_snapshot!(with_project(&parsed(before), &fields).unwrap());
    }

    #[test]
    fn what_is_said_stays_as_it_was_written() {
        let before = "[project]\nname = 'a' # own\ndynamic = [\"version\", \"readme\"]\n\n\
                      [tool.hatch.version]\nsource = \"vcs\"\n\n[tool.hatch.envs.x]\na = 1\n";
        let fields = [
            ("name", Field::Text("b".into())),
            ("readme", Field::Text("README.md".into())),
        ];
        let after = "[project]\nname = 'a' # own\ndynamic = [\"version\"]\nreadme = \"README.md\"\n\n\
                     [tool.hatch.envs.x]\na = 1\n\n[build-system]\n";
        assert_eq!(with_project(&parsed(before), &fields).unwrap(), after);
    }

    #[test]
    fn what_nobody_changes_is_as_it_was_written() {
        let of = |before: &str| with_project(&parsed(before), &[]).unwrap();
        let build = "[build-system]\n";
        let before = format!("{build}\n[project]\ndynamic = ['version'] # own\n");
        assert_eq!(of(&before), before);
        let project = "[project]\ndynamic = [\"version\"]\n";
        let poetry = "[tool.poetry.group.test.dependencies]\na = \"*\"\n";
        for (header, kept) in [
            ("[tool.poetry]\nname = \"a\"\n\n", ""),
            ("# own\n[tool.poetry]\n\n", "# own\n[tool.poetry]\n\n"),
        ] {
            let after = of(&format!("{build}\n{header}{poetry}"));
            assert_eq!(after, format!("{build}\n{project}\n{kept}{poetry}"));
        }
        let first =
            of("[tool.poetry]\nname = \"a\"\n\n[tool.poetry.urls]\na = \"b\"\n\n[tool.a]\nb = 1\n");
        assert_eq!(first, format!("[tool.a]\nb = 1\n\n{build}\n{project}"));
    }

    #[test]
    fn what_only_the_backend_of_uv_reads_goes_and_what_uv_reads_stays() {
        let kept = "[build-system]\n\n[project]\nversion = \"1\"\n\n[tool.uv]\npackage = true\n";
        let before = format!("{kept}\n[tool.uv.build-backend]\nmodule-root = \"\"\n");
        assert_eq!(with_project(&parsed(&before), &[]).unwrap(), kept);
    }

    #[test]
    fn other_sections_of_setup_cfg_stay_byte_for_byte() {
        let before =
            "# a\n[metadata]\nname = a\n\n[flake8]\nx=1 # y\n[options.extras_require]\nb =\n  c\n";
        let kept = without_package(before).unwrap();
        assert_eq!(kept, "# a\n[flake8]\nx=1 # y\n");
        assert_eq!(
            without_package("[options]\nx = 1\n[egg_info]\ntag_build =\n"),
            None
        );
    }

    #[test]
    fn comments_above_a_section_of_setup_cfg_stay_with_it() {
        let before = "[metadata]\nname = a\n# of a\nversion = 1\n\n# wide\n; lines\n\n# in editors\n[flake8]\nx = 1\n";
        let kept = without_package(before).unwrap();
        assert_eq!(kept, "# wide\n; lines\n\n# in editors\n[flake8]\nx = 1\n");
    }
}
