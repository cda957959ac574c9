//! Installs into one environment what is installed in another.

use camino::Utf8Path;

use crate::facts::artifact;
use crate::facts::environment::Environment;
use crate::model::error::{Error, PythonError, Result};
use crate::model::path::normalize;
use crate::plan::CopyInstall;
use crate::world::disk;

/// Copies every file of the distribution, replacing `to`'s version of it.
pub(super) fn copy(copy: &CopyInstall) -> Result<()> {
    let nowhere = || {
        Error::Python(PythonError::NotInstalled {
            module: copy.member.module.clone(),
            message: format!("`{}` has none to copy", copy.from.path),
        })
    };
    let packages = copy.from.site_packages().ok_or_else(nowhere)?;
    let own = copy.to.site_packages().ok_or_else(nowhere)?;
    let dist_info = copy.from.dist_info(&copy.member).ok_or_else(nowhere)?;
    if let Some(old) = copy.to.dist_info(&copy.member) {
        for file in artifact::installed(&old)? {
            disk::remove_file(&normalize(&own.join(file)))?;
        }
        disk::remove_dir(&old)?;
    }
    for file in artifact::installed(&dist_info)? {
        let from = normalize(&packages.join(&file));
        // a script's path goes through the prefix, which lies equally deep in both
        install_file(&from, &normalize(&own.join(&file)), copy)?;
    }
    Ok(())
}

/// A file unchanged; a script of one environment is changed into one of the other.
fn install_file(from: &Utf8Path, to: &Utf8Path, copy: &CopyInstall) -> Result<()> {
    disk::copy(from, to)?;
    let bytes = disk::read(from)?.unwrap_or_default();
    if !bytes.starts_with(b"#!") {
        return Ok(());
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return Ok(());
    };
    let bin = |environment: &Environment| format!("{}/", environment.bin());
    let own = text.replace(&bin(&copy.from), &bin(&copy.to));
    disk::write(to, own.as_bytes())
}
