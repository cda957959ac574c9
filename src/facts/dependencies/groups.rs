//! Which of a project's dependency groups and extras bring a test runner, judged by their content, not their
//! names.

use std::collections::BTreeSet;

use camino::Utf8Path;

use crate::model::package_name;
use crate::model::path::normalize;
use crate::world::manifest::{GroupItem, PyProject};

/// Whether the name of a group or an extra says that it is for tests.
pub(super) fn is_for_tests(name: &str) -> bool {
    matches!(name, "test" | "tests" | "testing")
}

/// Whether a requirement is a test runner or a plugin of one.
pub(super) fn is_runner(requirement: &str) -> bool {
    let name = package_name::of_requirement(requirement);
    name.is_some_and(|name| matches!(&*name, "stestr" | "nose2") || is_pytest(&name))
}

/// Whether a package is pytest, or a plugin that brings it.
pub(super) fn is_pytest(name: &str) -> bool {
    name == "pytest" || name.starts_with("pytest-")
}

/// The groups that bring a runner, without those for some Pythons only: nothing has asked for them.
pub(super) fn with_runner(pyproject: &PyProject) -> Vec<String> {
    let mut groups: Vec<String> = pyproject.groups.keys().cloned().collect();
    groups.retain(|name| {
        group_brings(pyproject, name, &mut BTreeSet::new()) && !pyproject.limits_python_of(name)
    });
    groups
}

fn group_brings(pyproject: &PyProject, name: &str, seen: &mut BTreeSet<String>) -> bool {
    if !seen.insert(name.to_owned()) {
        return false;
    }
    let items = pyproject.groups.get(name).into_iter().flatten();
    items.into_iter().any(|item| match item {
        GroupItem::Requirement(text) => is_runner(text) || self_extras_bring(pyproject, text),
        GroupItem::Include(other) => group_brings(pyproject, other, seen),
    })
}

/// The extras that bring a runner, directly or through another one.
pub(super) fn extras_with_runner(pyproject: &PyProject) -> Vec<String> {
    let bring = pyproject
        .extras
        .keys()
        .filter(|name| extra_brings(pyproject, name, &mut BTreeSet::new()));
    bring.cloned().collect()
}

fn extra_brings(pyproject: &PyProject, name: &str, seen: &mut BTreeSet<String>) -> bool {
    if !seen.insert(name.to_owned()) {
        return false;
    }
    let items = pyproject.extras.get(name).into_iter().flatten();
    items.into_iter().any(|text| {
        is_runner(text)
            || self_extras(pyproject, text)
                .iter()
                .any(|other| extra_brings(pyproject, other, seen))
    })
}

fn self_extras_bring(pyproject: &PyProject, requirement: &str) -> bool {
    let extras = self_extras(pyproject, requirement);
    let mut seen = BTreeSet::new();
    extras
        .iter()
        .any(|name| extra_brings(pyproject, name, &mut seen))
}

/// The extras in a requirement on the project itself, as in `package[test]`.
pub(super) fn self_extras(pyproject: &PyProject, requirement: &str) -> Vec<String> {
    let own = pyproject.name().map(package_name::normalize);
    if own.is_none() || own != package_name::of_requirement(requirement) {
        return Vec::new();
    }
    extras_in(requirement)
}

/// Those between brackets.
fn extras_in(requirement: &str) -> Vec<String> {
    let inside = requirement
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    let Some((names, _)) = inside else {
        return Vec::new();
    };
    let names = names.split(',').map(str::trim);
    names.map(package_name::normalize).collect()
}

/// The same for the project's folder, as in `.[test]`, relative to `from`, absolute.
pub(super) fn folder_extras(
    pyproject: &PyProject,
    requirement: &str,
    from: &Utf8Path,
) -> Vec<String> {
    let place = requirement.split(['[', ';', ' ']).next();
    let place = place.unwrap_or_default();
    let place = place.strip_prefix("file:").unwrap_or(place);
    let place = place.strip_prefix("//").unwrap_or(place);
    let is_place = place.starts_with('.') || place.contains('/');
    if !is_place || normalize(&from.join(place)) != pyproject.dir() {
        return Vec::new();
    }
    extras_in(requirement)
}

/// What groups list, following what they include, as written.
pub(super) fn listed(pyproject: &PyProject, groups: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = groups.to_vec();
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for item in pyproject.groups.get(&name).into_iter().flatten() {
            match item {
                GroupItem::Requirement(text) => found.push(text.clone()),
                GroupItem::Include(other) => open.push(other.clone()),
            }
        }
    }
    found
}

/// Groups and extras as plain requirements, following what they include and what they name of the project
/// itself.
pub(super) fn requirements(
    pyproject: &PyProject,
    groups: &[String],
    extras: &[String],
) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<(bool, String)> = groups.iter().map(|name| (true, name.clone())).collect();
    open.extend(extras.iter().map(|name| (false, name.clone())));
    while let Some((is_group, name)) = open.pop() {
        if !seen.insert((is_group, name.clone())) {
            continue;
        }
        let listed: Vec<String> = if is_group {
            let items = pyproject.groups.get(&name).into_iter().flatten();
            let (mut texts, mut included) = (Vec::new(), Vec::new());
            for item in items {
                match item {
                    GroupItem::Requirement(text) => texts.push(text.clone()),
                    GroupItem::Include(other) => included.push((true, other.clone())),
                }
            }
            open.extend(included);
            texts
        } else {
            pyproject.extras.get(&name).cloned().unwrap_or_default()
        };
        for text in listed {
            let own = self_extras(pyproject, &text);
            if own.is_empty() {
                found.insert(text);
            } else {
                open.extend(own.into_iter().map(|extra| (false, extra)));
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::manifest::Toml;

    #[test]
    fn groups_and_extras_are_listed_with_all_that_they_include() {
        let text = "[project]\nname = 'x'\n[project.optional-dependencies]\nt = ['pytest']\nall = ['x[t]', 'ruff']\n\
                    [dependency-groups]\na = ['attrs', { include-group = 'b' }]\nb = ['idna', { include-group = 'a' }]\n";
        let toml = Toml::parse("pyproject.toml".into(), text).unwrap();
        let pyproject = PyProject::of(toml).unwrap();
        let listed = requirements(&pyproject, &["a".into()], &["all".into()]);
        assert_eq!(listed, ["attrs", "idna", "pytest", "ruff"]);
    }
}
