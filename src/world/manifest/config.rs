//! `[tool.pyx]` of pyproject.toml, or `[package.metadata.pyx]` of a crate without one.
//!
//! The types are both what is read and what editors are told: `docs/schema.json` is generated from them, with
//! their comments as its descriptions.

use serde::Deserialize;

use super::typed::{filled, table};

/// Configuration of pyx. Every key is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Config {
    /// The interpreter: a version, a range such as `>=3.11`, or a path.
    #[serde(deserialize_with = "filled")]
    pub python: Option<String>,
    /// The environment instead of `.venv`, relative to the root of uv's project: one that pyx creates there,
    /// or a conda or pixi environment, which is built into and otherwise left alone.
    #[serde(deserialize_with = "filled")]
    pub environment: Option<String>,
    /// The cargo profile of dev builds.
    #[serde(deserialize_with = "filled")]
    pub profile: Option<String>,
    /// The cache that keeps compiled crates for other checkouts and machines, unless cargo is configured with
    /// another rustc wrapper.
    pub compiler_cache: Option<CacheName>,
    /// Cargo features in addition to `[tool.maturin] features`.
    pub features: Vec<String>,
    /// Dependency groups (PEP 735) instead of `[tool.uv] default-groups`.
    pub groups: Option<Vec<String>>,
    /// Extras (optional dependencies) to install.
    pub extras: Vec<String>,
    /// The members that commands without `-p` act on: folders or names.
    pub members: Vec<String>,
    /// Packages (PEP 508) that the Rust tests of a crate without a pyproject.toml import; only in
    /// `[package.metadata.pyx]`.
    pub requires: Vec<String>,
    #[serde(deserialize_with = "table")]
    pub test: TestConfig,
    #[serde(deserialize_with = "table")]
    pub release: ReleaseConfig,
    #[serde(deserialize_with = "table")]
    pub dev: Hooks,
    #[serde(deserialize_with = "table")]
    pub just: JustConfig,
}

/// A program that caches compiled crates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum CacheName {
    Sccache,
}

/// Recipes that run around a command, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Hooks {
    /// Recipes that run before the command.
    pub before: Vec<String>,
    /// Recipes that run after the command, if nothing failed.
    pub after: Vec<String>,
}

impl Hooks {
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }
}

/// Configuration of `cargo pyx just`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct JustConfig {
    /// Recipes that need no build first.
    pub no_build: Vec<String>,
}

/// Configuration of `cargo pyx release`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReleaseConfig {
    /// The Pythons to build wheels for, instead of all that `requires-python` allows.
    pub pythons: Vec<String>,
    /// The platform tag of Linux wheels: `manylinux2014`, `musllinux_1_2`, `pypi`, …
    pub compatibility: Option<String>,
    /// Whether zig links for an older glibc; if unset, it does if the machine's is too new.
    pub zig: Option<bool>,
    /// Whether wheels are tested with the project's own tests, in addition to being imported.
    pub test: Option<bool>,
    /// Recipes that run before the command.
    pub before: Vec<String>,
    /// Recipes that run after the command, if nothing failed.
    pub after: Vec<String>,
}

/// Configuration of `cargo pyx test`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TestConfig {
    /// Arguments for pytest, before those on the command line.
    pub pytest: Vec<String>,
    pub rust: RustRunner,
    /// Features that the extension crate needs to compile under test.
    pub rust_features: Vec<String>,
    /// Whether the doc comments of the extension crate are Rust doctests, not Python docstrings.
    pub doctests: bool,
    /// Recipes that run before the command.
    pub before: Vec<String>,
    /// Recipes that run after the command, if nothing failed.
    pub after: Vec<String>,
}

/// What runs the Rust tests; if unset, cargo-nextest if it is installed and configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "RustWritten")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RustRunner {
    #[default]
    Auto,
    Cargo,
    Nextest,
    None,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected true, false or \"nextest\"")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum RustWritten {
    Whether(bool),
    Named(RustName),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum RustName {
    Nextest,
}

impl From<RustWritten> for RustRunner {
    fn from(written: RustWritten) -> Self {
        match written {
            RustWritten::Whether(true) => Self::Cargo,
            RustWritten::Whether(false) => Self::None,
            RustWritten::Named(RustName::Nextest) => Self::Nextest,
        }
    }
}

impl ReleaseConfig {
    pub fn hooks(&self) -> Hooks {
        Hooks {
            before: self.before.clone(),
            after: self.after.clone(),
        }
    }
}

impl TestConfig {
    pub fn hooks(&self) -> Hooks {
        Hooks {
            before: self.before.clone(),
            after: self.after.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use schemars::Schema;
    use schemars::generate::SchemaSettings;
    use schemars::transform::RecursiveTransform;
    use serde_json::{Value, json};

    use super::super::Toml;
    use super::super::typed::read;
    use super::*;
    use crate::model::error::Result;
    use crate::world::disk;

    fn config(text: &str) -> Result<Config> {
        let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), text)?;
        read(&toml, &["tool", "pyx"])
    }

    /// The message with its place, and the hint.
    fn refused(text: &str) -> String {
        let error = config(text).unwrap_err();
        let hint = error.hint().unwrap_or_default();
        format!("{error}\n{hint}")
    }

    #[test]
    fn an_empty_text_is_refused_at_its_place() {
        for key in ["python", "environment", "profile"] {
            let said = refused(&format!("[tool.pyx]\n{key} = ''\n"));
            assert!(
                said.contains("not empty") && said.contains("pyproject.toml:2"),
                "{said}"
            );
        }
    }

    #[test]
    fn every_key_is_optional() {
        assert_eq!(config("").unwrap(), Config::default());
        assert_eq!(config("[tool.pyx]\n").unwrap(), Config::default());
        let config = config("[tool.pyx]\npython = \"3.12\"\ngroups = []\n").unwrap();
        assert_eq!(config.python.as_deref(), Some("3.12"));
        assert_eq!(config.groups, Some(Vec::new()));
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_nearest() {
        insta::assert_snapshot!(refused("[tool.pyx]\npyhton = \"3.12\"\n"));
        let nested = refused("[tool]\npyx = { test = { rust-feature = [] } }\n");
        insta::assert_snapshot!(nested);
        let far = refused("[tool.pyx.dev]\nzzz = 1\n");
        assert!(
            far.ends_with("the keys of this table are before, after"),
            "{far}"
        );
        let far = refused("[tool.pyx.just]\nzzz = 1\n");
        assert!(
            far.ends_with("the keys of this table are no-build"),
            "{far}"
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error_with_its_place() {
        insta::assert_snapshot!(refused("[tool]\npyx = { features = [1] }\n"));
        for (line, said, hint) in [
            ("python = 3.12", "a string", "write it as `\"3.12\"`"),
            ("extras = 'all'", "an array", "write it as `['all']`"),
            (
                "test.doctests = 'yes'",
                "a boolean",
                "write it as `true` or `false`",
            ),
            ("test.rust = 'pytest'", "true, false or \"nextest\"", ""),
            ("dev = ['x']", "a table", ""),
            ("python = [3]", "a string", ""),
        ] {
            let text = format!("[tool.pyx]\n{line}\n");
            let error = refused(&text);
            let message = error.lines().next().unwrap();
            assert!(message.ends_with(&format!("expected {said}")), "{error}");
            assert!(error.contains("/p/pyproject.toml:2:"), "{error}");
            assert!(error.ends_with(&format!("\n{hint}")), "{error}");
        }
        let error = refused("[tool]\npyx = 3\n");
        assert!(error.starts_with("`tool.pyx` must be a table\n"), "{error}");
    }

    #[test]
    fn the_runner_of_the_rust_tests_is_named_or_not() {
        for (written, runner) in [
            ("", RustRunner::Auto),
            ("rust = true", RustRunner::Cargo),
            ("rust = false", RustRunner::None),
            ("rust = 'nextest'", RustRunner::Nextest),
        ] {
            let read = config(&format!("[tool.pyx.test]\n{written}\n")).unwrap();
            assert_eq!(read.test.rust, runner);
        }
    }

    /// What editors may be told of every manifest: the tables of pyx, and nothing of the rest.
    fn schema() -> Value {
        // the newest draft that editors' readers of TOML know
        let settings = SchemaSettings::draft07().with_transform(RecursiveTransform(without_null));
        let mut generator = settings.into_generator();
        // said, for some take what is not named for a mistake
        let free = |keys: Value| json!({ "additionalProperties": true, "properties": keys });
        let pyx = free(json!({ "pyx": generator.subschema_for::<Config>() }));
        let mut schema = free(json!({ "tool": pyx, "package": free(json!({ "metadata": pyx })) }));
        schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
        schema["title"] =
            json!("[tool.pyx] of pyproject.toml, [package.metadata.pyx] of Cargo.toml");
        schema["definitions"] = json!(generator.take_definitions(true));
        schema
    }

    /// TOML has no null: a key is left out.
    fn without_null(schema: &mut Schema) {
        if schema.get("default").is_some_and(Value::is_null) {
            schema.remove("default");
        }
        let types = schema.get("type").and_then(Value::as_array);
        let first = types.and_then(|types| types.first()).cloned();
        if let Some(first) = first {
            schema.insert("type".to_owned(), first);
        }
    }

    #[test]
    fn the_schema_for_editors_is_that_of_the_types() {
        let path = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema.json");
        let known = disk::read_text(&path).unwrap().unwrap_or_default();
        let mut expected = serde_json::to_string_pretty(&schema()).unwrap();
        expected.push('\n');
        if known != expected {
            let new = tempfile::tempdir().unwrap().keep().join("schema.json");
            std::fs::write(&new, expected).unwrap();
            panic!("cp {} {path}", new.display());
        }
    }

    /// The configuration that its page shows.
    fn example() -> &'static str {
        let page = include_str!("../../../docs/configuration.md");
        let blocks = page.split("```");
        let mut ours = blocks.filter_map(|block| block.strip_prefix("toml\n"));
        ours.find(|block| block.starts_with("[tool.pyx]\n"))
            .unwrap()
    }

    #[test]
    fn the_schema_takes_what_is_taken_and_refuses_what_is_refused() {
        let mut compiler = boon::Compiler::new();
        let mut schemas = boon::Schemas::new();
        compiler.add_resource("schema.json", schema()).unwrap();
        let schema = compiler.compile("schema.json", &mut schemas).unwrap();
        let mut taken = 0;
        let samples = [
            example(),
            "",
            "[project]\nname = 'x'\n[tool.uv]\ndefault-groups = 'all'\n",
            "[tool]\npyx = 3",
            "[tool.pyx]\npyhton = '3.12'",
            "[tool.pyx]\npython = 3.12",
            "[tool.pyx]\ngroups = []\nmembers = ['a']",
            "[tool.pyx]\nextras = 'all'",
            "[tool.pyx]\nfeatures = ['a', 1]",
            "[tool.pyx]\ntest = []",
            "[tool.pyx.test]\nrust = true",
            "[tool.pyx.test]\nrust = 'nextest'",
            "[tool.pyx.test]\nrust = 'pytest'",
            "[tool.pyx.test]\nrust = 1",
            "[tool.pyx.test]\nrust_features = []",
            "[tool.pyx.test]\ndoctests = 'yes'",
            "[tool.pyx.release]\nzig = false\ntest = true\ncompatibility = 'pypi'",
            "[tool.pyx.release]\nzig = 'no'",
            "[tool.pyx.dev]\nbefore = ['a']\nafter = []",
            "[tool.pyx.dev]\naround = ['a']",
            "[tool.pyx.just]\nno-build = ['a']",
            "[tool.pyx.just]\nno-build = true",
        ];
        for text in samples {
            let read = config(text);
            let value: Value = toml_edit::de::from_str(text).unwrap();
            let judged = schemas.validate(&value, schema);
            assert_eq!(read.is_ok(), judged.is_ok(), "{text}\n{read:?}\n{judged:?}");
            taken += usize::from(read.is_ok());
            let in_crate = json!({ "package": { "metadata": value["tool"] } });
            let judged = schemas.validate(&in_crate, schema);
            assert!(
                value["tool"].is_null() || read.is_ok() == judged.is_ok(),
                "{text}"
            );
        }
        assert!(taken > 8 && samples.len() - taken > 8, "{taken}");
    }
}
