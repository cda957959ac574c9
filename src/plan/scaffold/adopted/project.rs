//! `[project]`, from what the previous build backend put into the wheel.

use std::str::FromStr;

use camino::Utf8PathBuf;
use pep508_rs::{ExtraName, Requirement, VerbatimUrl};

use crate::facts::adoption::{
    BuiltPackage, PythonPackage, Takeover, content_type, keywords, links, people,
};
use crate::world::manifest::Field;

/// In the usual order.
pub(super) fn fields(package: &PythonPackage, takeover: &Takeover) -> Vec<(&'static str, Field)> {
    let built = &takeover.built;
    let text = |name: &str| built.text(name).map(|text| Field::Text(text.to_owned()));
    let mut fields = vec![("name", Some(Field::Text(package.distribution.clone())))];
    fields.push(("description", text("Summary")));
    fields.push(("readme", readme(takeover)));
    fields.push(("requires-python", text("Requires-Python")));
    fields.push(("license", licence(built)));
    if !takeover.has_usual_licences {
        let files = built.licences.keys().cloned().collect();
        fields.push(("license-files", Some(Field::List(files))));
    }
    fields.push(("authors", persons(built, "Author")));
    fields.push(("maintainers", persons(built, "Maintainer")));
    fields.push(("keywords", list(keywords(built))));
    let classifiers = built.metadata.all("Classifier").map(str::to_owned);
    fields.push(("classifiers", list(classifiers.collect())));
    let (dependencies, extras) = requirements(built);
    fields.push(("dependencies", list(dependencies)));
    let urls = links(built);
    fields.push(("urls", (!urls.is_empty()).then_some(Field::Named(urls))));
    fields.push((
        "optional-dependencies",
        (!extras.is_empty()).then_some(Field::Lists(extras)),
    ));
    let mut groups = built.entry_points.clone();
    for (group, key) in [
        ("console_scripts", "scripts"),
        ("gui_scripts", "gui-scripts"),
    ] {
        if let Some(at) = groups.iter().position(|(name, _)| name == group) {
            fields.push((key, Some(Field::Named(groups.remove(at).1))));
        }
    }
    fields.push((
        "entry-points",
        (!groups.is_empty()).then_some(Field::Groups(groups)),
    ));
    fields
        .into_iter()
        .filter_map(|(key, field)| Some((key, field?)))
        .collect()
}

fn list(texts: Vec<String>) -> Option<Field> {
    (!texts.is_empty()).then_some(Field::List(texts))
}

/// The file for a long description that is not one yet, because it was assembled from several files.
pub(super) fn new_description(takeover: &Takeover) -> Option<Utf8PathBuf> {
    let body = takeover.built.metadata.body.trim();
    if takeover.description.is_some() || body.is_empty() {
        return None;
    }
    let ending = match content_type(&takeover.built).split(';').next() {
        Some("text/markdown") => "md",
        Some("text/plain") => "txt",
        _ => "rst",
    };
    Some(format!("PYPI.{ending}").into())
}

fn readme(takeover: &Takeover) -> Option<Field> {
    let path = takeover
        .description
        .clone()
        .or_else(|| new_description(takeover))?;
    let by_ending = match path.extension() {
        Some("md") => "text/markdown",
        Some("rst") => "text/x-rst",
        Some("txt") => "text/plain",
        _ => "",
    };
    let said = content_type(&takeover.built);
    if said == by_ending {
        return Some(Field::Text(path.into_string()));
    }
    Some(Field::Table(vec![
        ("file", path.into_string()),
        ("content-type", said),
    ]))
}

fn licence(built: &BuiltPackage) -> Option<Field> {
    if let Some(expression) = built.text("License-Expression") {
        return Some(Field::Text(expression.to_owned()));
    }
    let said = built.text("License")?;
    Some(Field::Table(vec![("text", said.to_owned())]))
}

fn persons(built: &BuiltPackage, role: &str) -> Option<Field> {
    let person = |(name, email): (String, String)| {
        let parts = [("name", name), ("email", email)];
        parts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .collect()
    };
    let all: Vec<_> = people(&built.metadata, role)
        .into_iter()
        .map(person)
        .collect();
    (!all.is_empty()).then_some(Field::Tables(all))
}

type Extras = Vec<(String, Vec<String>)>;

/// What is always required, and for each extra.
fn requirements(built: &BuiltPackage) -> (Vec<String>, Extras) {
    let names = built.metadata.all("Provides-Extra");
    let mut extras: Extras = names.map(|name| (name.to_owned(), Vec::new())).collect();
    let mut always = Vec::new();
    for text in built.metadata.all("Requires-Dist") {
        let parsed = Requirement::<VerbatimUrl>::from_str(text).ok();
        let mut is_of_extra = false;
        for (name, list) in &mut extras {
            let own = parsed.as_ref().zip(ExtraName::from_str(name).ok());
            if let Some(one) = own.and_then(|(one, extra)| of_extra(one, &extra)) {
                list.push(one.to_string().replacen(" ;", ";", 1));
                is_of_extra = true;
            }
        }
        if !is_of_extra {
            always.push(text.to_owned());
        }
    }
    (always, extras)
}

/// The requirement without the extra in its marker, if it belongs to it.
fn of_extra(
    requirement: &Requirement<VerbatimUrl>,
    extra: &ExtraName,
) -> Option<Requirement<VerbatimUrl>> {
    let only = [extra.clone()];
    let marker = &requirement.marker;
    if marker.evaluate_extras(&[]) || !marker.evaluate_extras(&only) {
        return None;
    }
    let mut requirement = requirement.clone();
    requirement.marker = requirement.marker.simplify_extras(&only);
    Some(requirement)
}

/// The file that had a version from git: the same names, taken from the installed version.
pub(super) fn version_file(package: &PythonPackage, made: &str) -> String {
    let name = |names: &[&'static str]| -> Vec<&'static str> {
        let is_set = |name: &&&str| {
            made.lines().any(|line| {
                let rest = line.strip_prefix(**name).unwrap_or_default().trim_start();
                rest.starts_with(['=', ':'])
            })
        };
        names.iter().filter(is_set).copied().collect()
    };
    let texts = name(&["__version__", "version"]);
    let tuples = name(&["__version_tuple__", "version_tuple"]);
    let none = name(&["__commit_id__", "commit_id"]);
    let texts = if texts.is_empty() {
        vec!["__version__"]
    } else {
        texts
    };
    let mut lines = vec![
        "from importlib.metadata import version as _version".to_owned(),
        String::new(),
        chain(&texts, &format!("_version(\"{}\")", package.distribution)),
    ];
    if !tuples.is_empty() {
        let first = texts[0];
        let part = "int(part) if part.isdigit() else part";
        let parts = format!("tuple(\n    {part} for part in {first}.split(\".\")\n)");
        lines.push(chain(&tuples, &parts));
    }
    if !none.is_empty() {
        lines.push(chain(&none, "None"));
    }
    format!("{}\n", lines.join("\n"))
}

/// `a = b = value`
fn chain(names: &[&str], value: &str) -> String {
    let parts: Vec<&str> = names.iter().copied().chain([value]).collect();
    parts.join(" = ")
}
