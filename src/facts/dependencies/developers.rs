//! Everything that a project lists for its developers: what its own recipes may run.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::{Member, Project};
use crate::model::error::Result;
use crate::world::disk;
use crate::world::manifest::PyProject;

use super::gather::without_members;
use super::groups;
use super::named_tools;
use super::requirements_file;
use super::workspace::InstalledWorkspace;
use super::{Dependencies, Scope, Source, Sync};

/// Names of extras for the project's own work; others are features for its users.
const EXTRAS: [&str; 25] = [
    "all-dev",
    "bench",
    "benchmark",
    "benchmarks",
    "check",
    "ci",
    "dev",
    "develop",
    "development",
    "doc",
    "docs",
    "documentation",
    "format",
    "formatting",
    "lint",
    "linting",
    "qa",
    "quality",
    "style",
    "test",
    "testing",
    "tests",
    "type",
    "types",
    "typing",
];

impl Dependencies {
    /// Each place by itself: the requirements of one may not be compatible with those of another.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn for_developers(project: &Project) -> Result<Self> {
        let mut found = Self::default();
        let lock = project.uv_lock()?;
        found.files.push(project.home.join("uv.lock"));
        let mut folders = BTreeSet::new();
        for member in &project.members {
            folders.insert(member.dir.clone());
        }
        let workspace = InstalledWorkspace::of(project, lock.clone())?;
        if let Some(workspace) = &workspace {
            found.add_developers_of(workspace);
        } else {
            for member in &project.members {
                if let Some(pyproject) = &member.pyproject {
                    found.note(pyproject, &member.name);
                    let syncs = in_pyproject(project, member, pyproject, lock.as_ref());
                    found.syncs.extend(syncs);
                }
            }
        }
        folders.insert(project.root.clone());
        folders.insert(project.home.clone());
        for file in folders.iter().flat_map(|folder| files_of(folder)) {
            found.syncs.push(Sync::of(Source::File(file.clone())));
            found.files.push(file);
        }
        found.add_named_extras(project, workspace.as_ref())?;
        let besides = named_tools::besides(&found.syncs, project, &folders, &mut found.files)?;
        found.syncs.extend(besides);
        let described = format!("{:?}", found.syncs);
        let digest = disk::digest(described.as_bytes());
        found.setting("developer dependencies", &[digest]);
        Ok(found)
    }

    fn add_developers_of(&mut self, workspace: &InstalledWorkspace<'_>) {
        let mut brought = BTreeSet::new();
        for package in &workspace.packages {
            self.note_package(package);
            brought.extend(groups::extras_with_runner(package));
        }
        for name in workspace.groups() {
            let sync = workspace.sync_for_tests(vec![name.clone()], Vec::new());
            self.syncs.push(sync);
        }
        for name in workspace.extras() {
            if EXTRAS.contains(&name.as_str()) || brought.contains(name) {
                let sync = workspace.sync_for_tests(Vec::new(), vec![name.clone()]);
                self.syncs.push(sync);
            }
        }
    }
}

fn in_pyproject(
    project: &Project,
    member: &Member,
    pyproject: &PyProject,
    lock: Option<&Utf8PathBuf>,
) -> Vec<Sync> {
    let is_ours = |name: &&String| EXTRAS.contains(&name.as_str());
    let extras = pyproject.extras.keys().filter(is_ours).cloned();
    let extras: Vec<String> = extras
        .chain(groups::extras_with_runner(pyproject))
        .collect();
    let extras: BTreeSet<String> = extras.into_iter().collect();
    let source = match lock {
        Some(lock) => Source::Lock(lock.clone()),
        None => Source::Metadata(pyproject.toml.path.clone()),
    };
    let sync = |groups: Vec<String>, extras: Vec<String>| {
        let sync = Sync {
            source: source.clone(),
            groups,
            extras,
            default_groups: true,
            scope: Scope::default(),
        };
        without_members(project, member, pyproject, sync)
    };
    let mut found = Vec::new();
    for name in pyproject.groups.keys() {
        found.extend(sync(vec![name.clone()], Vec::new()));
    }
    for name in extras {
        found.extend(sync(Vec::new(), vec![name]));
    }
    found
}

/// Those that are not for users: a `requirements.txt` next to a pyproject.toml is usually for deployment.
fn files_of(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut files = requirements_file::in_folder(folder);
    files.retain(|file| file.file_name() != Some("requirements.txt") || is_below(folder, file));
    files
}

fn is_below(folder: &Utf8Path, file: &Utf8Path) -> bool {
    file.parent() != Some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::requirement::Requirement;

    #[test]
    fn whatever_a_project_lists_for_its_work_is_installed_each_by_itself() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let text = "[project]\nname = 'a'\nversion = '1'\n\
            [project.optional-dependencies]\npandas = ['pandas']\nlint = ['ruff']\n\
            [dependency-groups]\ndocs = ['sphinx']\ntest = ['pytest']\n\
            [tool.uv]\ndev-dependencies = ['black']\n";
        for (name, text) in [
            ("pyproject.toml", text),
            ("requirements.txt", "numpy\n"),
            ("requirements-dev.txt", "flake8\n"),
        ] {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let project = Project::default();
        let pyproject = project.manifests.pyproject(&dir.join("pyproject.toml"));
        let member = Member {
            name: "a".into(),
            dir: dir.to_owned(),
            pyproject: pyproject.unwrap(),
            ..Member::default()
        };
        let project = Project {
            root: dir.to_owned(),
            home: dir.to_owned(),
            members: vec![member],
            ..project
        };
        for (name, text) in [
            (
                "tox.ini",
                "[testenv:lint]\ndeps =\n  pycodestyle==1\n  own-plug-in\n  a\n[testenv:old]\ndeps = numpy==1\n",
            ),
            (
                ".github/workflows/ci.yml",
                "jobs:\n  a:\n    steps:\n    - run: pip install maturin codespell pandas==1\n  b:\n    steps:\n    - run: pip install torch\n",
            ),
            (
                "justfile",
                "lint:\n    pycodestyle src; flake8 src && uvx codespell\n",
            ),
        ] {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let found = Dependencies::for_developers(&project).unwrap();
        let described = |sync: &Sync| match &sync.source {
            Source::File(path) => path.file_name().unwrap_or_default().to_owned(),
            Source::Requirements { requirements, .. } => Requirement::words(requirements).join(","),
            Source::Lock(_) | Source::LockAbove(_) | Source::Metadata(_) | Source::Workspace(_) => {
                format!("{}{}", sync.groups.join(","), sync.extras.join(","))
            }
        };
        let found: Vec<String> = found.syncs.iter().map(described).collect();
        assert_eq!(
            found,
            [
                "dev",
                "docs",
                "test",
                "lint",
                "requirements-dev.txt",
                "pycodestyle==1,own-plug-in",
                "codespell"
            ]
        );
    }
}
