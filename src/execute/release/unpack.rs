//! Unpacks an sdist to build it.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use flate2::read::GzDecoder;

use crate::model::error::{Error, MachineError, Result};
use crate::plan::Unpack;
use crate::world::disk;

/// Removes what the sdist does not contain, then writes what differs: an old name may be in the way of a new
/// one. The top-level folder is left out.
pub(super) fn unpack(unpack: &Unpack) -> Result<()> {
    let packed = packed(unpack)?;
    disk::remove_but(&unpack.to, &packed.keys().cloned().collect())?;
    for (to, file) in &packed {
        if disk::is_dir(to) || to.is_symlink() {
            disk::remove_but(to, &BTreeSet::new())?;
        }
        if disk::read(to)?.as_ref() != Some(&file.content) {
            disk::write(to, &file.content)?;
        }
        disk::set_executable(to, file.is_executable)?;
    }
    Ok(())
}

struct Packed {
    content: Vec<u8>,
    is_executable: bool,
}

/// The files of an sdist by their target.
fn packed(unpack: &Unpack) -> Result<BTreeMap<Utf8PathBuf, Packed>> {
    let bytes = disk::read(&unpack.sdist)?.unwrap_or_default();
    let wrong = |source| {
        Error::Machine(MachineError::Io {
            verb: "unpack",
            path: unpack.sdist.clone(),
            source,
        })
    };
    let mut archive = tar::Archive::new(GzDecoder::new(&bytes[..]));
    let mut files = BTreeMap::new();
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
        let is_executable = entry.header().mode().map_err(wrong)? & 0o111 != 0;
        let file = Packed {
            content,
            is_executable,
        };
        files.insert(to, file);
    }
    Ok(files)
}

/// `name-1.0/src/lib.rs` below `to`; `None` for what would be elsewhere.
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

    #[test]
    fn what_another_sdist_has_under_a_name_is_no_obstacle() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let action = Unpack {
            sdist: dir.join("x-1.0.tar.gz"),
            to: dir.join("x"),
        };
        let file = |name: &str| vec![name.to_owned()];
        for names in [file("docs"), file("docs/a"), file("docs/a/b"), file("docs")] {
            disk::write(&action.sdist, &sdist(&names)).unwrap();
            unpack(&action).unwrap();
            let there: Vec<Utf8PathBuf> = names.iter().map(|name| action.to.join(name)).collect();
            assert_eq!(disk::all_files(&action.to), there);
        }
    }

    #[test]
    #[cfg(unix)]
    fn no_link_leads_what_is_unpacked_elsewhere() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let action = Unpack {
            sdist: dir.join("x-1.0.tar.gz"),
            to: dir.join("x"),
        };
        disk::create_dir(&dir.join("elsewhere")).unwrap();
        disk::create_dir(&action.to).unwrap();
        disk::link(&dir.join("elsewhere"), &action.to.join("docs")).unwrap();
        disk::write(&action.sdist, &sdist(&["docs/a".to_owned()])).unwrap();
        unpack(&action).unwrap();
        assert_eq!(disk::all_files(&dir.join("elsewhere")).len(), 0);
        assert_eq!(disk::all_files(&action.to), [action.to.join("docs/a")]);
    }

    fn sdist(names: &[String]) -> Vec<u8> {
        let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut archive = tar::Builder::new(packed);
        for name in names {
            let mut header = tar::Header::new_gnu();
            header.set_size(1);
            header.set_mode(0o644);
            header.set_cksum();
            let path = format!("x-1.0/{name}");
            archive.append_data(&mut header, path, &b"x"[..]).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    }
}
