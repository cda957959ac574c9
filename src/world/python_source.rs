//! The source of a Python module, read by Python's own parser; nothing of it is run.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, PythonError, Result};
use crate::model::invocation::Invocation;
use crate::model::python_function::PythonSource;

use super::interpreter;
use super::process;
use super::session::Session;

/// What the file of a module says of a function, and how `callers` call it; all paths absolute.
///
/// # Errors
/// [`Error::Refused`] without a Python on this machine; [`PythonError::BadInterpreter`] for one that does not answer.
pub fn read(
    session: &Session,
    file: &Utf8Path,
    function: &str,
    callers: &[Utf8PathBuf],
) -> Result<PythonSource> {
    let newest = interpreter::installed(session)
        .into_iter()
        .max_by(|a, b| a.version.cmp(&b.version));
    let python = newest.ok_or_else(|| {
        let message = "there is no Python on this machine to read the function with";
        Error::refused(message.into(), "uv python install")
    })?;
    let callers = callers.iter().map(|path| path.as_str());
    let script = include_str!("python_source.py");
    let invocation = Invocation::new(&*python.path, &session.cwd)
        .args(["-I", "-S", "-c", script, function, file.as_str()])
        .args(callers)
        .without(&session.scrubbed());
    let output = process::read(&invocation)?;
    serde_json::from_str(output.stdout.trim()).map_err(|_| {
        Error::Python(PythonError::BadInterpreter {
            path: python.path,
            message: output.stderr.trim().to_owned(),
        })
    })
}
