//! Which interpreter was asked for, and which of the available ones answers the request.

use std::str::FromStr;

use camino::Utf8PathBuf;
use pep440_rs::{Operator, Version, VersionSpecifiers};

use crate::model::admitted;
use crate::model::error::{Error, PythonError, Result};
use crate::model::implementation::Implementation;
use crate::model::minor::{self, Minor};
use crate::world::disk;
use crate::world::interpreter::{self, Interpreter};
use crate::world::session::Session;

/// Which interpreter was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonRequest {
    /// As written.
    pub text: String,
    pub from: RequestSource,
}

/// Where a request comes from; printed in the user's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestSource {
    /// `--python`
    CommandLine,
    /// `UV_PYTHON`, uv's equivalent of `--python` (uv docs, "Environment variables").
    Variable,
    /// `[tool.pyx] python`
    Config,
    /// `.python-version` and the like: its path as shown.
    VersionFile(String),
    RequiresPython,
}

impl std::fmt::Display for RequestSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::CommandLine => "--python",
            Self::Variable => UV_PYTHON,
            Self::Config => "[tool.pyx] python",
            Self::VersionFile(path) => path,
            Self::RequiresPython => "requires-python",
        })
    }
}

/// The variable that tells uv which interpreter to use.
pub const UV_PYTHON: &str = "UV_PYTHON";

/// The request for every interpreter that the project allows.
pub const ALL: &str = "all";

enum InterpreterSpec {
    Path(Utf8PathBuf),
    Versions(VersionSpecifiers, Implementation),
}

impl PythonRequest {
    /// Whether only this run asks for it, so that the default environment stays as it is.
    pub fn is_of_this_run(&self) -> bool {
        matches!(
            self.from,
            RequestSource::CommandLine | RequestSource::Variable
        )
    }

    /// Whether another interpreter will do if this one is not available.
    pub fn is_soft(&self) -> bool {
        matches!(self.from, RequestSource::VersionFile(_))
    }

    /// The request in the word of a version file, which pyenv reads too: `3.10-dev`, `3.12.1/envs/name` and
    /// `pypy3.10-7.3.17` are of these versions. `None` for the name of a pyenv environment, and for
    /// implementations that no module can be built for.
    pub fn in_version_file(session: &Session, text: &str, from: &str) -> Option<Self> {
        let request = |text: &str| Self {
            text: text.to_owned(),
            from: RequestSource::VersionFile(from.to_owned()),
        };
        if disk::is_file(&session.absolute(text)) {
            return Some(request(text));
        }
        let words = text.split(['/', '\\']).next().unwrap_or_default();
        let words = words.strip_suffix("-dev").unwrap_or(words);
        let found = request(words);
        match found.wanted(session) {
            Ok(InterpreterSpec::Versions(..)) => Some(found),
            Ok(InterpreterSpec::Path(_)) | Err(_) => None,
        }
    }

    /// In uv's spelling: pyenv appends PyPy's own version to that of the language.
    fn for_uv(&self) -> Self {
        let text = match implementation(&self.text) {
            (Implementation::PyPy, version) => format!("pypy{version}"),
            _ => self.text.clone(),
        };
        Self {
            text,
            ..self.clone()
        }
    }

    /// A request for a minor version of which requires-python allows only some releases, combined with that:
    /// uv would get the newest.
    #[must_use]
    pub fn within(self, session: &Session, requires: &[VersionSpecifiers]) -> Self {
        let Ok(InterpreterSpec::Versions(versions, Implementation::CPython)) = self.wanted(session)
        else {
            return self; // uv knows ranges of the others by no such words
        };
        let whole = |(major, minor)| format!("{major}.{minor}");
        match minor_of(&versions).map(|minor| (minor, admitted::request(requires, minor))) {
            Some((minor, Some(found))) if found != whole(minor) => Self {
                text: format!("=={}.*,{}", whole(minor), wording(requires)),
                ..self
            },
            _ => self,
        }
    }

    /// Whether requires-python allows none of the versions it can mean: no download would help.
    pub fn is_excluded(&self, session: &Session, requires: &[VersionSpecifiers]) -> bool {
        match self.wanted(session) {
            Ok(InterpreterSpec::Versions(versions, _)) => is_excluded(&versions, requires),
            Ok(InterpreterSpec::Path(_)) | Err(_) => false,
        }
    }

    fn wanted(&self, session: &Session) -> Result<InterpreterSpec> {
        let text = self.text.trim();
        let path = session.absolute(text);
        if text.contains(['/', '\\']) {
            return Ok(InterpreterSpec::Path(path));
        }
        let no_version = || {
            let from = &self.from;
            let message =
                format!("`{text}` ({from}) is neither a version of CPython or PyPy nor a path");
            Error::refused(
                message,
                "3.13, 3.14t, '>=3.11', pypy3.11, or the path of an interpreter",
            )
        };
        let (implementation, version) = implementation(text);
        let is_whole =
            |text: &str| text.split('.').count() >= 3 || text.contains(char::is_alphabetic);
        let specifiers = if version.starts_with(|c: char| c.is_ascii_digit()) {
            let version = version.trim_end_matches(".*");
            let ending = if is_whole(version) { "" } else { ".*" };
            format!("=={version}{ending}")
        } else {
            version
        };
        let specifiers = VersionSpecifiers::from_str(&specifiers).map_err(|_| no_version())?;
        Ok(InterpreterSpec::Versions(specifiers, implementation))
    }
}

/// The implementation that a request is for, and the rest of it: a version, a range, or nothing. Accepts uv's
/// spellings (uv docs, "Requesting a version"), those that `uv python pin` writes, and pyenv's.
fn implementation(text: &str) -> (Implementation, String) {
    const NAMES: [(&str, Implementation); 5] = [
        ("pypy", Implementation::PyPy),
        ("pp", Implementation::PyPy),
        ("cpython", Implementation::CPython),
        ("python", Implementation::CPython),
        ("cp", Implementation::CPython),
    ];
    let rest_of = |(name, implementation)| Some((text.strip_prefix(name)?, implementation));
    let (version, mut implementation) = match NAMES.into_iter().find_map(rest_of) {
        Some((rest, implementation)) => {
            let rest = rest.trim_start_matches(['-', '@', '=']);
            // a system, or PyPy's own version
            (rest.split('-').next().unwrap_or_default(), implementation)
        }
        None => (text, Implementation::CPython),
    };
    let free = version.strip_suffix("+freethreaded");
    let free = free.or_else(|| version.strip_suffix('t'));
    if free.is_some() && implementation == Implementation::CPython {
        implementation = Implementation::FreeThreaded;
    }
    let version = free.unwrap_or(version);
    let is_short = version.starts_with('3') && version.chars().all(|c| c.is_ascii_digit());
    let short = minor::from_digits(version).filter(|_| is_short);
    let version = short.map_or_else(
        || version.to_owned(),
        |(major, minor)| format!("{major}.{minor}"),
    );
    (implementation, version)
}

/// How to get an interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterpreterChoice {
    Use(Interpreter),
    /// Not installed; uv may be able to download it.
    Download(PythonRequest),
}

/// Chooses among `installed`, in their order: the request first, then what every member's `requires-python`
/// allows.
///
/// # Errors
/// [`PythonError::NoInterpreter`], naming what there is.
pub fn choose(
    session: &Session,
    installed: &[Interpreter],
    request: Option<&PythonRequest>,
    requires: &[VersionSpecifiers],
) -> Result<InterpreterChoice> {
    let Some(request) = request else {
        return match installed.iter().find(|found| is_default(found, requires)) {
            Some(found) => Ok(InterpreterChoice::Use(found.clone())),
            None => Ok(InterpreterChoice::Download(PythonRequest {
                text: wording(requires),
                from: RequestSource::RequiresPython,
            })),
        };
    };
    let mut found = fitting(session, installed, request, requires)?;
    Ok(if found.is_empty() {
        InterpreterChoice::Download(request.for_uv().within(session, requires))
    } else {
        InterpreterChoice::Use(found.swap_remove(0))
    })
}

/// Whether it will do if nobody asks for one.
pub fn is_default(found: &Interpreter, requires: &[VersionSpecifiers]) -> bool {
    requires.iter().all(|spec| spec.contains(&found.version))
        && found.implementation == Implementation::CPython
}

/// All of `installed` that the request and every `requires-python` allow, in order; a PyPy, or an interpreter
/// requested by path wherever it is, if they allow it.
///
/// # Errors
/// As [`choose`].
pub fn fitting(
    session: &Session,
    installed: &[Interpreter],
    request: &PythonRequest,
    requires: &[VersionSpecifiers],
) -> Result<Vec<Interpreter>> {
    let (versions, implementation) = match request.wanted(session)? {
        InterpreterSpec::Path(path) => {
            let found = interpreter::at(session, &path).map_err(|error| match error {
                Error::Python(PythonError::BadInterpreter { path, message }) => {
                    let message = format!("{message} ({})", request.from);
                    PythonError::BadInterpreter { path, message }.into()
                }
                other => other,
            })?;
            if requires.iter().all(|spec| spec.contains(&found.version)) {
                return Ok(vec![found]);
            }
            return Err(none_fits(&[found], &wording(requires)));
        }
        InterpreterSpec::Versions(versions, implementation) => (versions, implementation),
    };
    if !request.is_soft() && is_excluded(&versions, requires) {
        return Err(PythonError::Excluded {
            wanted: request.text.clone(),
            from: request.from.to_string(),
            requires: wording(requires),
        }
        .into());
    }
    let fits = |found: &&Interpreter| {
        let mut all = requires.iter().chain([&versions]);
        all.all(|spec| spec.contains(&found.version)) && found.implementation == implementation
    };
    let pypys = match implementation {
        Implementation::PyPy => interpreter::installed_pypys(session),
        Implementation::CPython | Implementation::FreeThreaded => Vec::new(),
    };
    Ok(installed
        .iter()
        .chain(&pypys)
        .filter(fits)
        .cloned()
        .collect())
}

/// Whether a project allows none of what a request for one minor version or one release can mean: no download
/// would help.
fn is_excluded(versions: &VersionSpecifiers, requires: &[VersionSpecifiers]) -> bool {
    let [only] = &versions[..] else {
        return false;
    };
    if *only.operator() == Operator::Equal {
        return !requires.iter().all(|spec| spec.contains(only.version()));
    }
    minor_of(versions).is_some_and(|minor| admitted::request(requires, minor).is_none())
}

/// The minor version that a request is for, if it is for all releases of one.
fn minor_of(versions: &VersionSpecifiers) -> Option<Minor> {
    let [only] = &versions[..] else { return None };
    match (only.operator(), only.version().release()) {
        (Operator::EqualStar, &[major, minor]) => Some((major, minor)),
        _ => None,
    }
}

/// Like [`none_fits`], for a request; names requires-python if it alone excludes an available interpreter.
pub fn unmet(
    session: &Session,
    installed: &[Interpreter],
    request: &PythonRequest,
    requires: &[VersionSpecifiers],
) -> Error {
    let is_excluded = |found: &Interpreter| {
        satisfies(session, request, &found.version, found.implementation)
            && !requires.iter().all(|spec| spec.contains(&found.version))
    };
    if !installed.iter().any(is_excluded) {
        return none_fits(installed, &request.text);
    }
    let wanted = format!(
        "{} and the requires-python `{}`",
        request.text,
        wording(requires)
    );
    none_fits(installed, &wanted)
}

pub fn none_fits(installed: &[Interpreter], wanted: &str) -> Error {
    let found: Vec<String> = installed.iter().map(ToString::to_string).collect();
    Error::Python(PythonError::NoInterpreter {
        wanted: wanted.to_owned(),
        found: if found.is_empty() {
            "none".into()
        } else {
            found.join(", ")
        },
    })
}

/// Requirements as one, for people; `3` if there are none.
pub fn wording(requires: &[VersionSpecifiers]) -> String {
    let clauses: Vec<String> = requires
        .iter()
        .flat_map(|specifiers| specifiers.iter().map(ToString::to_string))
        .collect();
    if clauses.is_empty() {
        "3".into()
    } else {
        clauses.join(",")
    }
}

/// Whether an interpreter of `version` answers a request for it.
pub fn satisfies(
    session: &Session,
    request: &PythonRequest,
    version: &Version,
    implementation: Implementation,
) -> bool {
    match request.wanted(session) {
        Ok(InterpreterSpec::Versions(versions, wanted)) => {
            versions.contains(version) && wanted == implementation
        }
        // a file named for this run only means no other of the same version
        Ok(InterpreterSpec::Path(path)) if request.from == RequestSource::Variable => {
            let named = interpreter::at(session, &path);
            named.is_ok_and(|it| it.version == *version && it.implementation == implementation)
        }
        Ok(InterpreterSpec::Path(_)) | Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    #[test]
    fn a_version_file_may_hold_what_pyenv_reads() {
        let session = Session::default();
        let read = |text: &str| {
            let request = PythonRequest::in_version_file(&session, text, ".python-version");
            request.map(|request| request.text)
        };
        for (text, version) in [
            ("3.12", "3.12"),
            ("3.13t", "3.13t"),
            ("cpython-3.11.7", "cpython-3.11.7"),
            (">=3.10", ">=3.10"),
            ("3.10-dev", "3.10"),
            ("3.12.1/envs/acme", "3.12.1"),
            ("pypy3.10-7.3.17", "pypy3.10-7.3.17"),
            ("3.14+freethreaded", "3.14+freethreaded"),
        ] {
            assert_eq!(read(text).as_deref(), Some(version), "{text}");
        }
        for text in ["acme-dev", "acme", "graalpy-24.2.1", "system", "./nowhere"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    fn python(version: &str) -> Interpreter {
        Interpreter {
            path: format!("/python/{version}").into(),
            version: Version::from_str(version).unwrap(),
            implementation: Implementation::CPython,
        }
    }

    fn chosen(request: Option<&str>, requires: &str) -> String {
        let installed = [python("3.11.7"), python("3.9.18"), python("3.13.0")];
        let request = request.map(|text| PythonRequest {
            text: text.into(),
            from: RequestSource::CommandLine,
        });
        let requires = [VersionSpecifiers::from_str(requires).unwrap()];
        let choice = choose(&Session::default(), &installed, request.as_ref(), &requires);
        match choice.unwrap() {
            InterpreterChoice::Use(found) => found.version.to_string(),
            InterpreterChoice::Download(request) => format!("download {}", request.text),
        }
    }

    #[test]
    fn what_requires_python_leaves_of_a_minor_version_is_what_uv_is_asked_for() {
        for (request, requires, chosen_one) in [
            ("3.11", ">=3.9,<=3.11", "download ==3.11.*,>=3.9,<=3.11"),
            ("3.11", ">=3.9,<3.12", "3.11.7"),
            ("3.10", ">=3.9,<=3.11", "download 3.10"),
        ] {
            assert_eq!(
                chosen(Some(request), requires),
                chosen_one,
                "{request} {requires}"
            );
        }
        let request = |text: &str| PythonRequest {
            text: text.into(),
            from: RequestSource::CommandLine,
        };
        let unmet = |text: &str| {
            let requires = ["<=3.11".parse().unwrap()];
            let installed = [python("3.11.7")];
            super::unmet(&Session::default(), &installed, &request(text), &requires).to_string()
        };
        assert_eq!(
            unmet("3.11"),
            "no Python interpreter that satisfies 3.11 and the requires-python `<=3.11`; found: CPython 3.11.7"
        );
        assert!(unmet("3.10").contains("that satisfies 3.10; found"));
    }

    #[test]
    fn the_first_on_path_that_requires_python_allows_is_taken() {
        assert_eq!(chosen(None, ">=3.8"), "3.11.7");
        assert_eq!(chosen(None, ">=3.12"), "3.13.0");
        assert_eq!(chosen(None, ">=3.14"), "download >=3.14");
    }

    #[test]
    fn a_request_is_a_minor_a_version_a_range_or_a_name() {
        for request in [
            "3.9",
            "3.9.18",
            "<3.10",
            "python3.9",
            "cpython-3.9",
            "cpython@3.9",
        ] {
            assert_eq!(chosen(Some(request), ">=3.8"), "3.9.18", "{request}");
        }
        for request in ["39", "cp39", "cpython-3.9.18-linux-x86_64-gnu", "3.9.*"] {
            assert_eq!(chosen(Some(request), ">=3.8"), "3.9.18", "{request}");
        }
        assert_eq!(chosen(Some("==3.9.*"), ">=3.8"), "3.9.18");
        assert_eq!(chosen(Some(">=3.10,!=3.11.*"), ">=3.8"), "3.13.0");
        assert_eq!(chosen(Some("3.13t"), ">=3.8"), "download 3.13t");
        assert_eq!(
            chosen(Some("pypy3.99-7.3.17"), ">=3.8"),
            "download pypy3.99"
        );
        let read = |text| implementation(text);
        for text in [
            "3.14t",
            "3.14+freethreaded",
            "cp314t",
            "cpython-3.14+freethreaded-linux-x86_64-gnu",
        ] {
            assert_eq!(
                read(text),
                (Implementation::FreeThreaded, "3.14".to_owned()),
                "{text}"
            );
        }
        assert_eq!(read("pp310"), (Implementation::PyPy, "3.10".to_owned()));
        assert_eq!(
            read(">=3.10,<3.12"),
            (Implementation::CPython, ">=3.10,<3.12".to_owned())
        );
        assert_eq!(chosen(Some("3.10"), ">=3.8"), "download 3.10");
    }

    #[test]
    fn a_python_that_requires_python_excludes_is_refused_and_not_downloaded() {
        let chosen = |text: &str, requires: &str, from: &RequestSource| {
            let request = PythonRequest {
                text: text.into(),
                from: from.clone(),
            };
            let requires = [requires.parse().unwrap()];
            choose(
                &Session::default(),
                &[python("3.9.18")],
                Some(&request),
                &requires,
            )
        };
        for (text, requires) in [
            ("3.9", ">=3.10"),
            ("3.8.1", ">=3.8.2"),
            ("python3.13", "<3.13"),
            ("3.13t", ">=3.8,<3.13"),
        ] {
            let error = chosen(text, requires, &RequestSource::CommandLine)
                .unwrap_err()
                .to_string();
            let said = format!("requires-python `{requires}` does not allow {text} (--python)");
            assert_eq!(error, said);
            // of a version file, another Python will do
            assert!(chosen(text, requires, &RequestSource::VersionFile(String::new())).is_ok());
        }
        for (text, requires) in [("3.8", ">=3.8.2"), ("3.12", "<3.13"), ("<3.9", ">=3.8")] {
            assert!(
                chosen(text, requires, &RequestSource::CommandLine).is_ok(),
                "{text}"
            );
        }
    }

    #[test]
    fn an_interpreter_that_is_named_by_its_path_is_refused_where_the_project_does_not_allow_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let path = dir.join("cpython-3.8.18-linux-x86_64-gnu/bin/python3");
        disk::write(&path, b"").unwrap();
        let request = PythonRequest {
            text: path.into_string(),
            from: RequestSource::CommandLine,
        };
        let fitting = |requires: &str| {
            let requires = [requires.parse().unwrap()];
            fitting(&Session::default(), &[], &request, &requires)
        };
        assert_eq!(
            fitting(">=3.8").unwrap()[0].version,
            Version::new([3, 8, 18])
        );
        let error = fitting(">=3.9").unwrap_err().to_string();
        assert_eq!(
            error,
            "no Python interpreter that satisfies >=3.9; found: CPython 3.8.18"
        );
    }
}
