//! An sdist where it is built.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use flate2::read::GzDecoder;

use crate::model::error::{Error, MachineError, Result};
use crate::plan::Unpack;
use crate::world::disk;

/// Writes what differs, removes what the sdist does not hold; the top folder is left out.
pub(super) fn unpack(unpack: &Unpack) -> Result<()> {
    let bytes = disk::read(&unpack.sdist)?.unwrap_or_default();
    let wrong = |source| {
        Error::Machine(MachineError::Io {
            verb: "unpack",
            path: unpack.sdist.clone(),
            source,
        })
    };
    let mut archive = tar::Archive::new(GzDecoder::new(&bytes[..]));
    let mut kept = BTreeSet::new();
    for entry in archive.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        let path = entry.path().map_err(wrong)?.into_owned();
        let path = crate::model::path::utf8(path)?;
        let Some(to) = inside(&unpack.to, &path) else {
            continue;
        };
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).map_err(wrong)?;
        if disk::read(&to)?.as_ref() != Some(&content) {
            disk::write(&to, &content)?;
        }
        let mode = entry.header().mode().map_err(wrong)?;
        disk::set_executable(&to, mode & 0o111 != 0)?;
        kept.insert(to);
    }
    for old in disk::all_files(&unpack.to) {
        if !kept.contains(&old) {
            disk::remove_file(&old)?;
        }
    }
    Ok(())
}

/// `name-1.0/src/lib.rs` below `to`; `None` for what would lie elsewhere.
fn inside(to: &Utf8Path, path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut parts = path.components();
    parts.next()?;
    let rest = parts.as_path();
    let plain = |part| matches!(part, camino::Utf8Component::Normal(_));
    (!rest.as_str().is_empty() && rest.components().all(plain)).then(|| to.join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sdist_unpacks_below_its_folder_only() {
        let to = Utf8Path::new("/t");
        let lands = |path: &str| inside(to, Utf8Path::new(path));
        assert_eq!(lands("x-1.0/src/lib.rs"), Some("/t/src/lib.rs".into()));
        assert_eq!(lands("x-1.0"), None);
        assert_eq!(lands("x-1.0/../../etc/passwd"), None);
        assert_eq!(lands("/etc/passwd"), Some("/t/etc/passwd".into()));
    }
}
