//! What a library already has of PyO3.

use camino::Utf8Path;
use toml_edit::{Item, TableLike};

use crate::facts::project::makes_module;
use crate::model::error::{Error, Result};
use crate::model::path::shown;
use crate::world::disk;
use crate::world::manifest::{CargoToml, is_optional};

/// How a library depends on PyO3 through `[dependencies]`; build and dev dependencies do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pyo3 {
    Absent,
    Always,
    /// If this feature is enabled.
    Behind(String),
}

/// The oldest Rust that compiles the PyO3 of new projects.
pub(super) const RUST: &str = "1.83";

/// Whether a `rust-version` is older than that.
pub(super) fn is_older(version: &str) -> bool {
    let numbers = |version: &str| {
        let mut parts = version.split('.').map(|part| part.parse::<u64>().ok());
        let mut next = || parts.next().flatten();
        (next(), next().or(Some(0)))
    };
    let (version, needed) = (numbers(version), numbers(RUST));
    version.0.is_some() && version < needed
}

/// The feature of libraries that did not use PyO3 before.
const FEATURE: &str = "python";

impl Pyo3 {
    /// How the library of a Cargo.toml depends on PyO3.
    ///
    /// # Errors
    /// [`Error::Manifest`] if it has another name in code, or the feature's name is taken.
    pub(super) fn read(cargo: &CargoToml) -> Result<Self> {
        let found = Self::of(cargo)?;
        if found == Self::Absent {
            check_feature(cargo)?;
        }
        Ok(found)
    }

    /// The same if the library does not get the feature.
    ///
    /// # Errors
    /// [`Error::Manifest`] if it has another name in code.
    pub(super) fn of(cargo: &CargoToml) -> Result<Self> {
        let toml = &cargo.toml;
        let Some((key, item)) = dependency(toml.table(&["dependencies"])) else {
            return Ok(Self::Absent);
        };
        if key != "pyo3" {
            let span = toml.get(&["dependencies", key]).and_then(Item::span);
            let message = format!("PyO3 is called `{key}` here, which its macros do not support");
            let hint = "name the dependency `pyo3`".to_owned();
            return Err(toml.error(&span.unwrap_or_default(), message, Some(hint)));
        }
        if is_optional(item) {
            return Ok(Self::Behind(switch(cargo)));
        }
        Ok(Self::Always)
    }

    /// The feature that the module requires.
    pub fn feature(&self) -> Option<&str> {
        match self {
            Self::Absent => Some(FEATURE),
            Self::Always => None,
            Self::Behind(feature) => Some(feature),
        }
    }
}

fn dependency(table: Option<&dyn TableLike>) -> Option<(&str, &Item)> {
    let is_pyo3 = |(key, item): &(&str, &Item)| {
        let package = item.get("package").and_then(Item::as_str);
        package.unwrap_or(key) == "pyo3"
    };
    table?.iter().find(is_pyo3)
}

fn check_feature(cargo: &CargoToml) -> Result<()> {
    let Some(item) = feature_there(cargo) else {
        return Ok(());
    };
    let message = format!("the feature `{FEATURE}`, which would enable PyO3, already exists");
    let hint = "cargo pyx init --layout workspace".to_owned();
    let span = item.span().unwrap_or_default();
    Err(cargo.toml.error(&span, message, Some(hint)))
}

/// The name of the feature if the library has one of that name that is not PyO3's.
pub(super) fn taken_feature(cargo: &CargoToml) -> Option<&'static str> {
    let is_absent = dependency(cargo.toml.table(&["dependencies"])).is_none();
    (is_absent && feature_there(cargo).is_some()).then_some(FEATURE)
}

fn feature_there(cargo: &CargoToml) -> Option<&Item> {
    let own = cargo.toml.get(&["features", FEATURE]);
    let dependency = || cargo.toml.get(&["dependencies", FEATURE]);
    own.or_else(|| dependency().filter(|item| is_optional(item)))
}

/// The feature that enables the optional dependency; by default the dependency is one itself.
fn switch(cargo: &CargoToml) -> String {
    let features = cargo.toml.table(&["features"]);
    let names = features.into_iter().flat_map(|table| table.iter());
    let mut named = names.map(|(name, _)| name).filter(|name| {
        let brings = cargo.toml.strings(&["features", name]);
        *name != "default" && brings.iter().any(|one| one == "dep:pyo3" || one == "pyo3")
    });
    named.next().unwrap_or("pyo3").to_owned()
}

/// Checks that the library is not a Python module already.
///
/// # Errors
/// [`Error::Refused`] if a file of the library has a `#[pymodule]`.
pub(super) fn refuse_module(cargo: &CargoToml, sources: &Utf8Path, pyo3: &Pyo3) -> Result<()> {
    for path in disk::unignored_files(sources) {
        if path.extension() == Some("rs")
            && disk::read_text(&path)?.is_some_and(|text| text.lines().any(makes_module))
        {
            let shown = shown(cargo.dir(), &path);
            let message = format!("`{shown}` already has a Python module");
            return Err(Error::refused(message, pyproject(cargo, pyo3)));
        }
    }
    Ok(())
}

/// What is missing if everything else is there.
fn pyproject(cargo: &CargoToml, pyo3: &Pyo3) -> String {
    let name = cargo.package_name().unwrap_or_default();
    let feature = match pyo3 {
        Pyo3::Behind(feature) => format!("\n\n[tool.maturin]\nfeatures = [\"{feature}\"]"),
        _ => String::new(),
    };
    format!(
        "all it needs is a pyproject.toml with\n\n\
         [build-system]\nrequires = [\"maturin>=1.9.4,<2\"]\nbuild-backend = \"maturin\"\n\n\
         [project]\nname = \"{name}\"\ndynamic = [\"version\"]{feature}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::manifest::Toml;

    fn pyo3(text: &str) -> Result<Pyo3> {
        let toml = Toml::parse(Utf8Path::new("/p/Cargo.toml"), text).unwrap();
        Pyo3::read(&CargoToml::of(toml).unwrap())
    }

    #[test]
    fn pyo3_is_there_where_the_library_itself_depends_on_it() {
        for (text, expected) in [
            ("[build-dependencies]\npyo3 = '0.29'\n", Pyo3::Absent),
            ("[dev-dependencies]\npyo3 = '0.29'\n", Pyo3::Absent),
            ("[dependencies]\npython = '1'\n", Pyo3::Absent),
            ("[dependencies]\npyo3 = '0.29'\n", Pyo3::Always),
            (
                "[dependencies]\npyo3.workspace = true\n[features]\npython = []\n",
                Pyo3::Always,
            ),
        ] {
            assert_eq!(pyo3(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn an_optional_pyo3_is_behind_the_feature_that_names_it() {
        let optional = "[dependencies]\npyo3 = { version = '0.29', optional = true }\n";
        for (features, expected) in [
            ("", "pyo3"),
            ("[features]\ndefault = ['py']\npy = ['dep:pyo3']\n", "py"),
            ("[features]\npy = ['pyo3', 'x']\nx = []\n", "py"),
            ("[features]\nx = []\n", "pyo3"),
        ] {
            let found = pyo3(&format!("{optional}{features}")).unwrap();
            assert_eq!(found.feature(), Some(expected), "{features}");
        }
    }

    #[test]
    fn a_feature_or_a_name_of_others_is_left_to_them() {
        let said = [
            "[features]\npython = [\"other\"]\n",
            "[dependencies]\npython = { version = \"1\", optional = true }\n",
            "[dependencies]\npy = { package = \"pyo3\", version = \"0.29\" }\n",
        ];
        let said = said.map(|text| pyo3(text).unwrap_err().to_string());
        insta::assert_snapshot!(said.join("\n\n"));
    }
}
