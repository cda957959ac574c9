//! Whether `requires-python`, the stable ABI and the classifiers agree on the supported Pythons.

use std::cmp::Ordering;

use pep440_rs::{Operator, VersionSpecifier, VersionSpecifiers};
use version_ranges::Ranges;

use crate::facts::project::abi3_floor;
use crate::model::admitted;
use crate::model::finding::Finding;
use crate::model::minor::Minor;

use super::package_manifests::PackageManifests;

const REQUIRES: [&str; 2] = ["project", "requires-python"];

pub(super) fn check(package: &PackageManifests<'_>) -> Vec<Finding> {
    let Some(requires) = &package.member.requires_python else {
        if package.pyproject.toml.get(&REQUIRES).is_some() {
            return Vec::new();
        }
        let message = "no requires-python: pip installs this on any Python, however old";
        let finding = Finding::warning("requires-python-missing", message);
        let finding = finding.hint("requires-python = \">=3.9\"");
        return vec![package.at(finding, &REQUIRES)];
    };
    let mut found = classifiers(package, requires);
    let narrow = requires.iter().filter_map(first_release);
    found.extend(narrow.map(|finding| package.at(finding, &REQUIRES)));
    if let Some(floor) = abi3_floor(package.member) {
        found.extend(stable_abi(package, requires, floor));
    }
    found
}

/// A clause that allows only the first release of a minor version: `<=3.12` and `==3.12` mean 3.12.0.
fn first_release(clause: &VersionSpecifier) -> Option<Finding> {
    let &[major, minor] = clause.version().release() else {
        return None;
    };
    let meant = match clause.operator() {
        Operator::LessThanEqual => format!("<{major}.{}", minor + 1),
        Operator::Equal => format!("=={major}.{minor}.*"),
        _ => return None,
    };
    let message = format!(
        "requires-python `{clause}` allows {major}.{minor}.0, but no later {major}.{minor}"
    );
    let finding = Finding::warning("requires-python-narrow", message);
    Some(finding.hint(format!("write `{meant}`")))
}

/// The minor versions of Python 3 that are allowed.
pub(super) fn allowed(requires: &VersionSpecifiers) -> Ranges<Minor> {
    admitted::minors(requires).intersection(&Ranges::between((3, 0), (4, 0)))
}

fn stable_abi(
    package: &PackageManifests<'_>,
    requires: &VersionSpecifiers,
    floor: u64,
) -> Option<Finding> {
    let (_, lowest) = admitted::lowest(&allowed(requires), &Ranges::full())?;
    let feature = format!("PyO3's feature `abi3-py3{floor}`");
    let finding = match lowest.cmp(&floor) {
        Ordering::Less => {
            let message = format!(
                "requires-python allows Python 3.{lowest}, on which neither wheel nor sdist works: {feature} needs 3.{floor}"
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
    Some(package.at(finding, &REQUIRES))
}

/// Classifiers of Pythons on which it cannot be installed.
fn classifiers(package: &PackageManifests<'_>, requires: &VersionSpecifiers) -> Vec<Finding> {
    let toml = &package.pyproject.toml;
    let said = toml.spanned_strings(&["project", "classifiers"]);
    let allowed = allowed(requires);
    let excluded = said.iter().filter(|classifier| {
        let version = classifier
            .value
            .strip_prefix("Programming Language :: Python :: 3.");
        let minor = version.and_then(|minor| minor.parse().ok());
        minor.is_some_and(|minor| !allowed.contains(&(3, minor)))
    });
    let finding = |classifier: &crate::world::manifest::Spanned<String>| {
        let message = format!("`{}` is excluded by requires-python", classifier.value);
        let line = toml.line(&classifier.span);
        Finding::warning("classifier-python", message).at(&toml.path, Some(line))
    };
    excluded.map(finding).collect()
}
