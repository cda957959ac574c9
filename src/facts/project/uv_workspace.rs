//! uv workspaces: which packages belong to one (uv docs, "Using workspaces").

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;

use crate::model::error::Result;
use crate::model::package_name;
use crate::model::path::normalize;
use crate::world::checkout;
use crate::world::disk;
use crate::world::manifest::{Manifests, PyProject};

/// A uv workspace.
#[derive(Clone, Debug)]
pub struct UvWorkspace {
    pub root: Arc<PyProject>,
    /// Without the root, by folder.
    pub members: Vec<Arc<PyProject>>,
    /// The normalised name of the package whose folder it was found from, if that is pure Python.
    pub asked: Option<String>,
}

impl UvWorkspace {
    /// The workspace whose root is a folder; `None` if it is not one.
    ///
    /// # Errors
    /// A pyproject.toml that cannot be read.
    pub fn at(manifests: &Manifests, dir: &Utf8Path) -> Result<Option<Self>> {
        let Some(root) = manifests.pyproject(&dir.join("pyproject.toml"))? else {
            return Ok(None);
        };
        if !root.is_uv_workspace() {
            return Ok(None);
        }
        let said = |key: &str| root.toml.strings(&["tool", "uv", "workspace", key]);
        let excluded = said("exclude");
        let is_excluded = |folder: &Utf8Path| {
            excluded
                .iter()
                .any(|pattern| disk::is_match(dir, pattern, folder))
        };
        let mut folders = BTreeSet::new();
        for pattern in said("members") {
            folders.extend(disk::folders_like(dir, &pattern));
        }
        folders.retain(|folder| folder != dir && !is_excluded(folder));
        let mut members = Vec::new();
        for folder in folders {
            // uv itself complains of a folder without one
            if let Some(member) = manifests.pyproject(&folder.join("pyproject.toml"))?
                && member.is_managed()
            {
                members.push(member);
            }
        }
        Ok(Some(Self {
            root,
            members,
            asked: None,
        }))
    }

    /// The nearest workspace that a folder is the root or a member of.
    pub(super) fn of(manifests: &Manifests, dir: &Utf8Path) -> Result<Option<Self>> {
        for ancestor in checkout::upward(dir) {
            if let Some(workspace) = Self::at(manifests, ancestor)?
                && workspace.packages().any(|package| package.dir() == dir)
            {
                return Ok(Some(workspace));
            }
        }
        Ok(None)
    }

    /// Its root, which may not be a package, and its members.
    pub fn packages(&self) -> impl Iterator<Item = &Arc<PyProject>> {
        std::iter::once(&self.root).chain(&self.members)
    }

    /// What maturin builds of it: members, and packages below its root that one of them has as a source.
    ///
    /// # Errors
    /// A pyproject.toml that cannot be read.
    pub fn built_with_maturin(&self, manifests: &Manifests) -> Result<Vec<Arc<PyProject>>> {
        let mut found: Vec<Arc<PyProject>> = self.packages().cloned().collect();
        for package in self.packages() {
            for path in package.path_sources() {
                let dir = normalize(&package.dir().join(path));
                let is_known = found.iter().any(|known| known.dir() == dir);
                if dir.starts_with(self.root.dir()) && !is_known {
                    found.extend(manifests.pyproject(&dir.join("pyproject.toml"))?);
                }
            }
        }
        found.retain(|package| package.builds_with_maturin());
        Ok(found)
    }

    /// The names of what a package needs of the workspace, directly or indirectly; normalised.
    pub fn needs(&self, package: &PyProject) -> BTreeSet<String> {
        let mut needed = BTreeSet::new();
        let mut open = direct_needs(package);
        while let Some(name) = open.pop() {
            if needed.insert(name.clone()) {
                let mut packages = self.packages();
                let of_name = packages.find(|one| one.normalized_name().as_ref() == Some(&name));
                open.extend(of_name.into_iter().flat_map(|one| direct_needs(one)));
            }
        }
        needed
    }
}

fn direct_needs(package: &PyProject) -> Vec<String> {
    let texts = package.dependencies();
    texts
        .iter()
        .filter_map(|text| package_name::of_requirement(text))
        .collect()
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::model::path::shown;

    /// The members' folders, relative to the root, of a workspace with these folders.
    fn members(table: &str, folders: &[&str]) -> Vec<String> {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let write = |folder: &str, text: &str| {
            let path = dir.join(folder).join("pyproject.toml");
            disk::write(&path, text.as_bytes()).unwrap();
        };
        write("", &format!("[tool.uv.workspace]\n{table}\n"));
        for folder in folders {
            let rest = if folder.ends_with("alone") {
                "[tool.uv]\nmanaged = false\n"
            } else {
                ""
            };
            write(folder, &format!("[project]\nname = 'x'\n{rest}"));
        }
        let manifests = Manifests::default();
        let found = UvWorkspace::at(&manifests, &dir).unwrap().unwrap();
        let below = |member: &Arc<PyProject>| shown(&dir, member.dir()).into_string();
        found.members.iter().map(below).collect()
    }

    #[test]
    fn members_are_those_that_uv_finds_by_its_globs() {
        let folders = ["a", "libs/b", "libs/c", "libs/c/inner", "libs/d/e/f/g/deep"];
        let of = |table: &str| members(table, &folders);
        assert_eq!(of("members = ['a', 'nowhere']"), ["a"]);
        assert_eq!(of("members = ['libs/*']"), ["libs/b", "libs/c"]);
        assert_eq!(of("members = ['./libs/[b]/']"), ["libs/b"]);
        let inner = ["libs/b", "libs/c", "libs/c/inner"];
        assert_eq!(of("members = ['libs/*', 'libs/*/*']"), inner);
        assert_eq!(of("members = ['libs/d/e/f/g/deep']"), ["libs/d/e/f/g/deep"]);
        // no alternatives in its globs
        assert_eq!(of("members = ['libs/{b,c}']"), [""; 0]);
        let but = |exclude: &str| {
            of(&format!(
                "members = ['libs/*', 'libs/*/*']\nexclude = {exclude}"
            ))
        };
        assert_eq!(but("['libs/c']"), ["libs/b", "libs/c/inner"]);
        assert_eq!(but("['./libs/c/']"), ["libs/b", "libs/c/inner"]);
        assert_eq!(
            but("['libs/c*']"),
            ["libs/b"],
            "a star goes over folders there"
        );
        assert_eq!(but("['libs/*']"), [""; 0]);
        assert_eq!(members("members = ['*']", &["alone", "b"]), ["b"]);
        assert_eq!(members("", &["a"]), [""; 0]);
    }
}
