//! How two wheels of a package differ, apart from what was asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use pep508_rs::{Requirement, VerbatimUrl};

use super::built::{BuiltPackage, people, plain};
use super::source_files::is_of_backend;

/// Differences that the second wheel may have.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Path prefixes of new files.
    pub new: Vec<String>,
    /// Files that are rewritten.
    pub rewritten: Vec<String>,
    /// Whether the version is stated without what git adds to it.
    pub version: bool,
    /// Names and addresses that `[project]` had before, even if the first wheel has only some of them.
    pub people: BTreeSet<String>,
    /// The licence that `[project]` had before, even if the first wheel states none.
    pub licence: Option<String>,
}

/// Fields of which some build backends write only the first person.
const PEOPLE: [&str; 4] = ["Author", "Author-email", "Maintainer", "Maintainer-email"];

/// Every field and file that differs and should not, one line each.
pub fn differences(before: &BuiltPackage, after: &BuiltPackage, asked: &Asked) -> Vec<String> {
    let (mut old, new) = (fields(before, asked), fields(after, asked));
    if let (Some(said), Some(licence)) = (&asked.licence, old.get_mut("License"))
        && licence.is_empty()
    {
        licence.extend(new["License"].get(&plain_lines(said)).cloned());
    }
    let mut found = Vec::new();
    for (name, old) in &old {
        let new = new[name].clone();
        let list = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
            let only: Vec<&str> = one.difference(other).map(|text| shortened(text)).collect();
            only.join(", ")
        };
        let new: BTreeSet<String> = if PEOPLE.contains(name) {
            let is_said = |one: &&String| old.contains(*one) || !asked.people.contains(*one);
            new.iter().filter(is_said).cloned().collect()
        } else {
            new
        };
        if *old != new {
            let (gone, come) = (list(old, &new), list(&new, old));
            found.push(format!("{name}: `{gone}` becomes `{come}`"));
        }
    }
    found.extend(others(after, before).map(|line| format!("{line} is new")));
    found.extend(files(&before.files, &after.files, asked));
    let none = Asked::default();
    found.extend(files(&before.licences, &after.licences, &none));
    found
}

/// What the first wheel states in fields that `[project]` has no key for, so that the second one lacks it.
pub fn unsaid(before: &BuiltPackage, after: &BuiltPackage) -> Vec<String> {
    others(before, after).collect()
}

/// What the first sdist contains and the second one does not; empty if one was not built.
pub fn lost_sources(before: &BuiltPackage, after: &BuiltPackage) -> Vec<String> {
    if after.sources.is_empty() {
        return Vec::new();
    }
    let lost = before.sources.difference(&after.sources);
    lost.filter(|path| !is_of_backend(path)).cloned().collect()
}

/// Fields that say how a wheel was made, or that are compared as files.
const MADE: [&str; 3] = ["Dynamic", "License-File", "Metadata-Version"];

/// Alternative spellings of those that are compared.
const SPELLED: [&str; 3] = ["Download-URL", "Home-page", "License-Expression"];

/// The lines of unknown fields that only one of the wheels has.
fn others(one: &BuiltPackage, other: &BuiltPackage) -> impl Iterator<Item = String> {
    let known = fields(one, &Asked::default());
    let is_other = |name: &str| {
        let mut all = known.keys().copied().chain(MADE).chain(SPELLED);
        !all.any(|known| known.eq_ignore_ascii_case(name))
    };
    let lines = one.metadata.lines().filter(|(name, text)| {
        let mut there = other.metadata.all(name);
        is_other(name) && *text != "UNKNOWN" && !there.any(|there| there == *text)
    });
    let lines: Vec<String> = lines
        .map(|(name, text)| format!("{name}: {}", shortened(text)))
        .collect();
    lines.into_iter()
}

fn shortened(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.char_indices()
        .nth(60)
        .map_or(line, |(at, _)| &line[..at])
}

type Files = BTreeMap<String, Vec<u8>>;

fn files(before: &Files, after: &Files, asked: &Asked) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let difference = |name: &String| {
        let is_new = asked.new.iter().any(|start| name.starts_with(start));
        let is_rewritten = asked.rewritten.contains(name);
        match (before.get(name), after.get(name)) {
            (Some(_), None) => Some(format!("{name} is missing")),
            (None, Some(_)) if !is_new && !is_rewritten => Some(format!("{name} is new")),
            (Some(old), Some(new)) if old != new && !is_rewritten => {
                Some(format!("{name} is another"))
            }
            _ => None,
        }
    };
    names.into_iter().filter_map(difference).collect()
}

/// The fields by meaning: one with an older spelling under the newer one.
fn fields<'a>(built: &BuiltPackage, asked: &Asked) -> BTreeMap<&'a str, BTreeSet<String>> {
    let metadata = &built.metadata;
    let one = |name: &str| built.text(name).map(str::to_owned).into_iter().collect();
    let all = |name: &str| metadata.all(name).map(str::to_owned).collect();
    let mut fields: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    fields.insert("Name", one("Name"));
    let version = built.text("Version").map(|text| version(text, asked));
    fields.insert("Version", version.into_iter().collect());
    fields.insert("Summary", one("Summary"));
    // some backends write the whole file there, which they also pack
    let said = built.text("License").filter(|text| !is_file(built, text));
    let licence = built.text("License-Expression").or(said);
    let licence = licence.map(plain_lines).into_iter();
    fields.insert("License", licence.collect());
    fields.insert("Classifier", all("Classifier"));
    fields.insert(
        "Provides-Extra",
        metadata.all("Provides-Extra").map(normal).collect(),
    );
    fields.insert(
        "Requires-Dist",
        metadata.all("Requires-Dist").map(requirement).collect(),
    );
    let pythons = built.text("Requires-Python").unwrap_or_default();
    let pythons = pythons.split(',').map(|part| part.replace(' ', ""));
    let pythons = pythons.filter(|part| !part.is_empty());
    fields.insert("Requires-Python", pythons.collect());
    fields.insert("Keywords", keywords(built).into_iter().collect());
    let has_text = !built.metadata.body.trim().is_empty();
    let kind = has_text.then(|| content_type(built));
    fields.insert("Description-Content-Type", kind.into_iter().collect());
    fields.insert(
        "Project-URL",
        links(built)
            .into_iter()
            .map(|(a, b)| format!("{a}, {b}"))
            .collect(),
    );
    let of_people = |role: &str, part: fn((String, String)) -> String| {
        let parts = people(metadata, role).into_iter().map(part);
        parts.filter(|text| !text.is_empty()).collect()
    };
    let names = |role: &str| {
        let all: BTreeSet<String> = of_people(role, |(name, _)| name);
        all.iter()
            .flat_map(|name| name.split(','))
            .map(|name| name.trim().to_owned())
            .collect()
    };
    fields.insert("Author", names("Author"));
    fields.insert("Maintainer", names("Maintainer"));
    fields.insert("Author-email", of_people("Author", |(_, address)| address));
    fields.insert(
        "Maintainer-email",
        of_people("Maintainer", |(_, address)| address),
    );
    let points = built.entry_points.iter().flat_map(|(group, entries)| {
        let line = move |(name, object): &(String, String)| {
            format!("{group}: {name}={}", object.replace(' ', ""))
        };
        entries.iter().map(line)
    });
    fields.insert("entry points", points.collect());
    fields.insert("description", [plain(&metadata.body)].into());
    fields
}

/// At commas, if there are any; else at blanks, as setuptools joins them.
pub fn keywords(built: &BuiltPackage) -> Vec<String> {
    let said = built.text("Keywords").unwrap_or_default();
    let separator = if said.contains(',') { ',' } else { ' ' };
    let words = said.split(separator).map(|word| word.trim().to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

/// The type of the long description, without parameters that state the default (core metadata specifications,
/// "Description-Content-Type").
pub fn content_type(built: &BuiltPackage) -> String {
    let said = built.text("Description-Content-Type");
    let said = said.unwrap_or("text/x-rst").to_lowercase();
    let parts = said.split(';').map(|part| part.replace([' ', '"'], ""));
    let parts = parts.filter(|part| !["charset=utf-8", "variant=gfm", ""].contains(&&**part));
    let parts: Vec<String> = parts.collect();
    let whole = parts.join("; ");
    whole.replace("variant=commonmark", "variant=CommonMark")
}

fn plain_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim().trim_start_matches('|'))
        .collect();
    lines.join("\n").trim().to_owned()
}

/// Whether a text is all that a packed licence says, however its lines are folded.
fn is_file(built: &BuiltPackage, text: &str) -> bool {
    let words = |text: &str| {
        text.split_whitespace()
            .map(|word| word.trim_start_matches('|').to_owned())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
    };
    let said = words(text);
    let mut files = built.licences.values();
    files.any(|bytes| words(&String::from_utf8_lossy(bytes)) == said)
}

fn version(text: &str, asked: &Asked) -> String {
    let parsed = pep440_rs::Version::from_str(text).ok();
    let parsed = parsed.map(|version| {
        let version = if asked.version {
            version.without_local()
        } else {
            version
        };
        let release = version.release();
        let zeros = release
            .iter()
            .rev()
            .take_while(|number| **number == 0)
            .count();
        let release = release[..release.len() - zeros].to_vec();
        version
            .with_release(if release.is_empty() { vec![0] } else { release })
            .to_string()
    });
    parsed.unwrap_or_else(|| text.to_owned())
}

fn normal(name: &str) -> String {
    crate::model::package_name::normalize(name)
}

/// One spelling for each requirement.
fn requirement(text: &str) -> String {
    let Ok(mut parsed) = Requirement::<VerbatimUrl>::from_str(text) else {
        return text.to_owned();
    };
    parsed.extras.sort();
    if let Some(pep508_rs::VersionOrUrl::VersionSpecifier(all)) = &mut parsed.version_or_url {
        let mut each: Vec<_> = all.iter().cloned().collect();
        each.sort_by_key(ToString::to_string);
        *all = each.into_iter().collect();
    }
    parsed.to_string()
}

/// The links of a project, each under its newer spelling.
pub fn links(built: &BuiltPackage) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (field, label) in [("Home-page", "Homepage"), ("Download-URL", "Download")] {
        found.extend(
            built
                .text(field)
                .map(|url| (label.to_owned(), url.to_owned())),
        );
    }
    for link in built.metadata.all("Project-URL") {
        if let Some((label, url)) = link.split_once(',') {
            let link = (label.trim().to_owned(), url.trim().to_owned());
            if !found.contains(&link) {
                found.push(link);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::artifact::Headers;

    #[test]
    fn people_that_the_project_names_may_come_and_nobody_may_go() {
        let wheel = |authors: &str| BuiltPackage {
            metadata: Headers::parse(format!("Name: a\nAuthor-email: {authors}\n").as_bytes()),
            ..BuiltPackage::default()
        };
        let (one, both) = (wheel("Ada <a@b>"), wheel("Ada <a@b>, Bo <b@b>"));
        let said = Asked {
            people: ["Ada", "a@b", "Bo", "b@b"].map(str::to_owned).into(),
            ..Asked::default()
        };
        assert_eq!(differences(&one, &both, &said), [""; 0]);
        assert_eq!(differences(&one, &both, &Asked::default()).len(), 2);
        assert_eq!(differences(&both, &one, &said).len(), 2);
    }

    #[test]
    fn every_field_is_compared_but_those_that_say_how_it_was_made() {
        let wheel = |fields: &str| BuiltPackage {
            metadata: Headers::parse(format!("Name: a\n{fields}\n\n# A\n").as_bytes()),
            ..BuiltPackage::default()
        };
        let found = |before: &str, after: &str| {
            differences(&wheel(before), &wheel(after), &Asked::default())
        };
        let markdown = "Description-Content-Type: text/markdown";
        for (before, after) in [
            ("Metadata-Version: 2.1", "Metadata-Version: 2.4"),
            ("Dynamic: License-File", ""),
            ("License-File: LICENSE", ""),
            ("", "Description-Content-Type: text/x-rst"),
            (
                markdown,
                "Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM",
            ),
            ("Keywords: a b", "Keywords: a,b"),
            ("Platform: UNKNOWN", ""),
        ] {
            assert_eq!(found(before, after), [""; 0], "{before} {after}");
        }
        for (before, after) in [
            (markdown, "Description-Content-Type: text/x-rst"),
            (
                markdown,
                "Description-Content-Type: text/markdown; variant=CommonMark",
            ),
            ("Keywords: a b,c d", "Keywords: a,b,c,d"),
            ("", "Platform: any"),
            ("Obsoletes-Dist: a", "Obsoletes-Dist: a\nObsoletes-Dist: b"),
        ] {
            assert_eq!(found(before, after).len(), 1, "{before} {after}");
        }
    }

    #[test]
    fn what_project_has_no_word_for_is_told_and_no_obstacle() {
        let wheel = |fields: &str| BuiltPackage {
            metadata: Headers::parse(format!("Name: a\n{fields}").as_bytes()),
            ..BuiltPackage::default()
        };
        let before = wheel("Platform: any\nPlatform: UNKNOWN\nProvides: a\nRequires-External: C\n");
        let after = wheel("Provides: a\n");
        assert_eq!(differences(&before, &after, &Asked::default()), [""; 0]);
        assert_eq!(
            unsaid(&before, &after),
            ["Platform: any", "Requires-External: C"]
        );
    }

    #[test]
    fn an_sdist_has_lost_what_no_backend_makes() {
        let of = |paths: &[&str]| BuiltPackage {
            sources: paths.iter().map(|path| (*path).to_owned()).collect(),
            ..BuiltPackage::default()
        };
        let before = of(&[
            "PKG-INFO",
            "setup.cfg",
            "src/a.egg-info/x",
            "a.py",
            "moved/b.py",
        ]);
        let after = of(&["a.py", "Cargo.toml"]);
        assert_eq!(lost_sources(&before, &after), ["moved/b.py"]);
        assert_eq!(lost_sources(&before, &of(&[])), [""; 0]);
    }

    #[test]
    fn a_licence_that_the_project_states_may_come_and_none_may_go() {
        let wheel = |licence: &str| BuiltPackage {
            metadata: Headers::parse(format!("Name: a\n{licence}").as_bytes()),
            ..BuiltPackage::default()
        };
        let (none, stated) = (wheel(""), wheel("License: A 1.0\n"));
        let said = |licence: &str| Asked {
            licence: Some(licence.to_owned()),
            ..Asked::default()
        };
        assert_eq!(differences(&none, &stated, &said("A 1.0")), [""; 0]);
        for (before, after, said) in [
            (&none, &stated, Asked::default()),
            (&none, &stated, said("B")),
            (&stated, &none, said("A 1.0")),
            (&wheel("License: B\n"), &stated, said("A 1.0")),
        ] {
            assert_eq!(differences(before, after, &said).len(), 1);
        }
    }

    #[test]
    fn a_field_that_repeats_a_packed_licence_may_go() {
        let wheel = |field: &str, text: &str| BuiltPackage {
            metadata: Headers::parse(format!("Name: a\n{field}").as_bytes()),
            licences: [("LICENSE".to_owned(), text.into())].into(),
            ..BuiltPackage::default()
        };
        let text = "The Licence\n\n   Of \"A\".\n";
        let folded = "License: The Licence\n        \n           Of \"A\".\n";
        let barred = "License: The Licence\n       |\n       |   Of \"A\".\n";
        let asked = Asked::default();
        for field in [folded, barred] {
            let (before, after) = (wheel(field, text), wheel("", text));
            assert_eq!(differences(&before, &after, &asked), [""; 0], "{field}");
        }
        let (before, after) = (wheel(folded, "Another"), wheel("", "Another"));
        assert_eq!(differences(&before, &after, &asked).len(), 1);
    }
}
