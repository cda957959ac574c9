//! What uv installs for a uv workspace: everything that `uv sync --all-packages` does, except what maturin
//! builds.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::facts::project::{Project, UvWorkspace};
use crate::model::error::Result;
use crate::world::manifest::PyProject;

use super::conflicts::Conflicts;
use super::sync::{Scope, Source, Sync, UnlockedWorkspace, WorkspacePackage};

/// The workspace of a project with what decides how it is installed.
pub(super) struct InstalledWorkspace<'a> {
    workspace: &'a UvWorkspace,
    /// Its packages, and those below its root that maturin builds as a source of one of them.
    pub(super) packages: Vec<Arc<PyProject>>,
    lock: Option<Utf8PathBuf>,
    conflicts: Conflicts,
    scope: Scope,
}

impl<'a> InstalledWorkspace<'a> {
    pub(super) fn of(project: &'a Project, lock: Option<Utf8PathBuf>) -> Result<Option<Self>> {
        let Some(workspace) = &project.workspace else {
            return Ok(None);
        };
        let mut packages: Vec<Arc<PyProject>> = workspace.packages().cloned().collect();
        for built in workspace.built_with_maturin(&project.manifests)? {
            if packages.iter().all(|known| known.dir() != built.dir()) {
                packages.push(built);
            }
        }
        let conflicts = Conflicts::of(&packages);
        let members = project.members.iter().map(|member| member.name.clone());
        let asked: Vec<String> = members.chain(workspace.asked.clone()).collect();
        let scope = conflicts.scope(workspace, &asked);
        let conflicts = conflicts.within(|package| scope.holds(package));
        Ok(Some(Self {
            workspace,
            packages,
            lock,
            conflicts,
            scope,
        }))
    }

    pub(super) fn root(&self) -> &'a PyProject {
        &self.workspace.root
    }

    pub(super) fn groups(&self) -> BTreeSet<&String> {
        let packages = self.packages.iter();
        packages.flat_map(|package| package.groups.keys()).collect()
    }

    pub(super) fn extras(&self) -> BTreeSet<&String> {
        let packages = self.packages.iter();
        packages.flat_map(|package| package.extras.keys()).collect()
    }

    /// An installation of everything with these groups and extras, whichever packages have them.
    pub(super) fn sync(
        &self,
        groups: Vec<String>,
        extras: Vec<String>,
        with_default: bool,
    ) -> Sync {
        let source = match &self.lock {
            Some(lock) => Source::Lock(lock.clone()),
            None => Source::Workspace(self.unlocked(&groups, &extras)),
        };
        Sync {
            source,
            groups,
            extras,
            default_groups: with_default,
            scope: self.scope.clone(),
        }
    }

    /// The same with what tests need: of conflicting groups and extras the first, and the default groups only
    /// if they can be installed with them.
    pub(super) fn sync_for_tests(&self, mut groups: Vec<String>, mut extras: Vec<String>) -> Sync {
        let with_default = self
            .conflicts
            .for_tests(self.root(), &mut groups, &mut extras);
        self.sync(groups, extras, with_default)
    }

    fn unlocked(&self, groups: &[String], extras: &[String]) -> UnlockedWorkspace {
        let mut found = UnlockedWorkspace {
            root: self.root().toml.path.clone(),
            installed: Vec::new(),
            others: Vec::new(),
        };
        for package in self
            .packages
            .iter()
            .filter(|package| self.scope.holds(package))
        {
            let has = |names: &[String], known: &dyn Fn(&String) -> bool| {
                names.iter().filter(|name| known(name)).cloned().collect()
            };
            let one = WorkspacePackage {
                manifest: package.toml.path.clone(),
                groups: has(groups, &|name| package.groups.contains_key(name)),
                extras: has(extras, &|name| package.extras.contains_key(name)),
                is_project: package.is_complete(),
            };
            if package.is_uv_package() && !package.builds_with_maturin() {
                found.installed.push(one);
            } else {
                found.others.push(one);
            }
        }
        found
    }
}
