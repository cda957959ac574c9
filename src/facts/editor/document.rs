//! JSON with comments, edited so that every byte that pyx does not set stays.

use camino::Utf8Path;
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{
    CstArray, CstContainerNode, CstInputValue, CstNode, CstObject, CstRootNode,
};
use serde_json::Value;

use crate::model::error::{Error, Result};
use crate::world::manifest::locate;

/// A value whose keys keep their order.
pub(super) type Json = CstInputValue;

/// What editors accept: comments and trailing commas, nothing more.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// A settings file.
pub(super) struct Document {
    /// What some programs write before the first character.
    mark: &'static str,
    root: CstRootNode,
    /// As it was read.
    before: CstRootNode,
}

/// An existing value that differs from the one to be set.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conflict {
    /// The key of the value; `None` for the whole file.
    pub(super) key: Option<String>,
    pub(super) value: Value,
    /// From 1.
    pub(super) line: usize,
}

impl Conflict {
    fn new(keys: &[&str], node: &CstNode) -> Self {
        Self {
            key: keys.last().map(|key| (*key).to_owned()),
            value: node.to_serde_value().unwrap_or_default(),
            line: line_of(node),
        }
    }
}

/// A value under its last key.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingValue {
    pub key: String,
    pub value: Value,
    /// From 1.
    pub line: usize,
}

impl SettingValue {
    fn new(key: &str, node: &CstNode) -> Self {
        Self {
            key: key.to_owned(),
            value: node.to_serde_value().unwrap_or_default(),
            line: line_of(node),
        }
    }
}

impl Document {
    /// `path`: for messages.
    ///
    /// # Errors
    /// [`Error::Manifest`] for what is not JSON with comments.
    pub(super) fn parse(path: &Utf8Path, text: &str) -> Result<Self> {
        const MARK: &str = "\u{feff}";
        let (mark, text) = match text.strip_prefix(MARK) {
            Some(rest) => (MARK, rest),
            None => ("", text),
        };
        let parse = || CstRootNode::parse(text, &OPTIONS);
        let parsed = parse().and_then(|root| Ok((root, parse()?)));
        let (root, before) = parsed.map_err(|error| {
            let range = error.range();
            Error::Manifest {
                message: format!(
                    "this is not JSON with comments: {}",
                    lowercase(error.kind())
                ),
                location: Box::new(locate(path, text, &(range.start..range.end))),
                hint: None,
            }
        })?;
        Ok(Self { mark, root, before })
    }

    /// With a final line ending if the file was empty.
    pub(super) fn text(&self) -> String {
        let text = format!("{}{}", self.mark, self.root);
        let is_new = self.before.value().is_none() && self.root.value().is_some();
        if is_new && !text.ends_with('\n') {
            return text + "\n";
        }
        text
    }

    /// Sets the value of `keys`, from the root down, if there is none.
    pub(super) fn set(&self, keys: &[&str], value: Json) -> Option<Conflict> {
        if let Some((depth, there)) = self.find(keys) {
            let conflict = Conflict::new(&keys[..depth], &there);
            let same = depth == keys.len() && conflict.value == plain(&value);
            return (!same).then_some(conflict);
        }
        self.replace(keys, value);
        None
    }

    /// Sets the value of `keys`, whatever it was.
    pub(super) fn replace(&self, keys: &[&str], value: Json) {
        let Some((last, parents)) = keys.split_last() else {
            return;
        };
        let holder = self.holder(parents);
        match holder.get(last) {
            Some(property) => property.set_value(value),
            None => drop(holder.append(last, value)),
        }
    }

    /// The list at `keys`, or the file itself without keys; created if missing.
    ///
    /// # Errors
    /// What is there instead.
    pub(super) fn list(&self, keys: &[&str]) -> std::result::Result<CstArray, Conflict> {
        match self.find(keys) {
            Some((depth, node)) if depth < keys.len() || node.as_array().is_none() => {
                Err(Conflict::new(&keys[..depth], &node))
            }
            _ => Ok(match keys.split_last() {
                Some((last, parents)) => self.holder(parents).array_value_or_set(last),
                None => self.root.array_value_or_set(),
            }),
        }
    }

    /// The value at `keys`.
    pub(super) fn said(&self, keys: &[&str]) -> Option<SettingValue> {
        let (_, node) = self.find(keys).filter(|(depth, _)| *depth == keys.len())?;
        Some(SettingValue::new(keys.last()?, &node))
    }

    /// The content of the object at `keys`.
    pub(super) fn below(&self, keys: &[&str]) -> Vec<SettingValue> {
        let found = self.find(keys).filter(|(depth, _)| *depth == keys.len());
        let object = found.and_then(|(_, node)| node.as_object());
        let properties = object.iter().flat_map(CstObject::properties);
        let said = properties
            .filter_map(|one| Some(SettingValue::new(&one.decoded_name()?, &one.value()?)));
        said.collect()
    }

    /// What is at `keys`, or in their way; and how many of them lead there.
    fn find(&self, keys: &[&str]) -> Option<(usize, CstNode)> {
        let mut node = self.before.value()?;
        for (depth, key) in keys.iter().enumerate() {
            let Some(object) = node.as_object() else {
                return Some((depth, node));
            };
            node = object.get(key)?.value()?;
        }
        Some((keys.len(), node))
    }

    fn holder(&self, keys: &[&str]) -> CstObject {
        let root = self.root.object_value_or_set();
        keys.iter()
            .fold(root, |object, key| object.object_value_or_set(key))
    }
}

/// Puts `entry` into a list, replacing the one that has the same value at `label`, else at the end. Other
/// keys of that one stay.
pub(super) fn put(list: &CstArray, label: &str, entry: &[(&str, Json)]) {
    let name = entry
        .iter()
        .find(|(key, _)| *key == label)
        .map(|(_, value)| plain(value));
    let objects = list
        .elements()
        .into_iter()
        .filter_map(|node| node.as_object());
    let mut named = objects.filter(|object| {
        let value = object
            .get(label)
            .and_then(|property| property.to_serde_value());
        value == name
    });
    let Some(object) = named.next() else {
        let entry = entry
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()));
        list.append(Json::Object(entry.collect()));
        return;
    };
    for (key, value) in entry {
        match object.get(key) {
            Some(property) => {
                if property.to_serde_value() != Some(plain(value)) {
                    property.set_value(value.clone());
                }
            }
            None => drop(object.append(key, value.clone())),
        }
    }
}

/// Adds a string to a list that lacks it.
pub(super) fn include(list: &CstArray, word: &str) {
    let words = list
        .elements()
        .into_iter()
        .filter_map(|node| node.to_serde_value());
    if !words.into_iter().any(|known| known == word) {
        list.append(word.into());
    }
}

/// The line on which a node begins, from 1.
fn line_of(node: &CstNode) -> usize {
    let lines = |before: Vec<CstNode>| -> usize {
        before
            .iter()
            .map(|node| node.to_string().matches('\n').count())
            .sum()
    };
    let above = node.ancestors().map(CstContainerNode::into);
    let nodes = std::iter::once(node.clone()).chain(above);
    1 + nodes
        .map(|node: CstNode| lines(node.previous_siblings().collect()))
        .sum::<usize>()
}

/// The same value without the order of its keys.
fn plain(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(text) => serde_json::from_str(text).unwrap_or_default(),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(values) => values.iter().map(plain).collect(),
        Json::Object(values) => {
            let pairs = values
                .iter()
                .map(|(key, value)| (key.clone(), plain(value)));
            Value::Object(pairs.collect())
        }
    }
}

fn lowercase(text: impl std::fmt::Display) -> String {
    let text = text.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_lowercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}
