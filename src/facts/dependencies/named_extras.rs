//! Members' extras that requirements ask for: uv leaves out what maturin builds, along with everything that
//! its extras would bring.

use std::collections::BTreeSet;

use camino::Utf8Path;

use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::model::requirement::Requirement;
use crate::world::manifest::{Manifests, PyProject};

use super::gather::without_members;
use super::groups;
use super::requirements_file::RequirementsFile;
use super::workspace::InstalledWorkspace;
use super::{Dependencies, Scope, Source, Sync};

impl Dependencies {
    /// Installs the extras of members that are named in groups, in members' dependencies or in requirements
    /// files: `package[test]`, or `.[test]` for a folder. From a lock, uv installs those itself.
    pub(super) fn add_named_extras(
        &mut self,
        project: &Project,
        workspace: Option<&InstalledWorkspace<'_>>,
    ) -> Result<()> {
        let mut at = 0;
        while let Some(sync) = self.syncs.get(at).cloned() {
            let texts = texts_of(&project.manifests, &sync)?;
            for member in &project.members {
                let Some(pyproject) = member.pyproject.as_deref() else {
                    continue;
                };
                let mut extras = named(pyproject, &texts, &project.home);
                extras.retain(|name| !self.has_extra(pyproject, name));
                if extras.is_empty() {
                    continue;
                }
                let extras = Vec::from_iter(extras);
                if sync.source == Source::Metadata(pyproject.toml.path.clone()) {
                    self.syncs[at].extras.extend(extras);
                } else {
                    let more = installation(project, workspace, member, pyproject, extras)?;
                    self.syncs.extend(more);
                }
            }
            at += 1;
        }
        Ok(())
    }

    fn has_extra(&self, pyproject: &PyProject, name: &String) -> bool {
        self.syncs.iter().any(|sync| {
            let is_its = match &sync.source {
                Source::Lock(_) | Source::Workspace(_) => true,
                source => source.is_of(&pyproject.toml.path),
            };
            is_its && sync.extras.contains(name)
        })
    }
}

fn named(pyproject: &PyProject, texts: &[String], home: &Utf8Path) -> BTreeSet<String> {
    let of = |text: &String| {
        let mut extras = groups::self_extras(pyproject, text);
        extras.extend(groups::folder_extras(pyproject, text, home));
        extras
    };
    let mut extras: BTreeSet<String> = texts.iter().flat_map(of).collect();
    extras.retain(|name| pyproject.extras.contains_key(name));
    extras
}

fn installation(
    project: &Project,
    workspace: Option<&InstalledWorkspace<'_>>,
    member: &Member,
    pyproject: &PyProject,
    extras: Vec<String>,
) -> Result<Option<Sync>> {
    if let Some(workspace) = workspace {
        return Ok(Some(workspace.sync(Vec::new(), extras, false)));
    }
    let source = match project.uv_lock()? {
        Some(lock) => Source::Lock(lock),
        None => Source::Metadata(pyproject.toml.path.clone()),
    };
    let sync = Sync {
        source,
        groups: Vec::new(),
        extras,
        default_groups: false,
        scope: Scope::default(),
    };
    Ok(without_members(project, member, pyproject, sync))
}

/// What uv is told to install without a lock, as written.
fn texts_of(manifests: &Manifests, sync: &Sync) -> Result<Vec<String>> {
    match &sync.source {
        Source::Lock(_) | Source::LockAbove(_) => Ok(Vec::new()),
        Source::File(path) => Ok(RequirementsFile::read(path)?.texts),
        Source::Metadata(_) => {
            let Some(pyproject) = sync.source.pyproject(manifests)? else {
                return Ok(Vec::new());
            };
            Ok(texts_in(&pyproject, &sync.groups, &sync.extras))
        }
        Source::Workspace(workspace) => {
            let mut texts = Vec::new();
            for package in workspace.installed.iter().chain(&workspace.others) {
                if let Some(pyproject) = manifests.pyproject(&package.manifest)? {
                    texts.extend(texts_in(&pyproject, &package.groups, &package.extras));
                }
            }
            Ok(texts)
        }
        Source::Requirements { requirements, .. } => {
            let mut texts = Vec::new();
            for requirement in requirements {
                match requirement {
                    Requirement::Package(text) => texts.push(text.clone()),
                    Requirement::File(file) => texts.extend(RequirementsFile::read(file)?.texts),
                    Requirement::Local { .. }
                    | Requirement::Constraints(_)
                    | Requirement::Index(_) => {}
                }
            }
            if let Some(pyproject) = sync.source.pyproject(manifests)? {
                texts.extend(groups::listed(&pyproject, &sync.groups));
            }
            Ok(texts)
        }
    }
}

/// Extras follow from themselves, wherever they are installed.
fn texts_in(pyproject: &PyProject, groups: &[String], extras: &[String]) -> Vec<String> {
    let mut texts = groups::listed(pyproject, groups);
    texts.extend(groups::requirements(pyproject, &[], extras));
    texts.extend(pyproject.dependencies());
    texts
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::facts::dependencies::DependencySelection;
    use crate::world::disk;

    /// The extras that are installed for tests, after those of the development environment.
    fn extras(tables: &str, files: &[(&str, &str)]) -> Vec<String> {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        disk::create_dir(&dir.join(".git")).unwrap();
        let text = format!(
            "[project]\nname = 'My.Pkg'\nversion = '1'\n\
             [project.optional-dependencies]\nx = ['six']\ny = ['My.Pkg[x]']\n{tables}"
        );
        let path = dir.join("pyproject.toml");
        disk::write(&path, text.as_bytes()).unwrap();
        for (name, text) in files {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let manifests = Manifests::default();
        let member = Member {
            name: "my-pkg".into(),
            dir: dir.clone(),
            pyproject: manifests.pyproject(&path).unwrap(),
            ..Member::default()
        };
        let project = Project {
            root: dir.clone(),
            home: dir,
            members: vec![member.clone()],
            manifests,
            ..Project::default()
        };
        let wanted = DependencySelection::default();
        let own = Dependencies::gather(&project, &wanted).unwrap();
        let tests = Dependencies::for_tests(&project, &[(&member, true)], None).unwrap();
        let syncs = own.syncs.into_iter().chain(tests.syncs);
        syncs.flat_map(|sync| sync.extras).collect()
    }

    #[test]
    fn a_group_that_names_an_extra_of_its_package_brings_it() {
        let dev = |text: &str| format!("[dependency-groups]\ndev = ['{text}']\n");
        assert_eq!(extras(&dev("my_pkg[x]"), &[]), ["x"]);
        assert_eq!(extras(&dev("my-pkg[y]"), &[]), ["y"]);
        let included = "[dependency-groups]\ndev = [{ include-group = 'a' }]\na = ['my-pkg[x]']\n";
        assert_eq!(extras(included, &[]), ["x"]);
        for text in ["my-pkg", "other[x]", "my-pkg[z]"] {
            assert_eq!(extras(&dev(text), &[]), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_requirements_file_that_names_an_extra_of_the_package_brings_it() {
        let named = |line: &str| {
            let files = [
                ("requirements-dev.txt", "pytest\n-r more/all.txt\n"),
                ("more/all.txt", line),
            ];
            extras("", &files)
        };
        for line in [
            ".[x]",
            "-e .[x]",
            "-e '.[x]'",
            "--editable=./[x]",
            "file:.[x]",
            "my-pkg[x] @ file:.",
            "my.pkg[x]",
        ] {
            assert_eq!(named(line), ["x"], "{line}");
        }
        for line in [".", "-e .", "./other[x]", "other[x]"] {
            assert_eq!(named(line), [""; 0], "{line}");
        }
    }
}
