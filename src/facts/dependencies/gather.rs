//! All installations that a project's members need.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::environment::Environment;
use crate::facts::fingerprint::{Input, Settings};
use crate::facts::local_distributions::LocalDistribution;
use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::model::package_name;
use crate::model::requirement::Requirement;
use crate::world::disk;
use crate::world::manifest::PyProject;

use super::conflicts::Conflicts;
use super::crate_tests;
use super::development;
use super::groups;
use super::requirements_file::RequirementsFile;
use super::runner;
use super::selection::{DependencySelection, choose};
use super::sync::{Scope, Source, Sync};
use super::uv_lock;
use super::workspace::InstalledWorkspace;

/// All installations that the members need, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    pub syncs: Vec<Sync>,
    pub settings: Settings,
    /// Files that decide, existing or not.
    pub files: Vec<Utf8PathBuf>,
    /// Where uv is asked whether its locks are up to date: the files by which it judges that, there or not.
    pub locks_judged_by: Vec<Utf8PathBuf>,
}

impl Dependencies {
    pub fn gather(project: &Project, wanted: &DependencySelection) -> Result<Self> {
        let mut found = Self::default();
        found.files.push(project.home.join("uv.lock"));
        found.add_build_requirements(project);
        let lock = project.uv_lock()?;
        if let Some(workspace) = InstalledWorkspace::of(project, lock.clone())? {
            found.add_workspace(project, &workspace, wanted)?;
            found.add_named_extras(project, Some(&workspace))?;
            return Ok(found);
        }
        let in_python = project.members.iter().any(|m| m.pyproject.is_some());
        match lock {
            Some(lock) if in_python => found.add_lock(project, wanted, lock)?,
            _ => {
                for member in &project.members {
                    found.add_member(project, member, wanted)?;
                }
            }
        }
        found.add_named_extras(project, None)?;
        Ok(found)
    }

    /// What build scripts run: maturin builds without an isolated environment for them.
    fn add_build_requirements(&mut self, project: &Project) {
        for member in &project.members {
            let Some(pyproject) = &member.pyproject else {
                continue;
            };
            let requirements = member.build_requirements.clone();
            if !requirements.is_empty() {
                self.setting("build requirements", &requirements);
                self.syncs
                    .push(Sync::of(Source::listed(pyproject, requirements)));
            }
        }
    }

    /// What the members' tests need on top of [`gather`](Self::gather)'s; `tested`: the members that have
    /// tests, and whether they are Python's; Rust tests that embed Python get what the project declares, but
    /// no runner. `more`: what the command line additionally asks for.
    pub fn for_tests(
        project: &Project,
        tested: &[(&Member, bool)],
        more: Option<String>,
    ) -> Result<Self> {
        let mut found = Self::default();
        found.files.push(project.home.join("uv.lock"));
        let lock = project.uv_lock()?;
        let workspace = InstalledWorkspace::of(project, lock.clone())?;
        match &workspace {
            Some(_) if tested.is_empty() => {}
            Some(workspace) => {
                let in_python = tested.iter().any(|(_, python)| *python);
                found.add_tests_of_workspace(project, workspace, in_python)?;
                let is_unsaid = found.syncs.is_empty() && !in_python;
                for (member, _) in tested.iter().filter(|_| is_unsaid) {
                    found.add_tests_of_crate(project, member)?;
                }
            }
            None => found.add_tests(project, lock.as_ref(), tested)?,
        }
        found.add_named_extras(project, workspace.as_ref())?;
        if let Some(requirement) = more {
            found.syncs.push(Sync::of(Source::unlisted(&requirement)));
        }
        let described = format!("{:?}", found.syncs);
        found.setting("test dependencies", &[disk::digest(described.as_bytes())]);
        Ok(found)
    }

    /// What the tests of a folder around packages, itself not one, need, as listed there: the groups of a
    /// pyproject.toml, else what the files next to it install. `dir`: the folder.
    pub fn add_development(
        &mut self,
        project: &Project,
        member: &Member,
        dir: &Utf8Path,
    ) -> Result<()> {
        let Some(pyproject) = &member.pyproject else {
            return Ok(());
        };
        let manifests = &project.manifests;
        let Some(sync) = development::above(manifests, pyproject, &mut self.files)? else {
            for sync in runner::beside(manifests, dir, &mut self.files)? {
                self.develop(sync);
            }
            return Ok(());
        };
        let above = sync.source.pyproject(manifests)?;
        let is_of_another = above.is_some_and(|above| above.is_built());
        if !is_of_another {
            self.develop(sync);
        }
        Ok(())
    }

    fn develop(&mut self, sync: Sync) {
        if !self.syncs.contains(&sync) {
            self.syncs.push(sync);
            let described = format!("{:?}", self.syncs);
            self.setting("development", &[disk::digest(described.as_bytes())]);
        }
    }

    fn add_tests(
        &mut self,
        project: &Project,
        lock: Option<&Utf8PathBuf>,
        tested: &[(&Member, bool)],
    ) -> Result<()> {
        for (member, python) in tested {
            let Some(pyproject) = &member.python_manifest(&project.manifests)? else {
                self.add_tests_of_crate(project, member)?;
                continue;
            };
            self.note(pyproject, &member.name);
            let runner = runner::find(&project.manifests, pyproject)?;
            self.files.extend(runner.files);
            if !(runner.declared || *python) {
                self.add_tests_of_crate(project, member)?;
                continue;
            }
            let (mut groups, mut extras) = (runner.groups, runner.extras);
            if !(groups.is_empty() && extras.is_empty()) {
                let conflicts = Conflicts::of(std::slice::from_ref(pyproject));
                let own = || Source::Metadata(pyproject.toml.path.clone());
                let sync = Sync {
                    source: lock.cloned().map_or_else(own, Source::Lock),
                    default_groups: conflicts.for_tests(pyproject, &mut groups, &mut extras),
                    groups,
                    extras,
                    scope: Scope::default(),
                };
                let sync = without_members(project, member, pyproject, sync);
                self.syncs.extend(sync);
            }
            let others = runner.others.into_iter();
            self.syncs
                .extend(others.filter_map(|sync| without_named_members(project, sync)));
        }
        Ok(())
    }

    /// Without Python tests, no runner has to be declared.
    fn add_tests_of_crate(&mut self, project: &Project, member: &Member) -> Result<()> {
        let found = crate_tests::find(&project.manifests, &member.cargo)?;
        self.files.extend(found.files);
        self.syncs.extend(found.syncs);
        Ok(())
    }

    /// A runner that is declared anywhere counts for all packages of the workspace.
    fn add_tests_of_workspace(
        &mut self,
        project: &Project,
        workspace: &InstalledWorkspace<'_>,
        in_python: bool,
    ) -> Result<()> {
        let (mut groups, mut extras) = (BTreeSet::new(), BTreeSet::new());
        let (mut declared, mut others) = (Vec::new(), Vec::new());
        for package in &workspace.packages {
            self.note_package(package);
            let runner = runner::find(&project.manifests, package)?;
            self.files.extend(runner.files);
            groups.extend(runner.groups);
            extras.extend(runner.extras);
            let others_of = runner.others.into_iter();
            for sync in others_of.filter_map(|sync| without_named_members(project, sync)) {
                let known = if runner.declared {
                    &mut declared
                } else {
                    &mut others
                };
                let is_of_another = workspace.packages.iter().any(|another| {
                    another.dir() != package.dir() && sync.source.is_of(&another.toml.path)
                });
                if !is_of_another && !known.contains(&sync) {
                    known.push(sync);
                }
            }
        }
        if !(groups.is_empty() && extras.is_empty()) {
            let (groups, extras) = (Vec::from_iter(groups), Vec::from_iter(extras));
            self.syncs.push(workspace.sync_for_tests(groups, extras));
        }
        self.syncs.extend(declared);
        if self.syncs.is_empty() && in_python {
            self.syncs.extend(others);
        }
        Ok(())
    }

    fn add_workspace(
        &mut self,
        project: &Project,
        workspace: &InstalledWorkspace<'_>,
        wanted: &DependencySelection,
    ) -> Result<()> {
        for package in &workspace.packages {
            self.note_package(package);
        }
        let packages: Vec<&PyProject> = workspace.packages.iter().map(|one| &**one).collect();
        let chosen = choose(project, &packages, workspace.root(), wanted)?;
        let sync = workspace.sync(chosen.groups, chosen.extras, chosen.default_groups);
        self.setting("groups", &sync.groups);
        self.setting("extras", &sync.extras);
        let installed = format!("{:?} {:?}", sync.source, sync.scope);
        self.setting("packages", &[disk::digest(installed.as_bytes())]);
        self.syncs.push(sync);
        Ok(())
    }

    fn add_lock(
        &mut self,
        project: &Project,
        wanted: &DependencySelection,
        lock: Utf8PathBuf,
    ) -> Result<()> {
        let mut sync = Sync::of(Source::Lock(lock));
        for member in &project.members {
            let Some(pyproject) = &member.pyproject else {
                continue;
            };
            self.note(pyproject, &member.name);
            let chosen = choose(project, &[pyproject], pyproject, wanted)?;
            sync.groups.extend(chosen.groups);
            sync.extras.extend(chosen.extras);
            sync.default_groups &= chosen.default_groups;
        }
        self.setting("groups", &sync.groups);
        self.setting("extras", &sync.extras);
        self.syncs.push(sync);
        Ok(())
    }

    fn add_member(
        &mut self,
        project: &Project,
        member: &Member,
        wanted: &DependencySelection,
    ) -> Result<()> {
        let Some(pyproject) = &member.pyproject else {
            let file = member.dir.join("requirements.txt");
            self.files.extend(RequirementsFile::read(&file)?.files);
            if disk::is_file(&file) {
                self.syncs.push(Sync::of(Source::File(file)));
            }
            return Ok(());
        };
        self.note(pyproject, &member.name);
        let chosen = choose(project, &[pyproject], pyproject, wanted)?;
        self.setting(&format!("groups of {}", member.name), &chosen.groups);
        self.setting(&format!("extras of {}", member.name), &chosen.extras);
        let sync = Sync {
            source: Source::Metadata(pyproject.toml.path.clone()),
            groups: chosen.groups,
            extras: chosen.extras,
            default_groups: chosen.default_groups,
            scope: Scope::default(),
        };
        let sync = without_members(project, member, pyproject, sync);
        self.syncs.extend(sync);
        Ok(())
    }

    /// The uv.lock that they come from, absolute.
    pub fn lock(&self) -> Option<&Utf8PathBuf> {
        self.syncs.iter().find_map(|sync| match &sync.source {
            Source::Lock(path) => Some(path),
            _ => None,
        })
    }

    /// Has uv asked whether the locks that are installed from are up to date.
    pub fn demand_current_locks(&mut self, project: &Project) {
        let locks = self.syncs.iter().filter_map(|sync| match &sync.source {
            Source::Lock(path) | Source::LockAbove(path) => Some(path),
            _ => None,
        });
        let files: BTreeSet<Utf8PathBuf> = locks
            .flat_map(|lock| uv_lock::judged_by(lock, project))
            .collect();
        self.locks_judged_by = files.into_iter().collect();
    }

    pub(super) fn note(&mut self, pyproject: &PyProject, name: &str) {
        let tables = disk::digest(pyproject.dependency_tables().as_bytes());
        self.setting(&format!("dependencies of {name}"), &[tables]);
    }

    /// Like [`note`](Self::note); the root of a workspace may have no name.
    pub(super) fn note_package(&mut self, package: &PyProject) {
        let name = package.normalized_name();
        self.note(package, name.as_deref().unwrap_or("the workspace"));
    }

    pub(super) fn setting(&mut self, name: &str, values: &[String]) {
        self.settings.insert(name.to_owned(), values.join(","));
    }

    /// Everything that decides what the environment holds, in its current state; `since` as in
    /// [`Input::file`]; `members`: folders of packages that pyx installs itself, absolute.
    pub fn inputs(
        &self,
        environment: &Environment,
        members: &[Utf8PathBuf],
        since: u64,
    ) -> Vec<Input> {
        let mut inputs: Vec<Input> = self
            .files
            .iter()
            .map(|path| Input::file(path, Some(since)))
            .collect();
        if let Some(dir) = environment.site_packages() {
            inputs.push(Input::listing(&dir, "", ".dist-info"));
            inputs.push(Input::listing(&dir, "", ".pth")); // they put other folders on the path
        }
        for local in LocalDistribution::all(environment, members) {
            inputs.extend(local.input());
        }
        inputs
    }
}

/// The same, without other members, which pyx installs itself; `None` if nothing is left.
pub(super) fn without_members(
    project: &Project,
    member: &Member,
    pyproject: &PyProject,
    sync: Sync,
) -> Option<Sync> {
    if matches!(sync.source, Source::Lock(_)) {
        return Some(sync);
    }
    let is_member = |requirement: &String| {
        let name = package_name::of_requirement(requirement);
        let mut others = project.members.iter().filter(|it| it.name != member.name);
        name.is_some_and(|name| others.any(|other| other.name == name))
    };
    let mut all = pyproject.dependencies();
    all.extend(groups::requirements(pyproject, &[], &sync.extras));
    let needs_others = all.iter().any(|requirement| !is_member(requirement));
    (needs_others || !sync.groups.is_empty()).then(|| readable(pyproject, sync))
}

/// Without the members that a list names: they are built here, and what an index has by their names may be
/// anybody's. One with extras stays, to be replaced by what these list.
fn without_named_members(project: &Project, mut sync: Sync) -> Option<Sync> {
    if let Source::Requirements { requirements, .. } = &mut sync.source {
        let packages = project.members.iter().filter(|it| it.pyproject.is_some());
        let names: BTreeSet<&String> = packages.map(|member| &member.name).collect();
        requirements.retain(|it| {
            let has_extras = matches!(it, Requirement::Package(text) if text.contains('['));
            has_extras || it.package_name().is_none_or(|name| !names.contains(&name))
        });
        let is_option =
            |it: &Requirement| matches!(it, Requirement::Index(_) | Requirement::Constraints(_));
        if requirements.iter().all(is_option) && sync.groups.is_empty() && sync.extras.is_empty() {
            return None;
        }
    }
    Some(sync)
}

/// The same, without handing uv a pyproject.toml that it refuses to read, or the groups of a project that is
/// not its own.
fn readable(pyproject: &PyProject, sync: Sync) -> Sync {
    let has_refused_groups = !sync.groups.is_empty() && !pyproject.is_managed();
    let has_project = pyproject.toml.table(&["project"]).is_some();
    let requirements = match &sync.source {
        Source::Metadata(_) if !(has_project || has_refused_groups) => {
            return Sync {
                source: Source::listed(pyproject, Vec::new()),
                ..sync
            };
        }
        Source::Metadata(_) if !pyproject.is_complete() || has_refused_groups => {
            let mut all = groups::requirements(pyproject, &sync.groups, &sync.extras);
            all.extend(pyproject.dependencies());
            Requirement::packages(all)
        }
        Source::Requirements { requirements, .. } if has_refused_groups => {
            let all = groups::requirements(pyproject, &sync.groups, &[]);
            [requirements.clone(), Requirement::packages(all)].concat()
        }
        _ => return sync,
    };
    Sync {
        source: Source::listed_in(pyproject.toml.path.clone(), requirements),
        groups: Vec::new(),
        extras: Vec::new(),
        ..sync
    }
}

#[cfg(test)]
mod tests;
