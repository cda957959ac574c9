//! Paths as text: the file system is never consulted.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::error::{Error, ProjectError, Result};

/// Resolves `.` and `..`, except those that lead out of a relative path; the path need not exist.
pub fn normalize(path: &Utf8Path) -> Utf8PathBuf {
    let mut out = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => match out.components().next_back() {
                None | Some(Utf8Component::ParentDir) => out.push(".."),
                Some(_) => {
                    out.pop();
                }
            },
            other => out.push(other),
        }
    }
    out
}

/// A path of the system as text.
///
/// # Errors
/// [`ProjectError::NotUtf8`] with the offending bytes as `\xFF`.
pub fn utf8(path: std::path::PathBuf) -> Result<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(path)
        .map_err(|path| Error::Project(ProjectError::NotUtf8(escape(path.as_os_str()))))
}

/// Invalid bytes as `\xFF`, the rest unchanged.
fn escape(text: &std::ffi::OsStr) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::new();
    for chunk in text.as_encoded_bytes().utf8_chunks() {
        escaped.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(escaped, "\\x{byte:02X}");
        }
    }
    escaped
}

/// A path below a folder, both with slashes; the path itself if the folder is empty.
pub fn within(folder: &str, path: &str) -> String {
    if folder.is_empty() {
        return path.to_owned();
    }
    format!("{folder}/{path}")
}

/// An absolute path relative to an absolute folder, with `..` and slashes as in a glob; empty for the folder
/// itself. On another Windows drive there is no relative path: unchanged.
pub fn relative(dir: &Utf8Path, path: &Utf8Path) -> String {
    let mut above = dir.ancestors().enumerate();
    let shared = above.find_map(|(up, dir)| Some((up, path.strip_prefix(dir).ok()?)));
    let Some((up, below)) = shared else {
        return slashed(path);
    };
    let names = below.components().map(|name| name.as_str());
    let words: Vec<&str> = std::iter::repeat_n("..", up).chain(names).collect();
    words.join("/")
}

/// A path as shown to people from a folder: unchanged unless it is below the folder, else as [`slashed`].
pub fn shown(root: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    match path.strip_prefix(root) {
        Ok(below) => slashed(below).into(),
        Err(_) => path.to_owned(),
    }
}

/// With forward slashes, as files shared between systems have them.
pub fn slashed(path: &Utf8Path) -> String {
    if cfg!(windows) {
        return path.as_str().replace('\\', "/");
    }
    path.to_string()
}

/// An absolute path without its root: on Windows, without the drive too.
pub fn below_root(path: &Utf8Path) -> Utf8PathBuf {
    let names = path.components();
    names
        .filter(|it| matches!(it, Utf8Component::Normal(_)))
        .collect()
}

/// The file name of a program on this system.
pub fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn ill_formed_bytes_are_shown_as_hex() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(escape(std::ffi::OsStr::from_bytes(b"bad\xff")), r"bad\xFF");
    }

    #[test]
    fn paths_are_normalized_without_looking() {
        let normalized = |path: &str| slashed(&normalize(Utf8Path::new(path)));
        assert_eq!(normalized("/a/./b/../c"), "/a/c");
        assert_eq!(normalized("/../a"), "/a");
        assert_eq!(normalized("../a/../../b"), "../../b");
    }

    #[test]
    fn a_path_is_seen_from_a_folder_that_need_not_hold_it() {
        let from = |dir: &str, path: &str| relative(Utf8Path::new(dir), Utf8Path::new(path));
        assert_eq!(from("/p", "/p/src/lib.rs"), "src/lib.rs");
        assert_eq!(from("/p/python/x", "/p/core/src"), "../../core/src");
        assert_eq!(from("/p/python", "/p"), "..");
        assert_eq!(from("/p", "/p"), "");
    }
}
