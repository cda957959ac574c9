//! Edits that give a project its other language: text in, text out; everything unrelated stays.

use camino::{Utf8Path, Utf8PathBuf};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::model::error::{Error, Result};
use crate::model::file_edit::keep_line_ends;
use crate::world::disk;

use super::Toml;

/// The new build requirement of the project.
const MATURIN: &str = "maturin>=1.9.4,<2";

/// pyproject.toml with maturin as its build backend, `settings` in `[tool.maturin]`, and the files that uv is
/// to rebuild for.
///
/// # Errors
/// [`Error::Manifest`], here and below, if a value has an unexpected type.
pub fn with_maturin(toml: &Toml, settings: &[(&str, Value)], files: &[String]) -> Result<String> {
    let mut document = document(toml);
    let build = table(&mut document, toml, &["build-system"])?;
    set(build, "requires", Value::from(Array::from_iter([MATURIN])));
    set(build, "build-backend", Value::from("maturin"));
    let maturin = table(&mut document, toml, &["tool", "maturin"])?;
    for (key, value) in settings {
        set(maturin, key, value.clone());
    }
    let uv = table(&mut document, toml, &["tool", "uv"])?;
    match uv.get_mut("cache-keys") {
        Some(Item::ArrayOfTables(known)) => add_tables(known, files),
        _ => match list(uv, toml, &["tool", "uv", "cache-keys"])? {
            Some(known) => add_keys(known, files),
            None => set(uv, "cache-keys", keys(files)),
        },
    }
    Ok(text(document, toml))
}

/// Cargo.toml with a library that Python loads, and PyO3 behind the feature `python`; without the feature if
/// PyO3 is already there.
///
/// # Errors
/// As [`with_maturin`].
pub fn with_module(toml: &Toml, pyo3: Option<&str>) -> Result<String> {
    let mut document = document(toml);
    let lib = table(&mut document, toml, &["lib"])?;
    let old = lib.contains_key("crate_type");
    let key = if old { "crate_type" } else { "crate-type" };
    match list(lib, toml, &["lib", key])? {
        Some(types) if types.iter().any(|one| one.as_str() == Some("cdylib")) => {}
        Some(types) => types.push("cdylib"),
        None => set(lib, key, Array::from_iter(["cdylib", "rlib"]).into()),
    }
    if let Some(version) = pyo3 {
        let mut dependency = InlineTable::new();
        dependency.insert("version", version.into());
        dependency.insert("optional", true.into());
        let dependencies = table(&mut document, toml, &["dependencies"])?;
        set(dependencies, "pyo3", dependency.into());
        let feature = Array::from_iter(["dep:pyo3"]);
        let features = table(&mut document, toml, &["features"])?;
        set(features, "python", feature.into());
    }
    Ok(text(document, toml))
}

/// The Cargo.toml of a workspace with one more member.
///
/// # Errors
/// As [`with_maturin`].
pub fn with_member(toml: &Toml, folder: &str) -> Result<String> {
    let mut document = document(toml);
    let workspace = table(&mut document, toml, &["workspace"])?;
    match list(workspace, toml, &["workspace", "members"])? {
        Some(members) => append(members, folder.into()),
        None => set(workspace, "members", Array::from_iter([folder]).into()),
    }
    Ok(text(document, toml))
}

/// The pyproject.toml of a package that requires another one in `folder`, both in one uv workspace (uv docs,
/// "Using workspaces"). `found`: the package that setuptools used to discover, and is told from now on.
///
/// # Errors
/// As [`with_maturin`].
pub fn with_required_member(
    toml: &Toml,
    name: &str,
    folder: &str,
    found: Option<&str>,
) -> Result<String> {
    let mut document = document(toml);
    let keys = ["project", "dependencies"];
    let project = table(&mut document, toml, &keys[..1])?;
    match list(project, toml, &keys)? {
        Some(required) => append(required, name.into()),
        None => set(project, keys[1], Array::from_iter([name]).into()),
    }
    let keys = ["tool", "uv", "workspace", "members"];
    let workspace = table(&mut document, toml, &keys[..3])?;
    match list(workspace, toml, &keys)? {
        Some(members) if members.iter().any(|one| is_member(one, folder)) => {}
        Some(members) => append(members, folder.into()),
        None => set(workspace, keys[3], Array::from_iter([folder]).into()),
    }
    let excluded = ["tool", "uv", "workspace", "exclude"];
    if let Some(left_out) = list(workspace, toml, &excluded)? {
        let is_in_the_way = |one: &Value| is_left_out(one, toml, folder);
        take_out(left_out, folder);
        if let Some(pattern) = left_out.iter().find(|one| is_in_the_way(one)) {
            let message = format!(
                "{} excludes `{folder}`, where the module goes",
                pattern.to_string().trim()
            );
            let hint = "narrow the pattern so that it does not match that folder".to_owned();
            let span = toml.get(&excluded).and_then(Item::span);
            return Err(toml.error(&span.unwrap_or_default(), message, Some(hint)));
        }
    }
    let sources = table(&mut document, toml, &["tool", "uv", "sources"])?;
    let mut source = InlineTable::new();
    source.insert("workspace", true.into());
    set(sources, name, source.into());
    if let Some(package) = found {
        let find = table(
            &mut document,
            toml,
            &["tool", "setuptools", "packages", "find"],
        )?;
        let all = Array::from_iter([format!("{package}*")]);
        set(find, "include", all.into());
    }
    Ok(text(document, toml))
}

/// Removes a string from a list; a new first element takes the formatting of the old one.
fn take_out(list: &mut Array, text: &str) {
    let Some(at) = list.iter().position(|one| one.as_str() == Some(text)) else {
        return;
    };
    let gone = list.remove(at);
    let prefix = gone.decor().prefix().cloned();
    if let Some(first) = list.get_mut(0).filter(|_| at == 0) {
        first.decor_mut().set_prefix(prefix.unwrap_or_default());
    }
}

/// Whether a pattern for workspace members makes uv find a folder.
fn is_member(pattern: &Value, folder: &str) -> bool {
    let pattern = pattern.as_str();
    pattern.is_some_and(|pattern| disk::is_folder_like(pattern, folder))
}

/// Whether a pattern makes uv exclude a folder from a workspace; its star spans several folders.
fn is_left_out(pattern: &Value, toml: &Toml, folder: &str) -> bool {
    let dir = toml.path.parent().unwrap_or(&toml.path);
    let pattern = pattern.as_str();
    pattern.is_some_and(|pattern| disk::is_match(dir, pattern, &dir.join(folder)))
}

/// The Cargo.toml of a package whose upload to crates.io includes `code` and none of the `others`, both
/// relative to its folder (cargo book, "The `exclude` and `include` fields").
///
/// # Errors
/// As [`with_maturin`].
pub fn with_package(toml: &Toml, code: &[Utf8PathBuf], others: &[Utf8PathBuf]) -> Result<String> {
    let mut document = document(toml);
    let package = table(&mut document, toml, &["package"])?;
    let included = toml.get(&["package", "include"]).is_some();
    let key = if included { "include" } else { "exclude" };
    let patterns = toml.strings(&["package", key]);
    let names = |path: &&Utf8PathBuf| matches(&patterns, path);
    let missing: Vec<String> = if included {
        let code = code.iter().filter(|path| !names(path));
        let others = others.iter().filter(names);
        let code = code.map(|path| format!("/{path}"));
        code.chain(others.map(|path| format!("!/{path}"))).collect()
    } else {
        let others = others.iter().filter(|path| !names(path));
        others.map(|path| format!("/{path}")).collect()
    };
    match list(package, toml, &["package", key])? {
        Some(known) => {
            for pattern in missing {
                append(known, pattern.into());
            }
        }
        None if missing.is_empty() => {}
        None => set(package, key, Array::from_iter(missing).into()),
    }
    Ok(text(document, toml))
}

/// Whether the last of the patterns that matches a file includes it.
fn matches(patterns: &[String], path: &Utf8Path) -> bool {
    let mut builder = ignore::gitignore::GitignoreBuilder::new("");
    for pattern in patterns {
        let _ = builder.add_line(None, pattern); // cargo itself rejects what is not one
    }
    builder
        .build()
        .is_ok_and(|all| all.matched_path_or_any_parents(path, false).is_ignore())
}

/// The list of `cache-keys`, one per line.
pub fn keys(files: &[String]) -> Value {
    let mut list = Array::new();
    for file in files {
        list.push_formatted(key(file).decorated("\n    ", ""));
    }
    list.set_trailing_comma(true);
    list.set_trailing("\n");
    list.into()
}

fn key(file: &str) -> Value {
    let mut key = InlineTable::new();
    key.insert("file", file.into());
    key.into()
}

/// As `[[tool.uv.cache-keys]]`.
fn add_tables(known: &mut ArrayOfTables, files: &[String]) {
    for file in files {
        let is_known = |one: &Table| one.get("file").and_then(Item::as_str) == Some(file);
        if !known.iter().any(is_known) {
            let mut table = Table::new();
            table.insert("file", toml_edit::value(file));
            known.push(table);
        }
    }
}

fn add_keys(known: &mut Array, files: &[String]) {
    for file in files {
        let is_known = |one: &Value| {
            let said = one.as_inline_table().and_then(|table| table.get("file"));
            one.as_str().or(said.and_then(Value::as_str)) == Some(file)
        };
        if !known.iter().any(is_known) {
            append(known, key(file));
        }
    }
}

/// At the end, formatted like the element before it; a comment after that stays with it.
fn append(list: &mut Array, value: Value) {
    let Some(last) = list.iter().last() else {
        list.push(value);
        return;
    };
    let prefix = last.decor().prefix().and_then(|prefix| prefix.as_str());
    let prefix = prefix.unwrap_or_default().to_owned();
    let indent = prefix.rfind('\n').map(|at| &prefix[at..]);
    let trailing = list.trailing().as_str().unwrap_or_default().to_owned();
    let own = match indent {
        Some(indent) if trailing.contains('#') => {
            list.set_trailing("\n");
            format!("{}{indent}", trailing.trim_end())
        }
        Some(indent) => indent.to_owned(),
        None => " ".to_owned(),
    };
    list.push_formatted(value.decorated(own, ""));
}

pub(super) fn document(toml: &Toml) -> DocumentMut {
    let text = toml.text().parse();
    text.unwrap_or_else(|_| unreachable!("`{}` has been parsed", toml.path))
}

/// The edited text, with what followed the last key still in its place: before new tables.
pub(super) fn text(mut document: DocumentMut, toml: &Toml) -> String {
    place(&mut document);
    let end = document.trailing().as_str().unwrap_or_default().to_owned();
    document.set_trailing("");
    let edited = document.to_string();
    let is_new = |line: &str| line.starts_with('[') && !toml.text().contains(line.trim_end());
    let mut at = edited.len();
    let mut start = edited.len();
    for line in edited.split_inclusive('\n').rev() {
        start -= line.len();
        if is_new(line) {
            at = start;
        } else if line.starts_with('[') {
            break;
        }
    }
    let gap = if at == edited.len() || end.trim().is_empty() {
        ""
    } else {
        "\n"
    };
    let (before, after) = edited.split_at(at);
    let before = if gap.is_empty() {
        before
    } else {
        before.trim_end_matches('\n')
    };
    let line = if gap.is_empty() { "" } else { "\n" };
    let whole = format!("{before}{line}{end}{gap}{after}");
    keep_line_ends(toml.text(), &whole)
}

/// Puts new tables where people look for them: `[project]` after `[build-system]`, tools at the end. By
/// default they would follow whatever their neighbour by name is.
fn place(document: &mut DocumentMut) {
    let end = last_position(document.as_table()) + 1;
    let build = document.get("build-system").and_then(Item::as_table);
    let build = build.and_then(Table::position).unwrap_or(end);
    for (key, position) in [("build-system", end), ("project", build)] {
        let item = document.get_mut(key).and_then(Item::as_table_mut);
        if let Some(table) = item.filter(|table| table.position().is_none()) {
            table.set_position(Some(position));
        }
    }
    let tools = document.get_mut("tool").and_then(Item::as_table_mut);
    for (_, tool) in tools.into_iter().flat_map(Table::iter_mut) {
        let tool = tool.as_table_mut().filter(|tool| !tool.is_implicit());
        if let Some(table) = tool.filter(|table| table.position().is_none()) {
            table.set_position(Some(end + 1));
        }
    }
}

fn last_position(table: &Table) -> isize {
    let below = table.iter().map(|(_, item)| match item {
        Item::Table(table) => last_position(table),
        Item::ArrayOfTables(tables) => tables.iter().map(last_position).max().unwrap_or_default(),
        Item::None | Item::Value(_) => 0,
    });
    below.chain(table.position()).max().unwrap_or_default()
}

/// The table at a path of keys, created if missing.
pub(super) fn table<'a>(
    document: &'a mut DocumentMut,
    toml: &Toml,
    keys: &[&str],
) -> Result<&'a mut dyn TableLike> {
    let mut here: &mut dyn TableLike = document.as_table_mut();
    for (at, key) in keys.iter().enumerate() {
        let mut fresh = Table::new();
        fresh.set_implicit(at + 1 < keys.len());
        let item = here.entry(key).or_insert(Item::Table(fresh));
        let other = || other_kind(toml, &keys[..=at], "a table");
        here = item.as_table_like_mut().ok_or_else(other)?;
    }
    Ok(here)
}

/// The array at the last of the keys, in the table of those before.
fn list<'a>(
    table: &'a mut dyn TableLike,
    toml: &Toml,
    keys: &[&str],
) -> Result<Option<&'a mut Array>> {
    let item = table.get_mut(keys[keys.len() - 1]);
    let array = |item: &'a mut Item| item.as_array_mut().ok_or(());
    let array = item.map(array).transpose();
    array.map_err(|()| other_kind(toml, keys, "an array"))
}

fn other_kind(toml: &Toml, keys: &[&str], wanted: &str) -> Error {
    let span = toml.get(keys).and_then(Item::span).unwrap_or_default();
    let name = keys.join(".");
    let hint = format!("make it {wanted} or remove it, then run this again");
    toml.error(&span, format!("`{name}` must be {wanted}"), Some(hint))
}

/// Replaces a value, keeping the spaces and the comment around it.
pub(super) fn set(table: &mut dyn TableLike, key: &str, value: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor;
        }
        None => {
            table.insert(key, Item::Value(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Toml {
        Toml::parse(Utf8Path::new("/p/x.toml"), text).unwrap()
    }

    #[test]
    fn another_backend_makes_room_and_all_else_stays() {
        let before = "# by hand\n\n[build-system]\nrequires = [ 'x' ] # why\nbuild-backend = \"x\"\n\n\
                      [tool.uv]\ncache-keys = [\"a.toml\", { file = \"pyproject.toml\" }]\n\n[other]\nk = 1\n\n# end\n";
        let files = ["pyproject.toml", "src/**/*.rs"].map(str::to_owned);
        let after =
            with_maturin(&parsed(before), &[("module-name", "a._b".into())], &files).unwrap();
        insta::assert_snapshot!(after);
    }

    #[test]
    fn what_is_new_stands_where_people_look_for_it() {
        let after = |before: &str| {
            let settings = [("module-name", "a._b".into())];
            let with = with_maturin(&parsed(before), &settings, &["x".to_owned()]).unwrap();
            let headers = with.lines().filter(|line| line.starts_with('['));
            headers.collect::<Vec<_>>().join(" ")
        };
        let tools = "[tool.maturin] [tool.uv]";
        for (before, expected) in [
            ("", "[build-system]"),
            ("[tool.a]\nb = 1\n", "[tool.a] [build-system]"),
            (
                "[build-system]\n\n[project]\n\n[other]\n\n[project.urls]\n",
                "[build-system] [project] [other] [project.urls]",
            ),
            (
                "[tool.a]\nb = 1\n[[tool.a.c]]\n\n[build-system]\n\n[[x]]\n",
                "[tool.a] [[tool.a.c]] [build-system] [[x]]",
            ),
        ] {
            assert_eq!(after(before), format!("{expected} {tools}"), "{before}");
        }
        let before = "[tool.uv]\na = 1\n\n[tool.b]\n\n[build-system]\n";
        let expected = "[tool.uv] [tool.b] [build-system] [tool.maturin]";
        assert_eq!(after(before), expected);
    }

    #[test]
    fn a_library_for_python_keeps_its_comments() {
        let before = "[package]\nname = \"a\" # own\n\n[dependencies]\n# none yet\n";
        let with = |text: &str, pyo3| with_module(&parsed(text), pyo3).unwrap();
        insta::assert_snapshot!(with(before, Some("0.29")));
        let whole = "[lib]\ncrate-type = [\"rlib\", \"cdylib\"]\n";
        assert_eq!(with(whole, None), whole);
        let half = "[lib]\ncrate-type = [\"rlib\"] # own\n";
        let expected = "[lib]\ncrate-type = [\"rlib\", \"cdylib\"] # own\n";
        assert_eq!(with(half, None), expected);
    }

    #[test]
    fn a_member_is_written_as_the_others_are() {
        for (before, after) in [
            (
                "members = [\"a\", \"b\"]",
                "members = [\"a\", \"b\", \"py\"]",
            ),
            ("members = [\"a\"]", "members = [\"a\", \"py\"]"),
            (
                "members = [\n  \"a\",\n  \"b\", # c\n]",
                "members = [\n  \"a\",\n  \"b\", # c\n  \"py\",\n]",
            ),
            ("members = []", "members = [\"py\"]"),
        ] {
            let with = |members: &str| format!("[workspace]\n{members}\nresolver = \"3\"\n");
            let member = with_member(&parsed(&with(before)), "py").unwrap();
            assert_eq!(member, with(after));
        }
    }

    #[test]
    fn a_package_that_is_required_is_written_as_the_others_are() {
        let sources = "[tool.uv.sources]\nb = { workspace = true }\n";
        for (before, after) in [
            (
                "[project]\nname = \"a\"\n",
                format!(
                    "[project]\nname = \"a\"\ndependencies = [\"b\"]\n\n[tool.uv.workspace]\nmembers = [\"rust\"]\n\n{sources}"
                ),
            ),
            (
                "[project]\ndependencies = [\n  \"c\", # why\n]\n\n[tool.uv.workspace]\nmembers = [\"x\"] # own\n",
                format!(
                    "[project]\ndependencies = [\n  \"c\", # why\n  \"b\",\n]\n\n[tool.uv.workspace]\nmembers = [\"x\", \"rust\"] # own\n\n{sources}"
                ),
            ),
        ] {
            let edited = with_required_member(&parsed(before), "b", "rust", None).unwrap();
            assert_eq!(edited, after);
        }
        let workspace = |lines: &str| format!("[tool.uv.workspace]\n{lines}\n");
        let edited =
            |lines: &str| with_required_member(&parsed(&workspace(lines)), "b", "rust", None);
        // uv has the folder already, or was told not to have it
        for (before, after) in [
            ("members = [\"*\"]", "members = [\"*\"]"),
            ("members = [\"./r*/\"]", "members = [\"./r*/\"]"),
            (
                "members = [\"a\"]\nexclude = [\"rust\", \"c\"]",
                "members = [\"a\", \"rust\"]\nexclude = [\"c\"]",
            ),
        ] {
            let edited = edited(before).unwrap();
            assert!(edited.starts_with(&workspace(after)), "{edited}");
        }
        // a star of a member is one folder's name
        let all = parsed(&workspace("members = [\"*\"]"));
        let edited_below = with_required_member(&all, "b", "bindings/rust", None).unwrap();
        let after = workspace("members = [\"*\", \"bindings/rust\"]");
        assert!(edited_below.starts_with(&after), "{edited_below}");
        let refused = edited("exclude = [\"r*\"]").unwrap_err().to_string();
        assert!(refused.contains("\"r*\" excludes `rust`"), "{refused}");
    }

    #[test]
    fn a_package_keeps_its_files_and_gets_the_code() {
        let (code, others) = (["src/python.rs".into()], ["a.pyi", "tests/a.py"]);
        let others = others.map(Utf8PathBuf::from);
        for (before, after) in [
            ("", "exclude = [\"/a.pyi\", \"/tests/a.py\"]\n"),
            (
                "exclude = [\"/tests\"]\n",
                "exclude = [\"/tests\", \"/a.pyi\"]\n",
            ),
            ("include = [\"src/**\"]\n", "include = [\"src/**\"]\n"),
            (
                "include = [\"src/lib.rs\", \"tests/*\"]\n",
                "include = [\"src/lib.rs\", \"tests/*\", \"/src/python.rs\", \"!/tests/a.py\"]\n",
            ),
        ] {
            let with = |lines: &str| format!("[package]\nname = \"a\"\n{lines}\n[lib]\n");
            let edited = with_package(&parsed(&with(before)), &code, &others).unwrap();
            assert_eq!(edited, with(after));
        }
    }

    #[test]
    fn lines_keep_their_ends() {
        let unix = "# by hand\n\n[build-system]\nrequires = [\n  'x',\n] # why\n\n[other]\nk = \"\"\"\na\n\"\"\"\n\n# end\n";
        let files = ["pyproject.toml".to_owned()];
        let edited = |text: &str| with_maturin(&parsed(text), &[], &files).unwrap();
        let windows = |text: &str| text.replace('\n', "\r\n");
        assert_eq!(edited(&windows(unix)), windows(&edited(unix)));
        let kept = "[lib]\r\ncrate-type = [\"cdylib\"]\r\n";
        assert_eq!(with_module(&parsed(kept), None).unwrap(), kept);
    }

    #[test]
    fn tables_of_cache_keys_get_more_of_them() {
        let before = "[[tool.uv.cache-keys]]\nfile = \"a\"\n";
        let files = ["a", "b"].map(str::to_owned);
        let after = with_maturin(&parsed(before), &[], &files).unwrap();
        let expected = format!("{before}\n[[tool.uv.cache-keys]]\nfile = \"b\"\n");
        assert!(after.contains(&expected), "{after}");
    }

    #[test]
    fn values_of_another_kind_are_shown_and_kept() {
        let said = |edited: Result<String>| edited.unwrap_err().to_string();
        let maturin = |text: &str| said(with_maturin(&parsed(text), &[], &[]));
        let all = [
            maturin("[tool]\nuv = 1\n"),
            maturin("[tool.uv]\ncache-keys = \"a\"\n"),
            maturin("tool = []\n"),
            said(with_module(&parsed("lib = \"x\"\n"), None)),
            said(with_module(&parsed("[lib]\ncrate-type = \"lib\"\n"), None)),
            said(with_member(&parsed("[workspace]\nmembers = \"a\"\n"), "b")),
        ];
        insta::assert_snapshot!(all.join("\n\n"));
    }
}
