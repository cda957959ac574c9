//! `[tool.pyx]` of pyproject.toml, or `[package.metadata.pyx]` of a crate without one.

use std::ops::Range;

use toml_edit::{Item, TableLike};

use crate::model::error::{Error, Result};

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
    /// `[tool.pyx.test]`
    pub test: TestConfig,
    /// `[tool.pyx.release]`
    pub release: ReleaseConfig,
    /// `[tool.pyx.dev]`
    pub dev: DevConfig,
    /// `[tool.pyx.just]`
    pub just: JustConfig,
}

/// Recipes that run around a command, in order: `before = ["generate"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    pub before: Vec<String>,
    pub after: Vec<String>,
}

impl Hooks {
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }
}

/// What a project says about `cargo pyx dev`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DevConfig {
    pub around: Hooks,
}

/// What a project says about `cargo pyx just`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JustConfig {
    /// Recipes that need no build before they run.
    pub no_build: Vec<String>,
}

/// What a project says about `cargo pyx release`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseConfig {
    /// What to build wheels for instead of all that `requires-python` allows.
    pub pythons: Vec<String>,
    /// The platform tag of wheels for Linux: `manylinux2014`, `musllinux_1_2`, `pypi`, …
    pub compatibility: Option<String>,
    /// Whether zig links for an older glibc; not said: where the machine's is too new.
    pub zig: Option<bool>,
    /// Whether wheels are tested with the project's own tests besides being imported.
    pub test: Option<bool>,
    pub around: Hooks,
}

/// What a project says about `cargo pyx test`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestConfig {
    /// Arguments for pytest, before those of the command line.
    pub pytest: Vec<String>,
    pub rust: RustRunner,
    /// Features that the extension crate needs to compile under test.
    pub rust_features: Vec<String>,
    /// Whether the doc comments of the extension crate are Rust doctests, not Python docstrings.
    pub doctests: bool,
    pub around: Hooks,
}

/// `rust = true | false | "nextest"`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RustRunner {
    /// Not said: cargo-nextest where it is installed and the project configures it.
    #[default]
    Auto,
    Cargo,
    Nextest,
    None,
}

const KEYS: [&str; 10] = [
    "python", "profile", "features", "groups", "extras", "members", "dev", "test", "release",
    "just",
];

const DEV_KEYS: [&str; 2] = ["before", "after"];

const RELEASE_KEYS: [&str; 6] = ["pythons", "compatibility", "zig", "test", "before", "after"];

const JUST_KEYS: [&str; 1] = ["no-build"];

const TEST_KEYS: [&str; 6] = [
    "pytest",
    "rust",
    "rust-features",
    "doctests",
    "before",
    "after",
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
        let table = reader.table(item, &KEYS)?;
        Ok(Self {
            python: reader.string(table, "python")?,
            profile: reader.string(table, "profile")?,
            features: reader.strings(table, "features")?.unwrap_or_default(),
            groups: reader.strings(table, "groups")?,
            extras: reader.strings(table, "extras")?.unwrap_or_default(),
            members: reader.strings(table, "members")?.unwrap_or_default(),
            test: reader.below(table, "test", TestConfig::read)?,
            release: reader.below(table, "release", ReleaseConfig::read)?,
            dev: reader.below(table, "dev", DevConfig::read)?,
            just: reader.below(table, "just", JustConfig::read)?,
        })
    }
}

impl DevConfig {
    fn read(reader: &Reader<'_>, item: &Item) -> Result<Self> {
        let table = reader.table(item, &DEV_KEYS)?;
        let around = reader.around(table)?;
        Ok(Self { around })
    }
}

impl JustConfig {
    fn read(reader: &Reader<'_>, item: &Item) -> Result<Self> {
        let table = reader.table(item, &JUST_KEYS)?;
        let no_build = reader.strings(table, "no-build")?.unwrap_or_default();
        Ok(Self { no_build })
    }
}

impl ReleaseConfig {
    fn read(reader: &Reader<'_>, item: &Item) -> Result<Self> {
        let table = reader.table(item, &RELEASE_KEYS)?;
        Ok(Self {
            pythons: reader.strings(table, "pythons")?.unwrap_or_default(),
            compatibility: reader.string(table, "compatibility")?,
            zig: reader.bool(table, "zig")?,
            test: reader.bool(table, "test")?,
            around: reader.around(table)?,
        })
    }
}

impl TestConfig {
    fn read(reader: &Reader<'_>, item: &Item) -> Result<Self> {
        let table = reader.table(item, &TEST_KEYS)?;
        Ok(Self {
            pytest: reader.strings(table, "pytest")?.unwrap_or_default(),
            rust: match table.get("rust") {
                None => RustRunner::Auto,
                Some(item) => match (item.as_bool(), item.as_str()) {
                    (Some(true), _) => RustRunner::Cargo,
                    (Some(false), _) => RustRunner::None,
                    (_, Some("nextest")) => RustRunner::Nextest,
                    _ => return Err(reader.must_be(item, "rust", "true, false or \"nextest\"")),
                },
            },
            rust_features: reader.strings(table, "rust-features")?.unwrap_or_default(),
            doctests: reader.bool(table, "doctests")?.unwrap_or(false),
            around: reader.around(table)?,
        })
    }
}

struct Reader<'a> {
    toml: &'a Toml,
    /// The table's name, for messages.
    table: String,
}

impl Reader<'_> {
    /// The item as a table that has none but the known keys.
    fn table<'a>(&self, item: &'a Item, known: &[&str]) -> Result<&'a dyn TableLike> {
        let span = item.span().unwrap_or_default();
        let table = item
            .as_table_like()
            .ok_or_else(|| self.wrong(&span, "must be a table", &format!("[{}]", self.table)))?;
        match table.iter().find(|(key, _)| !known.contains(key)) {
            Some((key, _)) => Err(self.unknown(table, key, known)),
            None => Ok(table),
        }
    }

    /// What the table of a command says; the default where it is absent.
    fn below<T: Default>(
        &self,
        table: &dyn TableLike,
        name: &str,
        read: fn(&Reader<'_>, &Item) -> Result<T>,
    ) -> Result<T> {
        let Some(item) = table.get(name) else {
            return Ok(T::default());
        };
        let reader = Reader {
            toml: self.toml,
            table: format!("{}.{name}", self.table),
        };
        read(&reader, item)
    }

    fn wrong(&self, span: &Range<usize>, must: &str, example: &str) -> Error {
        let message = format!("wrong value in [{}]: {must}", self.table);
        let hint = format!("write it as `{example}`");
        self.toml.error(span, message, Some(hint))
    }

    fn unknown(&self, table: &dyn TableLike, key: &str, known: &[&str]) -> Error {
        let span = table.key(key).and_then(toml_edit::Key::span);
        let hint = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys of [{}] are {}", self.table, known.join(", ")),
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

    fn around(&self, table: &dyn TableLike) -> Result<Hooks> {
        Ok(Hooks {
            before: self.strings(table, "before")?.unwrap_or_default(),
            after: self.strings(table, "after")?.unwrap_or_default(),
        })
    }

    fn bool(&self, table: &dyn TableLike, key: &str) -> Result<Option<bool>> {
        let Some(item) = table.get(key) else {
            return Ok(None);
        };
        match item.as_bool() {
            None => Err(self.must_be(item, key, "true or false")),
            known => Ok(known),
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
        let example = match what {
            "a string" => "\"…\"",
            "an array of strings" => "[\"…\"]",
            _ => "true",
        };
        self.wrong(
            &item.span().unwrap_or_default(),
            &format!("`{key}` must be {what}"),
            &format!("{key} = {example}"),
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
    fn the_table_of_tests_is_checked_as_well() {
        let config = read("[tool.pyx.test]\nrust = 'nextest'\npytest = ['-q']\n").unwrap();
        assert_eq!(config.test.rust, RustRunner::Nextest);
        assert_eq!(config.test.pytest, ["-q"]);
        let error = read("[tool.pyx.test]\nrust-feature = []\n").unwrap_err();
        assert_eq!(error.hint().unwrap(), "did you mean `rust-features`?");
        assert!(read("[tool.pyx.test]\nrust = 1\n").is_err());
    }

    #[test]
    fn the_table_of_releases_is_checked_as_well() {
        let config = read("[tool.pyx.release]\nzig = false\npythons = ['3.13']\n").unwrap();
        assert_eq!(config.release.zig, Some(false));
        assert_eq!(config.release.pythons, ["3.13"]);
        assert!(read("[tool.pyx.release]\nzig = 'no'\n").is_err());
        let error = read("[tool.pyx.release]\npython = []\n").unwrap_err();
        assert_eq!(error.hint().unwrap(), "did you mean `pythons`?");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error_with_its_place() {
        let error = read("[tool]\npyx = { features = [1] }\n").unwrap_err();
        insta::assert_snapshot!(error.to_string());
    }
}
