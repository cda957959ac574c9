//! Whether a uv.lock may be handed to uv as it is.

use camino::Utf8Path;

use crate::facts::project::Project;
use crate::model::error::{Error, Result};
use crate::model::package_name;
use crate::world::manifest::PyProject;

/// Checks a uv.lock before uv is handed it: that it is whole, and that it knows every dependency
/// that pyproject.toml names (`--frozen` would leave out one that was added since).
///
/// # Errors
/// [`Error::Manifest`] with the place where the lock ends or where the unknown dependency stands.
pub fn check_lock(path: &Utf8Path, project: &Project) -> Result<()> {
    let restore = || Some("git checkout uv.lock".to_owned());
    let toml = project.manifests.toml(path).map_err(|error| match error {
        Error::Manifest {
            message, location, ..
        } => Error::Manifest {
            message,
            location,
            hint: restore(),
        },
        other => other,
    })?;
    let Some(toml) = toml else { return Ok(()) };
    let end = toml.text().len().saturating_sub(1);
    for pyproject in locked(project) {
        let Some(name) = pyproject.normalized_name() else {
            continue;
        };
        let Some(needs) = toml.locked_dependencies(&name) else {
            let message =
                format!("`uv.lock` does not know {name}: it is cut short or of another project");
            return Err(toml.error(&(end..end), message, restore()));
        };
        for requirement in pyproject.dependencies_with_spans() {
            let name = package_name::of_requirement(&requirement.value);
            if !needs.contains(&name) {
                let message = format!("`uv.lock` does not know `{name}`");
                let hint = Some("uv lock".to_owned());
                return Err(pyproject.toml.error(&requirement.span, message, hint));
            }
        }
    }
    Ok(())
}

/// The packages that the lock must know: all of a uv workspace, else the members.
fn locked(project: &Project) -> Vec<&PyProject> {
    let own = project.members.iter();
    let own = own.filter_map(|member| member.pyproject.as_deref());
    let mut packages: Vec<&PyProject> = own.collect();
    if let Some(workspace) = &project.workspace {
        for package in workspace.packages() {
            if packages.iter().all(|known| known.dir() != package.dir()) {
                packages.push(package);
            }
        }
    }
    packages
}
