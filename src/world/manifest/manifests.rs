//! The manifests and lock files of one look at the world, each parsed once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;

use super::{CargoToml, PyProject, Toml, workspace};

/// Files as they were when first asked for; absent files stay absent. Clones share what they know. To look
/// again because something may have changed, make a new one.
#[derive(Clone, Debug, Default)]
pub struct Manifests(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    files: BTreeMap<Utf8PathBuf, Option<Arc<Toml>>>,
    cargo: BTreeMap<Utf8PathBuf, Arc<CargoToml>>,
    pyproject: BTreeMap<Utf8PathBuf, Arc<PyProject>>,
}

impl Manifests {
    /// A Cargo.toml; `None` if the file is absent.
    ///
    /// # Errors
    /// As [`Toml::read`], and for an invalid `[package.metadata.pyx]`.
    pub fn cargo(&self, path: &Utf8Path) -> Result<Option<Arc<CargoToml>>> {
        let mut known = self.known();
        if let Some(cargo) = known.cargo.get(path) {
            return Ok(Some(cargo.clone()));
        }
        let Some(toml) = known.toml(path)? else {
            return Ok(None);
        };
        let mut cargo = CargoToml::of(toml)?;
        // a manifest that inherits contains the word; for others the folders above are not read
        if cargo.toml.text().contains("workspace") {
            let root = workspace::root_of(&cargo.toml, |path| known.toml(path))?;
            cargo.workspace = known.toml(&root.join("Cargo.toml"))?;
        }
        let cargo = Arc::new(cargo);
        known.cargo.insert(path.to_owned(), cargo.clone());
        Ok(Some(cargo))
    }

    /// A pyproject.toml; `None` if the file is absent.
    ///
    /// # Errors
    /// As [`Toml::read`], and for an invalid `[tool.pyx]`.
    pub fn pyproject(&self, path: &Utf8Path) -> Result<Option<Arc<PyProject>>> {
        let mut known = self.known();
        if let Some(pyproject) = known.pyproject.get(path) {
            return Ok(Some(pyproject.clone()));
        }
        let Some(toml) = known.toml(path)? else {
            return Ok(None);
        };
        let pyproject = Arc::new(PyProject::of(toml)?);
        known.pyproject.insert(path.to_owned(), pyproject.clone());
        Ok(Some(pyproject))
    }

    /// The same; an empty one if the file is absent.
    ///
    /// # Errors
    /// As [`pyproject`](Self::pyproject).
    pub fn pyproject_or_empty(&self, path: &Utf8Path) -> Result<Arc<PyProject>> {
        match self.pyproject(path)? {
            Some(pyproject) => Ok(pyproject),
            None => Ok(Arc::new(PyProject::of(Toml::parse(path, "")?)?)),
        }
    }

    /// A lock file, or a manifest whose pyx table does not matter; `None` if the file is absent.
    ///
    /// # Errors
    /// As [`Toml::read`].
    pub fn toml(&self, path: &Utf8Path) -> Result<Option<Arc<Toml>>> {
        self.known().toml(path)
    }

    /// The workspace folder of a crate, absolute; its own if it has no workspace.
    ///
    /// # Errors
    /// As [`Toml::read`], for the files above.
    pub fn workspace_root(&self, cargo: &CargoToml) -> Result<Utf8PathBuf> {
        let mut known = self.known();
        workspace::root_of(&cargo.toml, |path| known.toml(path))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // what is known is complete, even after a panic
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn toml(&mut self, path: &Utf8Path) -> Result<Option<Arc<Toml>>> {
        if let Some(known) = self.files.get(path) {
            return Ok(known.clone());
        }
        let read = Toml::read(path)?.map(Arc::new);
        self.files.insert(path.to_owned(), read.clone());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::disk;

    #[test]
    fn one_look_sees_a_file_as_it_was_first_and_the_next_look_as_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let [cargo, pyproject, lock] =
            ["Cargo.toml", "pyproject.toml", "Cargo.lock"].map(|name| dir.join(name));
        let name = |manifests: &Manifests| {
            let cargo = manifests.cargo(&cargo).unwrap();
            cargo.map(|cargo| cargo.package_name().unwrap().to_owned())
        };
        let first = Manifests::default();
        disk::write(&cargo, b"[package]\nname = 'one'\n").unwrap();
        assert_eq!(name(&first).as_deref(), Some("one"));
        assert!(first.pyproject(&pyproject).unwrap().is_none());
        assert!(first.toml(&lock).unwrap().is_none());
        disk::write(&cargo, b"[package]\nname = 'two'\n").unwrap();
        disk::write(&pyproject, b"").unwrap();
        disk::write(&lock, b"").unwrap();
        let same = first.clone();
        assert_eq!(name(&same).as_deref(), Some("one"));
        assert!(same.pyproject(&pyproject).unwrap().is_none());
        assert!(same.toml(&lock).unwrap().is_none());
        let next = Manifests::default();
        assert_eq!(name(&next).as_deref(), Some("two"));
        assert!(next.pyproject(&pyproject).unwrap().is_some());
        assert!(next.toml(&lock).unwrap().is_some());
    }

    #[test]
    fn what_rust_tests_import_is_listed_for_crates_alone() {
        let of = |name: &str, text: &str| Toml::parse(Utf8Path::new(name), text).unwrap();
        let table =
            "[package.metadata.pyx]\nrequires = ['numpy>=2', 'x @ https://example.org/x.zip']\n";
        let cargo = CargoToml::of(of("/p/Cargo.toml", table)).unwrap();
        assert_eq!(cargo.config.requires.len(), 2);
        let wrong = table.replace("numpy>=2", "numpy 2 -U");
        let error = CargoToml::of(of("/p/Cargo.toml", &wrong)).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("`numpy 2 -U` is not a valid requirement"),
            "{text}"
        );
        assert!(text.contains("/p/Cargo.toml:2:"), "{text}");
        let table = "[tool.pyx]\nrequires = ['numpy']\n";
        let error = PyProject::of(of("/p/pyproject.toml", table)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("/p/pyproject.toml:2:"), "{text}");
        let hint = error.hint().unwrap();
        assert_eq!(hint, "[dependency-groups] test = [\"numpy\"]");
    }

    #[test]
    fn a_file_is_parsed_once_whoever_asks_and_for_whatever() {
        let temp = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(temp.path()).unwrap().join("Cargo.toml");
        disk::write(&path, b"[workspace]\n").unwrap();
        let manifests = Manifests::default();
        let toml = manifests.toml(&path).unwrap().unwrap();
        let cargo = manifests.clone().cargo(&path).unwrap().unwrap();
        assert!(Arc::ptr_eq(&toml, &cargo.toml));
        assert!(Arc::ptr_eq(
            &cargo,
            &manifests.cargo(&path).unwrap().unwrap()
        ));
    }

    #[test]
    fn a_mistake_is_said_to_all_who_ask_and_only_to_those_whom_it_concerns() {
        let temp = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(temp.path()).unwrap().join("Cargo.toml");
        disk::write(&path, b"[package.metadata.pyx]\nnothing = 1\n").unwrap();
        let manifests = Manifests::default();
        for _ in 0..2 {
            let error = manifests.cargo(&path).unwrap_err().to_string();
            assert!(error.contains("Cargo.toml:2:1"), "{error}");
        }
        assert!(manifests.toml(&path).unwrap().is_some());
    }
}
