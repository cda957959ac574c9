//! Whole directories: copied with their times, and put in place with one rename.

use camino::{Utf8Path, Utf8PathBuf};

use super::{create_dir, io, is_dir, remove_dir, rename};
use crate::model::error::Result;
use crate::model::path::utf8;

/// Copies a directory with its links and its files' modification times, by which cargo knows what is fresh;
/// does nothing if `from` does not exist. Never hard links: cargo writes some of its files in place.
pub fn copy_tree(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    if !is_dir(from) {
        return create_dir(to);
    }
    let staging = staging(to)?;
    mirror(from, staging.path(), &|_| false)?;
    promote(staging, to)
}

fn copy_file(from: &Utf8Path, to: &Utf8Path) -> std::io::Result<()> {
    let times = std::fs::metadata(from)?;
    let times = std::fs::FileTimes::new().set_modified(times.modified()?);
    std::fs::copy(from, to)?;
    // on Unix the owner may set the times of a read-only file
    std::fs::File::options()
        .read(cfg!(unix))
        .write(!cfg!(unix))
        .open(to)?
        .set_times(times)
}

/// Copies a directory with all folders, files and links in it, links as links, except what `skip` names
/// (relative to `from`).
///
/// # Errors
/// [`MachineError::Io`](crate::model::error::MachineError::Io), also if `from` does not exist.
pub fn mirror(from: &Utf8Path, to: &Utf8Path, skip: &dyn Fn(&Utf8Path) -> bool) -> Result<()> {
    let walk = ignore::WalkBuilder::new(from)
        .standard_filters(false)
        .build();
    for entry in walk {
        let entry = entry.map_err(|error| io("read", from)(std::io::Error::other(error)))?;
        if entry.depth() == 0 {
            continue;
        }
        let path = crate::model::path::utf8(entry.path().to_owned())?;
        let below = path.strip_prefix(from).unwrap_or(&path);
        let copy = to.join(below);
        let kind = entry.file_type();
        if skip(below) {
            continue;
        }
        if kind.is_some_and(|kind| kind.is_dir()) {
            create_dir(&copy)?;
        } else if kind.is_some_and(|kind| kind.is_symlink()) {
            link_like(&path, &copy)?;
        } else if kind.is_some_and(|kind| kind.is_file()) {
            copy_file(&path, &copy).map_err(io("copy", &path))?;
        }
    }
    Ok(())
}

/// A symbolic link at `to`, or a copy where the system does not let everyone create links.
#[cfg(unix)]
pub fn link(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    std::os::unix::fs::symlink(from, to).map_err(io("link", to))
}

/// A symbolic link at `to`, or a copy where the system does not let everyone create links.
#[cfg(not(unix))]
pub fn link(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    if super::is_dir(from) {
        create_dir(to)?;
        return mirror(from, to, &|_| false);
    }
    copy_file(from, to).map_err(io("copy", from))
}

/// Copies one entry: the content of a file, even through a link; a link to a folder or to nothing as a link.
/// Pipes and devices have no content and are left out.
pub fn copy_entry(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    if super::is_file(from) {
        return super::copy(from, to);
    }
    if from.is_symlink() && (cfg!(unix) || super::is_dir(from)) {
        create_dir(to.parent().unwrap_or(to))?;
        return link_like(from, to);
    }
    Ok(())
}

#[cfg(unix)]
fn link_like(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    let target = std::fs::read_link(from).map_err(io("copy", from))?;
    std::os::unix::fs::symlink(target, to).map_err(io("copy", from))
}

#[cfg(not(unix))]
fn link_like(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    link(from, to)
}

/// Puts a finished staging directory in place of an existing one, in one step if the system can exchange
/// names; the old one is removed.
pub fn exchange(staging: Staging, path: &Utf8Path) -> Result<()> {
    if !is_dir(path) {
        return promote(staging, path);
    }
    let new = staging.path();
    if swap(new, path).is_ok() {
        return Ok(()); // what is dropped is the old one
    }
    let old = path.with_file_name(format!(".pyx-old-{}", std::process::id()));
    rename(path, &old)?;
    if let Err(error) = rename(new, path) {
        rename(&old, path)?;
        return Err(error);
    }
    let _moved = staging.dir.keep();
    remove_dir(&old)
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn swap(one: &Utf8Path, other: &Utf8Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(
        CWD,
        one.as_std_path(),
        CWD,
        other.as_std_path(),
        RenameFlags::EXCHANGE,
    )?)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn swap(_one: &Utf8Path, _other: &Utf8Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// A directory that becomes another one with one rename, or is removed.
pub struct Staging {
    dir: tempfile::TempDir,
    path: Utf8PathBuf,
}

impl Staging {
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }
}

/// One next to `path`, which it will become. A killed process leaves it behind.
pub fn staging(path: &Utf8Path) -> Result<Staging> {
    staged(path, tempfile::Builder::new().prefix(".pyx-"))
}

/// Like [`staging`], but with a fixed name: for a place where nobody would remove the leftovers of a killed
/// process, and where a lock lets only one process work.
pub fn only_staging(path: &Utf8Path) -> Result<Staging> {
    let name = format!(".pyx-{}.new", path.file_name().unwrap_or_default());
    remove_dir(&path.with_file_name(&name))?;
    staged(path, tempfile::Builder::new().prefix(&name).rand_bytes(0))
}

fn staged(path: &Utf8Path, builder: &mut tempfile::Builder<'_, '_>) -> Result<Staging> {
    let parent = path.parent().unwrap_or(Utf8Path::new("."));
    create_dir(parent)?;
    let dir = builder
        .tempdir_in(parent)
        .map_err(io("create a directory in", parent))?;
    let path = utf8(dir.path().to_owned())?;
    Ok(Staging { dir, path })
}

/// Moves a finished staging directory into place; another process may have done so first.
pub fn promote(staging: Staging, path: &Utf8Path) -> Result<()> {
    match std::fs::rename(staging.path(), path) {
        Ok(()) => {
            let _moved = staging.dir.keep();
            Ok(())
        }
        Err(error) if is_taken(&error) && is_dir(path) => Ok(()),
        Err(error) => Err(io("create", path)(error)),
    }
}

fn is_taken(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, PermissionDenied};
    match error.kind() {
        AlreadyExists | DirectoryNotEmpty => true,
        PermissionDenied => cfg!(windows), // what Windows says of a folder that is there
        _ => false,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use crate::world::disk::tests::dir;
    use crate::world::disk::{signature, write};

    use super::*;

    #[test]
    fn a_copy_has_the_links_and_what_nobody_may_write() {
        use std::os::unix::fs::PermissionsExt;
        let (_guard, dir) = dir();
        let (from, to) = (dir.join("from"), dir.join("to"));
        let file = from.join("out/libfoo.so.1");
        write(&file, b"").unwrap();
        let read_only = std::fs::Permissions::from_mode(0o444);
        std::fs::set_permissions(&file, read_only).unwrap();
        std::os::unix::fs::symlink("libfoo.so.1", from.join("out/libfoo.so")).unwrap();
        copy_tree(&from, &to).unwrap();
        let link = std::fs::read_link(to.join("out/libfoo.so")).unwrap();
        assert_eq!(link.to_str(), Some("libfoo.so.1"));
        let modified = |path: &Utf8Path| signature(path).unwrap().modified;
        assert_eq!(modified(&to.join("out/libfoo.so.1")), modified(&file));
    }

    #[test]
    fn only_another_that_was_first_is_no_failure() {
        let (_guard, dir) = dir();
        let place = dir.join("place");
        let made = || {
            let made = staging(&place).unwrap();
            write(&made.path().join("a"), b"").unwrap();
            made
        };
        promote(made(), &place).unwrap();
        promote(made(), &place).unwrap();
        let gone = made();
        remove_dir(gone.path()).unwrap();
        promote(gone, &place).unwrap_err();
    }

    #[test]
    fn what_was_left_half_done_goes_with_the_next_try() {
        let (_guard, dir) = dir();
        let place = dir.join("place");
        for text in [b"one", b"two"] {
            let killed = only_staging(&place).unwrap();
            write(&killed.path().join("left"), b"").unwrap();
            let _left = killed.dir.keep();
            let made = only_staging(&place).unwrap();
            write(&made.path().join("a"), text).unwrap();
            exchange(made, &place).unwrap();
            assert_eq!(crate::world::disk::names(&dir), ["place"]);
            assert_eq!(crate::world::disk::names(&place), ["a"]);
        }
    }
}
