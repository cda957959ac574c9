//! A package's folder that disappeared with a branch, except for the installed module that keeps it there.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::native_file::is_native;
use crate::world::disk;
use crate::world::git::Git;
use crate::world::session::Session;

use super::project::{Member, python_folders};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HollowPackage {
    /// Absolute.
    pub dir: Utf8PathBuf,
    /// The modules in it that were installed there, absolute.
    pub modules: Vec<Utf8PathBuf>,
}

impl HollowPackage {
    /// `is_installed`: whether a file is a module as it was installed. A folder without one of them is the
    /// user's.
    pub(super) fn of(
        session: &Session,
        member: &Member,
        is_installed: &dyn Fn(&Utf8Path) -> bool,
    ) -> Option<Self> {
        // a namespace may have been made for the module alone
        if member.module.contains('.') {
            return None;
        }
        let folders = python_folders(member).into_iter();
        let mut folders = folders.map(|folder| member.dir.join(folder));
        folders.find_map(|dir| {
            if disk::is_file(&dir.join("__init__.py")) {
                return None;
            }
            let is_ours = |file: &Utf8Path| is_native(file) && is_installed(file);
            let git = Git { session, dir: &dir };
            // by their names first: to look into a module takes longer, at each run; and where git does not
            // tell, it may track them
            if !disk::is_hollow(&dir, &is_native)
                || !disk::is_hollow(&dir, &is_ours)
                || git.tracks_within().unwrap_or(true)
            {
                return None;
            }
            let modules = disk::modules_among_sources(&dir, &[]);
            (!modules.is_empty()).then_some(Self { dir, modules })
        })
    }

    /// The warning about a folder that has the module's name and no Python in it, if it is not to be removed.
    pub(super) fn warning(member: &Member) -> Option<String> {
        if !member.bindings.is_pyo3() || member.module.contains('.') {
            return None;
        }
        let folders = python_folders(member).into_iter();
        let mut folders = folders.map(|folder| (member.dir.join(&folder), folder));
        let (_, folder) = folders.find(|(dir, _)| {
            !disk::is_file(&dir.join("__init__.py")) && disk::matching(dir, "**/*.py").is_empty()
        })?;
        let module = &member.module;
        Some(format!(
            "`{folder}` has no `__init__.py`, yet maturin puts the module into it: `import {module}` finds an empty package (`mv {folder} ELSEWHERE`)"
        ))
    }

    /// The other existing folders for the module's package, relative to pyproject.toml.
    pub(super) fn others(&self, member: &Member) -> String {
        let mut folders = python_folders(member);
        folders.retain(|folder| member.dir.join(folder) != self.dir);
        folders.join(", ")
    }
}
