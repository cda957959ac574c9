//! Whether all that states a version states the same one.

use std::str::FromStr;

use pep440_rs::Version;

use crate::facts::project::Project;
use crate::facts::versions::{Statement, StatementKind, Versioned};
use crate::model::finding::Finding;
use crate::model::package_name;

/// The rule about the tag on the last commit.
pub(super) const TAG: &str = "tag-mismatch";

pub(super) fn check(project: &Project, versions: &[Versioned], tags: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for one in versions {
        if is_distributed(project, one) {
            found.extend(unreadable(one));
        }
        found.extend(
            one.statements
                .iter()
                .filter_map(|s| differing(project, one, s)),
        );
        let alone = versions.iter().all(|other| other.version == one.version);
        found.extend(tagged(one, tags, alone));
    }
    found
}

/// Whether Python gets to see it: a crate without a package has a version for cargo alone.
fn is_distributed(project: &Project, one: &Versioned) -> bool {
    let mut members = project.all();
    members.any(|member| one.members.contains(&member.name) && member.pyproject.is_some())
}

/// maturin refuses what PEP 440 does not know.
fn unreadable(one: &Versioned) -> Vec<Finding> {
    let manifests = [StatementKind::Cargo, StatementKind::PyProject];
    let wrong = one
        .statements
        .iter()
        .filter(|said| manifests.contains(&said.kind) && said.version().is_none());
    let finding = |said: &Statement| {
        let message = format!("Python knows no version `{}` (PEP 440)", said.text);
        Finding::error("version-invalid", message)
            .at(&said.path, Some(said.line))
            .hint("write a pre-release as `1.2.3-rc.1`, `-alpha.1`, `-beta.1` or `-dev.1`")
    };
    wrong.map(finding).collect()
}

fn differing(project: &Project, one: &Versioned, said: &Statement) -> Option<Finding> {
    let (version, decisive) = (one.version.as_ref()?, one.decisive()?);
    let other = said.version().filter(|other| other != version)?;
    let message = format!(
        "the version is {other} here and {version} in {}:{}",
        project.display(&decisive.path),
        decisive.line
    );
    let finding = match said.kind {
        StatementKind::Cargo if one.is_private => Finding::warning("version-mismatch", message),
        StatementKind::Cargo | StatementKind::PyProject => {
            Finding::error("version-mismatch", message)
        }
        StatementKind::Dunder | StatementKind::UvLock => {
            Finding::warning("version-mismatch", message)
        }
        // compared with the crate by the rules about lock files
        StatementKind::Requirement | StatementKind::CargoLock => return None,
    };
    let hint = match said.kind {
        // `release version` takes a literal of another version for something else
        StatementKind::Dunder => {
            format!("write \"{version}\" there, or take it from importlib.metadata")
        }
        _ => format!("cargo pyx release version {version}"),
    };
    Some(finding.at(&said.path, Some(said.line)).hint(hint))
}

/// A tag on the last commit that names a version of this package, but another one.
///
/// `alone`: no other package of the project has another version, so that `v1.2.3` means this one.
fn tagged(one: &Versioned, tags: &[String], alone: bool) -> Option<Finding> {
    let (version, decisive) = (one.version.as_ref()?, one.decisive()?);
    let named: Vec<(&String, Version)> = tags
        .iter()
        .filter_map(|tag| Some((tag, version_of(tag, &one.members, alone)?)))
        .collect();
    let (tag, _) = named.first()?;
    if named.iter().any(|(_, tagged)| tagged == version) {
        return None;
    }
    let message = format!("the version is {version}, but the last commit is tagged `{tag}`");
    let finding = Finding::error(TAG, message);
    Some(finding.at(&decisive.path, Some(decisive.line)))
}

/// The version in `v1.2.3`, `1.2.3`, `name-v1.2.3` or `name-1.2.3`.
fn version_of(tag: &str, members: &[String], alone: bool) -> Option<Version> {
    let number = |text: &str| {
        let text = text.strip_prefix('v').unwrap_or(text);
        // a bare number is no version of a package
        if text.contains('.') {
            Version::from_str(text).ok()
        } else {
            None
        }
    };
    for (at, _) in tag.match_indices('-') {
        let (name, rest) = tag.split_at(at);
        if members.contains(&package_name::normalize(name))
            && let Some(version) = number(&rest[1..])
        {
            return Some(version);
        }
    }
    if alone { number(tag) } else { None }
}
