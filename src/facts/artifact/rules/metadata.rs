//! METADATA and PKG-INFO, judged by the core metadata specifications and by what PyPI refuses.

use std::str::FromStr;

use mediatype::{MediaType, Name, ReadParams, names};
use pep440_rs::Version;
use pep508_rs::{Requirement, VerbatimUrl, VersionOrUrl};

use crate::facts::artifact::{Expected, Headers};
use crate::model::finding::Finding;
use crate::model::package_name;

/// The rules for every distribution's metadata. `stated` are the name and the version in its file name.
pub(super) fn findings(
    metadata: &Headers,
    stated: Option<(&str, &Version)>,
    expected: &Expected,
) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(name(metadata, stated.map(|(name, _)| name), expected));
    found.extend(version(
        metadata,
        stated.map(|(_, version)| version),
        expected,
    ));
    found.extend(description(metadata));
    found.extend(summary(metadata));
    found.extend(license(metadata));
    found.extend(requirements(metadata));
    found
}

fn name(metadata: &Headers, stated: Option<&str>, expected: &Expected) -> Vec<Finding> {
    let Some(name) = metadata.get("Name") else {
        return vec![Finding::error("metadata", "there is no Name")];
    };
    let others = [
        ("the file name", stated),
        ("the project", expected.name.as_deref()),
    ];
    let others = others
        .into_iter()
        .filter_map(|(who, other)| Some((who, other?)));
    let others =
        others.filter(|(_, other)| package_name::normalize(other) != package_name::normalize(name));
    others
        .map(|(who, other)| {
            let message = format!("Name is `{name}`, but {who} says `{other}`");
            Finding::error("name-mismatch", message).hint("build it again; do not rename files")
        })
        .collect()
}

fn version(metadata: &Headers, stated: Option<&Version>, expected: &Expected) -> Vec<Finding> {
    let Some(text) = metadata.get("Version") else {
        return vec![Finding::error("metadata", "there is no Version")];
    };
    let Ok(version) = Version::from_str(text) else {
        let message = format!("Version is `{text}`, which is not a PEP 440 version");
        return vec![Finding::error("metadata", message)];
    };
    let others = [
        ("the file name", stated),
        ("the project", expected.version.as_ref()),
    ];
    let others = others
        .into_iter()
        .filter_map(|(who, other)| Some((who, other?)));
    let mut found: Vec<Finding> = others
        .filter(|(_, other)| **other != version)
        .map(|(who, other)| {
            let message = format!("Version is `{version}`, but {who} says `{other}`");
            Finding::error("version-mismatch", message).hint("build it again; do not rename files")
        })
        .collect();
    if version.is_local() {
        let message = format!("Version is `{version}`; PyPI refuses local versions");
        found.push(Finding::error("local-version", message));
    }
    found
}

/// The parameter that distinguishes Markdown variants (RFC 7763).
const VARIANT: Name = Name::new_unchecked("variant");

fn description(metadata: &Headers) -> Option<Finding> {
    let old = metadata.get("Description").unwrap_or_default();
    if metadata.body.trim().is_empty() && old.is_empty() {
        let message = "there is no description: the project's page on PyPI would be empty";
        let hint = "set `readme = \"README.md\"` under [project], and write that file";
        return Some(Finding::warning("description-missing", message).hint(hint));
    }
    let Some(kind) = metadata.get("Description-Content-Type") else {
        let message = "there is no Description-Content-Type: PyPI assumes reStructuredText";
        let hint = "give the readme the extension `.md` or `.rst`, or set its `content-type`";
        return Some(Finding::warning("description-content-type", message).hint(hint));
    };
    if is_rendered(kind) {
        return None;
    }
    let message = format!("PyPI refuses the Description-Content-Type `{kind}`");
    let hint = "use `text/markdown`, `text/x-rst` or `text/plain`, in UTF-8";
    Some(Finding::error("description-content-type", message).hint(hint))
}

/// Whether PyPI renders a text of this media type.
fn is_rendered(kind: &str) -> bool {
    let Ok(kind) = MediaType::parse(kind) else {
        return false;
    };
    let essence = kind.essence().to_string().to_lowercase();
    let parameter = |name: Name, allowed: &[&str]| {
        let Some(value) = kind.get_param(name) else {
            return true;
        };
        let value = value.unquoted_str();
        allowed.iter().any(|one| one.eq_ignore_ascii_case(&value))
    };
    ["text/markdown", "text/x-rst", "text/plain"].contains(&&*essence)
        && parameter(names::CHARSET, &["utf-8"])
        && parameter(VARIANT, &["GFM", "CommonMark"])
}

/// The longest summary, in characters, that PyPI accepts.
const SUMMARY: usize = 512;

fn summary(metadata: &Headers) -> Option<Finding> {
    let summary = metadata.get("Summary")?;
    let fits = summary.chars().count() <= SUMMARY && !summary.contains('\n');
    let message =
        format!("PyPI refuses a Summary of several lines or more than {SUMMARY} characters");
    let hint = "shorten `description` under [project] in pyproject.toml, or in Cargo.toml";
    (!fits).then(|| Finding::error("summary", message).hint(hint))
}

fn license(metadata: &Headers) -> Option<Finding> {
    let classified = metadata
        .all("Classifier")
        .any(|one| one.starts_with("License ::"));
    let [text, expression, file] =
        ["License", "License-Expression", "License-File"].map(|name| metadata.get(name));
    if text.is_some() && expression.is_some() {
        let message = "both License and License-Expression are set: PyPI refuses that";
        let hint =
            "state the license once, as an SPDX expression: `license = \"MIT\"` under [project]";
        return Some(Finding::error("license-conflict", message).hint(hint));
    }
    let any = classified || text.is_some() || expression.is_some() || file.is_some();
    let hint = "set `license = \"MIT\"` (an SPDX expression) and `license-files` under [project]";
    (!any).then(|| Finding::warning("license-missing", "no license is stated").hint(hint))
}

fn requirements(metadata: &Headers) -> Vec<Finding> {
    let judge = |text: &str| match Requirement::<VerbatimUrl>::from_str(text) {
        Err(_) => {
            let message = format!("`Requires-Dist: {text}` is not a PEP 508 requirement");
            Some(Finding::error("requirement-invalid", message))
        }
        Ok(requirement) => match requirement.version_or_url {
            Some(VersionOrUrl::Url(url)) => {
                let name = requirement.name;
                let message =
                    format!("`{name}` is required from `{url}`; PyPI refuses direct URLs");
                let hint = format!(
                    "require a release (`{name}>=1.0`), and put the URL under [tool.uv.sources]"
                );
                Some(Finding::error("direct-url", message).hint(hint))
            }
            _ => None,
        },
    };
    metadata.all("Requires-Dist").filter_map(judge).collect()
}

/// License files that are named but missing. `candidates` are the names under which a file may be in the
/// archive.
pub(super) fn license_files(
    metadata: &Headers,
    has: impl Fn(&str) -> bool,
    candidates: impl Fn(&str) -> Vec<String>,
) -> Vec<Finding> {
    let named = metadata.all("License-File");
    let missing = named.filter(|file| !candidates(file).iter().any(|name| has(name)));
    missing
        .map(|file| {
            let place = candidates(file).swap_remove(0);
            let message = format!("License-File names `{file}`, but there is no `{place}`");
            let hint = "correct `license-files` under [project], and build it again";
            Finding::error("license-file", message).hint(hint)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Metadata-Version: 2.4\nName: my-pkg\nVersion: 1.0\nLicense-Expression: MIT\n\
                        Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM\n";

    fn rules(headers: &str, body: &str) -> Vec<&'static str> {
        let metadata = Headers::parse(format!("{headers}\n{body}").as_bytes());
        let version = Version::from_str("1.0").unwrap();
        let found = findings(&metadata, Some(("my_pkg", &version)), &Expected::default());
        found.iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn good_metadata_breaks_no_rule() {
        assert!(rules(GOOD, "# my-pkg").is_empty());
        let more = format!("{GOOD}Requires-Dist: numpy>=1; extra == 'x'\nSummary: Hello.\n");
        assert!(rules(&more, "# my-pkg").is_empty());
    }

    #[test]
    fn each_line_has_its_rule() {
        for (old, new, rule) in [
            ("Name: my-pkg", "Name: other", "name-mismatch"),
            ("Name: my-pkg\n", "", "metadata"),
            ("Version: 1.0", "Version: 1.0.1", "version-mismatch"),
            ("Version: 1.0", "Version: one", "metadata"),
            ("License-Expression: MIT\n", "", "license-missing"),
            (
                "License-Expression",
                "License: MIT\nLicense-Expression",
                "license-conflict",
            ),
            ("text/markdown", "text/html", "description-content-type"),
            (
                "charset=UTF-8",
                "charset=latin-1",
                "description-content-type",
            ),
            (
                "License-E",
                "Requires-Dist: a @ file:///a\nLicense-E",
                "direct-url",
            ),
            (
                "License-E",
                "Requires-Dist: a @ https://e.org/a.whl\nLicense-E",
                "direct-url",
            ),
            (
                "License-E",
                "Requires-Dist: a b\nLicense-E",
                "requirement-invalid",
            ),
            ("License-E", "Summary: a\n  b\nLicense-E", "summary"),
        ] {
            assert!(GOOD.contains(old));
            assert_eq!(rules(&GOOD.replace(old, new), "text"), [rule], "{new}");
        }
        assert_eq!(rules(GOOD, " \n"), ["description-missing"]);
    }

    #[test]
    fn a_media_type_is_judged_by_its_parts() {
        for kind in [
            "text/markdown",
            "Text/X-RST;charset=\"utf-8\"",
            "text/markdown; Variant=commonmark; charset=UTF-8;",
        ] {
            assert!(is_rendered(kind), "{kind}");
        }
        for kind in [
            "markdown",
            "text/",
            "text/html",
            "text/plain; charset=",
            "text/markdown; variant=\"GFM; charset=UTF-8\"",
        ] {
            assert!(!is_rendered(kind), "{kind}");
        }
    }

    #[test]
    fn a_local_version_is_refused() {
        let metadata = Headers::parse(GOOD.replace("1.0", "1.0+cpu").as_bytes());
        let found = version(&metadata, None, &Expected::default());
        assert_eq!(found[0].rule, "local-version");
    }
}
