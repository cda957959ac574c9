//! The source of a Python module, read by Python's own parser; none of it is run.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, PythonError, Result};
use crate::model::invocation::Invocation;
use crate::model::python_function::PythonSource;

use super::interpreter::{self, Interpreter};
use super::process;
use super::session::Session;

/// What a module's file says about a function, and how `callers` call it; all paths absolute.
///
/// # Errors
/// [`Error::Refused`] without a Python on this machine; [`PythonError::BadInterpreter`] for one that does not
/// answer.
pub fn read(
    session: &Session,
    file: &Utf8Path,
    function: &str,
    callers: &[Utf8PathBuf],
) -> Result<PythonSource> {
    let python = newest(session).ok_or_else(|| {
        let message = "there is no Python on this machine to read the function with";
        Error::refused(message.into(), "uv python install")
    })?;
    let callers = callers.iter().map(|path| path.as_str());
    let words = [function, file.as_str()].into_iter().chain(callers);
    let output = answer(session, &python, include_str!("python_source.py"), words)?;
    serde_json::from_str(output.stdout.trim()).map_err(|_| {
        Error::Python(PythonError::BadInterpreter {
            path: python.path,
            message: output.stderr.trim().to_owned(),
        })
    })
}

/// The keyword arguments that a setup.py passes to `setup()`, each with its line, from 1: none if there is no
/// Python that can read it.
///
/// # Errors
/// [`MachineError`](crate::model::error::MachineError) if that Python cannot be started.
pub fn setup_arguments(session: &Session, file: &Utf8Path) -> Result<BTreeMap<String, usize>> {
    let Some(python) = newest(session) else {
        return Ok(BTreeMap::new());
    };
    let script = include_str!("setup_arguments.py");
    let output = answer(session, &python, script, [file.as_str()].into_iter())?;
    Ok(serde_json::from_str(output.stdout.trim()).unwrap_or_default())
}

fn newest(session: &Session) -> Option<Interpreter> {
    let installed = interpreter::installed(session).into_iter();
    installed.max_by(|a, b| a.version.cmp(&b.version))
}

fn answer<'a>(
    session: &Session,
    python: &Interpreter,
    script: &str,
    words: impl Iterator<Item = &'a str>,
) -> Result<process::Output> {
    let invocation = Invocation::new(&*python.path, &session.cwd)
        .args(["-I", "-S", "-c", script])
        .args(words)
        .without(&session.scrubbed());
    process::read(&invocation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::disk;

    #[test]
    fn a_module_is_decoded_as_it_says() {
        let temp = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(temp.path()).unwrap().join("a.py");
        let text = b"# coding: latin-1\ndef f(a='\xe4\xe4', b='xyz'): pass\n";
        disk::write(&file, text).unwrap();
        let session = Session::read().unwrap();
        let source = read(&session, &file, "f", &[]).unwrap();
        let parameters = source.function.unwrap().parameters.into_iter();
        let texts = parameters.map(|it| it.default.unwrap().text);
        assert_eq!(texts.collect::<Vec<_>>(), ["'ää'", "'xyz'"]);
    }
}
