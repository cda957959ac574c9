//! Which Python a project asks for, and where.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::Project;
use crate::model::error::Result;
use crate::world::checkout;
use crate::world::disk;
use crate::world::interpreter::{self, Interpreter};
use crate::world::python_preference::PythonPreference;
use crate::world::python_request::{self, PythonRequest, RequestSource, UV_PYTHON};
use crate::world::session::Session;

/// The files that name the Pythons of a folder, in order of precedence.
pub const VERSION_FILES: [&str; 2] = [".python-version", ".python-versions"];

/// Which Python the project asks for: the command line, `UV_PYTHON`, `[tool.pyx] python`, else the nearest
/// `.python-version` up to the checkout's root, if that names one that requires-python may allow.
pub fn request(
    session: &Session,
    project: &Project,
    flag: Option<&str>,
) -> Result<Option<PythonRequest>> {
    let config = project.config.python.as_deref();
    let config = config.map(|text| (text, RequestSource::Config));
    let said = flag.map(|text| (text, RequestSource::CommandLine));
    let variable = session.var(UV_PYTHON).filter(|text| *text != "any");
    let variable = variable.map(|text| program_of(session, text));
    let variable = variable
        .as_deref()
        .map(|text| (text, RequestSource::Variable));
    if let Some((text, from)) = said.or(variable).or(config) {
        let text = text.to_owned();
        return Ok(Some(PythonRequest { text, from }));
    }
    let Some((path, text)) = version_file(project)? else {
        return Ok(None);
    };
    let found = in_version_file(session, project, &path, &text);
    let requires = project.requires_python();
    Ok(found.filter(|request| !request.is_excluded(session, &requires)))
}

/// uv accepts the folder of an installation or of an environment in place of its program (uv docs, "Python
/// versions", "Requesting a version").
fn program_of(session: &Session, text: &str) -> String {
    const PLACES: [&str; 4] = [
        "bin/python3",
        "bin/python",
        "python.exe",
        "Scripts/python.exe",
    ];
    let is_path = text.starts_with('.') || text.contains(['/', '\\']);
    let folder = session.absolute(text);
    let places = PLACES.iter().filter(|_| is_path);
    let mut programs = places.map(|place| folder.join(place));
    let program = programs.find(|path| disk::is_file(path));
    program.map_or_else(|| text.to_owned(), Utf8PathBuf::into_string)
}

/// The interpreters that the environment may be created with, by uv's settings for the project.
///
/// # Errors
/// uv settings that cannot be read.
pub fn installed(session: &Session, project: &Project) -> Result<Vec<Interpreter>> {
    let installed = interpreter::installed(session);
    let preference = PythonPreference::read(session, &project.manifests, &project.home)?;
    Ok(match preference {
        Some(preference) => preference.order(session, installed),
        None => installed,
    })
}

fn in_version_file(
    session: &Session,
    project: &Project,
    path: &Utf8Path,
    text: &str,
) -> Option<PythonRequest> {
    let from = project.display(path).to_string();
    PythonRequest::in_version_file(session, text, &from)
}

/// The nearest file that names versions, and its first line apart from comments; uv reads `.python-versions`
/// if there is no `.python-version` next to it.
fn version_file(project: &Project) -> Result<Option<(Utf8PathBuf, String)>> {
    let folders = checkout::upward(&project.root);
    for path in folders.flat_map(|dir| VERSION_FILES.map(|name| dir.join(name))) {
        let text = disk::read_text(&path)?.unwrap_or_default();
        let mut lines = text.lines().map(str::trim);
        if let Some(line) = lines.find(|line| !line.is_empty() && !line.starts_with('#')) {
            return Ok(Some((path, line.to_owned())));
        }
    }
    Ok(None)
}

/// The warning about a `.python-version` that names no CPython, or none that requires-python allows;
/// `requested`: what the project asks for.
pub fn unread_version_file(
    session: &Session,
    project: &Project,
    requested: Option<&PythonRequest>,
) -> Result<Option<String>> {
    if requested.is_some() {
        return Ok(None);
    }
    Ok(version_file(project)?.map(|(path, text)| {
        let why = match in_version_file(session, project, &path, &text) {
            Some(_) => {
                let requires = python_request::wording(&project.requires_python());
                format!("which the requires-python `{requires}` does not allow")
            }
            None => "which is not a version of CPython or PyPy".to_owned(),
        };
        let path = project.display(&path);
        format!("ignoring `{text}` in {path}, {why}")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::project::Member;

    #[test]
    fn a_version_file_counts_where_requires_python_may_allow_what_it_names() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let project = Project {
            root: root.to_owned(),
            members: vec![Member {
                requires_python: Some(">=3.9".parse().unwrap()),
                ..Member::default()
            }],
            ..Project::default()
        };
        let session = Session::default();
        for (text, counts, why) in [
            ("3.9", true, ""),
            (
                "3.8",
                false,
                "which the requires-python `>=3.9` does not allow",
            ),
            (
                "3.8.18",
                false,
                "which the requires-python `>=3.9` does not allow",
            ),
            ("acme", false, "which is not a version of CPython or PyPy"),
        ] {
            disk::write(&root.join(".python-version"), text.as_bytes()).unwrap();
            let found = request(&session, &project, None).unwrap();
            assert_eq!(found.is_some(), counts, "{text}");
            let said = unread_version_file(&session, &project, found.as_ref()).unwrap();
            let said = said.unwrap_or_default();
            assert!(said.contains(why) && said.is_empty() == counts, "{said}");
        }
    }

    #[test]
    fn uvs_variable_counts_below_the_command_line_and_above_the_project() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let mut project = Project {
            root: root.to_owned(),
            ..Project::default()
        };
        project.config.python = Some("3.10".into());
        disk::write(&root.join(".python-version"), b"3.9").unwrap();
        let asked = |variable: &str, flag: Option<&str>| {
            let env = [(UV_PYTHON.to_owned(), variable.to_owned())];
            let session = Session {
                env: env.into(),
                ..Session::default()
            };
            let found = request(&session, &project, flag).unwrap().unwrap();
            format!("{} ({})", found.text, found.from)
        };
        assert_eq!(asked("3.12", Some("3.13")), "3.13 (--python)");
        assert_eq!(asked("3.12", None), "3.12 (UV_PYTHON)");
        for none in ["", "any"] {
            assert_eq!(asked(none, None), "3.10 ([tool.pyx] python)");
        }
        let folder = root.join("installed");
        let program = folder.join("bin/python3");
        disk::write(&program, b"").unwrap();
        assert_eq!(
            asked(folder.as_str(), None),
            format!("{program} (UV_PYTHON)")
        );
    }

    #[test]
    fn the_first_version_counts_of_either_file_and_of_the_nearest_folder() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let project = Project {
            root: root.join("p"),
            ..Project::default()
        };
        disk::create_dir(&project.root).unwrap();
        let write = |name: &str, text: &str| {
            disk::write(&root.join(name), text.as_bytes()).unwrap();
        };
        let version = || version_file(&project).unwrap().map(|(_, text)| text);
        write(".python-version", "3.9\n");
        assert_eq!(version().as_deref(), Some("3.9"));
        write("p/.python-versions", "# all\n3.10\n3.11\n");
        assert_eq!(version().as_deref(), Some("3.10"));
        write("p/.python-version", "3.12\n");
        assert_eq!(version().as_deref(), Some("3.12"));
    }
}
