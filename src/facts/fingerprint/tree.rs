//! The files of a folder, one line each: `SIZE MODIFIED CHANGED INODE HASH PATH`, sorted by path. Where the
//! content does not matter, everything but the path is `-`; the same goes for a file that changed while the
//! build ran.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::model::reason::Reason;
use crate::world::disk::{self, Signature};

/// Which files of a folder count, and which properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TreeScope {
    /// The content of every file: for a folder that a build script names.
    Folder,
    /// The content of a package's files: its build script declares no inputs, so cargo takes all files as
    /// inputs (cargo book, "Build Scripts").
    Package,
    /// The names of a package's Rust files: cargo discovers targets by them, and a new one is in no record.
    RustNames,
}

/// The number of words before the path.
const WORDS: usize = 5;

/// Files by their paths below the folder, with signatures if the content matters.
type Found = Vec<(Utf8PathBuf, Option<Signature>)>;

/// `but`: folders that are left out, absolute.
pub(super) fn files(dir: &Utf8Path, scope: TreeScope, but: &[Utf8PathBuf]) -> Found {
    let found = match scope {
        TreeScope::Folder => disk::folder_files(dir),
        TreeScope::Package => disk::package_files(dir, but),
        TreeScope::RustNames => {
            let found = disk::rust_files(dir, but);
            return found.into_iter().map(|path| (path, None)).collect();
        }
    };
    let signed = |path: Utf8PathBuf| {
        let signature = disk::signature(dir.join(&path))?;
        Some((path, Some(signature)))
    };
    let unnamed = signature_of(&found.unnamed);
    let named = found.named.into_iter().filter_map(signed);
    named.chain(unnamed).collect()
}

/// One for all files that no line can name; if one of them changes, all have.
fn signature_of(unnamed: &[PathBuf]) -> Option<(Utf8PathBuf, Option<Signature>)> {
    let mut all: Option<Signature> = None;
    for one in unnamed.iter().filter_map(disk::signature) {
        let all = all.get_or_insert_default();
        all.size = all.size.wrapping_add(one.size);
        all.modified = all.modified.max(one.modified);
        all.changed = all.changed.max(one.changed);
        all.inode = all.inode.wrapping_add(one.inode);
    }
    Some((UNNAMED.into(), Some(all?)))
}

/// No file has this name, since no file name ends with a slash.
const UNNAMED: &str = "names that are not UTF-8/";

/// In place of the hash of a file that was written while the build ran.
const RACING: &str = "?";

/// `since`: when the build that should have seen them began, in nanoseconds since the epoch.
pub(super) fn lines(dir: &Utf8Path, found: &Found, since: Option<u64>) -> String {
    let is_racing = |it: &Signature| since.is_some_and(|since| it.written() >= since);
    let mut text = String::new();
    for (path, signature) in found {
        let _ = match signature {
            Some(signature) if is_racing(signature) => {
                writeln!(text, "- - - - {RACING} {path}")
            }
            None => writeln!(text, "- - - - - {path}"),
            Some(signature) => {
                let hash = disk::hash(&dir.join(path)).unwrap_or_default();
                writeln!(text, "{} {hash} {path}", stat(signature))
            }
        };
    }
    text
}

fn stat(signature: &Signature) -> String {
    let Signature {
        size,
        modified,
        changed,
        inode,
    } = signature;
    format!("{size} {modified} {changed} {inode}")
}

/// Signature and hash by path.
fn parsed(lines: &str) -> BTreeMap<&str, (&str, &str)> {
    let split = |line: &'_ str| -> Option<(usize, usize)> {
        let mut blanks = line.match_indices(' ').map(|(at, _)| at);
        Some((blanks.nth(WORDS - 2)?, blanks.next()?))
    };
    let known = lines.lines().filter_map(|line| {
        let (stat, hash) = split(line)?;
        Some((&line[hash + 1..], (&line[..stat], &line[stat + 1..hash])))
    });
    known.collect()
}

/// Why the folder is not as it was; a touched file whose content matters is unchanged.
pub(super) fn stale(
    dir: &Utf8Path,
    scope: TreeScope,
    but: &[Utf8PathBuf],
    then: &str,
) -> Option<Reason> {
    let known = parsed(then);
    let now = files(dir, scope, but);
    for (path, signature) in &now {
        let file = dir.join(path);
        match known.get(path.as_str()) {
            None => return Some(Reason::Appeared { path: file }),
            Some((_, RACING)) => return Some(Reason::Racing { path: file }),
            Some(then) if is_changed(&file, signature.as_ref(), *then) => {
                return Some(Reason::Changed { path: file });
            }
            Some(_) => {}
        }
    }
    if now.len() == known.len() {
        return None;
    }
    let mut there = now.iter().map(|(path, _)| path.as_str());
    let gone = known.keys().find(|path| there.all(|other| other != **path));
    Some(Reason::Vanished {
        path: dir.join(gone.unwrap_or(&"")),
    })
}

fn is_changed(file: &Utf8Path, now: Option<&Signature>, (then, hash): (&str, &str)) -> bool {
    now.is_some_and(|now| stat(now) != then) && disk::hash(file).as_deref() != Some(hash)
}

/// The files whose content differs, new ones, and removed ones. Files ignored by git count neither as new nor
/// as removed: cargo does not consider them part of the package.
pub(super) fn differing(
    dir: &Utf8Path,
    scope: TreeScope,
    but: &[Utf8PathBuf],
    then: &str,
) -> Vec<Utf8PathBuf> {
    let mut known = parsed(then);
    let rules = disk::IgnoreRules::default();
    let is_part = |file: &Utf8Path| scope == TreeScope::Folder || !rules.ignore(file);
    let mut differing = Vec::new();
    for (path, signature) in files(dir, scope, but) {
        let file = dir.join(&path);
        let differs = match known.remove(path.as_str()) {
            Some(then) => is_changed(&file, signature.as_ref(), then),
            None => is_part(&file),
        };
        if differs {
            differing.push(file);
        }
    }
    let gone = known.into_keys().map(|path| dir.join(path));
    // of a folder that is gone itself cargo sees that
    let is_there = disk::is_dir(dir);
    differing.extend(gone.filter(|file| is_there && is_part(file)));
    differing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Utf8Path, text: &str) {
        disk::write(path, text.as_bytes()).unwrap();
    }

    #[test]
    fn every_file_of_a_package_counts_and_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        for name in [".hidden", "a b/c d", "src/lib.rs"] {
            write(&dir.join(name), "one");
        }
        for name in [
            ".git/HEAD",
            ".venv/pyvenv.cfg",
            "cache/CACHEDIR.TAG",
            "other/Cargo.toml",
            "out/x",
            "python/m.abi3.so",
        ] {
            write(&dir.join(name), "one");
        }
        let but = [dir.join("out")];
        let known = lines(dir, &files(dir, TreeScope::Package, &but), None);
        assert_eq!(known.lines().count(), 3, "{known}");
        let now = || stale(dir, TreeScope::Package, &but, &known);
        assert_eq!(now(), None);
        write(&dir.join("out/x"), "two");
        write(&dir.join("python/m.abi3.so"), "two");
        write(&dir.join("src/lib.rs"), "one"); // again, as it was
        assert_eq!(now(), None);
        let path = dir.join("a b/c d");
        write(&path, "two");
        assert_eq!(now(), Some(Reason::Changed { path: path.clone() }));
        let found = differing(dir, TreeScope::Package, &but, &known);
        assert_eq!(found, std::slice::from_ref(&path));
        disk::remove_file(&path).unwrap();
        assert_eq!(now(), Some(Reason::Vanished { path: path.clone() }));
        write(&path, "one");
        write(&dir.join("new"), "one");
        let path = dir.join("new");
        assert_eq!(now(), Some(Reason::Appeared { path }));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_whose_name_no_line_can_hold_counts_as_well() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        write(&dir.join("a"), "one");
        for name in [&b"caf\xe9"[..], b"two\nlines", b"\xff/below"] {
            let path = dir.as_std_path().join(OsStr::from_bytes(name));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "one").unwrap();
            let known = lines(dir, &files(dir, TreeScope::Folder, &[]), None);
            let now = || stale(dir, TreeScope::Folder, &[], &known);
            assert_eq!(now(), None, "{known}");
            std::fs::write(&path, "longer").unwrap();
            assert!(matches!(now(), Some(Reason::Changed { .. })), "{known}");
        }
        let unnamed = disk::folder_files(dir).unnamed;
        assert_eq!(unnamed.len(), 3, "{unnamed:?}");
    }

    #[test]
    fn a_new_rust_file_is_seen_and_the_content_of_others_left_to_cargo() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        write(&dir.join("src/lib.rs"), "one");
        let scope = TreeScope::RustNames;
        let known = lines(dir, &files(dir, scope, &[]), None);
        write(&dir.join("src/lib.rs"), "two");
        write(&dir.join("README.md"), "two");
        assert_eq!(stale(dir, scope, &[], &known), None);
        let path = dir.join("src/bin/x.rs");
        write(&path, "");
        let reason = stale(dir, scope, &[], &known);
        assert_eq!(reason, Some(Reason::Appeared { path }));
    }
}
