//! Which Python the project's environment is created with.

use pep440_rs::VersionSpecifiers;

use crate::model::admitted;
use crate::model::error::{Error, PythonError, Result};
use crate::model::implementation::Implementation;
use crate::model::minor;
use crate::world::interpreter::Interpreter;
use crate::world::python_preference::PythonPreference;
use crate::world::python_request::{self, InterpreterChoice};
use crate::world::session::Session;

use super::project::Project;
use super::supported_pythons::{self, SupportedPythons};
use super::target_environment::TargetEnvironment;

/// Checks that PyO3 supports the environment's Python.
///
/// # Errors
/// [`PythonError::Unsupported`] if it does not.
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

/// Why PyO3 does not support the environment's Python, as the end of a sentence.
pub(super) fn unsupported_by(
    target: &TargetEnvironment,
    supported: &[SupportedPythons],
) -> Option<String> {
    let python = target.environment.interpreter()?;
    let refusing = supported_pythons::refusing(supported, &python)?;
    let wording = refusing.wording(python.implementation);
    Some(format!("it has {python}, but {wording}"))
}

/// What is available, and the warning about what was skipped. `installed`: in order; `unavailable`: what uv
/// could not download, as it was asked for.
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
    let supported_too = [requires.clone(), supported_pythons::requirements(supported)].concat();
    let requested = target.requested.as_ref();
    let mut choice = python_request::choose(session, installed, requested, &requires)?;
    if let (None, InterpreterChoice::Download(_)) = (requested, &choice) {
        choice = python_request::choose(session, installed, None, &supported_too)?;
        require_obtainable(&choice, unavailable, &supported_too, supported)?;
    }
    let wanted = match &choice {
        InterpreterChoice::Use(found) => {
            let Some(refusing) = supported_pythons::refusing(supported, found) else {
                return Ok((choice, None));
            };
            if requested.is_some_and(|requested| !requested.is_soft()) {
                return Err(unsupported(found, refusing));
            }
            let refused = refusing.wording(found.implementation);
            let warning = format!("{refused}: skipping {found}");
            let other = python_request::choose(session, installed, None, &supported_too)?;
            require_obtainable(&other, unavailable, &supported_too, supported)?;
            return Ok((other, Some(warning)));
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
        "Python {} ({}) is neither installed nor available; using {found}",
        wanted.text, wanted.from
    );
    Ok((fallback, Some(warning)))
}

/// Refuses a download if uv is told to use only the system's interpreters.
///
/// # Errors
/// [`Error::Refused`]; uv settings that cannot be read.
pub(super) fn check_preference(
    session: &Session,
    project: &Project,
    choice: &InterpreterChoice,
) -> Result<()> {
    let InterpreterChoice::Download(wanted) = choice else {
        return Ok(());
    };
    let preference = PythonPreference::read(session, &project.manifests, &project.home)?;
    if preference != Some(PythonPreference::OnlySystem) {
        return Ok(());
    }
    let message = format!(
        "this system has no Python {}, and uv's `python-preference` is `only-system`",
        wanted.text
    );
    let hint = "install one, or set `python-preference = \"system\"` so that uv may download it";
    Err(Error::refused(message, hint))
}

/// Refuses a download that does not exist: no release is within all `limits`, or uv found none.
fn require_obtainable(
    choice: &InterpreterChoice,
    unavailable: &[String],
    limits: &[VersionSpecifiers],
    supported: &[SupportedPythons],
) -> Result<()> {
    let InterpreterChoice::Download(wanted) = choice else {
        return Ok(());
    };
    if supported.is_empty() {
        return Ok(());
    }
    let pyo3 = supported
        .iter()
        .map(|it| it.wording(Implementation::CPython));
    let pyo3 = pyo3.collect::<Vec<_>>().join("; ");
    let message = if admitted::exclude_each_other(limits) {
        format!("{pyo3}, but `requires-python` allows none of them")
    } else if unavailable.contains(&wanted.text) {
        format!("{pyo3}, but no Python {} is available", wanted.text)
    } else {
        return Ok(());
    };
    let hint = "use another PyO3 (`cargo add pyo3`) or a wider `requires-python`";
    Err(Error::refused(message, hint))
}

/// How to ask for one that the PyO3 supports.
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

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use crate::world::python_request::{PythonRequest, RequestSource};

    use super::super::supported_pythons::VersionRange;
    use super::*;

    #[test]
    fn uv_gets_no_python_where_it_is_told_to_take_the_systems() {
        let checked = |preference: &str| {
            let env = [("UV_PYTHON_PREFERENCE".to_owned(), preference.to_owned())];
            let session = Session {
                env: env.into(),
                ..Session::default()
            };
            let wanted = InterpreterChoice::Download(PythonRequest {
                text: "3.12".into(),
                from: RequestSource::CommandLine,
            });
            check_preference(&session, &Project::default(), &wanted)
        };
        let refused = checked("only-system").unwrap_err().to_string();
        assert!(
            refused.starts_with("this system has no Python 3.12"),
            "{refused}"
        );
        for preference in ["system", "managed", "only-managed", ""] {
            checked(preference).unwrap();
        }
    }

    #[test]
    fn a_python_is_asked_of_uv_once_and_only_where_there_can_be_one() {
        let supported = [SupportedPythons {
            pyo3: "0.20.3".into(),
            cpython: VersionRange {
                oldest: Some((3, 7)),
                newest: Some((3, 12)),
            },
            ..SupportedPythons::default()
        }];
        let download = InterpreterChoice::Download(PythonRequest {
            text: "own".into(),
            from: RequestSource::RequiresPython,
        });
        let refused = |unavailable: &[&str], requires: &str| {
            let unavailable: Vec<String> = unavailable.iter().map(ToString::to_string).collect();
            let requires = VersionSpecifiers::from_str(requires).unwrap();
            let limits = [vec![requires], supported_pythons::requirements(&supported)].concat();
            let refused = require_obtainable(&download, &unavailable, &limits, &supported);
            refused.err().map(|error| error.to_string())
        };
        let pyo3 = "PyO3 0.20.3 is for CPython 3.7 to 3.12";
        let none = format!("{pyo3}, but `requires-python` allows none of them");
        assert_eq!(refused(&[], ">=3.13"), Some(none));
        assert_eq!(refused(&[], ">=3.12"), None);
        assert_eq!(refused(&["other"], ">=3.12"), None);
        let gone = format!("{pyo3}, but no Python own is available");
        assert_eq!(refused(&["own"], ">=3.12"), Some(gone));
    }
}
