//! A TOML table as a type, by serde: its errors in pyx's words, with their place.

use std::fmt::Formatter;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, IntoDeserializer, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use toml_edit::{DocumentMut, de};

use crate::model::error::{Error, Result};
use crate::model::nearest::nearest;

use super::Toml;

/// Reads the table at a path of keys; the default if it is absent.
///
/// # Errors
/// [`Error::Manifest`] at an unknown key or at a value of the wrong type.
pub(super) fn read<T: DeserializeOwned + Default>(toml: &Toml, keys: &[&str]) -> Result<T> {
    let Some(item) = toml.get(keys) else {
        return Ok(T::default());
    };
    let span = item.span().unwrap_or_default();
    let Ok(table) = item.clone().into_table() else {
        let message = format!("`{}` must be a table", keys.join("."));
        return Err(toml.error(&span, message, None));
    };
    de::from_document(DocumentMut::from(table)).map_err(|error| mistake(toml, &error))
}

/// By default, serde accepts an array for a struct too.
pub(super) fn table<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(TableVisitor(PhantomData))
}

/// An empty text is a mistake, which every tool would understand otherwise.
pub(super) fn filled<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Err(D::Error::invalid_value(
            Unexpected::Str(&text),
            &"a text that is not empty",
        ));
    }
    Ok(Some(text))
}

struct TableVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TableVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// serde's terms that differ from TOML's.
const TERMS: [(&str, &str); 3] = [
    ("expected a sequence", "expected an array"),
    ("invalid type: sequence", "invalid type: array"),
    ("invalid type: map", "invalid type: table"),
];

/// serde's message in TOML's and pyx's words, with the place and what to write instead.
fn mistake(toml: &Toml, error: &de::Error) -> Error {
    let span = error.span().unwrap_or_default();
    let written = toml.text().get(span.clone()).unwrap_or_default();
    let mut said = error.message().to_owned();
    for (word, ours) in TERMS {
        said = said.replace(word, ours);
    }
    // serde has the key and those that it knows in this text only, each in backticks
    let mut quoted = said.split('`').skip(1).step_by(2);
    if said.starts_with("unknown field")
        && let Some(key) = quoted.next()
    {
        let known: Vec<&str> = quoted.collect();
        let hint = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys of this table are {}", known.join(", ")),
        };
        return toml.error(&span, format!("unknown key `{key}`"), Some(hint));
    }
    let hint = instead(written, &said).map(|value| format!("write it as `{value}`"));
    toml.error(&span, said, hint)
}

/// Reads the value of a key at the root of the file; `None` if it is absent.
///
/// # Errors
/// As [`read`].
pub(super) fn read_value<T: DeserializeOwned>(toml: &Toml, key: &str) -> Result<Option<T>> {
    let item = toml.get(&[key]).cloned();
    let Some(value) = item.and_then(|item| item.into_value().ok()) else {
        return Ok(None);
    };
    let read = T::deserialize(value.into_deserializer());
    read.map(Some).map_err(|error| mistake(toml, &error))
}

/// What a value was probably meant to be: a number for a version, a string for an array of one.
fn instead(written: &str, said: &str) -> Option<String> {
    let is_number = written.starts_with(|first: char| first.is_ascii_digit());
    let is_string = written.starts_with(['"', '\'']);
    match said.rsplit(", expected ").next() {
        Some("a string") if is_number => Some(format!("\"{written}\"")),
        Some("an array") if is_string => Some(format!("[{written}]")),
        Some("a boolean") => Some("true` or `false".to_owned()),
        _ => None,
    }
}
