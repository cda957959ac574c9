//! Whether a uv.lock may be passed to uv as it is.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::{Project, UvWorkspace};
use crate::model::error::{Error, Result};
use crate::model::package_name;
use crate::model::path::{normalize, relative};
use crate::world::manifest::{PyProject, Toml};

/// Checks a uv.lock before it is passed to uv: that it is complete, and has every dependency that
/// pyproject.toml names (`--frozen` would leave out one that was added since), and each of the requested
/// `extras`.
///
/// # Errors
/// [`Error::Manifest`] with the place where the lock ends or where the unknown dependency is stated.
pub fn check_lock(path: &Utf8Path, project: &Project, extras: &[String]) -> Result<()> {
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
    for pyproject in locked(project) {
        let Some(name) = pyproject.normalized_name() else {
            continue;
        };
        let Some(needs) = toml.locked_dependencies(&name) else {
            let folder = path.parent().map(|dir| relative(dir, pyproject.dir()));
            if let Some(former) = folder.and_then(|folder| toml.locked_in(&folder)) {
                let message = format!("`uv.lock` lists {name} as `{}`", former.value);
                return Err(toml.error(&former.span, message, Some("uv lock".to_owned())));
            }
            if !is_cut_short(&toml, &name) {
                let message = format!("`uv.lock` lacks {name}");
                let place = pyproject.toml.spanned(&["project", "name"]);
                let place = place.map(|name| name.span).unwrap_or_default();
                let hint = Some("uv lock".to_owned());
                return Err(pyproject.toml.error(&place, message, hint));
            }
            let message = format!("`uv.lock` lacks {name}: it is truncated");
            return Err(toml.error(&(end..end), message, restore()));
        };
        for requirement in pyproject.dependencies_with_spans() {
            let Some(name) = package_name::of_requirement(&requirement.value) else {
                let message = format!("`{}` is not a valid requirement", requirement.value);
                return Err(pyproject.toml.error(&requirement.span, message, None));
            };
            if !needs.contains(&name) {
                let message = format!("`uv.lock` lacks `{name}`");
                let hint = Some("uv lock".to_owned());
                return Err(pyproject.toml.error(&requirement.span, message, hint));
            }
        }
        if let Some(known) = toml.locked_extras(&name) {
            let is_new =
                |extra: &&String| pyproject.extras.contains_key(*extra) && !known.contains(extra);
            if let Some(extra) = extras.iter().find(is_new) {
                let message = format!("`uv.lock` lacks the extra `{extra}`");
                let span = pyproject.extra_span(extra);
                return Err(pyproject
                    .toml
                    .error(&span, message, Some("uv lock".to_owned())));
            }
        }
    }
    Ok(())
}

/// The files by which uv judges whether a lock is up to date: its project's, those of its workspace, and those of
/// the other folders that it has packages from; absolute, there or not.
pub(super) fn judged_by(lock: &Utf8Path, project: &Project) -> Vec<Utf8PathBuf> {
    let dir = lock.parent().unwrap_or(lock);
    let mut files = BTreeSet::from([dir.join("pyproject.toml"), dir.join("uv.toml")]);
    let workspace = project.workspace.iter().filter(|it| it.root.dir() == dir);
    let packages = workspace.flat_map(UvWorkspace::packages);
    files.extend(packages.map(|package| package.toml.path.clone()));
    // whoever installs from one that is damaged says so
    if let Ok(Some(lock)) = project.manifests.toml(lock) {
        let folders = lock.locked_folders().map(|folder| dir.join(folder));
        files.extend(folders.map(|folder| normalize(&folder.join("pyproject.toml"))));
    }
    files.into_iter().collect()
}

/// Whether the lock itself says that it contains a package, but does not. uv lists the members of a workspace
/// first, and a project without members is in the lock itself.
fn is_cut_short(lock: &Toml, name: &str) -> bool {
    let members = lock.strings(&["manifest", "members"]);
    if members.is_empty() {
        return lock.locked_in("").is_none();
    }
    members.iter().any(|member| member == name)
}

/// The packages that the lock must contain: all of a uv workspace, else the members.
fn locked(project: &Project) -> Vec<&PyProject> {
    let own = project.members.iter();
    let own = own.filter_map(|member| member.pyproject.as_deref());
    let mut packages: Vec<&PyProject> = own.collect();
    if let Some(workspace) = &project.workspace {
        for package in workspace.packages() {
            if packages.iter().all(|known| known.dir() != package.dir()) {
                packages.push(package);
            }
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::project::Member;
    use crate::world::disk;

    /// The project in a folder that has one package, with this pyproject.toml.
    fn project(dir: &Utf8Path, pyproject: &str) -> Project {
        let manifest = dir.join("pyproject.toml");
        disk::write(&manifest, pyproject.as_bytes()).unwrap();
        let mut project = Project::default();
        project.members.push(Member {
            pyproject: project.manifests.pyproject(&manifest).unwrap(),
            ..Member::default()
        });
        project
    }

    #[test]
    fn a_project_of_another_name_is_locked_anew_and_a_lock_that_is_cut_short_taken_back() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let lock = dir.join("uv.lock");
        let entry = |name: &str, source: &str| {
            format!("[[package]]\nname = \"{name}\"\nsource = {{ {source} }}\n\n")
        };
        let fetched = entry("six", "registry = \"https://example.org/simple\"");
        let renamed = fetched.clone() + &entry("old", "editable = \".\"");
        for (text, said, hint) in [
            (&renamed, "lists new as `old`", "uv lock"),
            (
                &fetched,
                "lacks new: it is truncated",
                "git checkout uv.lock",
            ),
        ] {
            disk::write(&lock, text.as_bytes()).unwrap();
            let project = project(dir, "[project]\nname = 'new'\n");
            let error = check_lock(&lock, &project, &[]).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
            assert_eq!(error.hint().as_deref(), Some(hint));
        }
    }

    #[test]
    fn a_new_member_is_locked_and_one_that_the_lock_has_lost_taken_back() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let lock = dir.join("uv.lock");
        let entry = "[[package]]\nname = \"old\"\nsource = { virtual = \".\" }\n";
        let member = dir.join("member");
        for (members, hint) in [
            ("", "uv lock"),
            ("[manifest]\nmembers = [\"old\", \"other\"]\n\n", "uv lock"),
            (
                "[manifest]\nmembers = [\"old\", \"new\"]\n\n",
                "git checkout uv.lock",
            ),
        ] {
            disk::write(&lock, format!("{members}{entry}").as_bytes()).unwrap();
            let project = project(&member, "[project]\nname = 'new'\n");
            let error = check_lock(&lock, &project, &[]).unwrap_err();
            assert_eq!(error.hint().as_deref(), Some(hint), "{members}");
            let place = if hint == "uv lock" {
                "pyproject.toml:2:8"
            } else {
                "uv.lock:"
            };
            assert!(error.to_string().contains(place), "{error}");
        }
    }

    #[test]
    fn an_extra_that_is_newer_than_the_lock_is_told_with_its_place() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let pyproject = "[project]\nname = 'a'\n\n[project.optional-dependencies]\ntest = []\nTest_Lite = ['b']\n";
        let lock = "[[package]]\nname = 'a'\n\n[package.metadata]\nprovides-extras = ['test']\n";
        let lock_path = dir.join("uv.lock");
        disk::write(&lock_path, lock.as_bytes()).unwrap();
        let project = project(dir, pyproject);
        let check = |extras: &[&str]| {
            let extras: Vec<String> = extras.iter().map(|&name| name.to_owned()).collect();
            check_lock(&lock_path, &project, &extras)
        };
        check(&["test"]).unwrap();
        check(&[]).unwrap();
        let error = check(&["test", "test-lite"]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`uv.lock` lacks the extra `test-lite`"),
            "{error}"
        );
        assert_eq!(error.hint().as_deref(), Some("uv lock"));
        assert!(matches!(error, Error::Manifest { location, .. } if location.line == 6));
    }
}
