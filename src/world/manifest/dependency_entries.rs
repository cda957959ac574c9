//! What a Cargo.toml says of every dependency, with its place.

use camino::Utf8PathBuf;
use toml_edit::{Item, TableLike};

use crate::model::path::normalize;

use super::dependency_tables::{DependencyKind, dependency_tables};
use super::{CargoToml, Spanned};

/// One entry of a table of dependencies.
#[derive(Clone, Debug)]
pub struct DependencyEntry {
    /// The name in the table, with its place.
    pub key: Spanned<String>,
    /// The package's name: `package`, else the key.
    pub package: String,
    /// The version requirement.
    pub requirement: Option<Spanned<String>>,
    /// Absolute.
    pub path: Option<Utf8PathBuf>,
    /// `workspace = true`
    pub inherited: bool,
}

impl CargoToml {
    /// Every entry of `dependencies`, `build-dependencies` and `dev-dependencies`, of any target.
    pub fn needs(&self) -> Vec<DependencyEntry> {
        dependency_tables(&self.toml)
            .filter(|it| it.kind != DependencyKind::Shared)
            .flat_map(|it| self.needs_in(it.table))
            .collect()
    }

    /// `[workspace.dependencies]`
    pub fn workspace_needs(&self) -> Vec<DependencyEntry> {
        dependency_tables(&self.toml)
            .filter(|it| it.kind == DependencyKind::Shared)
            .flat_map(|it| self.needs_in(it.table))
            .collect()
    }

    fn needs_in(&self, table: &dyn TableLike) -> Vec<DependencyEntry> {
        let entries = table.iter();
        entries
            .map(|(key, item)| {
                let text = |name: &str| item.get(name).and_then(Item::as_str);
                let version = item.get("version").unwrap_or(item);
                let span = table.key(key).and_then(toml_edit::Key::span);
                DependencyEntry {
                    key: Spanned {
                        value: key.to_owned(),
                        span: span.unwrap_or_default(),
                    },
                    package: text("package").unwrap_or(key).to_owned(),
                    requirement: version.as_str().map(|said| Spanned {
                        value: said.to_owned(),
                        span: version.span().unwrap_or_default(),
                    }),
                    path: text("path").map(|path| normalize(&self.dir().join(path))),
                    inherited: item.get("workspace").and_then(Item::as_bool) == Some(true),
                }
            })
            .collect()
    }

    /// The version as `[package]` says it.
    pub fn version(&self) -> Option<Spanned<String>> {
        self.toml.spanned(&["package", "version"])
    }

    /// The version that members inherit.
    pub fn workspace_version(&self) -> Option<Spanned<String>> {
        self.toml.spanned(&["workspace", "package", "version"])
    }

    /// Whether no registry may have the crate: `publish = false`, its own or that of the workspace
    /// whose root manifest is given (cargo book, "The `publish` field").
    pub fn is_private(&self, workspace: Option<&Self>) -> bool {
        let (holder, table) = match workspace {
            Some(root) if self.inherits("publish") => (root, &["workspace", "package"][..]),
            _ => (self, &["package"][..]),
        };
        holder.toml.bool(&[table, &["publish"]].concat()) == Some(false)
    }

    /// Whether a field of `[package]` is the workspace's.
    pub fn inherits(&self, field: &str) -> bool {
        self.toml.bool(&["package", field, "workspace"]) == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::super::Toml;
    use super::*;

    #[test]
    fn dependencies_of_every_kind_are_found_with_what_they_say() {
        let text = "[dependencies]\na = '1'\nb = { path = '../b', version = '0.1' }\n\
                    [dev-dependencies]\nc.workspace = true\n\
                    [target.'cfg(unix)'.build-dependencies.d]\npackage = 'e'\nversion = '2'\n";
        let toml = Toml::parse(Utf8Path::new("/p/Cargo.toml"), text).unwrap();
        let found = CargoToml::of(toml).unwrap().needs();
        let said: Vec<_> = found
            .iter()
            .map(|need| {
                let requirement = need.requirement.as_ref().map(|text| &*text.value);
                (&*need.package, requirement, need.inherited)
            })
            .collect();
        assert_eq!(
            said,
            [
                ("a", Some("1"), false),
                ("b", Some("0.1"), false),
                ("c", None, true),
                ("e", Some("2"), false),
            ]
        );
        assert_eq!(found[1].path.as_deref(), Some(Utf8Path::new("/b")));
        let place = found[1].requirement.as_ref().unwrap().span.clone();
        assert_eq!(&text[place], "'0.1'");
    }
}
