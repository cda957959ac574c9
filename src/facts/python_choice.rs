//! Which Python the project's environment is made with.

use crate::model::error::{Error, PythonError, Result};
use crate::model::minor;
use crate::world::interpreter::Interpreter;
use crate::world::python_request::{self, InterpreterChoice};
use crate::world::session::Session;

use super::project::Project;
use super::supported_pythons::{self, SupportedPythons};
use super::target_environment::TargetEnvironment;

/// # Errors
/// [`PythonError::Unsupported`] where the environment's Python is none that PyO3 is for.
pub(super) fn require_supported(
    target: &TargetEnvironment,
    supported: &[SupportedPythons],
) -> Result<()> {
    let Some(python) = target.environment.interpreter() else {
        return Ok(());
    };
    match supported_pythons::refusing(supported, &python) {
        Some(refusing) => Err(unsupported(&python, refusing)),
        None => Ok(()),
    }
}

/// What is to be had, and what is to be said of what was passed over. `installed`: in their order;
/// `unavailable`: what uv could not download, as it was asked for.
///
/// # Errors
/// [`PythonError::NoInterpreter`]; [`PythonError::Unsupported`] for one that was asked for by name.
pub(super) fn choose(
    session: &Session,
    project: &Project,
    target: &TargetEnvironment,
    installed: &[Interpreter],
    unavailable: &[String],
    supported: &[SupportedPythons],
) -> Result<(InterpreterChoice, Option<String>)> {
    let requires = project.environment_requires_python();
    let requested = target.requested.as_ref();
    let choice = python_request::choose(session, installed, requested, &requires)?;
    let supported_too = [requires.clone(), supported_pythons::requirements(supported)].concat();
    let wanted = match &choice {
        InterpreterChoice::Use(found) => {
            let Some(refusing) = supported_pythons::refusing(supported, found) else {
                return Ok((choice, None));
            };
            if requested.is_some_and(|requested| !requested.is_soft()) {
                return Err(unsupported(found, refusing));
            }
            let refused = refusing.wording(found.implementation);
            let warning = format!("{refused}: {found} is passed over");
            let choice = python_request::choose(session, installed, None, &supported_too)?;
            return Ok((choice, Some(warning)));
        }
        InterpreterChoice::Download(wanted) => wanted,
    };
    if !unavailable.contains(&wanted.text) {
        return Ok((choice, None));
    }
    if !wanted.is_soft() {
        let wanted = requested.unwrap_or(wanted);
        return Err(python_request::unmet(session, installed, wanted, &requires));
    }
    let fallback = python_request::choose(session, installed, None, &supported_too)?;
    let InterpreterChoice::Use(found) = &fallback else {
        return Err(python_request::none_fits(installed, &wanted.text));
    };
    let warning = format!(
        "Python {} ({}) is neither installed nor to be had; using {found}",
        wanted.text, wanted.from
    );
    Ok((fallback, Some(warning)))
}

/// How one is asked for that the PyO3 is for.
fn another(python: &Interpreter, refusing: &SupportedPythons) -> Option<String> {
    let range = refusing.of(python.implementation)?;
    let oldest = range
        .oldest
        .filter(|oldest| minor::of(&python.version) < *oldest);
    let nearest = oldest.or(range.newest)?;
    Some(python.implementation.request(nearest))
}

fn unsupported(python: &Interpreter, refusing: &SupportedPythons) -> Error {
    Error::Python(PythonError::Unsupported {
        found: python.to_string(),
        supported: refusing.wording(python.implementation),
        other: another(python, refusing),
    })
}
