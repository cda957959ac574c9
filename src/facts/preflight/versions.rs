//! Whether all places that state a version state the same one.

use std::str::FromStr;
use std::sync::Arc;

use pep440_rs::Version;

use crate::facts::project::{Project, workspace_crates};
use crate::facts::versions::{Statement, StatementKind, Versioned};
use crate::model::finding::Finding;
use crate::model::package_name;
use crate::model::version;
use crate::world::manifest::CargoToml;

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
        let is_alone = versions.iter().all(|other| other.version == one.version);
        let is_meant = |tagged: &Version| is_alone && !is_of_another_crate(project, one, tagged);
        found.extend(tagged(one, tags, &is_meant));
    }
    found
}

/// Whether Python sees it: a crate without a package has a version for cargo only.
fn is_distributed(project: &Project, one: &Versioned) -> bool {
    let mut members = project.all();
    members.any(|member| one.members.contains(&member.name) && member.pyproject.is_some())
}

/// maturin rejects what is not PEP 440.
fn unreadable(one: &Versioned) -> Vec<Finding> {
    let manifests = [StatementKind::Cargo, StatementKind::PyProject];
    let wrong = one
        .statements
        .iter()
        .filter(|said| manifests.contains(&said.kind) && said.version().is_none());
    let finding = |said: &Statement| {
        let message = format!("`{}` is not a valid Python version (PEP 440)", said.text);
        let hint = if said.text.contains('+') {
            "after the `+`, only ASCII letters and digits are allowed, separated by dots"
        } else {
            "write a pre-release as `1.2.3-rc.1`, `-alpha.1`, `-beta.1` or `-dev.1`"
        };
        Finding::error("version-invalid", message)
            .at(&said.path, Some(said.line))
            .hint(hint)
    };
    wrong.map(finding).collect()
}

fn differing(project: &Project, one: &Versioned, said: &Statement) -> Option<Finding> {
    let (version, decisive) = (one.version.as_ref()?, one.decisive()?);
    let other = said.version().filter(|other| other != version)?;
    let message = format!(
        "the version is {other} here but {version} in {}:{}",
        project.display(&decisive.path),
        decisive.line
    );
    let is_unread = |decisive: StatementKind| {
        let is_pythons = decisive == StatementKind::PyProject;
        one.is_private || (is_pythons && !is_one_step(version, &other))
    };
    let finding = match said.kind {
        StatementKind::Cargo if is_unread(decisive.kind) => {
            Finding::warning("version-mismatch", message)
        }
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
        StatementKind::Dunder => Some(format!(
            "write \"{version}\" there, or take it from importlib.metadata"
        )),
        StatementKind::UvLock => Some("uv lock".to_owned()),
        _ => agreement(one),
    };
    let finding = finding.at(&said.path, Some(said.line));
    Some(Finding { hint, ..finding })
}

/// How the manifests come to state one version: the highest, because indexes have seen the lower ones; `None` where
/// that would change the version of crates that are no part of the package.
fn agreement(one: &Versioned) -> Option<String> {
    let of = |kind: StatementKind| one.statements.iter().filter(move |said| said.kind == kind);
    let cargos = of(StatementKind::Cargo).filter_map(Statement::version);
    let pythons = of(StatementKind::PyProject).filter_map(Statement::version);
    let (in_cargo, in_python) = (cargos.max(), pythons.max());
    if !one.is_shared {
        let highest = in_cargo.max(in_python)?;
        return Some(format!("cargo pyx release version {highest}"));
    }
    let hint = "dynamic = [\"version\"], in place of `version`, takes it from Cargo.toml";
    (in_python <= in_cargo).then(|| hint.to_owned())
}

/// Whether one release follows the other, so that a bump was forgotten in one place; versions that are
/// farther apart are not meant to be equal.
fn is_one_step(one: &Version, other: &Version) -> bool {
    let parts = |version: &Version| {
        let release = version.release();
        [0, 1, 2].map(|at| release.get(at).copied().unwrap_or_default())
    };
    let (low, high) = if one < other {
        (one, other)
    } else {
        (other, one)
    };
    let [major, minor, patch] = parts(low);
    let next = [
        [major, minor, patch],
        [major, minor, patch + 1],
        [major, minor + 1, 0],
        [major + 1, 0, 0],
    ];
    next.contains(&parts(high))
}

/// A tag on the last commit that names another version of this package.
///
/// `is_meant`: whether `v1.2.3`, without a name, means this package.
fn tagged(
    one: &Versioned,
    tags: &[String],
    is_meant: &dyn Fn(&Version) -> bool,
) -> Option<Finding> {
    let (version, decisive) = (one.version.as_ref()?, one.decisive()?);
    let named: Vec<(&String, Version)> = tags
        .iter()
        .filter_map(|tag| Some((tag, version_of(tag, &one.members, is_meant)?)))
        .collect();
    let (tag, _) = named.first()?;
    if named.iter().any(|(_, tagged)| tagged == version) {
        return None;
    }
    let message = format!("the version is {version}, but the last commit is tagged `{tag}`");
    let finding = Finding::error(TAG, message);
    Some(finding.at(&decisive.path, Some(decisive.line)))
}

/// Whether the version is that of a crate in the checkout that its members depend on, and not the intended
/// one of the members.
fn is_of_another_crate(project: &Project, one: &Versioned, tagged: &Version) -> bool {
    let is_next = one
        .version
        .as_ref()
        .is_some_and(|own| is_one_step(own, tagged));
    let members = project.all().filter(|it| one.members.contains(&it.name));
    let mut crates = members.flat_map(|member| {
        // what cannot be read has been found
        let beside = workspace_crates(&project.manifests, member).unwrap_or_default();
        beside.into_iter().chain(member.crates().cloned())
    });
    let has_it = |cargo: Arc<CargoToml>| {
        let said = cargo.settled_version();
        said.and_then(|said| version::parse(&said.value)).as_ref() == Some(tagged)
    };
    !is_next && crates.any(has_it)
}

/// The version in `v1.2.3`, `1.2.3`, `name-v1.2.3` or `name-1.2.3`.
fn version_of(
    tag: &str,
    members: &[String],
    is_meant: &dyn Fn(&Version) -> bool,
) -> Option<Version> {
    let number = |text: &str| {
        let text = text.strip_prefix('v').unwrap_or(text);
        // a bare number is not a package's version
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
    number(tag).filter(|version| is_meant(version))
}
