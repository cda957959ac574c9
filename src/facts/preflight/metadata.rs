//! Readme, licence, description and `dynamic`: what indexes show, as maturin reads it.

use camino::{Utf8Path, Utf8PathBuf};
use toml_edit::Item;

use crate::facts::project::MATURIN_READMES;
use crate::model::finding::Finding;
use crate::model::path::normalize;
use crate::world::disk;
use crate::world::manifest::CargoToml;

use super::package_manifests::PackageManifests;

/// What maturin takes from Cargo.toml if `dynamic` names it (maturin guide, "Metadata").
const FILLED: [&str; 8] = [
    "authors",
    "description",
    "keywords",
    "license",
    "license-files",
    "readme",
    "urls",
    "version",
];

pub(super) fn check(package: &PackageManifests<'_>) -> Vec<Finding> {
    let mut found = named_files(package);
    found.extend(licence_files(package));
    found.extend(no_readme(package));
    found.extend(no_description(package));
    found.extend(no_licence(package));
    found.extend(two_licences(package));
    found.extend(dynamic(package));
    found.extend(no_version(package));
    found
}

/// A readme or licence that a manifest names by path.
struct NamedFile {
    rule: &'static str,
    /// The file that names it, and where.
    manifest: Utf8PathBuf,
    line: usize,
    /// As written, and the folder that it is relative to.
    path: String,
    dir: Utf8PathBuf,
}

fn named_files(package: &PackageManifests<'_>) -> Vec<Finding> {
    let mut named = Vec::new();
    for field in ["readme", "license"] {
        named.extend(named_in_pyproject(package, field));
    }
    for field in ["readme", "license-file"] {
        named.extend(named_in_cargo(package, field));
    }
    named
        .iter()
        .filter_map(|one| unusable(package, one))
        .collect()
}

fn rule_of(field: &str) -> &'static str {
    if field == "readme" {
        "readme-file"
    } else {
        "license-file"
    }
}

fn named_in_pyproject(package: &PackageManifests<'_>, field: &'static str) -> Option<NamedFile> {
    let toml = &package.pyproject.toml;
    let item = toml.get(&["project", field])?;
    let in_table = item.get("file").and_then(Item::as_str);
    // a string is a file for the readme, an SPDX expression for the licence
    let plain = match field {
        "readme" => item.as_str(),
        _ => None,
    };
    Some(NamedFile {
        rule: rule_of(field),
        manifest: toml.path.clone(),
        line: toml.line_of(&["project", field]),
        path: in_table.or(plain)?.to_owned(),
        dir: package.pyproject.dir().to_owned(),
    })
}

/// maturin reads these even if pyproject.toml has its own.
fn named_in_cargo(package: &PackageManifests<'_>, field: &'static str) -> Option<NamedFile> {
    if !package.cargo.inherits(field) {
        return named_in(package.cargo, "package", field);
    }
    let root = package.member.workspace_cargo.as_ref()?;
    named_in(root, "workspace.package", field)
}

fn named_in(cargo: &CargoToml, table: &str, field: &'static str) -> Option<NamedFile> {
    let keys: Vec<&str> = table.split('.').chain([field]).collect();
    Some(NamedFile {
        rule: rule_of(field),
        manifest: cargo.toml.path.clone(),
        line: cargo.toml.line_of(&keys),
        path: cargo.toml.string(&keys)?,
        dir: cargo.dir().to_owned(),
    })
}

fn unusable(package: &PackageManifests<'_>, named: &NamedFile) -> Option<Finding> {
    let path = normalize(&named.dir.join(&named.path));
    let outside = [
        &package.project.root,
        &package.member.workspace,
        &package.member.dir,
    ]
    .iter()
    .all(|root| !path.starts_with(root));
    let message = if outside {
        format!(
            "`{}` is outside the project: no sdist can hold it",
            named.path
        )
    } else if disk::is_file(&path) {
        return None;
    } else {
        format!("no file `{}`", named.path)
    };
    Some(Finding::error(named.rule, message).at(&named.manifest, Some(named.line)))
}

/// `license-files` (PEP 639): every pattern must match, below the folder of pyproject.toml.
fn licence_files(package: &PackageManifests<'_>) -> Vec<Finding> {
    let toml = &package.pyproject.toml;
    let patterns = toml.spanned_strings(&["project", "license-files"]);
    let wrong = patterns.iter().filter_map(|pattern| {
        let text = &pattern.value;
        let message = if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            format!("`{text}` leads out of the project, which PEP 639 forbids")
        } else if has_files(package.pyproject.dir(), text) {
            return None;
        } else {
            format!("`{text}` in license-files matches no file")
        };
        let line = toml.line(&pattern.span);
        Some(Finding::error("license-file", message).at(&toml.path, Some(line)))
    });
    wrong.collect()
}

fn has_files(dir: &Utf8Path, pattern: &str) -> bool {
    let found = disk::matching(dir, pattern);
    found.iter().any(|path| disk::is_file(path))
}

fn no_readme(package: &PackageManifests<'_>) -> Option<Finding> {
    let keys = ["package", "readme"];
    let suppressed = package.cargo.toml.bool(&keys) == Some(false);
    let guessed = MATURIN_READMES
        .iter()
        .any(|name| disk::is_file(&package.cargo.dir().join(name)));
    let takes = package.takes_from_cargo("readme");
    let own = package.pyproject.toml.get(&["project", "readme"]).is_some();
    if own || !suppressed && (package.has("readme", &["readme"]) || takes && guessed) {
        return None;
    }
    let finding = Finding::warning(
        "readme-missing",
        "no readme: its page on PyPI will be empty",
    );
    let finding = finding.hint("readme = \"README.md\"");
    Some(package.at(finding, &["project", "readme"]))
}

fn no_description(package: &PackageManifests<'_>) -> Option<Finding> {
    if package.has("description", &["description"]) {
        return None;
    }
    let elsewhere = package
        .cargo
        .toml
        .get(&["package", "description"])
        .is_some();
    let (message, hint) = if elsewhere {
        (
            "no description: `dynamic` does not name the one in Cargo.toml",
            "dynamic = [\"description\"]",
        )
    } else {
        (
            "no description",
            "description = \"What it is, in one line\"",
        )
    };
    let finding = Finding::warning("description-missing", message).hint(hint);
    Some(package.at(finding, &["project", "description"]))
}

fn licence_classifiers(
    package: &PackageManifests<'_>,
) -> Vec<crate::world::manifest::Spanned<String>> {
    let toml = &package.pyproject.toml;
    let mut said = toml.spanned_strings(&["project", "classifiers"]);
    said.retain(|classifier| classifier.value.starts_with("License ::"));
    said
}

fn no_licence(package: &PackageManifests<'_>) -> Option<Finding> {
    let said = package.has("license", &["license", "license-file"]);
    if said || !licence_classifiers(package).is_empty() {
        return None;
    }
    let finding = Finding::warning("license-missing", "no licence is declared");
    let finding = finding.hint("license = \"MIT\"");
    Some(package.at(finding, &["project", "license"]))
}

/// Only a warning: indexes still accept packages with both.
fn two_licences(package: &PackageManifests<'_>) -> Option<Finding> {
    let toml = &package.pyproject.toml;
    let expression = toml.str(&["project", "license"])?;
    let classifiers = licence_classifiers(package);
    let first = classifiers.first()?;
    let message = format!(
        "`{}` next to `license = \"{expression}\"`: PEP 639 allows only one of them",
        first.value
    );
    let finding =
        Finding::warning("license-twice", message).at(&toml.path, Some(toml.line(&first.span)));
    Some(finding.hint("remove the `License ::` classifiers"))
}

fn dynamic(package: &PackageManifests<'_>) -> Vec<Finding> {
    let toml = &package.pyproject.toml;
    let fields = toml.spanned_strings(&["project", "dynamic"]);
    let wrong = fields.iter().filter_map(|field| {
        let name = &field.value;
        let finding = if name == "name" {
            let message = "`name` cannot be dynamic (PEP 621)".to_owned();
            Finding::error("dynamic-field", message)
        } else if toml.get(&["project", name]).is_some() {
            let message = format!("`{name}` is both set and dynamic, which PEP 621 forbids");
            Finding::warning("dynamic-field", message)
        } else if FILLED.contains(&name.as_str()) {
            return None;
        } else {
            let message = format!("`{name}` is dynamic, but maturin does not fill it in");
            Finding::warning("dynamic-field", message)
        };
        Some(finding.at(&toml.path, Some(toml.line(&field.span))))
    });
    wrong.collect()
}

fn no_version(package: &PackageManifests<'_>) -> Option<Finding> {
    let pyproject = &package.pyproject;
    pyproject.toml.table(&["project"])?;
    if pyproject.toml.get(&["project", "version"]).is_some() || pyproject.is_dynamic("version") {
        return None;
    }
    let message = "neither a version nor `dynamic = [\"version\"]`: uv rejects such a project";
    let finding = Finding::warning("version-missing", message).hint("dynamic = [\"version\"]");
    Some(package.at(finding, &["project", "version"]))
}
