//! Whether a uv.lock may be passed to uv as it is.

use std::collections::BTreeSet;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{Requirement, VerbatimUrl, VersionOrUrl};
use version_ranges::Ranges;

use crate::facts::project::{Project, UvWorkspace};
use crate::model::error::{Error, Result};
use crate::model::package_name;
use crate::model::path::{normalize, relative};
use crate::world::manifest::{LockedRequirement, PyProject, Spanned, Toml};

/// Checks a uv.lock before it is passed to uv: that it is complete, and satisfies the dependencies in
/// pyproject.toml and the requested `groups` and `extras` (normalised names). `--frozen` would leave out one
/// that was added since, and keep a version that is no longer allowed.
///
/// A changed requirement that the locked version still satisfies is no error: `uv lock` would keep that version.
///
/// # Errors
/// [`Error::Manifest`] with the place where the lock ends or where the unknown dependency is stated.
pub fn check_lock(
    path: &Utf8Path,
    project: &Project,
    groups: &[String],
    extras: &[String],
) -> Result<()> {
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
    if let Some(workspace) = &project.workspace
        && workspace.root.normalized_name().is_none()
    {
        check_groups(&toml, &workspace.root, groups)?;
    }
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
        let requires = toml.own_entry(&name).and_then(|entry| entry.requires);
        let requires = requires.unwrap_or_default();
        for requirement in pyproject.dependencies_with_spans() {
            let has = |name: &String| needs.contains(name);
            check_requirement(&toml, pyproject, &requirement, &requires, &has, "")?;
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
            for extra in extras.iter().filter(|extra| known.contains(extra)) {
                let of = format!(" of the extra `{extra}`");
                let has = |need: &String| *need == name || needs.contains(need);
                for requirement in pyproject.extra_with_spans(extra) {
                    check_requirement(&toml, pyproject, &requirement, &requires, &has, &of)?;
                }
            }
        }
        check_groups(&toml, pyproject, groups)?;
    }
    Ok(())
}

/// `groups`: the requested ones.
fn check_groups(lock: &Toml, pyproject: &PyProject, groups: &[String]) -> Result<()> {
    let name = pyproject.normalized_name();
    let Some(known) = lock.locked_groups(name.as_deref()) else {
        return Ok(());
    };
    let table = ["dependency-groups"];
    for group in pyproject.toml.keys(&table) {
        let normalized = package_name::normalize(&group);
        if !groups.contains(&normalized) {
            continue;
        }
        let known = known.get(&normalized).map(Vec::as_slice);
        let known = known.unwrap_or_default();
        let has = |name: &String| known.iter().any(|known| known.name == *name);
        let of = format!(" of the group `{group}`");
        let listed = pyproject
            .toml
            .spanned_strings(&[&table[..], &[&group]].concat());
        for requirement in listed {
            check_requirement(lock, pyproject, &requirement, known, &has, &of)?;
        }
    }
    Ok(())
}

/// `requires`: the requirements that the lock was resolved from. `of`: the group or extra, for messages.
fn check_requirement(
    lock: &Toml,
    pyproject: &PyProject,
    requirement: &Spanned<String>,
    requires: &[LockedRequirement],
    has: &dyn Fn(&String) -> bool,
    of: &str,
) -> Result<()> {
    let said = &requirement.value;
    let error = |message, hint| Err(pyproject.toml.error(&requirement.span, message, hint));
    let Some(name) = package_name::of_requirement(said) else {
        return error(format!("`{said}` is not a valid requirement"), None);
    };
    let hint = Some("uv lock".to_owned());
    if !has(&name) {
        return error(format!("`uv.lock` lacks `{name}`{of}"), hint);
    }
    if is_other(requires, said) && is_unanswered(lock, &name, said) {
        return error(format!("`uv.lock` has no version for `{said}`{of}"), hint);
    }
    Ok(())
}

/// Whether the package is locked, but a requirement allows none of its locked versions.
fn is_unanswered(lock: &Toml, name: &str, said: &str) -> bool {
    let Some(wanted) = specifiers(said) else {
        return false;
    };
    let versions = lock.locked_versions(name);
    let versions = versions.iter().map(|version| Version::from_str(version));
    let mut versions = versions.peekable();
    versions.peek().is_some() && versions.all(|it| it.is_ok_and(|it| !wanted.contains(&it)))
}

/// The versions that a requirement allows; `None` for a URL.
fn specifiers(requirement: &str) -> Option<VersionSpecifiers> {
    let requirement = Requirement::<VerbatimUrl>::from_str(requirement).ok()?;
    match requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(wanted)) => Some(wanted),
        Some(VersionOrUrl::Url(_)) => None,
        None => Some(VersionSpecifiers::empty()),
    }
}

/// Whether the package of a requirement is locked, but only with other versions.
pub fn is_other(known: &[LockedRequirement], said: &str) -> bool {
    let (Some(wanted), Some(name)) = (specifiers(said), package_name::of_requirement(said)) else {
        return false;
    };
    let mut known = known.iter().filter(|known| known.name == name).peekable();
    known.peek().is_some()
        && known.all(|known| known.specifiers.as_ref().is_some_and(|s| !same(s, &wanted)))
}

/// uv sorts the clauses, and may write a version differently.
fn same(a: &VersionSpecifiers, b: &VersionSpecifiers) -> bool {
    Ranges::from(a.clone()) == Ranges::from(b.clone())
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
            let error = check_lock(&lock, &project, &[], &[]).unwrap_err();
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
            let error = check_lock(&lock, &project, &[], &[]).unwrap_err();
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
            check_lock(&lock_path, &project, &[], &extras)
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
    #[test]
    fn what_the_lock_does_not_answer_is_told_where_it_is_installed() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let lock = "[[package]]\nname = 'a'\nsource = { editable = '.' }\n\n\
             [package.metadata]\nrequires-dist = [\n\
             { name = 'numpy', specifier = '>=1' },\n\
             { name = 'rich', marker = \"extra == 'x'\" },\n\
             ]\nprovides-extras = ['x']\n\n\
             [package.metadata.requires-dev]\ntest = [{ name = 'pytest', specifier = '>=7' }]\n\n\
             [[package]]\nname = 'numpy'\nversion = '1.26.4'\n\n\
             [[package]]\nname = 'rich'\nversion = '13.1'\n\n\
             [[package]]\nname = 'pytest'\nversion = '8.0'\n";
        let lock_path = dir.join("uv.lock");
        disk::write(&lock_path, lock.as_bytes()).unwrap();
        let asked = ["test".to_owned(), "x".to_owned()];
        for (numpy, extra, group, said) in [
            ("numpy>=1", "'rich', 'a[x]'", "'pytest>=7'", None),
            // what is locked serves as well
            ("numpy>=1.20", "'rich>13'", "'pytest>=8'", None),
            ("numpy>=2", "", "", Some("has no version for `numpy>=2`")),
            (
                "numpy>=1",
                "'rich', 'click'",
                "",
                Some("lacks `click` of the extra `x`"),
            ),
            (
                "numpy>=1",
                "'rich>13.1'",
                "",
                Some("has no version for `rich>13.1` of the extra `x`"),
            ),
            (
                "numpy>=1",
                "",
                "'pytest', 'hypothesis'",
                Some("lacks `hypothesis` of the group `test`"),
            ),
            (
                "numpy>=1",
                "",
                "'pytest<8'",
                Some("has no version for `pytest<8` of the group `test`"),
            ),
        ] {
            let pyproject = format!(
                "[project]\nname = 'a'\ndependencies = ['{numpy}']\n\n\
                 [project.optional-dependencies]\nx = [{extra}]\n\n\
                 [dependency-groups]\ntest = [{group}]\n"
            );
            let project = project(dir, &pyproject);
            let error = check_lock(&lock_path, &project, &asked, &asked).err();
            let told = error.as_ref().map(ToString::to_string);
            assert_eq!(told.is_some(), said.is_some(), "{told:?}");
            assert!(told.unwrap_or_default().contains(said.unwrap_or_default()));
            assert!(error.is_none_or(|it| it.hint().as_deref() == Some("uv lock")));
            if numpy != "numpy>=2" {
                check_lock(&lock_path, &project, &[], &[]).unwrap();
            }
        }
    }
}
