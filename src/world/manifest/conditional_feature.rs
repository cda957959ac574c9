//! An entry of `[tool.maturin] features` that is for some interpreters only.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use toml_edit::{Item, TableLike};

use crate::model::implementation::Implementation;
use crate::model::minor::Minor;

use super::{Toml, tables_of};

/// A crate feature that maturin enables for some interpreters (maturin guide, "Configuration").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionalFeature {
    pub feature: String,
    versions: VersionSpecifiers,
    /// In maturin's spelling: `cpython`, `pypy`.
    implementation: Option<String>,
}

impl ConditionalFeature {
    /// Those of a pyproject.toml, in order, without what maturin rejects.
    pub(super) fn all(pyproject: &Toml) -> Vec<Self> {
        let listed = pyproject.get(&["tool", "maturin", "features"]);
        let tables = listed.map(tables_of).unwrap_or_default().into_iter();
        tables.filter_map(|(table, _)| Self::of(table)).collect()
    }

    fn of(table: &dyn TableLike) -> Option<Self> {
        let text = |key: &str| table.get(key).and_then(Item::as_str);
        let versions = text("python-version").map(VersionSpecifiers::from_str);
        Some(Self {
            feature: text("feature")?.to_owned(),
            versions: versions.transpose().ok()?.unwrap_or_default(),
            implementation: text("python-implementation").map(str::to_lowercase),
        })
    }

    /// Whether maturin enables it for that interpreter; only the minor version matters.
    pub fn is_for(&self, implementation: Implementation, (major, minor): Minor) -> bool {
        let name = match implementation {
            Implementation::CPython | Implementation::FreeThreaded => "cpython",
            Implementation::PyPy => "pypy",
        };
        let is_named = self.implementation.as_deref().is_none_or(|it| it == name);
        is_named && self.versions.contains(&Version::new([major, minor]))
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    #[test]
    fn a_conditional_feature_is_for_the_interpreters_that_it_names() {
        let text = "[tool.maturin]\nfeatures = ['plain', { feature = 'new', python-version = '>=3.11' }, \
                    { feature = 'pp', python-implementation = 'PyPy' }, { python-version = '>=3' }]\n";
        let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), text).unwrap();
        assert_eq!(toml.strings(&["tool", "maturin", "features"]), ["plain"]);
        let enabled = |implementation, version| {
            let all = ConditionalFeature::all(&toml).into_iter();
            let all = all.filter(|it| it.is_for(implementation, version));
            all.map(|it| it.feature).collect::<Vec<_>>()
        };
        assert_eq!(enabled(Implementation::CPython, (3, 11)), ["new"]);
        assert_eq!(enabled(Implementation::FreeThreaded, (3, 14)), ["new"]);
        assert!(enabled(Implementation::CPython, (3, 10)).is_empty());
        let tables = "[[tool.maturin.features]]\nfeature = 'new'\npython-version = '>=3.11'\n";
        let tables = Toml::parse(Utf8Path::new("/p/pyproject.toml"), tables).unwrap();
        assert_eq!(ConditionalFeature::all(&tables)[0].feature, "new");
        assert_eq!(enabled(Implementation::PyPy, (3, 10)), ["pp"]);
    }
}
