//! Which Pythons a release is for.

use camino::Utf8PathBuf;
use pep440_rs::VersionSpecifiers;

use crate::facts::request::Product;
use crate::model::error::{Error, Result};
use crate::world::disk;
use crate::world::interpreter::{Interpreter, Probe};
use crate::world::machine::{Machine, Program};
use crate::world::python_request::{self, PythonRequest, RequestSource};
use crate::world::session::Session;

use super::abi::{label, minor};
use super::context::ReleaseContext;

/// An interpreter, and what it reports about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub interpreter: Interpreter,
    pub probe: Probe,
}

/// What `--python` or `[tool.pyx.release] pythons` names, and which of these uv must get first; `None` for
/// everything that the project allows.
///
/// # Errors
/// [`PythonError::NoInterpreter`](crate::model::error::PythonError::NoInterpreter) for one that uv could not
/// get, or that the project does not allow.
pub(super) fn chosen(
    context: &ReleaseContext<'_>,
    installed: &[Interpreter],
) -> Result<(Option<Vec<Interpreter>>, Vec<String>)> {
    if context.releasing.product == Product::Publication {
        return Ok((Some(Vec::new()), Vec::new())); // nothing is built or run
    }
    let session = context.session;
    let mut wanted = Vec::new();
    for word in words(context) {
        match PythonMachine::of(session, word) {
            PythonMachine::Ours => wanted.push(word.clone()),
            PythonMachine::Other(machine) => check_target(context, word, Some(&machine))?,
            PythonMachine::Untold => check_target(context, word, None)?,
        }
    }
    if wanted.is_empty() {
        return Ok((None, Vec::new()));
    }
    let requires = context.project.requires_python();
    let (found, missing) = named(session, installed, &requires, &wanted)?;
    let unavailable = &context.run_state.unavailable;
    if let Some(text) = missing.iter().find(|text| unavailable.contains(text)) {
        return Err(python_request::none_fits(installed, text));
    }
    Ok((Some(found), missing))
}

/// `--python`, else `[tool.pyx.release] pythons`.
pub(super) fn words<'a>(context: &'a ReleaseContext<'_>) -> &'a [String] {
    match &context.releasing.pythons[..] {
        [] => &context.project.config.release.pythons,
        named => named,
    }
}

/// The interpreter's path, absolute, for a word that is a path.
pub(super) fn path(session: &Session, word: &str) -> Option<Utf8PathBuf> {
    let is_path = word.contains(['/', '\\']);
    is_path.then(|| disk::resolve(&session.absolute(word)))
}

/// Those of `found` that the version words mean, or all that the project allows without such words; one for
/// each minor version.
pub(super) fn meant(context: &ReleaseContext<'_>, found: &[Interpreter]) -> Vec<Interpreter> {
    let session = context.session;
    let requires = context.project.requires_python();
    let versions = words(context)
        .iter()
        .filter(|word| path(session, word).is_none());
    let versions: Vec<String> = versions.cloned().collect();
    if versions.is_empty() {
        return one_of_each(&released(found, &requires));
    }
    let named = named(session, found, &requires, &versions);
    named.map(|(meant, _)| meant).unwrap_or_default() // what no word means is said of this machine's
}

/// The machine that the Python at a path on the command line is for.
enum PythonMachine {
    Ours,
    Other(Machine),
    /// Not this one, but its program does not say which.
    Untold,
}

impl PythonMachine {
    fn of(session: &Session, word: &str) -> Self {
        let program = path(session, word).and_then(|path| Program::read(&path));
        match program.filter(Program::is_foreign) {
            None => Self::Ours,
            Some(program) => program.machine().map_or(Self::Untold, Self::Other),
        }
    }
}

/// Whether a Python, `word` on the command line, is for a target that is built.
///
/// # Errors
/// [`Error::Usage`] for a Python that no requested target can run on.
fn check_target(context: &ReleaseContext<'_>, word: &str, machine: Option<&Machine>) -> Result<()> {
    let mut targets = context.releasing.targets.iter();
    let is_its =
        |triple: &String| machine.is_some_and(|it| Machine::of_triple(triple).as_ref() == Some(it));
    if targets.any(is_its) {
        return Ok(());
    }
    let machine = machine.map_or_else(|| "another machine".to_owned(), ToString::to_string);
    Err(Error::Usage(format!(
        "`--python {word}` is for {machine}, but no `--target` is"
    )))
}

/// One for each minor version among what `wanted` names, and the words that name none of `installed`.
fn named(
    session: &Session,
    installed: &[Interpreter],
    requires: &[VersionSpecifiers],
    wanted: &[String],
) -> Result<(Vec<Interpreter>, Vec<String>)> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for text in wanted.iter().filter(|word| *word != python_request::ALL) {
        let request = PythonRequest {
            text: text.clone(),
            from: RequestSource::CommandLine,
        };
        let fitting = python_request::fitting(session, installed, &request, requires)?;
        if fitting.is_empty() {
            missing.push(request.within(session, requires).text);
        }
        let released = released(&fitting, requires);
        // a pre-release only where nothing else is meant
        found.extend(if released.is_empty() {
            fitting
        } else {
            released
        });
    }
    // after what is named itself: the first of a minor version counts
    if wanted.iter().any(|word| word == python_request::ALL) {
        found.extend(released(installed, requires));
    }
    Ok((one_of_each(&found), missing))
}

/// The allowed ones of `installed`, in order, without pre-releases.
pub(super) fn released(
    installed: &[Interpreter],
    requires: &[VersionSpecifiers],
) -> Vec<Interpreter> {
    let mut released = installed.to_vec();
    released.retain(|python| {
        let allowed = requires.iter().all(|spec| spec.contains(&python.version));
        allowed && !python.version.any_prerelease()
    });
    released
}

/// One interpreter for each minor version, with and without the GIL, oldest first; of several the first
/// counts.
pub(super) fn one_of_each(pythons: &[Interpreter]) -> Vec<Interpreter> {
    let mut found: Vec<Interpreter> = Vec::new();
    for python in pythons {
        let same = |known: &Interpreter| label(known) == label(python);
        if !found.iter().any(same) {
            found.push(python.clone());
        }
    }
    found.sort_by_key(|python| (minor(python), python.implementation));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::implementation::Implementation;

    fn python(version: &str) -> Interpreter {
        Interpreter {
            path: format!("/{version}/bin/python").into(),
            version: version.parse().unwrap(),
            implementation: Implementation::default(),
        }
    }

    #[test]
    fn every_python_that_is_named_is_built_for_beside_all() {
        let installed = ["3.8.18", "3.12.1", "3.12.7", "3.13.0", "3.14.0rc1"].map(python);
        let requires = [">=3.9".parse().unwrap()];
        let named = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
            let session = Session::default();
            let (found, missing) = named(&session, &installed, &requires, &wanted).unwrap();
            let found: Vec<String> = found.iter().map(|one| one.version.to_string()).collect();
            (found.join(" "), missing.join(" "))
        };
        for (wanted, found, missing) in [
            (&["all"][..], "3.12.1 3.13.0", ""),
            (&["all", "3.12.7"], "3.12.7 3.13.0", ""),
            (&["3.14.0rc1", "all"], "3.12.1 3.13.0 3.14.0rc1", ""),
            (&["3.14.0rc1"], "3.14.0rc1", ""),
            (&[">=3.13"], "3.13.0", ""),
            (&["all", "3.15"], "3.12.1 3.13.0", "3.15"),
            (&["3.10"], "", "3.10"),
        ] {
            let expected = (found.to_owned(), missing.to_owned());
            assert_eq!(named(wanted), expected, "{wanted:?}");
        }
    }
}
