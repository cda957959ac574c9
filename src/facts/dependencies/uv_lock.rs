//! Whether a uv.lock may be handed to uv as it is.

use camino::Utf8Path;

use crate::facts::project::Project;
use crate::model::error::{Error, Result};
use crate::model::package_name;

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
    for member in &project.members {
        let Some(pyproject) = &member.pyproject else {
            continue;
        };
        let Some(needs) = toml.locked_dependencies(&member.name) else {
            let message = format!(
                "`uv.lock` does not know {}: it is cut short or of another project",
                member.name
            );
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
