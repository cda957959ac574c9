//! A package's development dependencies outside its own groups: uv's older table, and an enclosing project.

use camino::Utf8PathBuf;

use crate::model::admitted;
use crate::model::error::Result;
use crate::world::checkout;
use crate::world::disk;
use crate::world::manifest::{Manifests, PyProject};

use super::groups;
use super::sync::{Source, Sync};

/// The groups of the nearest pyproject.toml above, up to the checkout's root, that bring the runner; from
/// its lock where it has one.
pub(super) fn above(
    manifests: &Manifests,
    own: &PyProject,
    files: &mut Vec<Utf8PathBuf>,
) -> Result<Option<Sync>> {
    for folder in checkout::above(own.dir()) {
        if let Some(pyproject) = manifests.pyproject(&folder.join("pyproject.toml"))? {
            let lock = folder.join("uv.lock");
            files.extend([pyproject.toml.path.clone(), lock.clone()]);
            let groups = groups::with_runner(&pyproject);
            if groups.is_empty() {
                continue;
            }
            let source = if disk::is_file(&lock) && is_locked_for(&pyproject, own)? {
                Source::LockAbove(lock)
            } else {
                Source::listed(&pyproject, Vec::new())
            };
            let mut sync = Sync::of(source);
            sync.groups = groups;
            return Ok(Some(sync));
        }
    }
    Ok(None)
}

/// Whether uv can install from the lock of a development environment on every Python that a package supports.
/// The lock of a package also covers its own needs.
fn is_locked_for(development: &PyProject, package: &PyProject) -> Result<bool> {
    if development.is_built() || !development.is_managed() {
        return Ok(false);
    }
    let (allowed, wanted) = (development.requires_python()?, package.requires_python()?);
    Ok(admitted::is_within(wanted.as_ref(), allowed.as_ref()))
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::world::manifest::Toml;

    #[test]
    fn an_environment_for_development_above_has_a_lock_of_its_own() {
        let source = |text: &str, locked: bool| {
            let temp = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(temp.path()).unwrap();
            disk::create_dir(&dir.join(".git")).unwrap(); // the search upward ends here
            disk::write(&dir.join("pyproject.toml"), text.as_bytes()).unwrap();
            if locked {
                disk::write(&dir.join("uv.lock"), b"").unwrap();
            }
            let package = "[project]\nrequires-python = '>=3.10'\n";
            let own = Toml::parse(&dir.join("a/pyproject.toml"), package).unwrap();
            let own = PyProject::of(own).unwrap();
            let sync = above(&Manifests::default(), &own, &mut Vec::new());
            let sync = sync.unwrap().unwrap();
            (matches!(sync.source, Source::LockAbove(_)), sync.groups)
        };
        let group = "[dependency-groups]\ndev = ['pytest']\n";
        let older = "[tool.uv]\ndev-dependencies = ['pytest']\n";
        assert_eq!(source(group, true), (true, vec!["dev".to_owned()]));
        assert_eq!(source(older, true), (true, vec!["dev".to_owned()]));
        assert_eq!(source(group, false), (false, vec!["dev".to_owned()]));
        // uv would install it for no other Python, nor take anything of it
        let newer = format!("[project]\nrequires-python = '>=3.12'\n{group}");
        assert!(!source(&newer, true).0);
        let but_one = format!("[project]\nrequires-python = '>=3.10,!=3.12.1'\n{group}");
        assert!(!source(&but_one, true).0);
        let unmanaged = format!("[tool.uv]\nmanaged = false\n{group}");
        assert!(!source(&unmanaged, true).0);
        // a package has what it needs itself in its lock, too
        let built = format!("[build-system]\nrequires = ['hatchling']\n{group}");
        assert!(!source(&built, true).0);
    }
}
