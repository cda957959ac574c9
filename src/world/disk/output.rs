//! Whether a file can be written, before the work of which it will tell.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, MachineError, Result};

use super::{behind_links, is_there};

/// What is in the way of a file: itself where it is a folder, or what stands where a folder above it would be.
pub fn in_the_way(path: &Utf8Path) -> Option<Utf8PathBuf> {
    if path.is_dir() {
        return Some(path.to_owned());
    }
    let above = nearest_above(path)?;
    (!above.is_dir()).then(|| above.to_owned())
}

/// Fails where writing the file would, and leaves nothing; `path`: absolute.
///
/// # Errors
/// [`MachineError::Io`]
pub fn check_writable(path: &Utf8Path) -> Result<()> {
    let path = &behind_links(path);
    let folder = nearest_above(path).unwrap_or(Utf8Path::new("/"));
    let tried = tempfile::tempfile_in(folder);
    tried.map(drop).map_err(|source| {
        Error::Machine(MachineError::Io {
            verb: "write",
            path: path.to_owned(),
            source,
        })
    })
}

fn nearest_above(path: &Utf8Path) -> Option<&Utf8Path> {
    path.ancestors().skip(1).find(|dir| is_there(dir))
}

#[cfg(test)]
mod tests {
    use super::super::write;
    use super::*;

    #[test]
    fn a_folder_and_a_file_above_are_in_the_way_of_a_file() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let readme = root.join("README.md");
        write(&readme, b"").unwrap();
        assert_eq!(in_the_way(root).as_deref(), Some(root));
        assert_eq!(in_the_way(&readme), None);
        assert_eq!(in_the_way(&root.join("a/b/x.xml")), None);
        assert_eq!(in_the_way(&readme.join("x.xml")), Some(readme.clone()));
        assert_eq!(in_the_way(&readme.join("a/x.xml")), Some(readme));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn where_nothing_can_be_written_that_is_known_before() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let error = check_writable(Utf8Path::new("/proc/a/x.xml")).unwrap_err();
        assert!(error.to_string().contains("/proc/a/x.xml"), "{error}");
        check_writable(&root.join("a/x.xml")).unwrap();
        assert!(super::super::names(root).is_empty());
    }
}
