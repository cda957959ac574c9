//! Source folders that have disappeared, as git leaves them: ignored files keep them in place.

use camino::Utf8Path;

use crate::model::error::Result;

use super::{io, is_absent, remove_file};

/// Whether a folder contains nothing but files that are `ours`, and bytecode of sources that no longer exist.
/// A link is the user's, wherever it leads, and so is an empty folder.
pub fn is_hollow(dir: &Utf8Path, ours: &dyn Fn(&Utf8Path) -> bool) -> bool {
    let Ok(entries) = dir.read_dir_utf8() else {
        return false;
    };
    let is_cache = dir.file_name() == Some("__pycache__");
    let mut entries = entries.peekable();
    let is_ours = |entry: std::io::Result<camino::Utf8DirEntry>| {
        let Ok(entry) = entry else { return false };
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => is_hollow(path, ours),
            Ok(kind) if kind.is_file() => is_cache && path.extension() == Some("pyc") || ours(path),
            _ => false,
        }
    };
    entries.peek().is_some() && entries.all(is_ours)
}

/// Removes a folder that still [`is_hollow`]; if something is created in it meanwhile, both stay.
///
/// # Errors
/// What the system refuses.
pub fn remove_hollow(dir: &Utf8Path, ours: &dyn Fn(&Utf8Path) -> bool) -> Result<()> {
    if is_hollow(dir, ours) {
        remove_known(dir, ours)?;
    }
    Ok(())
}

fn remove_known(dir: &Utf8Path, ours: &dyn Fn(&Utf8Path) -> bool) -> Result<()> {
    let is_cache = dir.file_name() == Some("__pycache__");
    for name in super::names(dir) {
        let path = dir.join(name);
        if path.is_symlink() {
            // a new file of the user's: the folder stays
        } else if path.is_dir() {
            remove_known(&path, ours)?;
        } else if is_cache && path.extension() == Some("pyc") || ours(&path) {
            remove_file(&path)?;
        }
    }
    match std::fs::remove_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
        Err(error) if !is_absent(&error) => Err(io("remove", dir)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{create_dir, is_dir, is_file, write};
    use super::*;

    #[test]
    fn a_folder_goes_with_what_is_ours_and_stays_with_anything_of_the_users() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let ours = |path: &Utf8Path| path.file_name() == Some("ours.so");
        let left = [
            "ours.so",
            "__pycache__/a.cpython-311.pyc",
            "sub/__pycache__/b.pyc",
        ];
        for (number, users) in [
            "",
            "notes.txt",
            "b.pyc",
            "sub/c.py",
            "__pycache__/d.txt",
            "sub/empty/",
        ]
        .into_iter()
        .enumerate()
        {
            let dir = root.join(number.to_string());
            for name in left {
                write(&dir.join(name), b"").unwrap();
            }
            match users.strip_suffix('/') {
                Some(folder) => create_dir(&dir.join(folder)).unwrap(),
                None if users.is_empty() => {}
                None => write(&dir.join(users), b"").unwrap(),
            }
            remove_hollow(&dir, &ours).unwrap();
            assert_eq!(is_dir(&dir), !users.is_empty(), "{users}");
            assert_eq!(is_file(&dir.join("ours.so")), !users.is_empty(), "{users}");
        }
    }
}
