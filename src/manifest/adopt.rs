//! Edits with which a project gets its other language: text in, text out; what is not about that stays.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::Toml;

/// What builds the project from now on.
const MATURIN: &str = "maturin>=1.9.4,<2";

/// pyproject.toml with maturin for its build backend, `settings` in `[tool.maturin]`, and the files
/// that uv is to build again for.
pub fn with_maturin(toml: &Toml, settings: &[(&str, Value)], cache_keys: &[String]) -> String {
    let mut document = document(toml);
    let build = table(&mut document, &["build-system"]);
    set(build, "requires", Value::from(Array::from_iter([MATURIN])));
    set(build, "build-backend", Value::from("maturin"));
    let maturin = table(&mut document, &["tool", "maturin"]);
    for (key, value) in settings {
        set(maturin, key, value.clone());
    }
    let uv = table(&mut document, &["tool", "uv"]);
    match uv.get_mut("cache-keys").and_then(Item::as_array_mut) {
        Some(known) => add_keys(known, cache_keys),
        None => {
            uv.insert("cache-keys", Item::Value(keys(cache_keys)));
        }
    }
    text(document, toml)
}

/// Cargo.toml with a library that Python loads, and PyO3 behind the feature `python`; without the
/// feature where PyO3 is there already.
pub fn with_module(toml: &Toml, pyo3: Option<&str>) -> String {
    let mut document = document(toml);
    let lib = table(&mut document, &["lib"]);
    let old = if lib.contains_key("crate_type") {
        "crate_type"
    } else {
        "crate-type"
    };
    match lib.get_mut(old).and_then(Item::as_array_mut) {
        Some(types) if types.iter().any(|one| one.as_str() == Some("cdylib")) => {}
        Some(types) => types.push("cdylib"),
        None => set(
            lib,
            "crate-type",
            Array::from_iter(["cdylib", "rlib"]).into(),
        ),
    }
    if let Some(version) = pyo3 {
        let mut dependency = InlineTable::new();
        dependency.insert("version", version.into());
        dependency.insert("optional", true.into());
        set(
            table(&mut document, &["dependencies"]),
            "pyo3",
            dependency.into(),
        );
        let feature = Array::from_iter(["dep:pyo3"]);
        set(
            table(&mut document, &["features"]),
            "python",
            feature.into(),
        );
    }
    text(document, toml)
}

/// The Cargo.toml of a workspace with one member more.
pub fn with_member(toml: &Toml, folder: &str) -> String {
    let mut document = document(toml);
    let workspace = table(&mut document, &["workspace"]);
    match workspace.get_mut("members").and_then(Item::as_array_mut) {
        Some(members) => append(members, folder.into()),
        None => set(workspace, "members", Array::from_iter([folder]).into()),
    }
    text(document, toml)
}

/// The list of `cache-keys` in lines of their own.
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

/// At the end, written as the element before it; a comment after that stays with it.
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

fn document(toml: &Toml) -> DocumentMut {
    let text = toml.text().parse();
    text.unwrap_or_else(|_| unreachable!("`{}` has been parsed", toml.path))
}

/// The edited text, with what stood after the last key where it stood: before tables that are new.
fn text(mut document: DocumentMut, toml: &Toml) -> String {
    let end = document.trailing().as_str().unwrap_or_default().to_owned();
    document.set_trailing("");
    let edited = document.to_string();
    let is_new = |line: &str| line.starts_with('[') && !toml.text().contains(line);
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
    format!("{before}{line}{end}{gap}{after}")
}

/// The table at a path of keys, made where it is missing.
fn table<'a>(document: &'a mut DocumentMut, keys: &[&str]) -> &'a mut dyn TableLike {
    let mut here: &mut dyn TableLike = document.as_table_mut();
    for (at, key) in keys.iter().enumerate() {
        let mut fresh = Table::new();
        fresh.set_implicit(at + 1 < keys.len());
        let item = here.entry(key).or_insert(Item::Table(fresh));
        here = item
            .as_table_like_mut()
            .unwrap_or_else(|| unreachable!("`{key}` is no table"));
    }
    here
}

/// A value in the place of another, with the spaces and the comment around it.
fn set(table: &mut dyn TableLike, key: &str, value: Value) {
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
    use camino::Utf8Path;

    use super::*;

    fn parsed(text: &str) -> Toml {
        Toml::parse(Utf8Path::new("/p/x.toml"), text).unwrap()
    }

    #[test]
    fn another_backend_makes_room_and_all_else_stays() {
        let before = "# by hand\n\n[build-system]\nrequires = [ 'x' ] # why\nbuild-backend = \"x\"\n\n\
                      [tool.uv]\ncache-keys = [\"a.toml\", { file = \"pyproject.toml\" }]\n\n[other]\nk = 1\n\n# end\n";
        let files = ["pyproject.toml", "src/**/*.rs"].map(str::to_owned);
        let after = with_maturin(&parsed(before), &[("module-name", "a._b".into())], &files);
        insta::assert_snapshot!(after);
    }

    #[test]
    fn a_library_for_python_keeps_its_comments() {
        let before = "[package]\nname = \"a\" # own\n\n[dependencies]\n# none yet\n";
        insta::assert_snapshot!(with_module(&parsed(before), Some("0.29")));
        let whole = "[lib]\ncrate-type = [\"rlib\", \"cdylib\"]\n";
        assert_eq!(with_module(&parsed(whole), None), whole);
        let half = "[lib]\ncrate-type = [\"rlib\"] # own\n";
        let expected = "[lib]\ncrate-type = [\"rlib\", \"cdylib\"] # own\n";
        assert_eq!(with_module(&parsed(half), None), expected);
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
            assert_eq!(with_member(&parsed(&with(before)), "py"), with(after));
        }
    }
}
