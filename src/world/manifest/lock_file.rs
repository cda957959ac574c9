//! What Cargo.lock and uv.lock say about packages: their `[[package]]` entries.

use std::collections::BTreeMap;
use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use toml_edit::{Item, Table, TableLike, Value};

use crate::model::package_name;

use super::{Spanned, Toml};

/// A package in a lock file.
#[derive(Clone, Debug)]
pub struct LockEntry {
    /// With the place of the name.
    pub name: Spanned<String>,
    /// uv leaves out dynamic versions.
    pub version: Option<Spanned<String>>,
    /// Whether it is a folder of the project, not something that was fetched.
    pub local: bool,
    /// In a Cargo.lock: the names of its dependencies, with the versions that they state.
    pub needs: Vec<(String, Option<String>)>,
    /// In a uv.lock: `requires-dist`; `None` if there is no such key.
    pub requires: Option<Vec<LockedRequirement>>,
}

/// An entry of `requires-dist` in a uv.lock.
#[derive(Clone, Debug)]
pub struct LockedRequirement {
    /// Normalised.
    pub name: String,
    /// `None` if the requirement is taken from a source instead, or is not PEP 440.
    pub specifiers: Option<VersionSpecifiers>,
}

impl Toml {
    pub fn lock_entries(&self) -> Vec<LockEntry> {
        self.package_tables().filter_map(entry).collect()
    }

    /// The entry of a package that is a folder of the project; `name` is compared by PEP 503, which
    /// distinguishes crates too.
    pub fn own_entry(&self, name: &str) -> Option<LockEntry> {
        let wanted = Some(package_name::normalize(name));
        let mut packages = self.package_tables();
        entry(packages.find(|package| is_local(package) && normalized_name_of(package) == wanted)?)
    }

    /// The `[[package]]` entries of a Cargo.lock: name, and names of what it needs.
    pub fn packages(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        self.package_tables().filter_map(|package| {
            let needs = package.get("dependencies").map(needs).unwrap_or_default();
            let names = needs.into_iter().map(|(name, _)| name).collect();
            Some((name_of(package)?.to_owned(), names))
        })
    }

    /// The version of a package in a Cargo.lock; the highest line of several.
    pub fn locked_version(&self, name: &str) -> Option<String> {
        self.package_tables()
            .filter(|package| name_of(package) == Some(name))
            .filter_map(|package| package.get("version")?.as_str().map(str::to_owned))
            .last()
    }

    /// The locked versions of a package in a uv.lock; `name`: normalised.
    pub fn locked_versions(&self, name: &str) -> Vec<String> {
        let own = self
            .package_tables()
            .filter(|package| normalized_name_of(package).as_deref() == Some(name));
        let versions = own.filter_map(|package| package.get("version")?.as_str());
        versions.map(str::to_owned).collect()
    }

    /// The normalised names of what a package in a uv.lock was locked from: its `requires-dist`, because uv
    /// leaves out dependencies whose markers never hold; `None` if the lock does not have it.
    pub fn locked_dependencies(&self, name: &str) -> Option<Vec<String>> {
        let package = self.locked_package(name)?;
        let said = package
            .get("metadata")
            .and_then(|metadata| metadata.get("requires-dist"));
        let needs = said
            .or(package.get("dependencies"))
            .and_then(Item::as_array);
        let name = |need: &Value| {
            need.as_inline_table()?
                .get("name")?
                .as_str()
                .map(package_name::normalize)
        };
        Some(needs.into_iter().flatten().filter_map(name).collect())
    }

    /// The name of the package that a uv.lock has from a folder, relative to its own; empty for its own.
    pub fn locked_in(&self, folder: &str) -> Option<Spanned<String>> {
        let is_there = |package: &&Table| {
            let source = package.get("source").and_then(Item::as_table_like);
            let mut kinds = source.into_iter().flat_map(TableLike::iter);
            kinds.any(|(kind, path)| {
                let path = path
                    .as_str()
                    .map(|path| if path == "." { "" } else { path });
                FOLDERS.contains(&kind) && path == Some(folder)
            })
        };
        spanned(self.package_tables().find(is_there)?.get("name")?)
    }

    /// The folders that a uv.lock has packages from, relative to its own.
    pub fn locked_folders(&self) -> impl Iterator<Item = &str> {
        let sources = self
            .package_tables()
            .filter_map(|package| package.get("source")?.as_table_like());
        let kinds = sources.flat_map(TableLike::iter);
        kinds.filter_map(|(kind, path)| path.as_str().filter(|_| FOLDERS.contains(&kind)))
    }

    /// The normalised names of the extras of a package in a uv.lock; `None` if the lock does not have it, or
    /// was written by a uv that did not record them.
    pub fn locked_extras(&self, name: &str) -> Option<Vec<String>> {
        let metadata = self.locked_package(name)?.get("metadata")?;
        let extras = metadata.get("provides-extras")?.as_array()?;
        let extras = extras.iter().filter_map(Value::as_str);
        Some(extras.map(package_name::normalize).collect())
    }

    /// The dependency groups that a uv.lock was made from, by normalised name; those of a root that is not a
    /// package if it has no name. `None` if the lock does not say.
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

    /// `name`: normalised.
    fn locked_package(&self, name: &str) -> Option<&Table> {
        self.package_tables()
            .find(|package| normalized_name_of(package).as_deref() == Some(name))
    }

    fn package_tables(&self) -> impl Iterator<Item = &Table> {
        let packages = self.get(&["package"]).and_then(Item::as_array_of_tables);
        packages.into_iter().flatten()
    }
}

fn name_of(package: &Table) -> Option<&str> {
    package.get("name")?.as_str()
}

fn normalized_name_of(package: &Table) -> Option<String> {
    name_of(package).map(package_name::normalize)
}

/// Whether it is a folder of the project, not something that was fetched.
fn is_local(package: &Table) -> bool {
    package.get("source").is_none_or(is_folder)
}

fn entry(package: &Table) -> Option<LockEntry> {
    let metadata = package.get("metadata");
    let requires = metadata.and_then(|table| table.get("requires-dist"));
    Some(LockEntry {
        name: spanned(package.get("name")?)?,
        version: package.get("version").and_then(spanned),
        local: is_local(package),
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

/// uv's source kinds for what is in the project itself.
const FOLDERS: [&str; 3] = ["editable", "virtual", "directory"];

fn is_folder(source: &Item) -> bool {
    FOLDERS.iter().any(|kind| source.get(kind).is_some())
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
