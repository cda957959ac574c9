//! What maturin refuses only after it has compiled for minutes.

use crate::model::error::Result;
use crate::world::disk;
use crate::world::manifest::PyProject;
use crate::world::tool::Tool;

/// Older ones build all the same.
const REFUSES: [u64; 2] = [1, 8];

/// # Errors
/// [`Error::Manifest`](crate::model::error::Error::Manifest) with the place.
pub fn check(pyproject: &PyProject, maturin: &Tool) -> Result<()> {
    if !maturin.at_least(REFUSES) {
        return Ok(());
    }
    check_source(pyproject)?;
    check_version(pyproject)
}

fn check_source(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    let Some(said) = toml.spanned(&["tool", "maturin", "python-source"]) else {
        return Ok(());
    };
    if disk::is_dir(&pyproject.dir().join(&said.value)) {
        return Ok(());
    }
    let message = format!("`python-source` names no folder: `{}`", said.value);
    let hint = "name the folder that the package's own is in, relative to this file";
    Err(toml.error(&said.span, message, Some(hint.into())))
}

/// A `[project]` states its version, or that it is another file's (PEP 621).
fn check_version(pyproject: &PyProject) -> Result<()> {
    let toml = &pyproject.toml;
    let dynamic = toml.strings(&["project", "dynamic"]);
    let Some(name) = toml.spanned(&["project", "name"]) else {
        return Ok(());
    };
    if toml.get(&["project", "version"]).is_some() || dynamic.iter().any(|it| it == "version") {
        return Ok(());
    }
    let message = format!(
        "`{}` has no version, without which maturin installs nothing",
        name.value
    );
    let hint = "`dynamic = [\"version\"]` under [project] takes that of Cargo.toml";
    Err(toml.error(&name.span, message, Some(hint.into())))
}
