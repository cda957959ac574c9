//! `Requires-Python`, against the tags and the project.

use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use version_ranges::Ranges;

use crate::facts::artifact::{Expected, Headers, Tags, name};
use crate::model::admitted;
use crate::model::finding::Finding;

/// `tags` are a wheel's, `place` is its metadata's file.
pub(super) fn findings(
    metadata: &Headers,
    place: &str,
    tags: Option<&Tags>,
    expected: &Expected,
) -> Vec<Finding> {
    let Some(text) = metadata.get("Requires-Python") else {
        let message = "there is no Requires-Python: installers accept any Python";
        let finding = Finding::warning("requires-python-missing", message);
        let hint = "set `requires-python` under [project] in pyproject.toml";
        return vec![finding.at(place, None).hint(hint)];
    };
    let Ok(specifiers) = VersionSpecifiers::from_str(text) else {
        let message = format!("Requires-Python is `{text}`, which is not a version specifier");
        return vec![Finding::error("requires-python-invalid", message).at(place, None)];
    };
    let mut found: Vec<Finding> = Vec::new();
    found.extend(other_than_said(&specifiers, expected));
    if let Some(tags) = tags {
        found.extend(excluded(&specifiers, tags));
    }
    found.extend(too_low(&specifiers, tags, expected));
    found
        .into_iter()
        .map(|finding| finding.at(place, None))
        .collect()
}

fn other_than_said(specifiers: &VersionSpecifiers, expected: &Expected) -> Option<Finding> {
    let said = expected.requires_python.as_ref()?;
    let message = format!("Requires-Python is `{specifiers}`, but the project says `{said}`");
    let finding = Finding::error("requires-python-mismatch", message);
    (specifiers != said).then(|| finding.hint("build it again"))
}

/// A wheel for one Python that its metadata forbids is never installed.
fn excluded(specifiers: &VersionSpecifiers, tags: &Tags) -> Option<Finding> {
    let later = tags.is_stable_abi() || tags.is_abi_free();
    let mut served = Ranges::empty();
    for (major, minor) in tags.pythons.iter().filter_map(|tag| name::minor(tag)) {
        let end = if later {
            (major + 1, 0)
        } else {
            (major, minor + 1)
        };
        served = served.union(&Ranges::between((major, minor), end));
    }
    if served.is_empty() {
        return None;
    }
    let message = format!(
        "Requires-Python is `{specifiers}`, which excludes every Python of the tag `{}`",
        tags.expand().first()?
    );
    let never = admitted::minors(specifiers).is_disjoint(&served);
    never.then(|| Finding::error("requires-python-excludes", message))
}

/// Pythons that are allowed but older than the stable ABI of the build. Other wheels can support them only if
/// the project does not state the floor itself.
fn too_low(
    specifiers: &VersionSpecifiers,
    tags: Option<&Tags>,
    expected: &Expected,
) -> Option<Finding> {
    // Pythons that have no `abi3t` get other wheels of the same project
    let by_tag = tags
        .filter(|tags| tags.is_stable_abi() && !tags.abis.iter().any(|abi| abi == "abi3t"))
        .and_then(Tags::floor);
    let floor = expected.abi3_floor.or(by_tag)?;
    let (major, minor) = floor;
    let older = Ranges::between((major, 0), floor);
    let (_, lowest) = admitted::lowest(&admitted::minors(specifiers), &older)?;
    let message = format!(
        "Requires-Python is `{specifiers}`, which allows {major}.{lowest}, but the wheel's stable ABI starts at {major}.{minor}"
    );
    let finding = match expected.abi3_floor {
        Some(_) => Finding::error("requires-python-too-low", message),
        None => Finding::warning("requires-python-too-low", message),
    };
    Some(finding.hint(format!("set `requires-python = \">={major}.{minor}\"`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules that `Requires-Python: REQUIRES` breaks under a tag.
    fn rules(requires: &str, tags: &str, expected: &Expected) -> Vec<String> {
        let metadata = Headers::parse(format!("Requires-Python: {requires}\n").as_bytes());
        let found = findings(&metadata, "METADATA", Tags::parse(tags).as_ref(), expected);
        found
            .iter()
            .map(|one| format!("{:?} {}", one.severity, one.rule))
            .collect()
    }

    #[test]
    fn a_wheels_python_must_be_allowed() {
        let expected = Expected::default();
        for (requires, tags) in [
            (">=3.9", "cp313-cp313-any"),
            (">=3.13.1", "cp313-cp313-any"),
            (">=3.12", "py3-none-any"),
            (">=3.12", "cp312-none-any"),
            (">=3.9,<4", "cp39-abi3-any"),
            (">=3.10", "cp39-abi3-any"),
            ("==3.9.150", "cp39-cp39-any"),
        ] {
            assert!(
                rules(requires, tags, &expected).is_empty(),
                "{requires} {tags}"
            );
        }
        let excludes = ["Error requires-python-excludes"];
        assert_eq!(rules(">=3.14", "cp313-cp313-any", &expected), excludes);
        assert_eq!(rules("<3", "cp39-abi3-any", &expected), excludes);
        assert_eq!(
            rules("three", "cp39-abi3-any", &expected),
            ["Error requires-python-invalid"]
        );
        assert_eq!(
            rules("", "cp39-abi3-any", &expected),
            ["Warning requires-python-missing"]
        );
    }

    #[test]
    fn an_older_python_than_the_stable_abi_is_an_error_where_the_project_says_the_floor() {
        let unknown = Expected::default();
        assert_eq!(
            rules(">=3.8", "cp39-abi3-any", &unknown),
            ["Warning requires-python-too-low"]
        );
        let known = Expected {
            abi3_floor: Some((3, 9)),
            ..Expected::default()
        };
        assert_eq!(
            rules(">=3.8", "cp39-abi3-any", &known),
            ["Error requires-python-too-low"]
        );
        assert!(rules(">=3.9", "cp39-abi3-any", &known).is_empty());
    }

    #[test]
    fn what_the_project_says_is_what_the_metadata_says() {
        let expected = Expected {
            requires_python: Some(VersionSpecifiers::from_str(">=3.9").unwrap()),
            ..Expected::default()
        };
        assert!(rules(">= 3.9", "py3-none-any", &expected).is_empty());
        let mismatch = ["Error requires-python-mismatch"];
        assert_eq!(rules(">=3.10", "py3-none-any", &expected), mismatch);
    }
}
