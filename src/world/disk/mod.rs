//! The file system: looking, hashing, and writing whole files atomically. Nothing else accesses it.
#![expect(
    clippy::disallowed_methods,
    reason = "this folder owns looking at the file system"
)]

mod file_lock;
mod hollow;
mod output;
mod pattern;
mod replace;
mod text;
mod trees;
mod usage;
mod walk;

use std::io::{Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::error::{Error, MachineError, Result};

pub use file_lock::{FileLock, has_no_locks};
pub use hollow::{is_hollow, remove_hollow};
pub use output::{check_writable, in_the_way};
pub use pattern::matching;
pub use replace::{remove_later, replace};
pub use text::{read_text, read_transcoded, read_utf8};
pub use trees::{
    Staging, copy_entry, copy_tree, exchange, link, mirror, only_staging, promote, staging,
};
pub use usage::{Usage, usage};
pub use walk::{
    FoundFiles, IgnoreRules, Link, all_files, folder_files, folders, folders_like, is_folder_like,
    is_match, kept_files, links_out_of, modules_among_sources, package_files, rust_files,
    unignored_files,
};

/// What `stat` says about a file's content without reading it. On Unix, this includes the status-change time:
/// no program can set that back, so `touch -r` and `git checkout` are noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signature {
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since the epoch.
    pub modified: u64,
    /// Nanoseconds since the epoch; 0 if the platform has none.
    pub changed: u64,
    /// 0 if the platform has none.
    pub inode: u64,
}

impl Signature {
    /// The latest moment at which the file is known to have been written.
    pub fn written(&self) -> u64 {
        if self.changed == 0 {
            self.modified
        } else {
            self.changed
        }
    }
}

/// Nanoseconds since the epoch.
pub fn now() -> u64 {
    nanos(SystemTime::now())
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn io(verb: &'static str, path: &Utf8Path) -> impl FnOnce(std::io::Error) -> Error {
    move |source| {
        Error::Machine(MachineError::Io {
            verb,
            path: path.to_owned(),
            source,
        })
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

/// The signature of a regular file (following links); `None` if there is none.
pub fn signature(path: impl AsRef<Path>) -> Option<Signature> {
    let meta = std::fs::metadata(path)
        .ok()
        .filter(std::fs::Metadata::is_file)?;
    #[cfg(unix)]
    let (changed, inode) = {
        use std::os::unix::fs::MetadataExt;
        (split_nanos(meta.ctime(), meta.ctime_nsec()), meta.ino())
    };
    #[cfg(not(unix))]
    let (changed, inode) = (0, 0);
    Some(Signature {
        size: meta.len(),
        modified: meta.modified().map(nanos).unwrap_or_default(),
        changed,
        inode,
    })
}

#[cfg(unix)]
fn split_nanos(seconds: i64, nanos: i64) -> u64 {
    let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)
}

/// When a directory was created, in nanoseconds since the epoch, if the file system knows.
pub fn directory_birth(path: &Utf8Path) -> Option<u64> {
    let meta = std::fs::metadata(path)
        .ok()
        .filter(std::fs::Metadata::is_dir)?;
    meta.created().ok().map(nanos)
}

pub fn is_file(path: &Utf8Path) -> bool {
    path.is_file()
}

pub fn is_dir(path: &Utf8Path) -> bool {
    path.is_dir()
}

/// True for a dangling link too.
pub fn is_there(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether the directory is mounted so that the system starts no programs in it.
#[cfg(target_os = "linux")]
pub fn is_noexec(dir: &Utf8Path) -> bool {
    use rustix::fs::StatVfsMountFlags;
    let mount = rustix::fs::statvfs(dir.as_std_path());
    mount.is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::NOEXEC))
}

/// Whether the directory is mounted so that the system starts no programs in it.
#[cfg(not(target_os = "linux"))]
pub fn is_noexec(_dir: &Utf8Path) -> bool {
    false
}

/// With links resolved; the path itself if that fails. On Windows without `\\?\`, which hardly any program
/// accepts.
pub fn resolve(path: &Utf8Path) -> Utf8PathBuf {
    real(path).unwrap_or_else(|| path.to_owned())
}

fn real(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let real = dunce::canonicalize(path).ok()?;
    Utf8PathBuf::from_path_buf(real).ok()
}

/// Whether two paths lead to the same file or folder, by whatever links or mounts.
pub fn is_same(one: &Utf8Path, other: &Utf8Path) -> bool {
    if one == other {
        return true;
    }
    let resolved = resolve(one) == resolve(other);
    #[cfg(unix)]
    let resolved = resolved || {
        use std::os::unix::fs::MetadataExt;
        let identity = |path: &Utf8Path| {
            let meta = std::fs::metadata(path).ok()?;
            Some((meta.dev(), meta.ino()))
        };
        identity(one).is_some() && identity(one) == identity(other)
    };
    resolved
}

/// `None` if the file is absent.
pub fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(io("read", path)(error)),
    }
}

/// A file to read parts of; `None` if it cannot be read.
pub fn open(path: &Utf8Path) -> Option<std::fs::File> {
    std::fs::File::open(path).ok()
}

/// The SHA-256 in lower-case hex.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of a file's content in lower-case hex; `None` if it cannot be read.
pub fn hash(path: &Utf8Path) -> Option<String> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(hex(&hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The names in a directory, sorted; empty if there is no directory.
pub fn names(dir: &Utf8Path) -> Vec<String> {
    let mut names: Vec<String> = dir
        .read_dir_utf8()
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_owned()))
        .collect();
    names.sort();
    names
}

fn names_in(dir: &Utf8Path, accept: impl Fn(&str) -> bool) -> Vec<Utf8PathBuf> {
    let names = names(dir).into_iter().filter(|name| accept(name));
    names.map(|name| dir.join(name)).collect()
}

pub fn create_dir(path: &Utf8Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(io("create", path))
}

/// A temporary file with these bytes, which is removed when dropped.
pub fn temporary(bytes: &[u8]) -> Result<tempfile::NamedTempFile> {
    let make = || {
        let mut file = tempfile::NamedTempFile::new()?;
        std::io::Write::write_all(&mut file, bytes)?;
        Ok(file)
    };
    make().map_err(|source| {
        Error::Machine(MachineError::Io {
            verb: "write a file in",
            path: "the folder for temporary files".into(),
            source,
        })
    })
}

/// Writes a whole file or leaves the old one: a new file in the same directory, then a rename.
pub fn write(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    put(path, 0o666, |file| {
        fill(file, bytes)?;
        keep_mode(path, file.path())
    })
}

/// Like [`write()`], for the file that a link leads to, whether it exists or not: the link stays a link.
pub fn write_behind_links(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    write(&behind_links(path), bytes)
}

/// Where writing to a path ends up: links are resolved, even those that lead to nothing yet.
pub fn behind_links(path: &Utf8Path) -> Utf8PathBuf {
    const MOST: usize = 40; // as Linux follows
    let mut path = path.to_owned();
    for _ in 0..MOST {
        let target = match real(&path) {
            Some(real) => return real,
            None => path.read_link_utf8(),
        };
        let Ok(target) = target else {
            break;
        };
        path = path.parent().unwrap_or(Utf8Path::new("")).join(target);
    }
    path
}

/// Like [`write()`], for a file that everyone whom the umask allows may run, whatever the old one was: it is
/// never there without being executable.
pub fn write_program(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    put(path, 0o777, |file| fill(file, bytes))
}

fn fill(file: &mut tempfile::NamedTempFile, bytes: &[u8]) -> std::io::Result<()> {
    file.write_all(bytes)?;
    file.as_file().sync_data()
}

/// Like [`write()`], for what can be recreated if a power loss spoils it: waiting for the disk takes longer
/// than everything else after a small edit.
pub fn write_unsynced(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    put(path, 0o666, |file| {
        file.write_all(bytes)?;
        keep_mode(path, file.path())
    })
}

/// `mode`: of a new file, before the umask.
fn put(
    path: &Utf8Path,
    mode: u32,
    fill: impl FnOnce(&mut tempfile::NamedTempFile) -> std::io::Result<()>,
) -> Result<()> {
    create_dir(path.parent().unwrap_or(Utf8Path::new(".")))?;
    let put = || {
        let mut file = beside(path, mode)?;
        fill(&mut file)?;
        // closed first: a program that is open for writing cannot be started
        Ok(file.into_temp_path().persist(path)?)
    };
    put().map_err(io("write", path))
}

/// A new file next to the one that it will replace.
fn beside(path: &Utf8Path, mode: u32) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".pyx-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder.tempfile_in(path.parent().unwrap_or(Utf8Path::new(".")))
}

/// A replacement keeps the mode of the old file; without an old file, the new one keeps its own.
#[cfg(unix)]
fn keep_mode(old: &Utf8Path, new: &std::path::Path) -> std::io::Result<()> {
    match std::fs::metadata(old) {
        Ok(old) => std::fs::set_permissions(new, old.permissions()),
        Err(_) => Ok(()),
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as where files have modes")]
fn keep_mode(_old: &Utf8Path, _new: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}

/// Appends to a file that others write too.
pub fn append(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    let mut options = std::fs::File::options();
    let file = options.append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(bytes))
        .map_err(io("write", path))
}

/// Makes a file executable by everyone or by nobody, on systems where that matters.
#[cfg(unix)]
pub fn set_executable(path: &Utf8Path, executable: bool) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let fail = || io("set the mode of", path);
    let mode = std::fs::metadata(path)
        .map_err(fail())?
        .permissions()
        .mode();
    let wanted = if executable {
        mode | 0o111
    } else {
        mode & !0o111
    };
    if wanted == mode {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(wanted)).map_err(fail())
}

#[cfg(not(unix))]
pub fn set_executable(_path: &Utf8Path, _executable: bool) -> Result<()> {
    Ok(())
}

/// Copies one file with its mode, creating its folders. An existing file is replaced and not written to: it
/// may be a hard link to a file elsewhere, such as those from uv's cache in environments.
pub fn copy(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    create_dir(to.parent().unwrap_or(to))?;
    let copy = || {
        let new = beside(to, 0o666)?.into_temp_path();
        std::fs::copy(from, &new)?;
        Ok(new.persist(to)?)
    };
    copy().map_err(io("copy", from))
}

/// Removes a directory that pyx created, with everything in it.
pub fn remove_dir(path: &Utf8Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if !is_absent(&error) => Err(io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a file, or a directory with everything in it except `kept` files and the folders that lead to
/// them; of a link, the link itself.
pub fn remove_but(path: &Utf8Path, kept: &std::collections::BTreeSet<Utf8PathBuf>) -> Result<()> {
    if !is_dir(path) || path.is_symlink() {
        return remove_file(path);
    }
    if !kept.iter().any(|file| file.starts_with(path)) {
        return remove_dir(path);
    }
    for name in names(path) {
        let inner = path.join(name);
        if !kept.contains(&inner) {
            remove_but(&inner, kept)?;
        }
    }
    Ok(())
}

/// Removes a directory that is empty, or contains only files with these names.
pub fn remove_empty(path: &Utf8Path, marks: &[&str]) -> Result<()> {
    let names = names(path);
    if !names.iter().all(|name| marks.contains(&name.as_str())) {
        return Ok(());
    }
    for name in names {
        remove_file(&path.join(name))?;
    }
    match std::fs::remove_dir(path) {
        // something was created in it meanwhile
        Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
        Err(error) if !is_absent(&error) => Err(io("remove", path)(error)),
        _ => Ok(()),
    }
}

pub fn remove_file(path: &Utf8Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if !is_absent(&error) => Err(io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Renames a file within its folder, be it a regular file or a link; `None` if there is none.
pub fn set_aside(path: &Utf8Path) -> Result<Option<Utf8PathBuf>> {
    let name = path.file_name().unwrap_or_default();
    let aside = path.with_file_name(format!(".pyx-{name}.{}", std::process::id()));
    match std::fs::rename(path, &aside) {
        Ok(()) => Ok(Some(aside)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(io("remove", path)(error)),
    }
}

pub fn rename(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    std::fs::rename(from, to).map_err(io("create", to))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    pub(super) fn dir() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        (dir, path)
    }

    #[test]
    fn what_is_kept_stays_with_its_folders() {
        let (_guard, dir) = dir();
        for name in ["a/b/kept", "a/b/c", "a/d/e"] {
            write(&dir.join(name), b"x").unwrap();
        }
        std::fs::hard_link(dir.join("a/b/c"), dir.join("c")).unwrap();
        let Usage { bytes, files } = usage(&dir.join("a"));
        // on Windows nothing tells that a file has another name
        let freed = if cfg!(unix) { 2 } else { 3 };
        assert_eq!((bytes, files), (freed * usage(&dir.join("a/d")).bytes, 3));
        remove_file(&dir.join("c")).unwrap();
        let kept = [dir.join("a/b/kept")].into();
        remove_but(&dir.join("a"), &kept).unwrap();
        assert_eq!(all_files(&dir), [dir.join("a/b/kept")]);
        remove_empty(&dir.join("a/b"), &["other"]).unwrap();
        assert_eq!(all_files(&dir).len(), 1);
        remove_empty(&dir.join("a/b"), &["kept"]).unwrap();
        assert_eq!(all_files(&dir).len(), 0);
    }

    #[test]
    fn setting_the_old_mtime_back_changes_the_signature() {
        let (_guard, dir) = dir();
        let file = dir.join("f");
        write(&file, b"one").unwrap();
        let before = signature(&file).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        std::fs::write(&file, b"two").unwrap();
        let handle = std::fs::File::options().write(true).open(&file).unwrap();
        let old = UNIX_EPOCH + Duration::from_nanos(before.modified);
        handle.set_modified(old).unwrap();
        let after = signature(&file).unwrap();
        assert_eq!(before.modified, after.modified);
        // elsewhere the system keeps no time that nobody can set
        assert_eq!(before != after, cfg!(unix));
    }

    #[test]
    #[cfg(unix)]
    fn a_write_replaces_whole_files_and_keeps_the_mode() {
        use std::os::unix::fs::PermissionsExt;
        let (_guard, dir) = dir();
        let file = dir.join("new/f");
        write(&file, b"one").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        write(&file, b"two").unwrap();
        assert_eq!(read_text(&file).unwrap().as_deref(), Some("two"));
        assert_eq!(names(&dir.join("new")), ["f"]);
        let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o755);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        write_program(&file, b"three").unwrap();
        assert_eq!(mode(), 0o755);
    }

    #[test]
    fn hashes_are_sha256() {
        assert_eq!(
            digest(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_copy_replaces_one_name_of_a_file_and_no_other() {
        let (_guard, dir) = dir();
        let [from, to, other] = ["from", "to", "other"].map(|name| dir.join(name));
        write(&from, b"new").unwrap();
        write(&other, b"old").unwrap();
        std::fs::hard_link(&other, &to).unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(read(&to).unwrap().unwrap(), b"new");
        assert_eq!(read(&other).unwrap().unwrap(), b"old");
        #[cfg(unix)]
        {
            let link = dir.join("link");
            std::os::unix::fs::symlink(&other, &link).unwrap();
            copy(&from, &link).unwrap();
            assert!(!link.is_symlink());
            assert_eq!(read(&other).unwrap().unwrap(), b"old");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_new_file_is_for_those_whom_the_umask_lets() {
        use std::os::unix::fs::PermissionsExt;
        const PLACE: &str = "CARGO_PYX_TEST_PLACE";
        // the umask is the whole process's
        let Ok(place) = std::env::var(PLACE) else {
            let (_guard, dir) = dir();
            let own = std::env::current_exe().unwrap();
            let name = "world::disk::tests::a_new_file_is_for_those_whom_the_umask_lets";
            let script = "umask 027; exec \"$0\" --exact \"$1\"";
            let mut call = std::process::Command::new("sh");
            call.args(["-c", script])
                .arg(own)
                .arg(name)
                .env(PLACE, &dir);
            assert!(call.output().unwrap().status.success());
            let mode = |name: &str| {
                let meta = std::fs::metadata(dir.join(name)).unwrap();
                meta.permissions().mode() & 0o777
            };
            let found = ["file", "quick", "program", "module", "old"].map(mode);
            assert_eq!(found, [0o640, 0o640, 0o750, 0o640, 0o666]);
            return;
        };
        let dir = Utf8PathBuf::from(place);
        write(&dir.join("file"), b"").unwrap();
        write_unsynced(&dir.join("quick"), b"").unwrap();
        write_program(&dir.join("program"), b"").unwrap();
        replace(&dir.join("program"), &dir.join("module")).unwrap();
        let old = dir.join("old");
        std::fs::write(&old, b"").unwrap();
        std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o666)).unwrap();
        write(&old, b"new").unwrap();
    }
}
