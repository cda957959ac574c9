//! What a Cargo.toml says about every dependency, with its place.

use camino::{Utf8Path, Utf8PathBuf};
use toml_edit::Item;

use crate::model::path::normalize;

use super::dependency_tables::{DependencyKind, DependencyTable, dependency_tables};
use super::{CargoToml, Spanned, Toml, strings_of};

/// One entry of a dependency table.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The name in the table, with its place: the name that features and code use, and by which it is
    /// inherited.
    pub key: Spanned<String>,
    /// The package's name: `package`, else the key.
    pub package: String,
    /// The version requirement.
    pub requirement: Option<Spanned<String>>,
    /// Absolute.
    pub path: Option<Utf8PathBuf>,
    pub features: Vec<String>,
    pub default_features: Option<bool>,
    /// Whether it is enabled only by a feature.
    pub optional: bool,
    /// `workspace = true`
    pub inherited: bool,
    pub kind: DependencyKind,
    /// The key of `[target]` that it belongs to: a triple or a `cfg`.
    pub platform: Option<String>,
}

impl Dependency {
    fn all(toml: &Toml, kinds: &[DependencyKind]) -> Vec<Self> {
        dependency_tables(toml)
            .filter(|it| kinds.contains(&it.kind))
            .flat_map(|it| Self::in_table(toml, &it))
            .collect()
    }

    fn in_table(toml: &Toml, of: &DependencyTable<'_>) -> Vec<Self> {
        let dir = toml.path.parent().unwrap_or(Utf8Path::new("/"));
        let entries = of.table.iter();
        entries
            .map(|(key, item)| {
                let text = |name: &str| item.get(name).and_then(Item::as_str);
                let is = |name: &str| item.get(name).and_then(Item::as_bool);
                let version = item.get("version").unwrap_or(item);
                let span = of.table.key(key).and_then(toml_edit::Key::span);
                Self {
                    key: Spanned {
                        value: key.to_owned(),
                        span: span.unwrap_or_default(),
                    },
                    package: text("package").unwrap_or(key).to_owned(),
                    requirement: version.as_str().map(|said| Spanned {
                        value: said.to_owned(),
                        span: version.span().unwrap_or_default(),
                    }),
                    path: text("path").map(|path| normalize(&dir.join(path))),
                    features: item.get("features").map(strings_of).unwrap_or_default(),
                    default_features: is("default-features").or_else(|| is("default_features")),
                    optional: is("optional") == Some(true),
                    inherited: is("workspace") == Some(true),
                    kind: of.kind,
                    platform: of.platform().map(str::to_owned),
                }
            })
            .collect()
    }

    /// Merges what it inherits from an entry of the workspace (cargo book, "Inheriting a dependency from a
    /// workspace"): a member can add features, but cannot disable the default ones by itself.
    fn inherit(&mut self, shared: &Self) {
        self.package.clone_from(&shared.package);
        self.path.clone_from(&shared.path);
        self.features.extend(shared.features.iter().cloned());
        if self.default_features != Some(true) {
            self.default_features = shared.default_features;
        }
    }
}

impl CargoToml {
    /// Every entry of `dependencies`, `build-dependencies` and `dev-dependencies`, for any target, as
    /// written.
    pub fn needs(&self) -> Vec<Dependency> {
        use DependencyKind::{Build, Dev, Normal};
        Dependency::all(&self.toml, &[Normal, Build, Dev])
    }

    /// The same, each with what it inherits from the workspace.
    pub fn whole_needs(&self) -> Vec<Dependency> {
        let root = self.workspace.as_ref();
        let shared = root.map(|root| Dependency::all(root, &[DependencyKind::Shared]));
        let shared = shared.unwrap_or_default();
        let mut needs = self.needs();
        for need in needs.iter_mut().filter(|need| need.inherited) {
            let mut known = shared.iter();
            if let Some(base) = known.find(|base| base.key.value == need.key.value) {
                need.inherit(base);
            }
        }
        needs
    }

    /// Normal and build dependencies, for any target, with what they inherit.
    pub fn dependencies(&self) -> Vec<Dependency> {
        let mut needs = self.whole_needs();
        needs.retain(|need| need.kind != DependencyKind::Dev);
        needs
    }

    /// `[dev-dependencies]`, for any target, which cargo must find even if it builds no tests.
    pub fn dev_dependencies(&self) -> Vec<Dependency> {
        let mut needs = self.whole_needs();
        needs.retain(|need| need.kind == DependencyKind::Dev);
        needs
    }

    /// `[workspace.dependencies]`, from which members inherit.
    pub fn workspace_dependencies(&self) -> Vec<Dependency> {
        Dependency::all(&self.toml, &[DependencyKind::Shared])
    }

    /// The version as stated in `[package]`.
    pub fn version(&self) -> Option<Spanned<String>> {
        self.toml.spanned(&["package", "version"])
    }

    /// The version that the crate has: its own, or the one that its own workspace gives it, which need not be
    /// that of the crates that depend on it.
    pub fn settled_version(&self) -> Option<Spanned<String>> {
        if !self.inherits("version") {
            return self.version();
        }
        let root = self.workspace.as_ref()?;
        root.spanned(&["workspace", "package", "version"])
    }

    /// The version that members inherit.
    pub fn workspace_version(&self) -> Option<Spanned<String>> {
        self.toml.spanned(&["workspace", "package", "version"])
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::super::Toml;
    use super::*;

    #[test]
    fn a_member_adds_to_what_it_inherits_and_leaves_no_default_features_out() {
        let root = "[workspace.dependencies]\na = { package = 'b', path = 'b', features = ['x'] }\n\
                    c = { version = '1', default-features = false }\n\
                    d = { version = '1', default-features = false }\n";
        let own = "[dependencies]\na = { workspace = true, features = ['y'], default-features = false }\n\
                   c.workspace = true\nd = { workspace = true, default-features = true }\n";
        let of = |path: &str, text| Toml::parse(Utf8Path::new(path), text).unwrap();
        let cargo = CargoToml {
            workspace: Some(of("/p/Cargo.toml", root).into()),
            ..CargoToml::of(of("/p/own/Cargo.toml", own)).unwrap()
        };
        let found = cargo.dependencies();
        assert_eq!(found[0].package, "b");
        assert_eq!(found[0].path.as_deref(), Some(Utf8Path::new("/p/b")));
        assert_eq!(found[0].features, ["y", "x"]);
        let defaults: Vec<_> = found.iter().map(|one| one.default_features).collect();
        assert_eq!(defaults, [None, Some(false), Some(true)]);
    }

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
