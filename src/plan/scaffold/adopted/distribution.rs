//! A package that stays as it is and requires another one with the module, in one uv workspace.

use crate::facts::adoption::{DISTRIBUTION_FOLDER, RustDistribution};
use crate::model::error::Result;
use crate::world::manifest::with_required_member;

use super::super::OLDEST;
use super::file_change::{FileChange, changed};
use super::member::Member;

pub(super) fn files(beside: &RustDistribution) -> Result<Vec<FileChange>> {
    let RustDistribution {
        pyproject, module, ..
    } = beside;
    let toml = &pyproject.toml;
    let pythons = toml.str(&["project", "requires-python"]);
    let member = Member {
        folder: DISTRIBUTION_FOLDER,
        module,
        krate: module.distribution.clone(),
        about: format!("The Rust part of {}", beside.package),
        inherits_version: false,
        license: toml.str(&["project", "license"]).map(str::to_owned),
        repository: None,
        // any user of the package can have what it requires
        pythons: pythons.map_or_else(|| format!(">=3.{OLDEST}"), str::to_owned),
        dependency: String::new(),
        is_named_alike: false,
        has_own_workspace: beside.is_nested,
    };
    let mut wanted = member.files();
    if beside.is_required {
        let found = beside.found.as_deref();
        let after = with_required_member(toml, &module.distribution, DISTRIBUTION_FOLDER, found)?;
        wanted.push(changed(pyproject.dir(), toml, after));
    }
    Ok(wanted)
}
