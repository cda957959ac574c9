//! An sdist whose Cargo.lock matches its manifests, so that it builds with `--locked`.

use camino::{Utf8Path, Utf8PathBuf};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::facts::artifact::SDIST_ENDING;
use crate::model::error::{Error, MachineError, Result};
use crate::plan::{MendLock, Unpack};
use crate::world::disk;
use crate::world::process;

use super::super::context::Context;
use super::unpack::unpack;

/// Does not touch an sdist whose lock matches, which has none, or about which cargo cannot tell: then the
/// following build says why.
pub(super) fn mend_lock(context: &Context<'_>, mend: &MendLock) -> Result<()> {
    let names = disk::names(&mend.folder);
    let Some(name) = names.iter().find(|name| name.ends_with(SDIST_ENDING)) else {
        return Ok(());
    };
    let sdist = mend.folder.join(name);
    unpack(&Unpack {
        sdist: sdist.clone(),
        to: mend.scratch.clone(),
    })?;
    let mut locks = disk::all_files(&mend.scratch);
    locks.retain(|path| path.file_name() == Some("Cargo.lock"));
    let [lock] = &locks[..] else {
        return Ok(());
    };
    // the workspace's manifest is next to its lock
    let manifest = lock.with_file_name("Cargo.toml");
    let call = mend
        .metadata
        .clone()
        .args(["--manifest-path", manifest.as_str()]);
    if process::read(&call.clone().arg("--locked"))?
        .status
        .success()
    {
        return Ok(());
    }
    if !process::read(&call)?.status.success() {
        context.ui.warn(&format!(
            "{name}: its Cargo.lock does not match its manifests"
        ));
        return Ok(());
    }
    let below = lock.strip_prefix(&mend.scratch).unwrap_or(lock);
    let text = disk::read(lock)?.unwrap_or_default();
    replace_member(&sdist, below, &text)?;
    context
        .ui
        .detail("Mended", &format!("Cargo.lock in {name}"));
    Ok(())
}

/// Rewrites the archive with new content for one file, `below` its top-level folder.
fn replace_member(sdist: &Utf8Path, below: &Utf8Path, content: &[u8]) -> Result<()> {
    let wrong = |source| {
        Error::Machine(MachineError::Io {
            verb: "pack",
            path: sdist.to_owned(),
            source,
        })
    };
    let bytes = disk::read(sdist)?.unwrap_or_default();
    let mut old = tar::Archive::new(GzDecoder::new(&bytes[..]));
    let mut new = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for entry in old.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        let path = crate::model::path::utf8(entry.path().map_err(wrong)?.into_owned())?;
        let mut header = entry.header().clone();
        let mut data = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut data).map_err(wrong)?;
        let inside: Utf8PathBuf = path.components().skip(1).collect();
        if inside == below {
            data = content.to_vec();
            header.set_size(data.len() as u64);
        }
        new.append_data(&mut header, path.as_std_path(), &data[..])
            .map_err(wrong)?;
    }
    let packed = new
        .into_inner()
        .and_then(GzEncoder::finish)
        .map_err(wrong)?;
    disk::write(sdist, &packed)
}
