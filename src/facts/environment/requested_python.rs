//! Which Python a project asks for, and where it says so.

use camino::Utf8PathBuf;

use crate::facts::project::Project;
use crate::model::error::Result;
use crate::world::checkout;
use crate::world::disk;
use crate::world::python_request::{FLAG, PythonRequest};
use crate::world::session::Session;

/// What names the Pythons of a folder, the one that counts first.
pub const VERSION_FILES: [&str; 2] = [".python-version", ".python-versions"];

/// Which Python the project asks for: the command line, `[tool.pyx] python`, else the nearest
/// `.python-version` up to the checkout's root, where that names one.
pub fn request(
    session: &Session,
    project: &Project,
    flag: Option<&str>,
) -> Result<Option<PythonRequest>> {
    let hard = |text: &str, from: &str| PythonRequest {
        text: text.to_owned(),
        from: from.to_owned(),
        soft: false,
    };
    if let Some(text) = flag {
        return Ok(Some(hard(text, FLAG)));
    }
    if let Some(text) = &project.config.python {
        return Ok(Some(hard(text, "[tool.pyx] python")));
    }
    let Some((path, text)) = version_file(project)? else {
        return Ok(None);
    };
    let from = project.display(&path).to_string();
    Ok(PythonRequest::in_version_file(session, &text, &from))
}

/// The nearest file that names versions, and its first word; uv reads `.python-versions` where there is
/// no `.python-version` beside it.
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

/// What is said of a `.python-version` that names no CPython; `requested`: what the project asks for.
pub fn unread_version_file(
    project: &Project,
    requested: Option<&PythonRequest>,
) -> Result<Option<String>> {
    if requested.is_some() {
        return Ok(None);
    }
    Ok(version_file(project)?.map(|(path, text)| {
        let path = project.display(&path);
        format!("{path} names `{text}`, which is no version of CPython or PyPy: it is passed over")
    }))
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

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
