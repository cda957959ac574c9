//! What is wrong with a project before anything is built of it for release.
//!
//! An error is what makes the published distributions wrong or keeps an index from taking them;
//! what only looks wrong is a warning. Nothing of the project is run.

mod checkout;
mod locks;
mod metadata;
mod pythons;
mod requirements;
mod stated;

use pep440_rs::Version;

use crate::facts::project::{Member, Project};
use crate::facts::versions::Versioned;
use crate::model::error::Result;
use crate::model::finding::{self, Finding};
use crate::world::manifest::{CargoToml, PyProject};
use crate::world::session::Session;

use checkout::Checkout;

/// One package and what its manifests say.
struct Subject<'a> {
    project: &'a Project,
    member: &'a Member,
    pyproject: PyProject,
    cargo: CargoToml,
}

/// What is wrong, worst first, then by place; empty when the project may be released.
///
/// `allow_dirty`: files that are not committed are no finding.
///
/// # Errors
/// Those of reading the manifests, as [`Project::discover`].
pub fn findings(session: &Session, project: &Project, allow_dirty: bool) -> Result<Vec<Finding>> {
    let checkout = Checkout::read(session, project)?;
    let mut found = Vec::from_iter(checkout::check(&checkout, allow_dirty));
    found.extend(contradictions(project, &checkout)?);
    for member in &project.members {
        if let Some(subject) = Subject::read(project, member)? {
            found.extend(metadata::check(&subject));
            found.extend(requirements::check(&subject));
        }
    }
    found.sort_by(finding::order);
    found.dedup();
    Ok(found)
}

/// Lock files, versions and ranges of Pythons that contradict each other, released or not.
///
/// # Errors
/// As [`findings`].
pub fn drift(session: &Session, project: &Project) -> Result<Vec<Finding>> {
    let checkout = Checkout::read(session, project)?;
    let mut found = contradictions(project, &checkout)?;
    // who has just set the next version has not committed it yet: the tag is the last one's
    found.retain(|finding| {
        let place = finding.place.as_ref();
        finding.rule != stated::TAG || !place.is_some_and(|place| checkout.differs(&place.path))
    });
    Ok(found)
}

fn contradictions(project: &Project, checkout: &Checkout) -> Result<Vec<Finding>> {
    let mut found = locks::check(project, checkout)?;
    // fails only for a lock file that is broken, which has been found
    let mut versions = Versioned::gather(project).unwrap_or_default();
    let chosen = |name: &String| project.members.iter().any(|member| member.name == *name);
    versions.retain(|one| one.members.iter().any(chosen));
    found.extend(stated::check(project, &versions, &checkout.tags));
    for member in &project.members {
        if let Some(subject) = Subject::read(project, member)? {
            found.extend(pythons::check(&subject)?);
        }
    }
    Ok(found)
}

impl<'a> Subject<'a> {
    /// `None` for a crate that is no Python package.
    fn read(project: &'a Project, member: &'a Member) -> Result<Option<Self>> {
        let Some(path) = &member.pyproject else {
            return Ok(None);
        };
        let pyproject = PyProject::read(path)?;
        let cargo = CargoToml::read(&member.manifest)?;
        let both = pyproject.zip(cargo);
        Ok(both.map(|(pyproject, cargo)| Self {
            project,
            member,
            pyproject,
            cargo,
        }))
    }

    /// Places a finding at a value of pyproject.toml.
    fn at(&self, finding: Finding, keys: &[&str]) -> Finding {
        let toml = &self.pyproject.toml;
        finding.at(&toml.path, Some(toml.line_of(keys)))
    }

    /// Whether maturin takes a field from Cargo.toml: where `dynamic` says so, where there is no
    /// `[project]` at all, and always up to maturin 1.9.1.
    fn takes_from_cargo(&self, field: &str) -> bool {
        let strict = (9..=99).flat_map(|minor| (0..=9).map(move |patch| [1, minor, patch]));
        let mut strict = strict
            .filter(|release| *release > [1, 9, 1])
            .map(Version::new);
        let lax = !strict.any(|version| self.member.maturin.contains(&version));
        let is_described = self.pyproject.toml.table(&["project"]).is_some();
        lax || !is_described || self.pyproject.is_dynamic(field)
    }

    /// Whether the distributions get the field of `[project]`, from there or from `cargo_field`.
    fn has(&self, field: &str, cargo_fields: &[&str]) -> bool {
        let in_cargo = |name: &&str| self.cargo.toml.get(&["package", name]).is_some();
        self.pyproject.toml.get(&["project", field]).is_some()
            || (self.takes_from_cargo(field) && cargo_fields.iter().any(in_cargo))
    }
}

#[cfg(test)]
mod tests;
