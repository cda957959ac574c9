//! The git checkout that a folder is in, recognised by its `.git` alone. What git knows about it is in
//! [`git`](super::git).

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::path::normalize;
use crate::world::disk;

/// Whether a folder is the root of a checkout.
fn is_root(dir: &Utf8Path) -> bool {
    disk::is_there(&dir.join(".git"))
}

/// The root of the checkout that a folder is in.
pub fn root(dir: &Utf8Path) -> Option<&Utf8Path> {
    dir.ancestors().find(|dir| is_root(dir))
}

/// The folder with a checkout's history, absolute: for a worktree or a submodule, a file names it, relative
/// to its own folder (git's manual, "gitrepository-layout").
///
/// # Errors
/// [`MachineError::Io`](crate::model::error::MachineError::Io) if that file cannot be read.
pub fn git_dir(root: &Utf8Path) -> Result<Option<Utf8PathBuf>> {
    let path = root.join(".git");
    if disk::is_dir(&path) {
        return Ok(Some(path));
    }
    let text = disk::read_text(&path)?.unwrap_or_default();
    let named = text.trim().strip_prefix("gitdir:");
    Ok(named.map(|dir| normalize(&root.join(dir.trim()))))
}

/// The folder with what all worktrees of a repository share.
pub fn common_dir(root: &Utf8Path) -> Option<Utf8PathBuf> {
    let own = git_dir(root).ok()??;
    let shared = disk::read_text(&own.join("commondir")).ok().flatten();
    Some(match shared {
        Some(dir) => normalize(&own.join(dir.trim())),
        None => own,
    })
}

/// A folder and those above it, nearest first, up to the root of its checkout, or of the file system outside
/// a checkout.
pub fn upward(dir: &Utf8Path) -> impl Iterator<Item = &Utf8Path> {
    let mut is_left = false;
    dir.ancestors().take_while(move |dir| {
        let is_inside = !is_left;
        is_left = is_root(dir);
        is_inside
    })
}

/// The folders above one, nearest first, up to the root of its checkout; none outside a checkout, where a
/// stray file in a home folder would count.
pub fn above(dir: &Utf8Path) -> impl Iterator<Item = &Utf8Path> {
    let root = root(dir);
    let within = move |folder: &&Utf8Path| root.is_some_and(|root| folder.starts_with(root));
    dir.ancestors().skip(1).take_while(within)
}

/// A folder and those [`above`] it, nearest first.
pub fn around(dir: &Utf8Path) -> impl Iterator<Item = &Utf8Path> {
    std::iter::once(dir).chain(above(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_climb_ends_at_the_root_of_the_checkout() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let dir = root.join("a/b");
        disk::create_dir(&dir).unwrap();
        assert_eq!(above(&dir).count(), 0);
        assert!(around(&dir).eq([&*dir]));
        assert_eq!(upward(&dir).last(), dir.ancestors().last());
        disk::create_dir(&root.join(".git")).unwrap();
        assert!(above(&dir).eq([&*root.join("a"), root]));
        assert!(around(&dir).eq([&*dir, &*root.join("a"), root]));
        assert!(upward(&dir).eq([&*dir, &*root.join("a"), root]));
        assert!(upward(root).eq([root]) && above(root).next().is_none());
    }
}
