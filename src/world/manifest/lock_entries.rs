//! The `[[package]]` entries of Cargo.lock and uv.lock.

use std::collections::BTreeMap;
use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use toml_edit::{Item, Table, TableLike, Value};

use crate::model::package_name;

use super::{Spanned, Toml};

/// A package as a lock file knows it.
#[derive(Clone, Debug)]
pub struct LockEntry {
    /// With the place of the name.
    pub name: Spanned<String>,
    /// uv leaves out versions that are dynamic.
    pub version: Option<Spanned<String>>,
    /// Whether it is a folder of the project: nothing that was fetched.
    pub local: bool,
    /// Of a Cargo.lock: names of what it needs, with the versions that they say.
    pub needs: Vec<(String, Option<String>)>,
    /// Of a uv.lock: what `requires-dist` says; `None` where there is no such key.
    pub requires: Option<Vec<LockedRequirement>>,
}

/// An entry of `requires-dist` in a uv.lock.
#[derive(Clone, Debug)]
pub struct LockedRequirement {
    /// Normalised.
    pub name: String,
    /// `None` where the requirement is taken from a source instead, or is no PEP 440.
    pub specifiers: Option<VersionSpecifiers>,
}

impl Toml {
    pub fn lock_entries(&self) -> Vec<LockEntry> {
        let packages = self.get(&["package"]).and_then(Item::as_array_of_tables);
        let packages = packages.into_iter().flatten();
        packages.filter_map(entry).collect()
    }

    /// The entry of a package that is a folder of the project; `name` is compared as PEP 503 says,
    /// under which crates differ as well.
    pub fn own_entry(&self, name: &str) -> Option<LockEntry> {
        let wanted = package_name::normalize(name);
        let of_name =
            |entry: &LockEntry| entry.local && package_name::normalize(&entry.name.value) == wanted;
        self.lock_entries().into_iter().find(of_name)
    }
}

impl Toml {
    /// What a uv.lock was made from of the dependency groups of a package, by normalised name; those of a root that
    /// is no package where it has no name. `None` where the lock does not say it.
    pub fn locked_groups(
        &self,
        name: Option<&str>,
    ) -> Option<BTreeMap<String, Vec<LockedRequirement>>> {
        let groups = match name {
            Some(name) => {
                let metadata = self.locked_package(name)?.get("metadata")?;
                metadata.get("requires-dev")
            }
            None => self.get(&["manifest"])?.get("dependency-groups"),
        };
        let groups = groups.and_then(Item::as_table_like);
        let group = |(name, item): (&str, &Item)| {
            let listed = item.as_array().into_iter().flatten().filter_map(required);
            (package_name::normalize(name), listed.collect())
        };
        let groups = groups.into_iter().flat_map(TableLike::iter);
        Some(groups.map(group).collect())
    }
}

fn entry(package: &Table) -> Option<LockEntry> {
    let metadata = package.get("metadata");
    let requires = metadata.and_then(|table| table.get("requires-dist"));
    Some(LockEntry {
        name: spanned(package.get("name")?)?,
        version: package.get("version").and_then(spanned),
        local: package.get("source").is_none_or(is_folder),
        needs: package.get("dependencies").map(needs).unwrap_or_default(),
        requires: requires
            .and_then(Item::as_array)
            .map(|array| array.iter().filter_map(required).collect()),
    })
}

fn spanned(item: &Item) -> Option<Spanned<String>> {
    Some(Spanned {
        value: item.as_str()?.to_owned(),
        span: item.span().unwrap_or_default(),
    })
}

/// uv's sources for what is in the project itself.
fn is_folder(source: &Item) -> bool {
    ["editable", "virtual", "directory"]
        .iter()
        .any(|kind| source.get(kind).is_some())
}

/// `"name"`, `"name version"` or `"name version (source)"`.
fn needs(item: &Item) -> Vec<(String, Option<String>)> {
    let words = super::strings_of(item);
    let split = |need: &String| {
        let mut words = need.split(' ');
        (
            words.next().unwrap_or_default().to_owned(),
            words.next().map(str::to_owned),
        )
    };
    words.iter().map(split).collect()
}

fn required(value: &Value) -> Option<LockedRequirement> {
    const SOURCES: [&str; 6] = ["url", "git", "path", "directory", "editable", "virtual"];
    let table = value.as_inline_table()?;
    let said = table.get("specifier").map(Value::as_str);
    let specifiers = match said {
        Some(text) => text.and_then(|text| VersionSpecifiers::from_str(text).ok()),
        None if SOURCES.iter().any(|key| table.contains_key(key)) => None,
        None => Some(VersionSpecifiers::empty()),
    };
    Some(LockedRequirement {
        name: package_name::normalize(table.get("name")?.as_str()?),
        specifiers,
    })
}
