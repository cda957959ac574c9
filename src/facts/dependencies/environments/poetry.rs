//! poetry's groups (poetry docs, "Dependency specification").

use std::collections::{BTreeSet, VecDeque};

use pep440_rs::Version;
use toml_edit::{Item, TableLike};

use crate::model::path::normalize;
use crate::world::manifest::{Toml, tables_of};

use super::tool_environment::{LocalRequirement, Place, ToolEnvironment, place};

const GROUPS: [&str; 3] = ["tool", "poetry", "group"];

pub(super) fn groups(toml: &Toml) -> Vec<ToolEnvironment> {
    let names = toml.keys(&GROUPS).into_iter();
    let mut found: Vec<ToolEnvironment> = names.map(|name| group(toml, name)).collect();
    found.push(read(toml, &["tool", "poetry", "dev-dependencies"]));
    let (urls, place) = sources(toml);
    for environment in &mut found {
        environment.look_in_all(&urls, &place);
        environment.settle();
    }
    found
}

/// The indexes that poetry uses for every package, in order (poetry docs, "Package sources"), and the line that
/// declares the last one; none if that is PyPI alone.
fn sources(toml: &Toml) -> (Vec<String>, Place) {
    const PYPI: &str = "https://pypi.org/simple";
    let (mut first, mut last) = (Vec::new(), Vec::new());
    let mut at = Place::default();
    let tables = toml.get(&["tool", "poetry", "source"]).map(tables_of);
    for (source, span) in tables.unwrap_or_default() {
        let str = |key: &str| source.get(key).and_then(Item::as_str);
        let is_secondary = source.get("secondary").and_then(Item::as_bool) == Some(true);
        let url = str("url").unwrap_or(PYPI).to_owned();
        match str("priority") {
            Some("explicit") => continue,
            Some("supplemental" | "secondary") => last.push(url),
            None if is_secondary => last.push(url),
            _ => first.push(url),
        }
        at = place(&toml.path, toml.line(&span));
    }
    if first.is_empty() && !last.is_empty() {
        first.push(PYPI.to_owned());
    }
    if last.is_empty() && first.iter().all(|url| url == PYPI) {
        first.clear(); // uv's own default, for which the user may have set a mirror
    }
    first.extend(last);
    (first, at)
}

/// A group with those that it includes, transitively.
fn group(toml: &Toml, name: String) -> ToolEnvironment {
    let mut whole = ToolEnvironment::default();
    let mut seen = BTreeSet::new();
    let mut open = VecDeque::from([name]);
    while let Some(name) = open.pop_front() {
        let of = |key| [&GROUPS[..], &[&*name, key]].concat();
        if seen.insert(name.clone()) {
            whole.merge(read(toml, &of("dependencies")));
            open.extend(toml.strings(&of("include-groups")));
        }
    }
    whole
}

fn read(toml: &Toml, keys: &[&str]) -> ToolEnvironment {
    let mut found = ToolEnvironment::default();
    for name in toml.keys(keys) {
        let own = [keys, &[&name]].concat();
        let place = place(&toml.path, toml.line_of(&own));
        let Some(item) = toml.get(&own) else { continue };
        // the same package for other Pythons or systems
        let several = item.as_array().into_iter().flatten();
        let several: Vec<Item> = several.cloned().map(Item::Value).collect();
        for item in if several.is_empty() {
            std::slice::from_ref(item)
        } else {
            &several[..]
        } {
            add(&mut found, &name, item, &place);
        }
    }
    found
}

fn add(found: &mut ToolEnvironment, name: &str, item: &Item, place: &Place) {
    if name == "python" {
        return;
    }
    let table = item.as_table_like();
    if let Some(table) = table
        && let Some(local) = local(name, table, place)
    {
        let is_editable = table.get("develop").and_then(Item::as_bool) == Some(true);
        let said = format!("{name} = {}", item.to_string().trim());
        return found.add_local(&local, place, &said, is_editable);
    }
    let requirement = match (item.as_str(), table) {
        (Some(version), _) => specifiers(version).map(|said| format!("{name}{said}")),
        (None, Some(table)) => of_table(name, table),
        _ => None,
    };
    match requirement {
        Some(text) => found.add_requirement(&text, place),
        None => found.miss_package(
            name,
            place,
            &format!("{name} = {}", item.to_string().trim()),
        ),
    }
}

/// What is taken from a folder or a file.
fn local(name: &str, table: &dyn TableLike, place: &Place) -> Option<LocalRequirement> {
    let path = table.get("path").or(table.get("file"))?.as_str()?;
    let dir = place.path.parent().unwrap_or(&place.path);
    Some(LocalRequirement {
        path: normalize(&dir.join(path)),
        name: Some(name.to_owned()),
        extras: extras(table),
        marker: marker(table)?,
    })
}

/// In brackets; empty if there are none.
fn extras(table: &dyn TableLike) -> String {
    let extras = table.get("extras").and_then(Item::as_array);
    let extras: Vec<&str> = extras
        .into_iter()
        .flatten()
        .filter_map(|it| it.as_str())
        .collect();
    match &extras[..] {
        [] => String::new(),
        extras => format!("[{}]", extras.join(",")),
    }
}

/// `None` for a form that is not known.
fn of_table(name: &str, table: &dyn TableLike) -> Option<String> {
    let str = |key: &str| table.get(key).and_then(Item::as_str);
    if str("source").is_some_and(|source| !source.eq_ignore_ascii_case("pypi")) {
        return None; // uv has no option for the index of one package
    }
    let from = match (str("version"), str("url"), str("git")) {
        (Some(version), ..) => specifiers(version)?,
        (None, Some(url), _) => format!(" @ {url}"),
        (None, None, Some(git)) => {
            let revision = str("rev").or(str("tag")).or(str("branch"));
            let revision = revision.map(|it| format!("@{it}")).unwrap_or_default();
            format!(" @ git+{git}{revision}")
        }
        _ => return None,
    };
    let marker = marker(table)?;
    let marker = if marker.is_empty() {
        marker
    } else {
        format!(" ; {marker}")
    };
    Some(format!("{name}{}{from}{marker}", extras(table)))
}

/// The Pythons and systems it is installed on; empty for all.
fn marker(table: &dyn TableLike) -> Option<String> {
    let str = |key: &str| table.get(key).and_then(Item::as_str);
    let mut markers: Vec<String> = str("markers")
        .map(|it| format!("({it})"))
        .into_iter()
        .collect();
    if let Some(python) = str("python") {
        for part in specifiers(python)?.split(',').filter(|it| !it.is_empty()) {
            let end = part.find(|c: char| c.is_ascii_digit())?;
            let (operator, version) = part.split_at(end);
            markers.push(format!("python_full_version {operator} '{version}'"));
        }
    }
    Some(markers.join(" and "))
}

/// The PEP 440 specifiers that a poetry constraint means: `^1.2` is `>=1.2,<2`, and `^1 || ^2` is `>=1,<3`;
/// `None` for alternatives that no list of specifiers expresses.
fn specifiers(constraint: &str) -> Option<String> {
    let alternatives: Vec<&str> = constraint.split('|').filter(|it| !it.is_empty()).collect();
    match &alternatives[..] {
        [] => Some(String::new()),
        [only] => Some(all_of(only)?.join(",")),
        several => union(several),
    }
}

/// The ranges as one: gaps between them must be whole series (`!=2.*`).
fn union(alternatives: &[&str]) -> Option<String> {
    const MOST_MISSING: u64 = 100; // versions may be dates
    let mut ranges = Vec::new();
    for alternative in alternatives {
        let [begin, end] = all_of(alternative)?.try_into().ok()?;
        let begin: Version = begin.strip_prefix(">=")?.parse().ok()?;
        let end: Version = end.strip_prefix('<')?.parse().ok()?;
        ranges.push((begin, end));
    }
    ranges.sort();
    let mut ranges = ranges.into_iter();
    let (begin, mut end) = ranges.next()?;
    let mut missing = Vec::new();
    for (next, last) in ranges {
        if next > end {
            let ([from], [to]) = (end.release(), next.release()) else {
                return None;
            };
            if to - from > MOST_MISSING {
                return None;
            }
            missing.extend((*from..*to).map(|series| format!(",!={series}.*")));
        }
        end = end.max(last);
    }
    Some(format!(">={begin},<{end}{}", missing.concat()))
}

fn all_of(constraint: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for part in constraint.split(',').map(str::trim) {
        if part.contains(' ') && !part.starts_with(['<', '>', '=', '!', '~', '^']) {
            return None;
        }
        let part = part.replace(' ', "");
        match part.as_str() {
            "" | "*" => {}
            _ if part.starts_with("~=") => found.push(part),
            _ if part.starts_with('^') => found.extend(between(&part[1..], caret)?),
            _ if part.starts_with('~') => found.extend(between(&part[1..], tilde)?),
            _ if part.starts_with(['<', '>', '!']) || part.starts_with("==") => found.push(part),
            _ => found.push(format!("=={}", part.trim_start_matches('='))),
        }
    }
    Some(found)
}

fn between(version: &str, end: fn(&[u64]) -> Vec<u64>) -> Option<[String; 2]> {
    let release = version.parse::<Version>().ok()?;
    let end = end(release.release());
    let end: Vec<String> = end.iter().map(ToString::to_string).collect();
    Some([format!(">={version}"), format!("<{}", end.join("."))])
}

/// Up to the next change of the first part that is not 0.
fn caret(release: &[u64]) -> Vec<u64> {
    let first = release.iter().position(|part| *part != 0);
    let at = first.unwrap_or(release.len() - 1);
    raised(release, at)
}

/// Up to the next change of the second part, or of the only one.
fn tilde(release: &[u64]) -> Vec<u64> {
    raised(release, usize::from(release.len() > 1))
}

fn raised(release: &[u64], at: usize) -> Vec<u64> {
    let mut end = release[..=at].to_vec();
    end[at] += 1;
    end
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::model::requirement::Requirement;
    use crate::world::disk;

    #[test]
    fn constraints_mean_what_poetry_documents() {
        for (constraint, meant) in [
            ("^1.2.3", ">=1.2.3,<2"),
            ("^0.2", ">=0.2,<0.3"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0", ">=0,<1"),
            ("^8", ">=8,<9"),
            ("~1.2.3", ">=1.2.3,<1.3"),
            ("~1", ">=1,<2"),
            ("~=1.2", "~=1.2"),
            ("*", ""),
            ("1.2.*", "==1.2.*"),
            ("1.2", "==1.2"),
            (">= 1.2, <2", ">=1.2,<2"),
        ] {
            assert_eq!(
                specifiers(constraint).as_deref(),
                Some(meant),
                "{constraint}"
            );
        }
        for (constraint, meant) in [
            ("^8 || ^9", Some(">=8,<10")),
            ("^9|^8", Some(">=8,<10")),
            ("^1.2 || ^4", Some(">=1.2,<5,!=2.*,!=3.*")),
            ("^8 || ^8.1", Some(">=8,<9")),
            ("~1.2 || ~1.4", None),
            ("^1 || *", None),
        ] {
            assert_eq!(specifiers(constraint).as_deref(), meant, "{constraint}");
        }
    }

    #[test]
    fn what_is_taken_from_a_folder_keeps_its_conditions() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let sub = dir.join("sub");
        disk::create_dir(&sub).unwrap();
        let text = "[tool.poetry.group.test.dependencies]\na = { path = 'sub', develop = true }\n\
                    b = { path = './sub', extras = ['x'], markers = \"os_name == 'nt'\" }\n\
                    me = { path = '.', extras = ['own'] }\ngone = { path = \"gone\" }\n";
        let toml = Toml::parse(&dir.join("pyproject.toml"), text).unwrap();
        let found = &groups(&toml)[0];
        let url = url::Url::from_file_path(&sub).unwrap();
        let expected = [
            format!("-e{sub}"),
            format!("b[x] @ {url} ; (os_name == 'nt')"),
        ];
        assert_eq!(Requirement::words(&found.requirements), expected);
        assert_eq!(found.extras, ["own"]);
        assert_eq!(found.unread[0].1, "gone = { path = \"gone\" }");
    }

    #[test]
    fn what_is_not_understood_counts_by_its_name_and_takes_nothing_else_away() {
        let text = "[tool.poetry.group.test.dependencies]\npytest = '~1.2 || ~1.4'\nattrs = '^1'\n";
        let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), text).unwrap();
        let found = &groups(&toml)[0];
        assert_eq!(found.missed, ["pytest"]);
        assert_eq!(found.unread[0].0.line, 2);
        assert_eq!(Requirement::words(&found.requirements), ["attrs>=1,<2"]);
    }

    #[test]
    fn packages_are_looked_for_where_poetry_does() {
        let found = |priority: &str, own: &str| {
            let text = format!(
                "[tool.poetry.group.test.dependencies]\npytest = '^8'\nours = {{ version = '*'{own} }}\n\
                 [[tool.poetry.source]]\nname = 'corp'\nurl = 'https://corp'\n{priority}"
            );
            let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), &text).unwrap();
            groups(&toml).swap_remove(0)
        };
        let explicit = found("priority = 'explicit'\n", ", source = 'corp'");
        assert_eq!(Requirement::words(&explicit.requirements), ["pytest>=8,<9"]);
        assert_eq!(explicit.missed, ["ours"]);
        for (priority, indexes) in [
            ("", &["--default-index=https://corp"][..]),
            (
                "priority = 'supplemental'\n",
                &[
                    "--index=https://pypi.org/simple",
                    "--default-index=https://corp",
                ],
            ),
        ] {
            let found = found(priority, "");
            assert!(found.requirements.is_empty(), "{found:?}");
            assert_eq!(Requirement::words(&found.indexed[0].indexes), indexes);
        }
    }

    #[test]
    fn groups_are_requirements_and_what_they_include() {
        let text = "[tool.poetry.group.test.dependencies]\npytest = '^8'\nX_y = { version = '*', extras = ['a'], markers = \"os_name == 'nt'\", python = '>=3.9' }\n\
            g = { git = 'https://example.org/g.git', tag = '1' }\nlocal = { path = '../local' }\n\
            n = [{ version = '<2', python = '<3.12' }, { version = '>=2', python = '>=3.12' }]\n\
            [tool.poetry.group.all]\ninclude-groups = ['more']\n\
            [tool.poetry.group.more]\ninclude-groups = ['test', 'all']\n\
            [tool.poetry.dev-dependencies]\npython = '^3.9'\nold = '1'\n";
        let toml = Toml::parse(Utf8Path::new("/p/pyproject.toml"), text).unwrap();
        let found = groups(&toml);
        let expected = [
            "pytest>=8,<9",
            "X_y[a] ; (os_name == 'nt') and python_full_version >= '3.9'",
            "g @ git+https://example.org/g.git@1",
            "n<2 ; python_full_version < '3.12'",
            "n>=2 ; python_full_version >= '3.12'",
        ];
        assert_eq!(Requirement::words(&found[0].requirements), expected);
        assert_eq!(found[0].unread[0].0.line, 5);
        assert_eq!(Requirement::words(&found[1].requirements), expected);
        assert_eq!(Requirement::words(&found[2].requirements), expected);
        assert_eq!(Requirement::words(&found[3].requirements), ["old==1"]);
    }
}
