//! All installations that a project's members need.

use camino::Utf8PathBuf;

use crate::facts::environment::Environment;
use crate::facts::fingerprint::{Input, Settings};
use crate::facts::local_distributions::LocalDistribution;
use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::model::package_name;
use crate::world::disk;
use crate::world::manifest::PyProject;

use super::requirements_file::RequirementsFile;
use super::runner;
use super::selection::{DependencySelection, choose};
use super::sync::{Source, Sync};

/// All installations that the members need, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    pub syncs: Vec<Sync>,
    pub settings: Settings,
    /// Files that decide, there or not.
    pub files: Vec<Utf8PathBuf>,
}

impl Dependencies {
    pub fn gather(project: &Project, wanted: &DependencySelection) -> Result<Self> {
        let mut found = Self::default();
        found.files.push(project.home.join("uv.lock"));
        let lock = project.uv_lock()?;
        let in_python = project.members.iter().any(|m| m.pyproject.is_some());
        match lock {
            Some(lock) if in_python => found.add_lock(project, wanted, lock)?,
            _ => {
                for member in &project.members {
                    found.add_member(project, member, wanted)?;
                }
            }
        }
        Ok(found)
    }

    /// What the members' Python tests need on top of [`gather`](Self::gather)'s; `tested`: the
    /// members that have tests, and whether they are Python's; tests in Rust that embed Python get
    /// what the project says, but no runner.
    pub fn for_tests(project: &Project, tested: &[(&Member, bool)]) -> Result<Self> {
        let mut found = Self::default();
        found.files.push(project.home.join("uv.lock"));
        let lock = project.uv_lock()?;
        for (member, python) in tested {
            let Some(pyproject) = &member.pyproject else {
                continue;
            };
            found.note(pyproject, member);
            let runner = runner::find(&project.manifests, pyproject)?;
            found.files.extend(runner.files);
            if !(runner.declared || *python) {
                continue;
            }
            if !(runner.groups.is_empty() && runner.extras.is_empty()) {
                let in_workspace = lock.is_some() && member.dir != project.home;
                let own = || Source::Metadata(pyproject.toml.path.clone());
                let sync = Sync {
                    source: lock.clone().map_or_else(own, Source::Lock),
                    groups: runner.groups,
                    extras: runner.extras,
                    default_groups: true,
                    packages: in_workspace
                        .then(|| member.name.clone())
                        .into_iter()
                        .collect(),
                };
                let sync = without_members(project, member, pyproject, sync);
                found.syncs.extend(sync);
            }
            found.syncs.extend(runner.others);
        }
        let described = format!("{:?}", found.syncs);
        found.setting("test dependencies", &[disk::digest(described.as_bytes())]);
        Ok(found)
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
            self.note(pyproject, member);
            let chosen = choose(project, pyproject, wanted)?;
            sync.groups.extend(chosen.groups);
            sync.extras.extend(chosen.extras);
            sync.default_groups &= chosen.default_groups;
            if member.dir != project.home {
                sync.packages.push(member.name.clone());
            }
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
        self.note(pyproject, member);
        let sync = choose(project, pyproject, wanted)?;
        self.setting(&format!("groups of {}", member.name), &sync.groups);
        self.setting(&format!("extras of {}", member.name), &sync.extras);
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

    pub(super) fn note(&mut self, pyproject: &PyProject, member: &Member) {
        let tables = disk::digest(pyproject.dependency_tables().as_bytes());
        self.setting(&format!("dependencies of {}", member.name), &[tables]);
    }

    pub(super) fn setting(&mut self, name: &str, values: &[String]) {
        self.settings.insert(name.to_owned(), values.join(","));
    }

    /// Everything that decides what the environment holds, as it is now; `since` as in
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

/// The same, without other members, which pyx installs itself; `None` where nothing is left.
pub(super) fn without_members(
    project: &Project,
    member: &Member,
    pyproject: &PyProject,
    mut sync: Sync,
) -> Option<Sync> {
    if matches!(sync.source, Source::Lock(_)) {
        return Some(sync);
    }
    let is_member = |requirement: &String| {
        let name = package_name::of_requirement(requirement);
        name != member.name && project.members.iter().any(|other| other.name == name)
    };
    let mut all = pyproject.dependencies();
    all.extend(runner::requirements(pyproject, &[], &sync.extras));
    let (members, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_member);
    if others.is_empty() && sync.groups.is_empty() {
        return None;
    }
    if !members.is_empty() {
        sync.source = Source::Requirements {
            manifest: pyproject.toml.path.clone(),
            requirements: others,
        };
    }
    Some(readable(pyproject, sync))
}

/// The same, without handing uv a pyproject.toml that it refuses to read.
fn readable(pyproject: &PyProject, sync: Sync) -> Sync {
    if pyproject.is_complete() || !matches!(sync.source, Source::Metadata(_)) {
        return sync;
    }
    let mut requirements = runner::requirements(pyproject, &sync.groups, &sync.extras);
    requirements.extend(pyproject.dependencies());
    Sync {
        source: Source::Requirements {
            manifest: pyproject.toml.path.clone(),
            requirements,
        },
        groups: Vec::new(),
        extras: Vec::new(),
        ..sync
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::world::manifest::Manifests;

    /// The sources of `b`, which stands beside a member `a`.
    fn sources(dependencies: &str, extras: &[&str]) -> Vec<Source> {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let text = format!("[project]\nname = 'b'\nversion = '1'\n{dependencies}");
        let path = dir.join("pyproject.toml");
        disk::write(&path, text.as_bytes()).unwrap();
        let manifests = Manifests::default();
        let pyproject = manifests.pyproject(&path).unwrap();
        let member = |name: &str, pyproject| Member {
            name: name.into(),
            pyproject,
            ..Member::default()
        };
        let project = Project {
            root: dir.to_owned(),
            home: dir.to_owned(),
            members: vec![member("a", None), member("b", pyproject)],
            manifests,
            ..Project::default()
        };
        let wanted = DependencySelection {
            extras: extras.iter().map(ToString::to_string).collect(),
            ..DependencySelection::default()
        };
        let mut found = Dependencies::default();
        found
            .add_member(&project, &project.members[1], &wanted)
            .unwrap();
        found.syncs.into_iter().map(|sync| sync.source).collect()
    }

    #[test]
    fn a_file_that_requirements_include_decides_as_they_do() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        for (name, text) in [
            ("requirements.txt", "-r base.txt  # why\n-c pins.txt\n"),
            ("base.txt", "numpy\n"),
        ] {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let member = Member {
            dir: dir.to_owned(),
            ..Member::default()
        };
        let mut found = Dependencies::default();
        let wanted = DependencySelection::default();
        found
            .add_member(&Project::default(), &member, &wanted)
            .unwrap();
        let files = ["base.txt", "pins.txt", "requirements.txt"].map(|name| dir.join(name));
        assert_eq!(found.files, files);
    }

    #[test]
    fn what_needs_nothing_but_members_needs_no_installation() {
        assert_eq!(sources("dependencies = ['a==1']\n", &[]), []);
        let both =
            "dependencies = ['a', 'other>=1']\n[project.optional-dependencies]\nx = ['more']\n";
        let [Source::Requirements { requirements, .. }] = &sources(both, &["x"])[..] else {
            panic!("they are installed by themselves")
        };
        assert_eq!(requirements, &["other>=1", "more"]);
        assert!(matches!(
            sources("dependencies = ['other']\n", &[])[..],
            [Source::Metadata(_)]
        ));
    }
}
