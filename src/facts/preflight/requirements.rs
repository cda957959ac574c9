//! The package's name, the Python packages it requires, and its build requirements.

use std::str::FromStr;

use pep508_rs::{PackageName, Requirement, VerbatimUrl, VersionOrUrl};

use crate::model::admitted;
use crate::model::finding::Finding;
use crate::model::package_name;
use crate::world::manifest::Spanned;

use super::package_manifests::PackageManifests;

const BUILD: [&str; 2] = ["build-system", "requires"];

pub(super) fn check(package: &PackageManifests<'_>) -> Vec<Finding> {
    let mut found = Vec::from_iter(name(package));
    let published = package.pyproject.published_requirements();
    found.extend(
        published
            .iter()
            .filter_map(|said| published_one(package, said)),
    );
    found.extend(backend(package));
    found
}

fn name(package: &PackageManifests<'_>) -> Option<Finding> {
    let project = package.pyproject.toml.table(&["project"]).is_some();
    let finding = match package.pyproject.name() {
        None if project => Finding::error("name-invalid", "[project] has no name (PEP 621)"),
        Some(name) if PackageName::from_str(name).is_err() => {
            let message = format!("`{name}` is not a valid Python package name (PEP 508)");
            let hint = "letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";
            Finding::error("name-invalid", message).hint(hint)
        }
        _ => return None,
    };
    Some(package.at(finding, &["project", "name"]))
}

fn published_one(package: &PackageManifests<'_>, said: &Spanned<String>) -> Option<Finding> {
    let finding = match Requirement::<VerbatimUrl>::from_str(&said.value) {
        Err(error) => {
            let error = error.message.to_string();
            let why = error.lines().next().unwrap_or_default();
            let message = format!("invalid requirement `{}`: {why}", said.value);
            Finding::error("requirement-invalid", message)
        }
        Ok(requirement) => {
            let Some(VersionOrUrl::Url(_)) = requirement.version_or_url else {
                return None;
            };
            let message = format!("PyPI refuses packages that require a URL: `{}`", said.value);
            let hint = format!(
                "require `{}` by version, and put the URL under [tool.uv.sources]",
                requirement.name
            );
            Finding::error("requirement-url", message).hint(hint)
        }
    };
    let toml = &package.pyproject.toml;
    Some(finding.at(&toml.path, Some(toml.line(&said.span))))
}

/// Builds of the sdist use the newest maturin that is allowed, even years from now.
fn backend(package: &PackageManifests<'_>) -> Option<Finding> {
    let requires = package.pyproject.toml.spanned_strings(&BUILD);
    let maturin = requires
        .iter()
        .find(|said| package_name::of_requirement(&said.value).as_deref() == Some("maturin"));
    let Some(maturin) = maturin else {
        let message = "build-system.requires lacks maturin: nobody can build the sdist";
        let finding = Finding::error("backend-missing", message);
        let finding = finding.hint("requires = [\"maturin>=1,<2\"]");
        return Some(package.at(finding, &BUILD));
    };
    let requirement = Requirement::<VerbatimUrl>::from_str(&maturin.value).ok()?;
    match requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(found)) if admitted::is_bounded_above(&found) => {
            return None;
        }
        Some(VersionOrUrl::Url(_)) => return None,
        _ => {}
    }
    let message = format!(
        "`{}` has no upper bound: a later maturin may not build this",
        maturin.value
    );
    let toml = &package.pyproject.toml;
    let line = toml.line(&maturin.span);
    let finding = Finding::warning("backend-unbounded", message).at(&toml.path, Some(line));
    Some(finding.hint("requires = [\"maturin>=1,<2\"]"))
}
