//! From a folder to the packages that commands act on.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{Error, ProjectError, Result};
use crate::world::checkout;
use crate::world::disk;
use crate::world::manifest::{CargoToml, Manifests, PyProject};

use super::crates::Closure;
use super::found_package::{ASIDE, FoundPackage};
use super::member::Member;
use super::python_module::{builds_crates, embeds_python, is_extension, uses_python};
use super::refused_by_cargo::workspace_without;
use super::uv_workspace::UvWorkspace;

/// How far below a monorepo's root a package may be.
const DEPTH: usize = 4;

#[derive(Debug)]
pub(super) struct FoundPackages {
    pub(super) root: Utf8PathBuf,
    pub(super) home: Utf8PathBuf,
    pub(super) members: Vec<Member>,
    /// Packages of the same workspace, neither meant nor needed: they may build where the members do.
    pub(super) aside: Vec<Member>,
    /// The folders of packages that cargo rejects, beside others.
    pub(super) rejected: Vec<Utf8PathBuf>,
    /// The uv workspace that has its root in `home`.
    pub(super) workspace: Option<UvWorkspace>,
}

/// The packages around `start`: the nearest upward; else all below; else all below the checkout. Crates that
/// another build backend compiles are parts of a package that is not ours.
pub(super) fn packages(manifests: &Manifests, start: &Utf8Path) -> Result<FoundPackages> {
    let mut other = None;
    for dir in checkout::upward(start) {
        if let Some(pyproject) = manifests.pyproject(&dir.join("pyproject.toml"))? {
            if pyproject.builds_with_maturin() {
                return around(manifests, pyproject);
            }
            other = other.or(Some(pyproject));
        }
    }
    if let Some(other) = &other
        && let Some(workspace) = UvWorkspace::of(manifests, other.dir())?
        && let Some(found) = in_uv_workspace(manifests, workspace, other)?
    {
        return Ok(found);
    }
    if let Some(cargo) = nearest_of_python(manifests, start)? {
        if let Some(pyproject) = compiled_by_other(manifests, &cargo)? {
            return Err(not_maturin(&pyproject));
        }
        let dir = cargo.dir().to_owned();
        let pyproject = None;
        let package = FoundPackage { pyproject, cargo };
        return Ok(FoundPackages {
            root: dir.clone(),
            home: dir,
            members: vec![package.member(manifests)?],
            aside: Vec::new(),
            rejected: Vec::new(),
            workspace: None,
        });
    }
    for root in below(start) {
        let Searched {
            mut packages,
            rejected,
        } = search(manifests, root)?;
        if let Some(pyproject) = first_of_other(manifests, &packages)? {
            return Err(not_maturin(&pyproject));
        }
        if let Some(part) = nearest_crate(manifests, start, root)? {
            packages = connected(manifests, packages, &part)?;
            if let [only] = &packages[..]
                && let Some(pyproject) = &only.pyproject
            {
                return around(manifests, pyproject.clone());
            }
        }
        let workspace = shared_workspace(manifests, &packages)?;
        let root = match (&packages[..], &workspace) {
            ([], _) => continue,
            ([only], _) => only.dir(),
            (_, Some(workspace)) => workspace.root.dir(),
            _ => root,
        };
        let members = members(manifests, &packages)?;
        return Ok(FoundPackages {
            root: root.to_owned(),
            home: home_of(root, workspace.as_ref()),
            members,
            aside: Vec::new(),
            rejected,
            workspace,
        });
    }
    Err(match other {
        Some(pyproject) => not_maturin(&pyproject),
        None => Error::Project(ProjectError::NoProject(start.to_owned())),
    })
}

/// The first package whose module, if there are only crates, another build backend compiles.
fn first_of_other(
    manifests: &Manifests,
    packages: &[FoundPackage],
) -> Result<Option<Arc<PyProject>>> {
    for package in packages.iter().filter(|it| it.pyproject.is_none()) {
        if let Some(pyproject) = compiled_by_other(manifests, &package.cargo)? {
            return Ok(Some(pyproject));
        }
    }
    Ok(None)
}

/// The package whose module a crate is, if another build backend compiles it: according to the nearest
/// pyproject.toml upward, including one next to it that describes a package but names no build backend (PEP
/// 517 has setuptools build that, and maturin rejects it).
fn compiled_by_other(manifests: &Manifests, cargo: &CargoToml) -> Result<Option<Arc<PyProject>>> {
    if !is_extension(cargo) {
        return Ok(None);
    }
    for dir in checkout::upward(cargo.dir()) {
        if let Some(pyproject) = manifests.pyproject(&dir.join("pyproject.toml"))? {
            let is_beside = dir == cargo.dir();
            let is_theirs = is_beside && pyproject.is_package_without_backend()
                || pyproject.compiles_rust() && (is_beside || builds_crates(&pyproject)?);
            return Ok(is_theirs.then_some(pyproject));
        }
    }
    Ok(None)
}

/// The crate that a folder is in, below the one that is searched, unless it is the root of a workspace.
fn nearest_crate(
    manifests: &Manifests,
    start: &Utf8Path,
    searched: &Utf8Path,
) -> Result<Option<Arc<CargoToml>>> {
    for dir in start.ancestors().take_while(|dir| *dir != searched) {
        if let Some(cargo) = manifests.cargo(&dir.join("Cargo.toml"))? {
            let is_part = cargo.package_name().is_some() && !cargo.is_workspace();
            return Ok(is_part.then_some(cargo));
        }
    }
    Ok(None)
}

/// Those of the packages that a crate is compiled into, or that are compiled into it.
///
/// # Errors
/// [`Error::Refused`] if there are only others.
fn connected(
    manifests: &Manifests,
    packages: Vec<FoundPackage>,
    part: &CargoToml,
) -> Result<Vec<FoundPackage>> {
    let holds = |whole: &CargoToml, part: &CargoToml| -> Result<bool> {
        let closure = Closure::of(manifests, whole)?;
        let mut crates = closure.crates.iter();
        Ok(crates.any(|cargo| cargo.toml.path == part.toml.path))
    };
    let is_alone = packages.is_empty();
    let mut found = Vec::new();
    for package in packages {
        if holds(&package.cargo, part)? || holds(part, &package.cargo)? {
            found.push(package);
        }
    }
    if !found.is_empty() || is_alone {
        return Ok(found);
    }
    Err(Error::Project(ProjectError::Unconnected {
        name: part.package_name().unwrap_or_default().to_owned(),
        manifest: part.toml.path.clone(),
    }))
}

fn members(manifests: &Manifests, packages: &[FoundPackage]) -> Result<Vec<Member>> {
    let members = packages.iter().map(|package| package.member(manifests));
    members.collect()
}

fn not_maturin(pyproject: &PyProject) -> Error {
    Error::Project(ProjectError::NotMaturin {
        path: pyproject.toml.path.clone(),
        backend: pyproject
            .backend()
            .unwrap_or("setuptools (by default)")
            .to_owned(),
    })
}

/// Where to search downward: the folder itself, then its checkout. Outside a checkout only a folder with a
/// manifest of its own, so that a home directory is never searched.
fn below(start: &Utf8Path) -> Vec<&Utf8Path> {
    let Some(checkout) = checkout::root(start) else {
        let manifests = ["Cargo.toml", "pyproject.toml"].map(|name| start.join(name));
        let is_project = manifests.iter().any(|path| disk::is_file(path));
        return is_project.then_some(start).into_iter().collect();
    };
    let mut roots = vec![start, checkout];
    roots.dedup();
    roots
}

/// A package, with the maturin members of its uv workspace if it is the root, or those of them that it needs
/// if it is not.
fn around(manifests: &Manifests, pyproject: Arc<PyProject>) -> Result<FoundPackages> {
    let root = pyproject.dir().to_owned();
    let workspace = UvWorkspace::of(manifests, &root)?;
    let home = home_of(&root, workspace.as_ref());
    if home == root
        && let Some(found) = in_cargo_workspace(manifests, &pyproject, workspace.is_some())?
    {
        return Ok(found);
    }
    let name = pyproject.normalized_name();
    let mut packages = vec![FoundPackage::python(manifests, pyproject)?];
    if let Some(workspace) = &workspace {
        for member in workspace.built_with_maturin(manifests)? {
            if member.dir() != root {
                packages.push(FoundPackage::python(manifests, member)?);
            }
        }
    }
    let mut members = members(manifests, &packages)?;
    reach_through(&mut members, workspace.as_ref());
    let mut aside = Vec::new();
    if root != home {
        let names: Vec<String> = name.into_iter().collect();
        let needed = super::member::closure(&members, &names);
        let is_meant = |member: &Member| member.dir == root || needed.contains(&member.name);
        (members, aside) = members.into_iter().partition(is_meant);
    }
    Ok(FoundPackages {
        root,
        home,
        members,
        aside,
        rejected: Vec::new(),
        workspace,
    })
}

/// What maturin builds of the workspace that a pure Python package is in: what the package needs of it; all
/// if that is nothing, or if the package is its root. `None` if maturin builds nothing.
fn in_uv_workspace(
    manifests: &Manifests,
    workspace: UvWorkspace,
    package: &PyProject,
) -> Result<Option<FoundPackages>> {
    let mut packages = Vec::new();
    for member in workspace.built_with_maturin(manifests)? {
        packages.push(FoundPackage::python(manifests, member)?);
    }
    if packages.is_empty() {
        return Ok(None);
    }
    let mut members = members(manifests, &packages)?;
    reach_through(&mut members, Some(&workspace));
    let home = workspace.root.dir().to_owned();
    let needed = workspace.needs(package);
    let is_needed = |member: &Member| needed.contains(&member.name);
    let mut aside = Vec::new();
    if package.dir() != home && members.iter().any(is_needed) {
        (members, aside) = members.into_iter().partition(is_needed);
    }
    Ok(Some(FoundPackages {
        root: home.clone(),
        home,
        members,
        aside,
        rejected: Vec::new(),
        workspace: Some(UvWorkspace {
            asked: package.normalized_name(),
            ..workspace
        }),
    }))
}

/// A pure Python package may be between two that maturin builds.
fn reach_through(members: &mut [Member], workspace: Option<&UvWorkspace>) {
    let Some(workspace) = workspace else { return };
    for member in members {
        if let Some(pyproject) = &member.pyproject {
            member.needs.extend(workspace.needs(pyproject));
        }
    }
}

/// The uv workspace that contains all of some packages.
fn shared_workspace(
    manifests: &Manifests,
    packages: &[FoundPackage],
) -> Result<Option<UvWorkspace>> {
    let Some(first) = packages.first() else {
        return Ok(None);
    };
    let workspace = UvWorkspace::of(manifests, first.dir())?;
    let holds = |workspace: &UvWorkspace, package: &FoundPackage| {
        let mut all = workspace.packages();
        all.any(|one| one.dir() == package.dir())
    };
    Ok(workspace.filter(|workspace| packages.iter().all(|package| holds(workspace, package))))
}

/// The folder of the environment and of uv.lock: the root of the uv workspace, else the package's own.
fn home_of(root: &Utf8Path, workspace: Option<&UvWorkspace>) -> Utf8PathBuf {
    let root = workspace.map_or(root, |workspace| workspace.root.dir());
    root.to_owned()
}

/// A package of a cargo workspace with several: it and what it needs, in the environment that all of them
/// share. One at the root of a uv workspace has its others from there.
fn in_cargo_workspace(
    manifests: &Manifests,
    pyproject: &PyProject,
    is_in_uv_workspace: bool,
) -> Result<Option<FoundPackages>> {
    let manifest = pyproject.cargo_manifest()?;
    let cargo = manifest.map(|path| manifests.cargo(&path)).transpose()?;
    let Some(cargo) = cargo.flatten() else {
        return Ok(None);
    };
    let Closure {
        workspace: root,
        root: manifest,
        ..
    } = Closure::of(manifests, &cargo)?;
    let is_alone = manifest.is_none_or(|it| it.toml.get(&["workspace", "members"]).is_none());
    let is_at_root = pyproject.dir() == root;
    if is_at_root && (is_in_uv_workspace || is_alone) || !pyproject.dir().starts_with(&root) {
        return Ok(None);
    }
    let Searched { packages, rejected } = search(manifests, &root)?;
    if packages.len() < 2 {
        return Ok(None);
    }
    let Some(own) = packages
        .iter()
        .find(|package| package.dir() == pyproject.dir())
    else {
        return Ok(None);
    };
    let all = members(manifests, &packages)?;
    let needed = super::member::closure(&all, &[own.name()]);
    let is_needed = |member: &Member| needed.contains(&member.name);
    let (members, aside) = all.into_iter().partition(is_needed);
    Ok(Some(FoundPackages {
        root: root.clone(),
        home: root,
        members,
        aside,
        rejected,
        workspace: None,
    }))
}

struct Searched {
    packages: Vec<FoundPackage>,
    /// The folders of those that cargo rejects, where it does not reject all.
    rejected: Vec<Utf8PathBuf>,
}

/// Every maturin package below a folder; else every crate that embeds Python; else every crate that uses
/// PyO3.
fn search(manifests: &Manifests, root: &Utf8Path) -> Result<Searched> {
    let folders = disk::folders(root, DEPTH, |name| !ASIDE.contains(&name));
    let mut packages = Vec::new();
    for folder in &folders {
        if let Some(pyproject) = manifests.pyproject(&folder.join("pyproject.toml"))?
            && pyproject.builds_with_maturin()
        {
            packages.push(FoundPackage::python(manifests, pyproject)?);
        }
    }
    for is_meant in [embeds_python, uses_python] {
        if !packages.is_empty() {
            break;
        }
        for folder in &folders {
            if let Some(cargo) = manifests.cargo(&folder.join("Cargo.toml"))?
                && is_meant(&cargo)
            {
                let pyproject = None;
                packages.push(FoundPackage { pyproject, cargo });
            }
        }
    }
    let mut rejected = Vec::new();
    // where there is nothing else, cargo's reason is the answer
    for package in packages.iter().filter(|_| packages.len() > 1) {
        if workspace_without(manifests, &package.cargo)?.is_some() {
            rejected.push(package.dir().to_owned());
        }
    }
    if rejected.len() == packages.len() {
        rejected.clear();
    }
    packages.retain(|package| !rejected.iter().any(|dir| dir == package.dir()));
    Ok(Searched { packages, rejected })
}

/// The nearest crate that embeds Python; or one that uses PyO3, as a library for extensions does, unless
/// there is a maturin package below it.
fn nearest_of_python(manifests: &Manifests, start: &Utf8Path) -> Result<Option<Arc<CargoToml>>> {
    for dir in checkout::upward(start) {
        let Some(cargo) = manifests.cargo(&dir.join("Cargo.toml"))? else {
            continue;
        };
        if embeds_python(&cargo) {
            return Ok(Some(cargo));
        }
        if uses_python(&cargo) {
            let below = search(manifests, dir)?.packages;
            let is_alone = below.iter().all(|package| package.pyproject.is_none());
            return Ok(is_alone.then_some(cargo));
        }
    }
    Ok(None)
}
