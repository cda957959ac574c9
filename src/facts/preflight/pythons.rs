//! Whether `requires-python`, the stable ABI and the classifiers speak of the same Pythons.

use std::cmp::Ordering;

use pep440_rs::{Version, VersionSpecifiers};

use crate::facts::project::abi3_floor;
use crate::model::finding::Finding;

use super::subject::Subject;

const REQUIRES: [&str; 2] = ["project", "requires-python"];

/// Minor versions of Python 3 that are looked at; later ones are as the last.
const MINORS: std::ops::RangeInclusive<u64> = 0..=40;

pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(requires) = &subject.member.requires_python else {
        if subject.pyproject.toml.get(&REQUIRES).is_some() {
            return Vec::new();
        }
        let message =
            "no requires-python: pip installs this on every Python, too old ones included";
        let finding = Finding::warning("requires-python-missing", message);
        let finding = finding.hint("requires-python = \">=3.9\"");
        return vec![subject.at(finding, &REQUIRES)];
    };
    let mut found = classifiers(subject, requires);
    if let Some(floor) = abi3_floor(subject.member) {
        found.extend(stable_abi(subject, requires, floor));
    }
    found
}

/// Whether some release of Python 3.`minor` is allowed.
fn allows(requires: &VersionSpecifiers, minor: u64) -> bool {
    [0, 99]
        .iter()
        .any(|patch| requires.contains(&Version::new([3, minor, *patch])))
}

/// The minor versions that are allowed.
pub(super) fn allowed(requires: &VersionSpecifiers) -> Vec<u64> {
    MINORS.filter(|minor| allows(requires, *minor)).collect()
}

fn stable_abi(subject: &Subject<'_>, requires: &VersionSpecifiers, floor: u64) -> Option<Finding> {
    let lowest = *allowed(requires).first()?;
    let feature = format!("PyO3's feature `abi3-py3{floor}`");
    let finding = match lowest.cmp(&floor) {
        Ordering::Less => {
            let message = format!(
                "requires-python admits Python 3.{lowest}, for which neither wheel nor sdist \
                 works: {feature} needs 3.{floor}"
            );
            let hint = format!("requires-python = \">=3.{floor}\"");
            Finding::error("abi3-floor", message).hint(hint)
        }
        Ordering::Equal => return None,
        Ordering::Greater => {
            let message = format!(
                "requires-python excludes Python 3.{floor}, for which {feature} tags the wheel"
            );
            let hint = format!("use `abi3-py3{lowest}`, which allows more of the C API");
            Finding::warning("abi3-floor", message).hint(hint)
        }
    };
    Some(subject.at(finding, &REQUIRES))
}

/// Classifiers of Pythons on which nobody can install it.
fn classifiers(subject: &Subject<'_>, requires: &VersionSpecifiers) -> Vec<Finding> {
    let toml = &subject.pyproject.toml;
    let said = toml.spanned_strings(&["project", "classifiers"]);
    let excluded = said.iter().filter(|classifier| {
        let version = classifier
            .value
            .strip_prefix("Programming Language :: Python :: 3.");
        let minor = version.and_then(|minor| minor.parse().ok());
        minor.is_some_and(|minor| !allows(requires, minor))
    });
    let finding = |classifier: &crate::world::manifest::Spanned<String>| {
        let message = format!("`{}` is excluded by requires-python", classifier.value);
        let line = toml.line(&classifier.span);
        Finding::warning("classifier-python", message).at(&toml.path, Some(line))
    };
    excluded.map(finding).collect()
}
