//! TOML files of a project: text in, typed values with their places out.
//!
//! `manifests` keeps what is parsed. `cargo` and `pyproject` are the two manifests, `config` the settings of
//! pyx in them, `lock_file` what lock files contain, `dependency_tables` and `dependency_entries` where
//! Cargo.toml lists dependencies and what it says about each, `standard` which types the standards require of
//! values, `uv_settings` what `[tool.uv]` says, `workspace` where cargo finds the root of a crate's
//! workspace. The files `edit_…` change text and keep every other byte.
#![expect(clippy::disallowed_types, reason = "this folder owns toml_edit")]

mod edit_adoption;
mod edit_arrays;
mod edit_project;
mod cargo;
mod cargo_config;
mod conditional_feature;
mod config;
mod edit_strings;
mod lock_file;
mod manifests;
mod dependency_entries;
mod dependency_tables;
mod platform;
mod publishing;
mod pyproject;
mod standard;
mod typed;
mod uv_settings;
mod workspace;

use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};
use toml_edit::{Document, Item, TableLike, Value};

use crate::model::error::{Error, Result};
use crate::model::location::Location;
use crate::world::checkout;
use crate::world::disk;

pub use cargo::{CargoToml, is_optional};
pub use cargo_config::{CargoConfig, RUSTC_WRAPPER, split};
pub use conditional_feature::ConditionalFeature;
pub use config::{Config, Hooks, RustRunner};
pub use dependency_entries::Dependency;
pub use dependency_tables::DependencyKind;
pub use edit_adoption::{
    keys, with_maturin, with_member, with_module, with_package, with_required_member,
};
pub use edit_arrays::ArrayEdit;
pub use edit_project::{Field, lines, with_project, without_package};
pub use edit_strings::with_strings;
pub use lock_file::{LockEntry, LockedRequirement};
pub use manifests::Manifests;
pub use publishing::PublishConfig;
pub use pyproject::{GroupItem, PyProject};
pub use uv_settings::{CacheKey, Conflicting, Part};
pub use workspace::excludes;

/// A parsed TOML file that still knows the position of everything.
#[derive(Debug)]
pub struct Toml {
    /// Absolute.
    pub path: Utf8PathBuf,
    document: Document<String>,
}

/// A value and the bytes of the file that hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Range<usize>,
}

impl Default for Toml {
    /// An empty file at no path.
    fn default() -> Self {
        Self {
            path: Utf8PathBuf::new(),
            document: Document::parse(String::new()).expect("an empty text is TOML"),
        }
    }
}

impl Toml {
    /// `None` if the file is absent.
    ///
    /// # Errors
    /// [`Error::Manifest`] with line and column if the text is not TOML.
    pub fn read(path: &Utf8Path) -> Result<Option<Self>> {
        disk::read_text(path)?
            .map(|text| Self::parse(path, &text))
            .transpose()
    }

    pub fn parse(path: &Utf8Path, text: &str) -> Result<Self> {
        let document = Document::parse(text.to_owned()).map_err(|error| {
            let span = error.span().unwrap_or_default();
            let message = error.message().lines().next().unwrap_or_default();
            Error::Manifest {
                message: format!("`{}` is not valid TOML: {message}", name_of(path)),
                location: Box::new(locate(path, text, &span)),
                hint: checkout::root(path).map(|_| format!("git diff {}", name_of(path))),
            }
        })?;
        Ok(Self {
            path: path.to_owned(),
            document,
        })
    }

    pub fn root(&self) -> &dyn TableLike {
        self.document.as_table()
    }

    pub fn text(&self) -> &str {
        self.document.raw()
    }

    /// The item at a path of keys.
    pub fn get(&self, keys: &[&str]) -> Option<&Item> {
        let (first, rest) = keys.split_first()?;
        rest.iter()
            .try_fold(self.root().get(first)?, |item, key| item.get(*key))
    }

    pub fn table(&self, keys: &[&str]) -> Option<&dyn TableLike> {
        self.get(keys)?.as_table_like()
    }

    /// The keys of the table at a path of keys, in file order; none if there is no table.
    pub fn keys(&self, keys: &[&str]) -> Vec<String> {
        let table = self.table(keys).into_iter();
        let keys = table.flat_map(|table| table.iter());
        keys.map(|(key, _)| key.to_owned()).collect()
    }

    pub fn str(&self, keys: &[&str]) -> Option<&str> {
        self.get(keys)?.as_str()
    }

    pub fn string(&self, keys: &[&str]) -> Option<String> {
        self.str(keys).map(str::to_owned)
    }

    pub fn bool(&self, keys: &[&str]) -> Option<bool> {
        self.get(keys)?.as_bool()
    }

    /// The strings of an array; other values in it are left out.
    pub fn strings(&self, keys: &[&str]) -> Vec<String> {
        self.get(keys).map(strings_of).unwrap_or_default()
    }

    pub fn spanned(&self, keys: &[&str]) -> Option<Spanned<String>> {
        let item = self.get(keys)?;
        Some(Spanned {
            value: item.as_str()?.to_owned(),
            span: item.span().unwrap_or_default(),
        })
    }

    /// The strings of an array with their places; other values in it are left out.
    pub fn spanned_strings(&self, keys: &[&str]) -> Vec<Spanned<String>> {
        self.get(keys).map(spanned_strings).unwrap_or_default()
    }

    /// The line on which bytes of the file begin, from 1.
    pub fn line(&self, span: &Range<usize>) -> usize {
        line_at(self.text(), span.start)
    }

    /// The line of the value at a path of keys; of the nearest existing table above it, else 1.
    pub fn line_of(&self, keys: &[&str]) -> usize {
        let place = |depth| self.get(&keys[..depth])?.span();
        let nearest = (1..=keys.len()).rev().find_map(place);
        nearest.map_or(1, |span| self.line(&span))
    }

    /// An error about the bytes `span` of this file.
    pub fn error(&self, span: &Range<usize>, message: String, hint: Option<String>) -> Error {
        Error::Manifest {
            message,
            location: Box::new(locate(&self.path, self.text(), span)),
            hint,
        }
    }
}

/// The line that contains a byte of a text, from 1.
pub fn line_at(text: &str, at: usize) -> usize {
    let ends = text.match_indices('\n').take_while(|(end, _)| *end < at);
    1 + ends.count()
}

fn name_of(path: &Utf8Path) -> &str {
    path.file_name().unwrap_or(path.as_str())
}

/// How many characters of a line are kept from a position on: more than are ever shown. A file may be one
/// line of many megabytes.
const KEPT: usize = 400;
/// How many of them are marked at most: a longer range is clear from its beginning.
const MARKED: usize = 80;

/// The byte at which the nth character begins; the end of a shorter text.
fn nth_character(text: &str, count: usize) -> usize {
    let character = text.char_indices().nth(count);
    character.map_or(text.len(), |(at, _)| at)
}

/// The location of a byte range, for people; if it spans several lines, the first.
pub fn locate(path: &Utf8Path, text: &str, span: &Range<usize>) -> Location {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let rest = text[start..].lines().next().unwrap_or_default();
    let kept = &rest[..nth_character(rest, KEPT)];
    let mut end = span
        .end
        .saturating_sub(start)
        .min(nth_character(kept, MARKED));
    while !kept.is_char_boundary(end) {
        end += 1;
    }
    Location {
        path: path.to_owned(),
        line: line_at(text, start),
        text: format!("{}{kept}", &text[line_start..start]),
        span: start - line_start..start - line_start + end,
    }
}

/// The tables of a list in either spelling, `[{ … }]` and `[[…]]`, with their places; other values in it are
/// left out.
pub fn tables_of(item: &Item) -> Vec<(&dyn TableLike, Range<usize>)> {
    if let Some(tables) = item.as_array_of_tables() {
        let tables = tables.iter();
        let placed = tables.map(|one| (one as &dyn TableLike, one.span().unwrap_or_default()));
        return placed.collect();
    }
    let values = item.as_array().into_iter().flatten();
    values.filter_map(table_of).collect()
}

fn table_of(value: &Value) -> Option<(&dyn TableLike, Range<usize>)> {
    let table = value.as_inline_table()?;
    Some((table, value.span().unwrap_or_default()))
}

fn strings_of(item: &Item) -> Vec<String> {
    item.as_array()
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

fn spanned_strings(item: &Item) -> Vec<Spanned<String>> {
    item.as_array()
        .into_iter()
        .flatten()
        .filter_map(|value: &Value| {
            Some(Spanned {
                value: value.as_str()?.to_owned(),
                span: value.span().unwrap_or_default(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_toml_shows_the_line() {
        let text = "[project]\nname = \"x\"\nbad = [\n";
        let error = Toml::parse(Utf8Path::new("/p/pyproject.toml"), text).unwrap_err();
        insta::assert_snapshot!(error.to_string());
    }

    /// The line and what points at it, without what stands before them.
    fn shown(text: &str, span: Range<usize>) -> [String; 3] {
        let location = locate(Utf8Path::new("f"), text, &span).to_string();
        let lines: Vec<&str> = location.lines().collect();
        let [place, line, marks] = [lines[0], lines[2], lines[3]].map(str::trim);
        let after_bar = |line: &str| line.split_once('|').unwrap().1.to_owned();
        [place.to_owned(), after_bar(line), after_bar(marks)]
    }

    #[test]
    fn a_place_is_shown_below_its_characters_however_wide_they_are() {
        for (text, span, place, line, marks) in [
            (
                "a = 1\n\u{fc} = bad",
                11..14,
                "--> f:2:5",
                " \u{fc} = bad",
                "     ^^^",
            ),
            (
                "\u{6f22}\u{5b57} = 1",
                9..10,
                "--> f:1:6",
                " \u{6f22}\u{5b57} = 1",
                "        ^",
            ),
            (
                "\tx = [\t1]",
                1..2,
                "--> f:1:2",
                "     x = [    1]",
                "     ^",
            ),
            (
                "a = [\r\n1\r\n]\r\n",
                4..10,
                "--> f:1:5",
                " a = [",
                "     ^",
            ),
            ("a = 1\n", 5..5, "--> f:1:6", " a = 1", "      ^"),
            ("a = 1\n", 6..6, "--> f:2:1", "", " ^"),
            ("", 0..0, "--> f:1:1", "", " ^"),
            ("a", 7..9, "--> f:1:2", " a", "  ^"),
            (
                "\u{1b}[31m = 1",
                0..1,
                "--> f:1:1",
                " \u{241b}[31m = 1",
                " ^",
            ),
        ] {
            assert_eq!(shown(text, span), [place, line, marks], "{text:?}");
        }
    }

    #[test]
    fn of_a_long_line_only_what_is_around_the_place_is_shown() {
        let before = "[1], ".repeat(2_000);
        let text = format!("a = [{before}bad, {}]", "[1], ".repeat(2_000_000));
        let start = 5 + before.len();
        for end in [start + 3, text.len()] {
            let location = locate(Utf8Path::new("f"), &text, &(start..end)).to_string();
            assert!(location.starts_with(" --> f:1:10006\n"), "{location}");
            assert!(location.contains("| ..."), "{location}");
            let line = location.lines().nth(2).unwrap();
            assert!(line.ends_with("..."), "{location}");
            assert!(location.contains("[1], bad, [1],"), "{location}");
            assert!(location.len() < 500, "{}", location.len());
        }
    }
}
