//! What is wrong with a project before anything of it is built for a release.
//!
//! An error makes the published distributions wrong or keeps an index from accepting them; what only looks
//! wrong is a warning. Nothing of the project is run.
//!
//! Each file is about one thing that can contradict another. What of it matters without a release, `doctor`
//! reports through [`drift`].

pub mod cargo_config;
mod checkout;
mod locks;
mod metadata;
mod pythons;
mod requirements;
mod versions;
mod package_manifests;

use crate::facts::project::Project;
use crate::facts::versions::Versioned;
use crate::model::error::Result;
use crate::model::finding::{self, Finding};
use crate::world::session::Session;

use checkout::Checkout;
use package_manifests::PackageManifests;

/// The problems, worst first, then by place; empty if the project may be released.
///
/// `allow_dirty`: uncommitted files are not reported.
///
/// # Errors
/// Those of reading the manifests, as [`Project::discover`].
pub fn findings(session: &Session, project: &Project, allow_dirty: bool) -> Result<Vec<Finding>> {
    let checkout = Checkout::read(session, project)?;
    let mut found = Vec::from_iter(checkout::check(&checkout, allow_dirty));
    found.extend(cargo_config::check(session, project)?);
    found.extend(contradictions(project, &checkout)?);
    for member in &project.members {
        if let Some(package) = PackageManifests::of(project, member) {
            found.extend(metadata::check(&package));
            found.extend(requirements::check(&package));
        }
    }
    found.sort_by(finding::order);
    found.dedup();
    Ok(found)
}

/// Lock files, versions and Python ranges that contradict each other, whether for a release or not.
///
/// # Errors
/// As [`findings`].
pub fn drift(session: &Session, project: &Project) -> Result<Vec<Finding>> {
    let checkout = Checkout::read(session, project)?;
    let mut found = contradictions(project, &checkout)?;
    // after the next version is set, it is not committed yet: the tag is the last one's
    found.retain(|finding| {
        let place = finding.place.as_ref();
        finding.rule != versions::TAG || !place.is_some_and(|place| checkout.differs(&place.path))
    });
    Ok(found)
}

fn contradictions(project: &Project, checkout: &Checkout) -> Result<Vec<Finding>> {
    let mut found = locks::check(project, checkout)?;
    // fails only for a lock file that is broken, which has been found
    let mut versions = Versioned::gather(project).unwrap_or_default();
    let chosen = |name: &String| project.members.iter().any(|member| member.name == *name);
    versions.retain(|one| one.members.iter().any(chosen));
    found.extend(versions::check(project, &versions, &checkout.tags));
    for member in &project.members {
        if let Some(package) = PackageManifests::of(project, member) {
            found.extend(pythons::check(&package));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
