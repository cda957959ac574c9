//! Files for those readers that take no text: in a folder of the process, in memory where there is one.

use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};

/// Writes a file of that name, in place of the last one, and says where it is.
pub fn file(name: &str, bytes: &[u8]) -> Utf8PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let memory = tempfile::tempdir_in("/dev/shm");
        memory.or_else(|_| tempfile::tempdir()).expect("a folder")
    });
    let folder = Utf8Path::from_path(folder.path()).expect("a path that is UTF-8");
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a place in memory");
    path
}
