//! What the project's own recipes name, and only tool environments or workflow jobs install.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::Project;
use crate::model::error::Result;
use crate::model::package_name;
use crate::model::requirement::Requirement;
use crate::world::disk;
use crate::world::manifest::PyProject;

use super::requirements_file::{RequirementsFile, names_in};
use super::sync::{Source, Sync};
use super::{environments, groups, workflow};

/// Packages that one file lists together.
struct PackageList {
    file: Utf8PathBuf,
    requirements: Vec<Requirement>,
}

/// From each place that lists what a justfile in `folders` names, everything that nothing else in the project
/// asks for: what `listed` or the packages themselves ask for keeps the version stated there. `files`: those
/// that decide, existing or not.
pub(super) fn besides(
    listed: &[Sync],
    project: &Project,
    folders: &BTreeSet<Utf8PathBuf>,
    files: &mut Vec<Utf8PathBuf>,
) -> Result<Vec<Sync>> {
    let mut named = BTreeSet::new();
    for folder in folders {
        named.extend(words_of_justfile(folder, files)?);
    }
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let mut known = known(listed, project)?;
    let mut found = Vec::new();
    for folder in folders {
        for mut list in package_lists(project, folder, files)? {
            let names = names_in(&list.requirements)?;
            if names
                .iter()
                .all(|name| known.contains(name) || !named.contains(name))
            {
                continue;
            }
            list.requirements = named_in(list.requirements)?;
            let requirements = &mut list.requirements;
            requirements.retain(|it| it.package_name().is_some_and(|name| known.insert(name)));
            found.push(Sync::of(Source::listed_in(list.file, list.requirements)));
        }
    }
    Ok(found)
}

/// PEP 508: from requirements files among them too, and nothing of the checkout itself.
fn named_in(requirements: Vec<Requirement>) -> Result<Vec<Requirement>> {
    let mut found = Vec::new();
    for requirement in requirements {
        match requirement {
            Requirement::Package(_) => found.push(requirement),
            Requirement::File(file) => {
                found.extend(Requirement::packages(RequirementsFile::read(&file)?.texts));
            }
            Requirement::Local { .. } | Requirement::Constraints(_) | Requirement::Index(_) => {}
        }
    }
    Ok(found)
}

fn words_of_justfile(folder: &Utf8Path, files: &mut Vec<Utf8PathBuf>) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for name in ["justfile", "Justfile", ".justfile"] {
        let path = folder.join(name);
        let text = disk::read_text(&path)?.unwrap_or_default();
        let words = text.split(|it: char| !(it.is_ascii_alphanumeric() || "-_.".contains(it)));
        found.extend(
            words
                .filter(|word| !word.is_empty())
                .map(package_name::normalize),
        );
        files.push(path);
    }
    Ok(found)
}

/// The names of the project's packages and of everything that they, their groups and extras, and `listed` ask
/// for.
fn known(listed: &[Sync], project: &Project) -> Result<BTreeSet<String>> {
    let mut known = BTreeSet::new();
    for member in &project.members {
        known.insert(package_name::normalize(&member.name));
        if let Some(pyproject) = &member.pyproject {
            let asked = asked_by(pyproject).into_iter();
            known.extend(asked.filter_map(|text| package_name::of_requirement(&text)));
        }
    }
    for sync in listed {
        match &sync.source {
            Source::File(file) => known.extend(RequirementsFile::read(file)?.names),
            Source::Requirements { requirements, .. } => known.extend(names_in(requirements)?),
            Source::Lock(_) | Source::LockAbove(_) | Source::Metadata(_) | Source::Workspace(_) => {
            }
        }
    }
    Ok(known)
}

fn asked_by(pyproject: &PyProject) -> Vec<String> {
    let all_groups: Vec<String> = pyproject.groups.keys().cloned().collect();
    let all_extras: Vec<String> = pyproject.extras.keys().cloned().collect();
    let mut asked = pyproject.dependencies();
    asked.extend(groups::requirements(pyproject, &all_groups, &all_extras));
    asked
}

fn package_lists(
    project: &Project,
    folder: &Utf8Path,
    files: &mut Vec<Utf8PathBuf>,
) -> Result<Vec<PackageList>> {
    let path = folder.join("pyproject.toml");
    let pyproject = project.manifests.pyproject_or_empty(&path)?;
    let mut found = Vec::new();
    for environment in environments::all(&project.manifests, &pyproject, files)? {
        found.push(PackageList {
            file: environment.file.unwrap_or_else(|| path.clone()),
            requirements: workflow::without_tools(environment.requirements),
        });
    }
    for file in workflow::files(folder) {
        let text = disk::read_text(&file)?.unwrap_or_default();
        let jobs = workflow::installed_by_jobs(&text).into_iter();
        found.extend(jobs.map(|requirements| PackageList {
            file: file.clone(),
            requirements,
        }));
        files.push(file);
    }
    Ok(found)
}
