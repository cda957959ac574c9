//! Paths by their letters alone: nothing is looked at.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// Resolves `.` and `..`; the path need not exist.
pub fn normalize(path: &Utf8Path) -> Utf8PathBuf {
    let mut out = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// An absolute path as seen from an absolute folder, `..` included, with the slashes of a glob; empty for
/// the folder itself.
pub fn relative(dir: &Utf8Path, path: &Utf8Path) -> String {
    let mut above = dir.ancestors().enumerate();
    let shared = above.find_map(|(up, dir)| Some((up, path.strip_prefix(dir).ok()?)));
    let (up, below) = shared.unwrap_or((0, path));
    let names = below.components().map(|name| name.as_str());
    let words: Vec<&str> = std::iter::repeat_n("..", up).chain(names).collect();
    words.join("/")
}

/// The file name of a program on this system.
pub fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized_without_looking() {
        assert_eq!(normalize(Utf8Path::new("/a/./b/../c")), "/a/c");
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
