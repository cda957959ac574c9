//! Whether Cargo.lock and uv.lock exist and match the manifests.
//!
//! Compared without cargo: `cargo metadata --locked` would need every dependency downloaded, and take a
//! second on a large workspace. What it would say about registries (a yanked version, a removed feature) is
//! left to the build.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use camino::Utf8PathBuf;
use pep440_rs::VersionSpecifiers;
use semver::VersionReq;

use crate::facts::dependencies::{check_lock, is_other};
use crate::facts::project::{Member, Project, crates_outside, workspace_crates};
use crate::model::error::{Error, Result};
use crate::model::finding::{Finding, Severity};
use crate::model::package_name;
use crate::world::disk;
use crate::world::manifest::{CargoToml, Dependency, LockEntry, PyProject, Spanned, Toml};

use super::checkout::Checkout;
use super::pythons::allowed;

pub(super) fn check(project: &Project, checkout: &Checkout) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for member in &project.members {
        let path = member.workspace.join("Cargo.lock");
        let first = seen.insert(path.clone());
        if first && disk::is_file(&path) && checkout.ignored.contains(&path) {
            let message = "git ignores it: a fresh checkout builds with other versions";
            let finding = Finding::warning("cargo-lock-ignored", message);
            found.push(finding.at(&path, None));
        }
        match project.manifests.toml(&path) {
            Ok(Some(lock)) => found.extend(of_cargo(project, member, &lock)?),
            Ok(None) if first => {
                let message = "no Cargo.lock next to it: every build resolves versions again";
                let finding = Finding::warning("cargo-lock-missing", message);
                let manifest = path.with_file_name("Cargo.toml");
                found.push(finding.at(manifest, None).hint("cargo generate-lockfile"));
            }
            Ok(None) => {}
            Err(error) => found.push(of_error("cargo-lock-stale", Severity::Error, error)?),
        }
    }
    found.extend(of_uv(project)?);
    Ok(found)
}

/// An error about a line of a file as a finding; any other stays an error.
fn of_error(rule: &'static str, severity: Severity, error: Error) -> Result<Finding> {
    let Error::Manifest {
        message,
        location,
        hint,
    } = error
    else {
        return Err(error);
    };
    Ok(Finding {
        severity,
        hint,
        ..Finding::error(rule, message).at(location.path, Some(location.line))
    })
}

fn of_cargo(project: &Project, member: &Member, lock: &Toml) -> Result<Vec<Finding>> {
    let root = member.workspace_cargo.as_ref();
    let lock = CargoLock {
        entries: lock.lock_entries(),
        path: lock.path.clone(),
        shared: root
            .map(|root| root.workspace_dependencies())
            .unwrap_or_default(),
    };
    let inside = workspace_crates(&project.manifests, member)?;
    let mut outside = crates_outside(member, &inside);
    let demanded = lock.demanded(&inside, &outside);
    outside.retain(|cargo| lock.entry(cargo).is_some() || demanded.contains(cargo.dir()));
    let inside = inside.iter().filter_map(|cargo| lock.differs(cargo, true));
    let outside = outside
        .iter()
        .filter_map(|cargo| lock.differs(cargo, false));
    Ok(inside.chain(outside).collect())
}

struct CargoLock {
    entries: Vec<LockEntry>,
    path: Utf8PathBuf,
    /// `[workspace.dependencies]`
    shared: Vec<Dependency>,
}

impl CargoLock {
    fn entry(&self, cargo: &CargoToml) -> Option<&LockEntry> {
        let name = cargo.package_name()?;
        let mut local = self.entries.iter().filter(|entry| entry.local);
        local.find(|entry| entry.name.value == name)
    }

    /// The folders of crates that must be locked whatever features are on: all that the workspace's crates
    /// name, and what is neither optional nor for tests of those outside it that are locked themselves.
    fn demanded(
        &self,
        inside: &[Arc<CargoToml>],
        outside: &[Arc<CargoToml>],
    ) -> BTreeSet<Utf8PathBuf> {
        let of_all = inside.iter().flat_map(|cargo| cargo.whole_needs());
        let locked = outside.iter().filter(|cargo| self.entry(cargo).is_some());
        let of_locked = locked
            .flat_map(|cargo| cargo.dependencies())
            .filter(|need| !need.optional);
        let needs = of_all.chain(of_locked);
        needs.filter_map(|need| need.path).collect()
    }

    /// The first difference between a crate and the lock.
    ///
    /// `whole`: whether the crate belongs to the workspace, all of whose dependencies are locked; of other
    /// crates, only enabled ones are.
    fn differs(&self, cargo: &CargoToml, whole: bool) -> Option<Finding> {
        let name = cargo.package_name()?;
        let Some(entry) = self.entry(cargo) else {
            let message = format!("`Cargo.lock` lacks the crate `{name}`");
            return Some(stale(&cargo.toml, message, &["package", "name"]));
        };
        Self::other_version(cargo, entry).or_else(|| {
            let changed = whole.then(|| self.other_needs(cargo, entry)).flatten();
            changed.map(|finding| finding.hint("cargo update --workspace"))
        })
    }

    fn other_version(cargo: &CargoToml, entry: &LockEntry) -> Option<Finding> {
        let said = cargo.settled_version()?;
        let locked = &entry.version.as_ref()?.value;
        let message = format!(
            "`Cargo.lock` has `{}` at {locked}, but its version is {}",
            entry.name.value, said.value
        );
        (*locked != said.value).then(|| stale(&cargo.toml, message, &["package", "version"]))
    }

    fn other_needs(&self, cargo: &CargoToml, entry: &LockEntry) -> Option<Finding> {
        let own = &entry.name.value;
        let needs = cargo.needs();
        let settled: Vec<(&Dependency, &Dependency)> = needs
            .iter()
            .filter_map(|need| Some((need, self.settled(need)?)))
            .collect();
        for (need, settled) in &settled {
            let package = &settled.package;
            if package != own && !self.satisfies(entry, settled) {
                let line = cargo.toml.line(&need.key.span);
                let asked = settled
                    .requirement
                    .as_ref()
                    .map(|asked| format!(" {}", asked.value));
                let message = format!(
                    "`Cargo.lock` has no `{package}{}`",
                    asked.unwrap_or_default()
                );
                return Some(
                    Finding::error("cargo-lock-stale", message).at(&cargo.toml.path, Some(line)),
                );
            }
        }
        if settled.len() < needs.len() {
            return None; // what an entry stands for is unknown: it may be the one that seems to be gone
        }
        let (gone, _) = entry.needs.iter().find(|(name, _)| {
            name != own && !settled.iter().any(|(_, settled)| settled.package == *name)
        })?;
        let message = format!(
            "`Cargo.lock` lists `{gone}` as a dependency of `{own}`, which no longer has it"
        );
        Some(Finding::error("cargo-lock-stale", message).at(&self.path, None))
    }

    /// The workspace's entry for an inherited one.
    fn settled<'a>(&'a self, need: &'a Dependency) -> Option<&'a Dependency> {
        if !need.inherited {
            return Some(need);
        }
        self.shared
            .iter()
            .find(|shared| shared.key.value == need.key.value)
    }

    fn satisfies(&self, entry: &LockEntry, need: &Dependency) -> bool {
        let asked = need.requirement.as_ref();
        let asked = asked.and_then(|asked| VersionReq::parse(&asked.value).ok());
        let fits = |text: &str| match (&asked, semver::Version::parse(text)) {
            (Some(asked), Ok(version)) => asked.matches(&version),
            _ => true, // for cargo to judge
        };
        let chosen = entry.needs.iter().filter(|(name, _)| *name == need.package);
        chosen.into_iter().any(|(name, version)| {
            let known = self.entries.iter();
            let known = known.filter(|known| known.name.value == *name);
            let mut known = known
                .filter_map(|known| known.version.as_ref())
                .map(|version| version.value.as_str());
            version.as_deref().map_or_else(|| known.any(fits), fits)
        })
    }
}

fn stale(toml: &Toml, message: String, keys: &[&str]) -> Finding {
    Finding::error("cargo-lock-stale", message)
        .at(&toml.path, Some(toml.line_of(keys)))
        .hint("cargo update --workspace")
}

/// Warnings: nothing that is published reads uv.lock.
fn of_uv(project: &Project) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let Some(path) = project.uv_lock()? else {
        return Ok(found);
    };
    if let Err(error) = check_lock(&path, project, &[], &[]) {
        found.push(of_error("uv-lock-stale", Severity::Warning, error)?);
        return Ok(found);
    }
    let Some(lock) = project.manifests.toml(&path)? else {
        return Ok(found);
    };
    for member in &project.members {
        if let Some(pyproject) = &member.pyproject {
            found.extend(other_specifiers(&lock, pyproject, &member.name));
            found.extend(other_groups(&lock, pyproject));
            if member.dir == project.home && !pyproject.is_uv_workspace() {
                found.extend(other_pythons(&lock, pyproject)?);
            }
        }
    }
    if let Some(workspace) = &project.workspace
        && !project
            .all()
            .any(|member| member.dir == workspace.root.dir())
    {
        found.extend(other_groups(&lock, &workspace.root));
    }
    Ok(found)
}

fn uv_stale(toml: &Toml, message: String, line: usize) -> Finding {
    let finding = Finding::warning("uv-lock-stale", message);
    finding.at(&toml.path, Some(line)).hint("uv lock")
}

/// A requirement that uv.lock was made from with other versions.
fn other_specifiers(lock: &Toml, pyproject: &PyProject, name: &str) -> Option<Finding> {
    let requires = lock.own_entry(name)?.requires?;
    let published = pyproject.published_requirements();
    let other = published
        .iter()
        .find(|said| is_other(&requires, &said.value))?;
    Some(of_another_version(&pyproject.toml, other))
}

/// A requirement of a dependency group that uv.lock lacks, or has with other versions.
fn other_groups(lock: &Toml, pyproject: &PyProject) -> Option<Finding> {
    let name = pyproject.normalized_name();
    let known = lock.locked_groups(name.as_deref())?;
    let toml = &pyproject.toml;
    let groups = ["dependency-groups"];
    toml.keys(&groups).iter().find_map(|group| {
        let known = known.get(&package_name::normalize(group));
        let known = known.map(Vec::as_slice).unwrap_or_default();
        let listed = toml.spanned_strings(&[&groups[..], &[group]].concat());
        listed.iter().find_map(|said| {
            let Some(name) = package_name::of_requirement(&said.value) else {
                let message = format!("`{}` is not a valid requirement", said.value);
                let finding = Finding::error("requirement-invalid", message);
                return Some(finding.at(&toml.path, Some(toml.line(&said.span))));
            };
            if !known.iter().any(|known| known.name == name) {
                let message = format!("`uv.lock` lacks `{name}` of the group `{group}`");
                return Some(uv_stale(toml, message, toml.line(&said.span)));
            }
            is_other(known, &said.value).then(|| of_another_version(toml, said))
        })
    })
}

fn of_another_version(toml: &Toml, said: &Spanned<String>) -> Finding {
    let message = format!(
        "`uv.lock` was made for a version other than `{}`",
        said.value
    );
    uv_stale(toml, message, toml.line(&said.span))
}

/// uv rewrites requires-python; what counts is which Pythons it allows.
fn other_pythons(lock: &Toml, pyproject: &PyProject) -> Result<Option<Finding>> {
    let locked = lock
        .str(&["requires-python"])
        .map(VersionSpecifiers::from_str);
    let (Some(Ok(locked)), Some(asked)) = (locked, pyproject.requires_python()?) else {
        return Ok(None);
    };
    if allowed(&locked) == allowed(&asked) {
        return Ok(None);
    }
    let toml = &pyproject.toml;
    let message = format!("`uv.lock` was made for Python {locked}, not for {asked}");
    Ok(Some(uv_stale(
        toml,
        message,
        toml.line_of(&["project", "requires-python"]),
    )))
}
