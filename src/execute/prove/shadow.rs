//! What Python would import instead of the module.

use camino::{Utf8Path, Utf8PathBuf};

use memchr::memmem;

use crate::facts::artifact::Binary;
use crate::model::error::{Error, PythonError, Result};
use crate::world::disk;
use crate::world::git::Git;

use super::Proof;
use super::import::{self, ImportOrigin, extension};
use super::installed::InstalledModule;

impl Proof<'_> {
    /// Removes what Python would import instead of the module.
    pub(super) fn clear_way(&self, module: &InstalledModule) -> Result<()> {
        while let Some(shadow) = self.shadow(module)? {
            self.remove(&shadow)?;
        }
        Ok(())
    }

    /// What Python would import instead of the module; `None` if it is the module, and works.
    fn shadow(&self, module: &InstalledModule) -> Result<Option<Utf8PathBuf>> {
        let resolution = import::resolve(self.context, self.prove, module)?;
        let is_same = |path: &Utf8Path| disk::resolve(path) == disk::resolve(&module.file);
        let is_imported = self.member.bindings.is_pyo3();
        let chain = &resolution.installed;
        if is_imported {
            match extension(chain) {
                Some(path) if is_same(path) => {}
                Some(path) => return Ok(Some(path.to_owned())),
                None => return Err(self.shadowed_by_python(module, chain)?),
            }
        } else {
            // a library that Python code loads is in its package's folder
            let folder = module.file.parent().map(disk::resolve);
            let mut folders = chain.iter().flat_map(|found| &found.locations);
            if !folders.any(|dir| Some(disk::resolve(dir)) == folder) {
                return Err(self.shadowed_by_python(module, chain)?);
            }
        }
        // a stray copy in the project's folder comes first for `python -c` and for scripts there
        if let Some(stray) = extension(&resolution.local).filter(|path| !is_same(path))
            && disk::hash(stray) != disk::hash(&module.file)
        {
            return Ok(Some(stray.to_owned()));
        }
        self.loads(module, &resolution.loaded)?;
        Ok(None)
    }

    /// Something other than an extension module comes before it.
    fn shadowed_by_python(
        &self,
        module: &InstalledModule,
        chain: &[ImportOrigin],
    ) -> Result<Error> {
        let origin = chain.iter().rev().find_map(|found| found.origin.as_ref());
        match origin {
            Some(found) => self.shadowed(&module.name, found),
            None => Ok(self.nowhere()),
        }
    }

    fn shadowed(&self, module: &str, found: &Utf8Path) -> Result<Error> {
        Ok(Error::Python(PythonError::Shadowed {
            module: module.to_owned(),
            found: found.to_owned(),
            built: self.output.clone(),
            is_tracked: self.is_tracked(found)?,
        }))
    }

    /// Removes a shadowing file if maturin or cargo created it.
    fn remove(&self, shadow: &Utf8Path) -> Result<()> {
        if !self.is_made_by_cargo(shadow)? {
            return Err(self.shadowed(&self.member.module, shadow)?);
        }
        disk::remove_file(shadow)?;
        let text = format!("removed `{shadow}`, a stale build that Python would have imported");
        self.context.ui.warn(&text);
        Ok(())
    }

    /// Compiled by rustc, exporting this module or the one that its name says, and not under version control.
    fn is_made_by_cargo(&self, path: &Utf8Path) -> Result<bool> {
        let bytes = disk::read(path)?.unwrap_or_default();
        let name = path.file_name().unwrap_or_default();
        let own = self.member.module.rsplit('.').next();
        let mut names = name.split('.').take(1).chain(own);
        let is_rust = ["rustc version ", "/rustc/"]
            .iter()
            .any(|text| memmem::find(&bytes, text.as_bytes()).is_some());
        let exports = is_rust && names.any(|name| has_init(&bytes, name));
        Ok(exports && !self.is_tracked(path)?)
    }

    pub(super) fn is_tracked(&self, path: &Utf8Path) -> Result<bool> {
        // a link in the way would lead git out of the checkout
        let dir = disk::resolve(path.parent().unwrap_or(path));
        let git = Git {
            session: self.context.session,
            dir: &dir,
        };
        git.tracks(path.file_name().unwrap_or_default())
    }
}

/// Whether a module has the function that Python looks for under a name (PEP 489, PEP 793).
fn has_init(module: &[u8], name: &str) -> bool {
    let binary = Binary::parse(module).and_then(Result::ok);
    let inits = binary.map(|binary| binary.inits).unwrap_or_default();
    ["PyInit_", "PyModExport_"]
        .iter()
        .any(|prefix| inits.contains(&format!("{prefix}{name}")))
}
