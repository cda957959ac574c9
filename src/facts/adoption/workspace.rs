//! A workspace member that holds the module: for several crates, or for one that cannot hold it itself.

use std::sync::Arc;

use camino::Utf8Path;

use crate::facts::new_project::in_workspace;
use crate::facts::project_name::Name;
use crate::model::error::{Error, Result};
use crate::model::package_name;
use crate::model::path::{normalize, slashed};
use crate::world::disk;
use crate::world::manifest::{CargoToml, Manifests};

use super::module_name::ModuleName;
use super::options::AdoptionOptions;

/// Where the member goes, in order of preference.
const FOLDERS: [&str; 3] = ["python", "bindings/python", "crates/python"];

/// What gets a Python member: a workspace whose root is not a crate, or a crate.
#[derive(Debug)]
pub struct CargoWorkspace {
    /// The Cargo.toml of the workspace's root, or of the crate.
    pub cargo: Arc<CargoToml>,
    pub module: ModuleName,
    /// Where the new member goes, relative to the root.
    pub folder: &'static str,
    /// Whether the root need not name that folder: `members` already does, or another workspace claims the
    /// root and the member is a workspace of its own.
    pub is_listed: bool,
    /// Whether the member is a workspace of its own.
    pub has_own_workspace: bool,
    /// The library that Python is to see: the only one, or the one with the folder's name. Name, and path
    /// relative to the new member.
    pub exposed: Option<(String, String)>,
    /// Why the crate itself does not get the module, if there is a crate.
    pub why: Option<String>,
}

impl CargoWorkspace {
    pub(super) fn read(
        manifests: &Manifests,
        cargo: Arc<CargoToml>,
        options: &AdoptionOptions,
    ) -> Result<Self> {
        let root = cargo.dir().to_owned();
        let name = workspace_name(&root, options)?;
        let patterns = cargo.toml.strings(&["workspace", "members"]);
        let folder = free_folder(&root)?;
        Ok(Self {
            exposed: library_of(manifests, &root, &patterns, &name.krate, folder)?,
            is_listed: covers(&patterns, folder),
            has_own_workspace: false,
            module: ModuleName::of(name),
            why: None,
            cargo,
            folder,
        })
    }

    /// For a library, and why it does not get the module itself.
    pub(super) fn beside(
        manifests: &Manifests,
        cargo: Arc<CargoToml>,
        module: ModuleName,
        why: Option<String>,
    ) -> Result<Self> {
        let folder = free_folder(cargo.dir())?;
        let has_own_workspace = !cargo.is_workspace() && in_workspace(manifests, cargo.dir())?;
        let patterns = cargo.toml.strings(&["workspace", "members"]);
        let name = cargo.package_name().unwrap_or_default().to_owned();
        Ok(Self {
            exposed: Some((name, up(folder))),
            is_listed: has_own_workspace || covers(&patterns, folder),
            has_own_workspace,
            module,
            why,
            cargo,
            folder,
        })
    }
}

/// The existing member, by the name of its distribution.
pub(super) fn member_there(manifests: &Manifests, root: &Utf8Path) -> Result<Option<String>> {
    for folder in FOLDERS {
        let pyproject = root.join(folder).join("pyproject.toml");
        if let Some(own) = manifests.pyproject(&pyproject)?
            && own.builds_with_maturin()
        {
            return Ok(Some(own.name().unwrap_or(folder).to_owned()));
        }
    }
    Ok(None)
}

fn free_folder(root: &Utf8Path) -> Result<&'static str> {
    let is_free = |folder: &&str| disk::names(&root.join(folder)).is_empty();
    FOLDERS.into_iter().find(is_free).ok_or_else(|| {
        let message = format!("{} already exist in `{root}`", FOLDERS.join(", "));
        Error::refused(message, "cargo pyx new NAME, in a folder of your own")
    })
}

/// Whether the workspace members' patterns cover a folder.
fn covers(patterns: &[String], folder: &str) -> bool {
    let mut patterns = patterns.iter();
    patterns.any(|pattern| disk::is_folder_like(pattern, folder))
}

/// The folder's name as a package, or what was asked for.
fn workspace_name(root: &Utf8Path, options: &AdoptionOptions) -> Result<Name> {
    if let Some(module) = &options.module {
        return Name::parse(module, &[], |other| format!("--module {other}"));
    }
    let hint = |other: &str| {
        let other = other.replace('-', "_");
        format!("cargo pyx init --module {other}")
    };
    Name::parse(root.file_name().unwrap_or_default(), &[], hint)
}

fn library_of(
    manifests: &Manifests,
    root: &Utf8Path,
    patterns: &[String],
    name: &str,
    folder: &str,
) -> Result<Option<(String, String)>> {
    let mut libraries = Vec::new();
    for dir in patterns
        .iter()
        .flat_map(|pattern| disk::folders_like(root, pattern))
    {
        let Some(cargo) = manifests.cargo(&dir.join("Cargo.toml"))? else {
            continue;
        };
        if cargo.has_lib() && cargo.toml.bool(&["lib", "proc-macro"]) != Some(true) {
            libraries.extend(
                cargo
                    .package_name()
                    .map(|name| (name.to_owned(), normalize(&dir))),
            );
        }
    }
    let named = libraries
        .iter()
        .find(|(one, _)| package_name::normalize(one) == name);
    let chosen = named.or(if let [only] = &libraries[..] {
        Some(only)
    } else {
        None
    });
    let up = up(folder);
    Ok(chosen.and_then(|(name, dir)| {
        let below = slashed(dir.strip_prefix(root).ok()?);
        Some((name.clone(), format!("{up}/{below}")))
    }))
}

/// The relative path from a folder up to its root.
fn up(folder: &str) -> String {
    let parts: Vec<&str> = folder.split('/').map(|_| "..").collect();
    parts.join("/")
}
