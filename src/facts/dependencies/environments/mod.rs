//! What the tools that keep environments of their own install into them for tests: hatch, poetry, pdm,
//! tox and nox, as far as it can be read without running them.

mod hatch;
mod nox;
mod pdm;
mod poetry;
mod python;
mod tool_environment;
mod tox;

use camino::Utf8PathBuf;

use crate::model::error::Result;
use crate::world::disk;
use crate::world::manifest::{Manifests, PyProject};

pub(super) use tool_environment::{Place, ToolEnvironment};

/// All of a folder's, in the order in which their tools would be asked; `files`: those that decide,
/// there or not.
pub(super) fn all(
    manifests: &Manifests,
    pyproject: &PyProject,
    files: &mut Vec<Utf8PathBuf>,
) -> Result<Vec<ToolEnvironment>> {
    let dir = pyproject.dir();
    let mut found = hatch::environments(manifests, pyproject)?;
    found.extend(poetry::groups(&pyproject.toml));
    found.extend(pdm::groups(&pyproject.toml));
    found.extend(tox::environments(manifests, pyproject)?);
    let noxfile = dir.join("noxfile.py");
    let text = disk::read_text(&noxfile)?.unwrap_or_default();
    found.extend(nox::sessions(&noxfile, &text));
    for name in ["hatch.toml", "tox.toml", "tox.ini", "setup.cfg"] {
        files.push(dir.join(name));
    }
    files.push(noxfile);
    Ok(found)
}
