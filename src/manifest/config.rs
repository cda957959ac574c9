//! `[tool.pyx]` of pyproject.toml, or `[package.metadata.pyx]` of a crate without one.

use std::ops::Range;

use toml_edit::{Item, TableLike};

use crate::error::{Error, Result};

use super::{Toml, nearest, strings_of};

/// What a project says to pyx. Every key is optional; an unknown one is an error with its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// A version request such as `3.12`, or an interpreter's path.
    pub python: Option<String>,
    /// The cargo profile of dev builds.
    pub profile: Option<String>,
    /// Cargo features on top of `[tool.maturin] features`.
    pub features: Vec<String>,
    /// Dependency groups (PEP 735) instead of `[tool.uv] default-groups`.
    pub groups: Option<Vec<String>>,
    pub extras: Vec<String>,
    /// The members that commands without `-p` act on; folders or names.
    pub members: Vec<String>,
}

const KEYS: [&str; 6] = [
    "python", "profile", "features", "groups", "extras", "members",
];

impl Config {
    /// Reads the table at `keys`; the default where it is absent.
    pub(super) fn read(toml: &Toml, keys: &[&str]) -> Result<Self> {
        let Some(item) = toml.get(keys) else {
            return Ok(Self::default());
        };
        let reader = Reader {
            toml,
            table: keys.join("."),
        };
        let table = item
            .as_table_like()
            .ok_or_else(|| reader.wrong(&item.span().unwrap_or_default(), "must be a table"))?;
        for (key, _) in table.iter() {
            if !KEYS.contains(&key) {
                return Err(reader.unknown(table, key));
            }
        }
        Ok(Self {
            python: reader.string(table, "python")?,
            profile: reader.string(table, "profile")?,
            features: reader.strings(table, "features")?.unwrap_or_default(),
            groups: reader.strings(table, "groups")?,
            extras: reader.strings(table, "extras")?.unwrap_or_default(),
            members: reader.strings(table, "members")?.unwrap_or_default(),
        })
    }
}

struct Reader<'a> {
    toml: &'a Toml,
    /// The table's name, for messages.
    table: String,
}

impl Reader<'_> {
    fn wrong(&self, span: &Range<usize>, must: &str) -> Error {
        let message = format!("wrong value in [{}]: {must}", self.table);
        self.toml.error(span, message, None)
    }

    fn unknown(&self, table: &dyn TableLike, key: &str) -> Error {
        let span = table.key(key).and_then(toml_edit::Key::span);
        let hint = match nearest(key, KEYS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys of [{}] are {}", self.table, KEYS.join(", ")),
        };
        let message = format!("unknown key `{key}` in [{}]", self.table);
        self.toml
            .error(&span.unwrap_or_default(), message, Some(hint))
    }

    fn string(&self, table: &dyn TableLike, key: &str) -> Result<Option<String>> {
        let Some(item) = table.get(key) else {
            return Ok(None);
        };
        match item.as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(self.must_be(item, key, "a string")),
        }
    }

    fn strings(&self, table: &dyn TableLike, key: &str) -> Result<Option<Vec<String>>> {
        let Some(item) = table.get(key) else {
            return Ok(None);
        };
        let strings = strings_of(item);
        match item.as_array() {
            Some(array) if array.len() == strings.len() => Ok(Some(strings)),
            _ => Err(self.must_be(item, key, "an array of strings")),
        }
    }

    fn must_be(&self, item: &Item, key: &str, what: &str) -> Error {
        self.wrong(
            &item.span().unwrap_or_default(),
            &format!("`{key}` must be {what}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    fn read(text: &str) -> Result<Config> {
        let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), text)?;
        Config::read(&toml, &["tool", "pyx"])
    }

    #[test]
    fn every_key_is_optional() {
        assert_eq!(read("").unwrap(), Config::default());
        let config = read("[tool.pyx]\npython = \"3.12\"\ngroups = []\n").unwrap();
        assert_eq!(config.python.as_deref(), Some("3.12"));
        assert_eq!(config.groups, Some(Vec::new()));
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_nearest() {
        let error = read("[tool.pyx]\npyhton = \"3.12\"\n").unwrap_err();
        insta::assert_snapshot!(format!("{error}\n{}", error.hint().unwrap()));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error_with_its_place() {
        let error = read("[tool]\npyx = { features = [1] }\n").unwrap_err();
        insta::assert_snapshot!(error.to_string());
    }
}
