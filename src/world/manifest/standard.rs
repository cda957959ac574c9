//! The types that the standards require in a pyproject.toml (PEP 518, 621 and 735): other tools reject such a
//! file, and pyx would treat a value of the wrong type as absent.
#![expect(dead_code, reason = "they are read for their types alone")]

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::error::Result;

use super::{Toml, typed};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Project {
    name: Option<String>,
    version: Option<String>,
    description: Option<String>,
    requires_python: Option<String>,
    dependencies: Option<Vec<String>>,
    optional_dependencies: Option<BTreeMap<String, Vec<String>>>,
    dynamic: Option<Vec<String>>,
    classifiers: Option<Vec<String>>,
    keywords: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct BuildSystem {
    requires: Option<Vec<String>>,
    build_backend: Option<String>,
    backend_path: Option<Vec<String>>,
}

/// An entry of a dependency group.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "invalid type, expected a string or a table with `include-group`"
)]
enum Entry {
    Requirement(String),
    Other(Table),
}

/// Whatever it contains.
#[derive(Deserialize)]
struct Table {}

/// # Errors
/// [`Error::Manifest`](crate::model::error::Error::Manifest) at the first value of another type.
pub(super) fn check(toml: &Toml) -> Result<()> {
    typed::read::<Project>(toml, &["project"])?;
    typed::read::<BuildSystem>(toml, &["build-system"])?;
    typed::read::<BTreeMap<String, Vec<Entry>>>(toml, &["dependency-groups"])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    fn said(text: &str) -> String {
        let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), text).unwrap();
        let Err(error) = check(&toml) else {
            return "nothing".to_owned();
        };
        let hint = error.hint().map(|hint| format!("\nhint: {hint}"));
        format!("{error}{}", hint.unwrap_or_default())
    }

    #[test]
    fn what_is_of_another_type_than_the_standards_say_is_a_mistake_with_its_place() {
        let texts = [
            "project = 3",
            "[project]\nname = 3",
            "[project]\nname = 'a'\nrequires-python = 3.9",
            "[project]\ndependencies = [\n    'a',\n    3,\n]",
            "[project]\ndependencies = 'a'",
            "[project.optional-dependencies]\na = 'b'",
            "[build-system]\nrequires = 'maturin'",
            "[build-system]\nbuild-backend = ['maturin']",
            "[dependency-groups]\na = [3]",
        ];
        insta::assert_snapshot!(texts.map(said).join("\n"));
    }

    #[test]
    fn what_the_standards_allow_and_what_they_do_not_know_is_no_mistake() {
        for text in [
            "",
            "[project]\nname = 'a'\nversion = '1'\ndependencies = []\nlicense = { text = 'MIT' }\nother = 3",
            "[dependency-groups]\na = ['b', { include-group = 'c' }]\nc = []\n[[dependency-groups.d]]\ninclude-group = 'a'",
            "[build-system]\nrequires = []\n[tool.poetry]\nname = 3",
        ] {
            assert_eq!(said(text), "nothing", "{text}");
        }
    }
}
