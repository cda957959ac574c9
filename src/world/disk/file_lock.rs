//! Locks between processes.

use std::io::Write;
use std::time::Duration;

use camino::Utf8Path;

use crate::model::error::{Error, MachineError, Result};

use super::{create_dir, io, read_text};

/// An exclusive lock on a file; released when dropped, or when the process dies.
#[derive(Debug)]
pub struct FileLock {
    file: std::fs::File,
}

/// How long to wait before trying again for a lock that another process holds.
const LOCK_POLL: Duration = Duration::from_millis(25);

const LOCK: &str = "lock";

impl FileLock {
    /// Takes the lock and writes `holder` into the file. `wait` is called with the current holder's text
    /// before every further try; its error ends the wait.
    pub fn take(
        path: &Utf8Path,
        holder: &str,
        mut wait: impl FnMut(&str) -> Result<()>,
    ) -> Result<Self> {
        let mut file = loop {
            let file = open_lock(path)?;
            match file.try_lock() {
                // the previous holder may have removed the file, and another may have recreated it
                Ok(()) if is_still(path, &file) => break file,
                Ok(()) => {}
                Err(std::fs::TryLockError::WouldBlock) => {
                    // on Windows a locked file cannot be read: the holder is unknown there
                    let text = read_text(path).ok().flatten().unwrap_or_default();
                    wait(text.trim())?;
                    std::thread::sleep(LOCK_POLL);
                }
                Err(std::fs::TryLockError::Error(error)) => return Err(io(LOCK, path)(error)),
            }
        };
        file.set_len(0).map_err(io("write", path))?;
        file.write_all(holder.as_bytes())
            .map_err(io("write", path))?;
        Ok(Self { file })
    }
}

/// Whether a lock failed because the file system does not support locks, as on some network or container file
/// systems.
pub fn has_no_locks(error: &Error) -> bool {
    let Error::Machine(MachineError::Io { verb, source, .. }) = error else {
        return false;
    };
    *verb == LOCK && (source.kind() == std::io::ErrorKind::Unsupported || is_refused(source))
}

/// Other errors that Linux and others report for such a file system (their manuals, "flock").
#[cfg(unix)]
fn is_refused(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let all = [Errno::NOLCK, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP];
    all.iter()
        .any(|one| error.raw_os_error() == Some(one.raw_os_error()))
}

#[cfg(not(unix))]
fn is_refused(_error: &std::io::Error) -> bool {
    false
}

fn open_lock(path: &Utf8Path) -> Result<std::fs::File> {
    create_dir(path.parent().unwrap_or(Utf8Path::new(".")))?;
    std::fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(io("open", path))
}

/// Whether a path still leads to an open file.
#[cfg(unix)]
fn is_still(path: &Utf8Path, file: &std::fs::File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |found: std::fs::Metadata| (found.dev(), found.ino());
    let there = std::fs::metadata(path).map(identity).ok();
    there.is_some() && there == file.metadata().map(identity).ok()
}

/// Whether a path still leads to an open file.
#[cfg(not(unix))]
fn is_still(path: &Utf8Path, file: &std::fs::File) -> bool {
    let own = file.try_clone().and_then(same_file::Handle::from_file);
    let there = same_file::Handle::from_path(path);
    own.is_ok_and(|own| there.is_ok_and(|there| own == there))
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Best effort: a stale holder is only a misleading word in a message.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use crate::model::error::Error;
    use crate::world::disk::remove_file;
    use crate::world::disk::tests::dir;

    use super::*;

    #[test]
    fn who_waits_for_a_lock_whose_file_is_removed_takes_the_new_one() {
        let (_guard, dir) = dir();
        let path = dir.join("lock");
        let first = FileLock::take(&path, "first", |_| Ok(())).unwrap();
        let mut first = Some(first);
        let waiting = FileLock::take(&path, "second", |holder| {
            assert_eq!(holder, "first");
            remove_file(&path).unwrap();
            first.take();
            Ok(())
        });
        assert_eq!(read_text(&path).unwrap().as_deref(), Some("second"));
        drop(waiting);
    }

    #[test]
    fn a_held_lock_names_its_holder() {
        let (_guard, dir) = dir();
        let path = dir.join("lock");
        let held = FileLock::take(&path, "pid 1", |_| Ok(())).unwrap();
        let mut seen = String::new();
        let refused = FileLock::take(&path, "pid 2", |holder| {
            holder.clone_into(&mut seen);
            Err(Error::Usage("enough".into()))
        });
        assert!(refused.is_err());
        assert_eq!(seen, "pid 1");
        drop(held);
        FileLock::take(&path, "pid 2", |_| Ok(())).unwrap();
    }
}
