//! What tools with environments of their own install into them for tests: hatch, poetry, pdm, tox and nox, as
//! far as it can be read without running them.

mod hatch;
mod nox;
mod pdm;
mod poetry;
mod python;
mod rye;
mod tool_environment;
mod tox;

use camino::Utf8PathBuf;

use crate::model::error::Result;
use crate::world::disk;
use crate::world::manifest::{Manifests, PyProject};

pub(super) use tool_environment::{Place, REQUIREMENTS, ToolEnvironment};

/// All of a folder, in the order in which their tools would be asked; `files`: those that decide, existing or
/// not.
pub(super) fn all(
    manifests: &Manifests,
    pyproject: &PyProject,
    files: &mut Vec<Utf8PathBuf>,
) -> Result<Vec<ToolEnvironment>> {
    for name in [
        "hatch.toml",
        "tox.toml",
        "tox.ini",
        "setup.cfg",
        "noxfile.py",
    ] {
        files.push(pyproject.dir().join(name));
    }
    let tools = by_tool(manifests, pyproject)?.into_iter();
    let each = tools.flat_map(|(file, environments)| {
        let environments = environments.into_iter();
        environments.map(move |environment| ToolEnvironment {
            file: Some(file.clone()),
            ..environment
        })
    });
    Ok(each.collect())
}

/// The same, those of each tool with the file that declares them, absolute.
pub(super) fn by_tool(
    manifests: &Manifests,
    pyproject: &PyProject,
) -> Result<Vec<(Utf8PathBuf, Vec<ToolEnvironment>)>> {
    let dir = pyproject.dir();
    let first = |names: &[&str]| {
        let mut paths = names.iter().map(|name| dir.join(name));
        let there = paths.find(|path| disk::is_file(path));
        there.unwrap_or_else(|| pyproject.toml.path.clone())
    };
    let noxfile = dir.join("noxfile.py");
    let text = disk::read_text(&noxfile)?.unwrap_or_default();
    let of_tox = ["tox.ini", "setup.cfg", "tox.toml"];
    Ok(vec![
        (
            first(&["hatch.toml"]),
            hatch::environments(manifests, pyproject)?,
        ),
        (first(&[]), poetry::groups(&pyproject.toml)),
        (first(&[]), pdm::groups(&pyproject.toml)),
        (first(&[]), rye::dependencies(&pyproject.toml)),
        (first(&of_tox), tox::environments(manifests, pyproject)?),
        (noxfile.clone(), nox::sessions(&noxfile, &text)),
    ])
}
