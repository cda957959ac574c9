//! Which packages the environment must hold, and where the project says so.

mod automation;
mod requirements_file;
mod runner;
mod sync;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::environment::Environment;
use crate::facts::fingerprint::{Input, Settings};
use crate::facts::local_distributions::LocalDistribution;
use crate::facts::project::{Member, Project};
use crate::model::error::{Error, Result};
use crate::model::package_name;
use crate::world::disk;
use crate::world::manifest::PyProject;

use requirements_file::RequirementsFile;

pub use automation::Automation;
pub use runner::TestRunner;
pub use sync::{Source, Sync};

/// What was asked for on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DependencySelection {
    pub groups: Vec<String>,
    pub extras: Vec<String>,
}

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
        if let Some(lock) = lock.filter(|_| in_python) {
            found.add_lock(project, wanted, lock)?;
        } else {
            for member in &project.members {
                found.add_member(project, member, wanted)?;
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
                let sync = without_members(project, (member, pyproject), sync);
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
        let mut sync = Sync {
            source: Source::Lock(lock),
            groups: Vec::new(),
            extras: Vec::new(),
            default_groups: true,
            packages: Vec::new(),
        };
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
                self.syncs.push(Sync {
                    source: Source::File(file),
                    groups: Vec::new(),
                    extras: Vec::new(),
                    default_groups: true,
                    packages: Vec::new(),
                });
            }
            return Ok(());
        };
        self.note(pyproject, member);
        let sync = choose(project, pyproject, wanted)?;
        self.setting(&format!("groups of {}", member.name), &sync.groups);
        self.setting(&format!("extras of {}", member.name), &sync.extras);
        let sync = without_members(project, (member, pyproject), sync);
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

    fn note(&mut self, pyproject: &PyProject, member: &Member) {
        let tables = disk::digest(pyproject.dependency_tables().as_bytes());
        self.setting(&format!("dependencies of {}", member.name), &[tables]);
    }

    fn setting(&mut self, name: &str, values: &[String]) {
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
fn without_members(
    project: &Project,
    (member, pyproject): (&Member, &PyProject),
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

/// Groups and extras: the command line's on top of `[tool.pyx]`, which stands for uv's default.
fn choose(project: &Project, pyproject: &PyProject, wanted: &DependencySelection) -> Result<Sync> {
    let config = &project.config;
    let normalized = |names: &[String]| {
        names
            .iter()
            .map(|n| package_name::normalize(n))
            .collect::<Vec<_>>()
    };
    let mut groups = match &config.groups {
        Some(groups) => normalized(groups),
        None => pyproject.default_groups(),
    };
    groups.extend(normalized(&wanted.groups));
    let mut extras = normalized(&config.extras);
    extras.extend(normalized(&wanted.extras));
    let several = project.members.len() > 1;
    keep_known(&mut groups, "group", several, pyproject.groups.keys())?;
    keep_known(&mut extras, "extra", several, pyproject.extras.keys())?;
    Ok(Sync {
        source: Source::Metadata(pyproject.toml.path.clone()),
        groups,
        extras,
        default_groups: config.groups.is_none(),
        packages: Vec::new(),
    })
}

/// Among several members a name is looked up in each; in one project it must be known.
fn keep_known<'a>(
    names: &mut Vec<String>,
    what: &str,
    several: bool,
    known: impl Iterator<Item = &'a String>,
) -> Result<()> {
    let known: Vec<&String> = known.collect();
    if !several && let Some(name) = names.iter().find(|name| !known.contains(name)) {
        let known: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
        return Err(Error::Usage(format!(
            "no {what} `{name}` in this project; it has {}",
            if known.is_empty() {
                "none".into()
            } else {
                known.join(", ")
            }
        )));
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| known.contains(&name) && seen.insert(name.clone()));
    Ok(())
}

/// Checks a uv.lock before uv is handed it: that it is whole, and that it knows every dependency
/// that pyproject.toml names (`--frozen` would leave out one that was added since).
///
/// # Errors
/// [`Error::Manifest`] with the place where the lock ends or where the unknown dependency stands.
pub fn check_lock(path: &Utf8Path, project: &Project) -> Result<()> {
    let restore = || Some("git checkout uv.lock".to_owned());
    let toml = project.manifests.toml(path).map_err(|error| match error {
        Error::Manifest {
            message, location, ..
        } => Error::Manifest {
            message,
            location,
            hint: restore(),
        },
        other => other,
    })?;
    let Some(toml) = toml else { return Ok(()) };
    let end = toml.text().len().saturating_sub(1);
    for member in &project.members {
        let Some(pyproject) = &member.pyproject else {
            continue;
        };
        let Some(needs) = toml.locked_dependencies(&member.name) else {
            let message = format!(
                "`uv.lock` does not know {}: it is cut short or of another project",
                member.name
            );
            return Err(toml.error(&(end..end), message, restore()));
        };
        for requirement in pyproject.dependencies_with_spans() {
            let name = package_name::of_requirement(&requirement.value);
            if !needs.contains(&name) {
                let message = format!("`uv.lock` does not know `{name}`");
                let hint = Some("uv lock".to_owned());
                return Err(pyproject.toml.error(&requirement.span, message, hint));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
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
