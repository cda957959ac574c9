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
    document.to_string()
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
    document.to_string()
}

/// The Cargo.toml of a workspace with one member more.
pub fn with_member(toml: &Toml, folder: &str) -> String {
    let mut document = document(toml);
    let workspace = table(&mut document, &["workspace"]);
    match workspace.get_mut("members").and_then(Item::as_array_mut) {
        Some(members) => append(members, folder.into()),
        None => set(workspace, "members", Array::from_iter([folder]).into()),
    }
    document.to_string()
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

/// At the end, written as the element before it.
fn append(list: &mut Array, value: Value) {
    let decor = list.iter().last().map(|last| last.decor().clone());
    let mut value = value;
    if let Some(decor) = decor {
        let prefix = decor
            .prefix()
            .and_then(|prefix| prefix.as_str())
            .unwrap_or(" ");
        let prefix = if list.len() == 1 && prefix.is_empty() {
            " "
        } else {
            prefix
        };
        // a comment before the last one is about that one
        let own = if prefix.contains('#') {
            "\n    "
        } else {
            prefix
        };
        value = value.decorated(own, "");
        list.push_formatted(value);
    } else {
        list.push(value);
    }
}

fn document(toml: &Toml) -> DocumentMut {
    let text = toml.text().parse();
    text.unwrap_or_else(|_| unreachable!("`{}` has been parsed", toml.path))
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
