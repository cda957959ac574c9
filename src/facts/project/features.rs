//! Which features cargo enables in a crate and its dependencies, by pyx's own reading of the manifests (cargo
//! book, "Features" and "Feature resolver version 2"): needed where no process may be started, and where
//! there is no Cargo.lock yet. `tests/it/contract` checks it against `cargo tree`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8Path;

use crate::world::manifest::{CargoToml, Dependency, DependencyKind};

use super::Member;

/// What cargo is told about the features of the crate that it builds.
#[derive(Clone, Copy, Debug)]
pub struct FeatureSelection<'a> {
    pub features: &'a [String],
    pub default: bool,
}

/// Enabled features by their package.
pub(super) struct Enabled<'a> {
    member: &'a Member,
    crates: BTreeMap<&'a Utf8Path, &'a Arc<CargoToml>>,
    /// Of those crates, by Cargo.toml: the enabled features, and what they enable, as `dep:a` and `a/b`.
    here: BTreeMap<&'a Utf8Path, BTreeSet<String>>,
    /// Of packages that come from elsewhere.
    elsewhere: BTreeMap<&'a str, BTreeSet<String>>,
}

impl<'a> Enabled<'a> {
    pub(super) fn of(member: &'a Member, selection: FeatureSelection<'_>) -> Self {
        let crates = member.crates();
        let mut chosen: BTreeSet<String> = selection.features.iter().cloned().collect();
        if selection.default {
            chosen.insert("default".to_owned());
        }
        let mut enabled = Self {
            member,
            crates: crates.map(|it| (&*it.toml.path, it)).collect(),
            here: [(member.manifest(), chosen)].into(),
            elsewhere: BTreeMap::new(),
        };
        // what one crate switches on in another may be what that one switches on in a third
        while enabled.grows() {}
        enabled
    }

    /// Those of a package, wherever it comes from.
    pub(super) fn of_package(&self, package: &str) -> impl Iterator<Item = &String> {
        let here = self.here.iter();
        let here = here.filter(move |(path, _)| self.crates[*path].package_name() == Some(package));
        let elsewhere = self.elsewhere.get(package);
        here.map(|(_, features)| features)
            .chain(elsewhere)
            .flatten()
    }

    fn grows(&mut self) -> bool {
        let count = |of: &Self| {
            let here = of.here.values().map(|it| 1 + it.len()).sum::<usize>();
            here + of.elsewhere.values().map(BTreeSet::len).sum::<usize>()
        };
        let before = count(self);
        let known: Vec<&Utf8Path> = self.here.keys().copied().collect();
        for path in known {
            self.expand(path);
        }
        count(self) > before
    }

    /// What the features of one crate enable, in itself and in its dependencies.
    fn expand(&mut self, path: &'a Utf8Path) {
        let Some(&cargo) = self.crates.get(path) else {
            return;
        };
        let on = self.here.remove(path).unwrap_or_default();
        let on = cargo.features_behind(on.into_iter().collect());
        let mut on: BTreeSet<String> = on.into_iter().collect();
        let member = self.member;
        let listed = member.dependencies.get(path);
        for need in listed
            .into_iter()
            .flatten()
            .filter(|it| counts(member, it, path))
        {
            let key = &*need.key.value;
            let of_it = |feature: &String| {
                let (name, feature) = feature.split_once('/')?;
                (name.trim_end_matches('?') == key).then(|| feature.to_owned())
            };
            let is_strong = |feature: &String| {
                let rest = feature.strip_prefix(key);
                rest.is_some_and(|rest| rest.starts_with('/'))
            };
            if need.optional {
                if on.iter().any(is_strong) {
                    // cargo also enables the feature with that name
                    on.extend([format!("dep:{key}"), key.to_owned()]);
                }
                let is_feature = cargo.toml.get(&["features", key]).is_some();
                let by_name = on.contains(key) && !is_feature;
                if !by_name && !on.contains(&format!("dep:{key}")) {
                    continue;
                }
            }
            let mut features: BTreeSet<String> = need.features.iter().cloned().collect();
            features.extend(on.iter().filter_map(of_it));
            if need.default_features != Some(false) {
                features.insert("default".to_owned());
            }
            self.add(need, features);
        }
        self.here.entry(path).or_default().extend(on);
    }

    fn add(&mut self, need: &'a Dependency, features: BTreeSet<String>) {
        let manifest = need.path.as_ref().map(|dir| dir.join("Cargo.toml"));
        let known = manifest.and_then(|path| self.crates.get_key_value(&*path));
        let of = match known {
            Some((path, _)) => self.here.entry(path).or_default(),
            None => self.elsewhere.entry(&need.package).or_default(),
        };
        of.extend(features);
    }
}

/// Whether an entry of the crate at `path` counts for the features of the member's build: for the first
/// resolver all do, including the crate's own dev-dependencies.
fn counts(member: &Member, need: &Dependency, path: &Utf8Path) -> bool {
    if member.resolver() == 1 {
        return need.kind != DependencyKind::Dev || path == member.manifest();
    }
    need.kind == DependencyKind::Normal && need.may_be_here()
}
