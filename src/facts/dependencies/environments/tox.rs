//! tox's environments (tox docs, "Configuration"): tox.ini, tox.toml, and their counterparts in
//! pyproject.toml and setup.cfg.

use std::collections::BTreeSet;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use pep508_rs::{MarkerTree, Requirement, VerbatimUrl};
use toml_edit::Item;

use crate::facts::ini::Ini;
use crate::model::error::Result;
use crate::model::package_name;
use crate::world::disk;
use crate::world::manifest::{Manifests, PyProject, Toml};

use super::tool_environment::{Place, ToolEnvironment, place};

/// How many references and bases are followed: some are circular.
const DEPTH: usize = 8;

/// What its environments need, from the first of its files that exists, in tox's order.
pub(super) fn environments(
    manifests: &Manifests,
    pyproject: &PyProject,
) -> Result<Vec<ToolEnvironment>> {
    let dir = pyproject.dir();
    for (name, section) in [("tox.ini", "tox"), ("setup.cfg", "tox:tox")] {
        let path = dir.join(name);
        let text = disk::read_text(&path)?.unwrap_or_default();
        let ini = ToxIni::read(&path, &text, 1);
        if ini
            .ini
            .sections
            .iter()
            .any(|one| one.name == section || one.name.starts_with("testenv"))
        {
            return Ok(ini.environments(section));
        }
    }
    let own = &pyproject.toml;
    let legacy = ["tool", "tox", "legacy_tox_ini"];
    if let Some(text) = own.str(&legacy) {
        let ini = ToxIni::read(&own.path, text, own.line_of(&legacy));
        return Ok(ini.environments("tox"));
    }
    if own.get(&["tool", "tox"]).is_some() {
        return Ok(of_toml(own, &["tool", "tox"]));
    }
    let toml = manifests.toml(&dir.join("tox.toml"))?;
    Ok(toml.map(|toml| of_toml(&toml, &[])).unwrap_or_default())
}

fn of_toml(toml: &Toml, keys: &[&str]) -> Vec<ToolEnvironment> {
    let base = [keys, &["env_run_base"]].concat();
    let mut found = vec![of_table(toml, keys, &base)];
    found[0].is_for_tests = true;
    let tables = [keys, &["env"]].concat();
    let mut names = toml.keys(&tables);
    let listed = toml.strings(&[keys, &["env_list"]].concat());
    names.sort_by_key(|name| {
        listed
            .iter()
            .position(|it| it == name)
            .unwrap_or(usize::MAX)
    });
    for name in names {
        let own = [&tables[..], &[&name]].concat();
        found.push(of_table(toml, keys, &own));
    }
    found
}

/// Where an environment, or the first of those in its `base`, sets a key: by default `env_run_base`.
fn inherited(
    toml: &Toml,
    root: &[&str],
    table: &[&str],
    key: &str,
    depth: usize,
) -> Option<Vec<String>> {
    const COMMON: &str = "env_run_base";
    let own = [table, &[key]].concat();
    if toml.get(&own).is_some() {
        return Some(own.iter().map(ToString::to_string).collect());
    }
    if depth == DEPTH || table.last() == Some(&COMMON) {
        return None;
    }
    let said = [table, &["base"]].concat();
    let bases = match toml.get(&said) {
        Some(_) => toml.strings(&said),
        None => vec![COMMON.to_owned()],
    };
    bases.iter().find_map(|base| {
        let common = [root, &[base.as_str()]].concat();
        let named = [root, &["env", base.as_str()]].concat();
        let is_common = base.starts_with("env_") && toml.get(&common).is_some();
        let table = if is_common { common } else { named };
        inherited(toml, root, &table, key, depth + 1)
    })
}

fn of_table(toml: &Toml, root: &[&str], own: &[&str]) -> ToolEnvironment {
    let mut found = ToolEnvironment::default();
    let of = |key: &str| inherited(toml, root, own, key, 0);
    if let Some(keys) = of("deps") {
        let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
        add_item(
            &mut found,
            toml,
            root,
            toml.get(&keys),
            toml.line_of(&keys),
            0,
        );
    }
    let keys = of("set_env").unwrap_or_default();
    let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
    for variable in toml.keys(&keys) {
        let own = [&keys[..], &[&variable]].concat();
        let place = place(&toml.path, toml.line_of(&own));
        found.add_variable(&variable, toml.str(&own).unwrap_or_default(), &place);
    }
    if let Some(keys) = of("install_command") {
        let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
        let place = place(&toml.path, toml.line_of(&keys));
        found.look_as(&toml.strings(&keys), &place);
    }
    found.settle();
    let normalized = |key: &str| {
        let keys = of(key).unwrap_or_default();
        let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
        let names = toml.strings(&keys);
        names
            .iter()
            .map(|name| package_name::normalize(name))
            .collect()
    };
    found.extras = normalized("extras");
    found.groups = normalized("dependency_groups");
    found
}

/// `deps`, or one entry of it.
fn add_item(
    found: &mut ToolEnvironment,
    toml: &Toml,
    root: &[&str],
    item: Option<&Item>,
    line: usize,
    depth: usize,
) {
    let Some(item) = item.filter(|_| depth < DEPTH) else {
        return;
    };
    let line = item.span().map_or(line, |span| toml.line(&span));
    let place = place(&toml.path, line);
    if let Some(text) = item.as_str() {
        for line in text.lines() {
            add_line(found, line, &place);
        }
    } else if let Some(array) = item.as_array() {
        for value in array {
            let item = Item::Value(value.clone());
            let line = value.span().map_or(line, |span| toml.line(&span));
            add_item(found, toml, root, Some(&item), line, depth + 1);
        }
    } else {
        let of = item.get("of").and_then(Item::as_array);
        let of: Vec<&str> = of
            .into_iter()
            .flatten()
            .filter_map(|it| it.as_str())
            .collect();
        let mut keys = [root, &of[..]].concat();
        if of.starts_with(&["tool", "tox"]) {
            keys = of;
        }
        match toml.get(&keys) {
            Some(other) if item.get("replace").and_then(Item::as_str) == Some("ref") => {
                add_item(found, toml, root, Some(other), line, depth + 1);
            }
            _ => found.miss(&place, item.to_string().trim()),
        }
    }
}

fn add_line(found: &mut ToolEnvironment, line: &str, place: &Place) {
    let dir = place.path.parent().unwrap_or(&place.path).as_str();
    let mut line = line.trim().to_owned();
    for name in ["{toxinidir}", "{tox_root}"] {
        line = line.replace(name, dir);
    }
    found.add_line(&line, place);
}

/// tox.ini, or its equivalent elsewhere.
#[derive(Debug)]
struct ToxIni {
    path: Utf8PathBuf,
    ini: Ini,
}

impl ToxIni {
    /// `first`: the number of the text's first line.
    fn read(path: &Utf8Path, text: &str, first: usize) -> Self {
        Self {
            path: path.to_owned(),
            ini: Ini::read(text, first).without_comments_behind(),
        }
    }

    fn lines(&self, section: &str, key: &str) -> Option<&[(usize, String)]> {
        self.ini.lines(section, key)
    }

    /// Those of `env_list`, then those that have a section of their own; of several that differ only in their
    /// factors, the first.
    fn environments(&self, core: &str) -> Vec<ToolEnvironment> {
        let mut names = Vec::new();
        for key in ["env_list", "envlist"] {
            for (_, line) in self.lines(core, key).unwrap_or_default() {
                names.extend(expanded(line));
            }
        }
        names.push(String::new());
        let sections = self.ini.sections.iter();
        names.extend(
            sections
                .filter_map(|one| one.name.strip_prefix("testenv:"))
                .flat_map(expanded),
        );
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(self.section_of(name)));
        names.iter().map(|name| self.environment(name)).collect()
    }

    fn section_of(&self, name: &str) -> &str {
        let own = self.ini.sections.iter().find(|section| {
            let named = section.name.strip_prefix("testenv:");
            named.is_some_and(|names| expanded(names).iter().any(|one| one == name))
        });
        own.map_or("testenv", |section| &section.name)
    }

    /// What a section sets itself, else the first of those in its `base`: by default `testenv`.
    fn inherited(&self, section: &str, key: &str, depth: usize) -> Option<&[(usize, String)]> {
        if let Some(lines) = self.lines(section, key) {
            return Some(lines);
        }
        if depth == DEPTH || section == "testenv" {
            return None;
        }
        let bases = match self.lines(section, "base") {
            Some(lines) => lines.iter().flat_map(|(_, line)| expanded(line)).collect(),
            None => vec!["testenv".to_owned()],
        };
        let section = |base: &String| match self.ini.section(base) {
            Some(section) => section.name.clone(),
            None => format!("testenv:{base}"),
        };
        let mut bases = bases.iter().map(section);
        bases.find_map(|base| self.inherited(&base, key, depth + 1))
    }

    fn environment(&self, name: &str) -> ToolEnvironment {
        let own = self.section_of(name);
        let lines = |key: &str| self.inherited(own, key, 0).unwrap_or_default();
        let mut found = ToolEnvironment {
            is_for_tests: own == "testenv" || name.contains("test"),
            ..ToolEnvironment::default()
        };
        self.add(&mut found, lines("deps"), name, 0);
        for (number, line) in ["set_env", "setenv"].into_iter().flat_map(lines) {
            if let Some((line, None)) = conditional(line, name)
                && let Some((variable, value)) = line.split_once('=')
            {
                let place = place(&self.path, *number);
                found.add_variable(variable.trim(), value.trim(), &place);
            }
        }
        for (number, line) in lines("install_command") {
            let words = shlex::split(line).unwrap_or_default();
            found.look_as(&words, &place(&self.path, *number));
        }
        found.settle();
        let mut names = |key: &str| {
            let mut names = Vec::new();
            for (number, line) in lines(key) {
                if let Some((line, None)) = conditional(line, name) {
                    let words = line.split([',', ' ']).filter(|word| !word.is_empty());
                    names.extend(words.map(package_name::normalize));
                } else if conditional(line, name).is_some() {
                    found.miss(&place(&self.path, *number), line);
                }
            }
            names
        };
        let (extras, groups) = (names("extras"), names("dependency_groups"));
        found.extras.extend(extras);
        found.groups.extend(groups);
        found
    }

    fn add(
        &self,
        found: &mut ToolEnvironment,
        lines: &[(usize, String)],
        name: &str,
        depth: usize,
    ) {
        for (number, line) in lines {
            let place = place(&self.path, *number);
            let Some((line, marker)) = conditional(line, name) else {
                continue;
            };
            let other = line.strip_prefix("{[").and_then(|it| it.strip_suffix('}'));
            let other = other.and_then(|it| it.split_once(']'));
            let other = other.and_then(|(section, key)| self.lines(section, key));
            match (other, marker) {
                (Some(lines), None) if depth < DEPTH => self.add(found, lines, name, depth + 1),
                (_, None) => add_line(found, line, &place),
                (_, Some(marker)) => match marked(line, &marker) {
                    Some(text) => found.add_requirement(&text, &place),
                    None => found.miss(&place, line),
                },
            }
        }
    }
}

/// A requirement with an additional condition.
fn marked(requirement: &str, marker: &str) -> Option<String> {
    let mut requirement = Requirement::<VerbatimUrl>::from_str(requirement).ok()?;
    requirement.marker.and(MarkerTree::from_str(marker).ok()?);
    Some(requirement.to_string())
}

/// A line without its factors, and the condition on Python (PEP 508) that some of them mean; `None` if it is
/// not for the environment of that name. Which Python that would be does not matter: the tests run on
/// several.
fn conditional<'a>(line: &'a str, environment: &str) -> Option<(&'a str, Option<String>)> {
    let Some((factors, rest)) = line.split_once(':') else {
        return Some((line, None));
    };
    let is_condition = |c: char| c.is_alphanumeric() || "-_!,.{} ".contains(c);
    if !rest.starts_with(char::is_whitespace) || !factors.chars().all(is_condition) {
        return Some((line, None));
    }
    let mut markers = Vec::new();
    for alternative in expanded(factors) {
        match holds(&alternative, environment) {
            Some(marker) if marker.is_empty() => return Some((rest.trim(), None)),
            Some(marker) => markers.push(format!("({marker})")),
            None => {}
        }
    }
    (!markers.is_empty()).then(|| (rest.trim(), Some(markers.join(" or "))))
}

/// What all factors of one alternative require of Python; empty if nothing.
fn holds(alternative: &str, environment: &str) -> Option<String> {
    let mut markers = Vec::new();
    for factor in alternative.split('-') {
        let (is_not, factor) = match factor.strip_prefix('!') {
            Some(factor) => (true, factor),
            None => (false, factor),
        };
        if let Some(marker) = of_python(factor, is_not) {
            markers.extend((!marker.is_empty()).then_some(marker));
        } else if environment.split('-').any(|own| own == factor) == is_not {
            return None;
        }
    }
    Some(markers.join(" and "))
}

/// `py311`, `py3.11`, `3.11`, `pypy3`; empty for any Python. `None` for other factors.
fn of_python(factor: &str, is_not: bool) -> Option<String> {
    let operator = if is_not { "!=" } else { "==" };
    let version = factor.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let kind = &factor[..factor.len() - version.len()];
    let digits: Vec<&str> = match version.split_once('.') {
        Some((major, minor)) => vec![major, minor],
        None => match version.split_at_checked(1) {
            Some((major, minor)) if !minor.is_empty() => vec![major, minor],
            _ => vec![version],
        },
    };
    if !digits
        .iter()
        .all(|part| part.chars().all(|c| c.is_ascii_digit()))
    {
        return None;
    }
    match (kind, &digits[..]) {
        ("pypy", _) => Some(format!("implementation_name {operator} 'pypy'")),
        ("py" | "python" | "cpython", [_]) => Some(String::new()),
        ("py" | "python" | "cpython" | "", [major, minor]) => {
            Some(format!("python_version {operator} '{major}.{minor}'"))
        }
        _ => None,
    }
}

/// Steps in which braces are expanded: more than any list of environments needs.
const MOST: usize = 10_000;

/// `py{39,310}-{a,b}, lint` is five names. Those that multiply beyond [`MOST`] are none.
fn expanded(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in at_commas(text) {
        let before = names.len();
        let mut steps = 0;
        let mut open = vec![part.to_owned()];
        while let Some(name) = open.pop() {
            steps += 1;
            if steps > MOST {
                names.truncate(before);
                break;
            }
            let braces = name.split_once('{');
            let inside = braces.and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
            match inside {
                Some((before, (choices, after))) => {
                    for choice in choices.rsplit(',') {
                        open.push(format!("{before}{}{after}", choice.trim()));
                    }
                }
                None if name.is_empty() => {}
                None => names.push(name.replace("{}", "")),
            }
        }
    }
    names
}

/// At commas and blanks outside braces.
fn at_commas(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let parts = text.split(|c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0 && (c == ',' || c.is_whitespace())
    });
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::requirement::Requirement;

    fn of(text: &str) -> Vec<String> {
        let ini = ToxIni::read(Utf8Path::new("/p/tox.ini"), text, 1);
        let found = ini.environments("tox");
        found
            .iter()
            .map(|it| Requirement::words(&it.requirements).join(" | "))
            .collect()
    }

    #[test]
    fn names_are_expanded_as_tox_does() {
        assert_eq!(
            expanded("py{39,310}-{a,b}, lint"),
            ["py39-a", "py39-b", "py310-a", "py310-b", "lint"]
        );
        let endless = ["{0,1}", "{,}", "{0,1}{,}"].map(|part| part.repeat(40));
        assert_eq!(expanded(&format!("{},lint", endless.join(","))), ["lint"]);
    }

    #[test]
    fn factors_choose_by_the_environments_name_and_by_python() {
        let text = "[tox]\nenv_list = py{39,312}-django{42,50}\n[testenv]\ndeps =\n    pytest  # why\n    \
            django42: Django<5\n    django50: Django>=5\n    !django42: x\n    py312: hypothesis>=6\n    \
            py{39,310}-django42: old\n";
        let markers = "hypothesis>=6 ; python_full_version == '3.12.*'";
        let old = "old ; python_full_version >= '3.9' and python_full_version < '3.11'";
        let first = of(text).swap_remove(0);
        assert_eq!(first, format!("pytest | Django<5 | {markers} | {old}"));
        let other = text.replace("{42,50}", "{50,42}");
        let first = of(&other).swap_remove(0);
        assert_eq!(first, format!("pytest | Django>=5 | x | {markers}"));
        assert_eq!(
            of(text).len(),
            1,
            "the others differ in their factors alone"
        );
    }

    #[test]
    fn a_factor_may_be_any_word() {
        assert_eq!(
            of("[testenv]\ndeps =\n    größe: x\n    !größe: y\n"),
            ["y"]
        );
        assert_eq!(of_python("py3ß", false), None);
    }

    #[test]
    fn an_environment_has_its_own_dependencies_or_those_of_all_and_what_they_refer_to() {
        let text = "[base]\ndeps =\n    pytest\n    -r{toxinidir}/r.txt\n[testenv]\ndeps = {[base]deps}\nextras = Test\n\
            [testenv:lint]\ndeps=ruff\n[testenv:{a,b}]\ncommands = x\n";
        let both = "pytest | -r/p/r.txt";
        assert_eq!(of(text), [both, "ruff", both]);
        let ini = ToxIni::read(Utf8Path::new("/p/tox.ini"), text, 1);
        assert_eq!(ini.environments("tox")[0].extras, ["test"]);
    }

    #[test]
    fn packages_are_looked_for_where_tox_has_pip_look() {
        let index = ["--default-index=https://corp"];
        for own in [
            "install_command = python -m pip install -i https://corp {opts} {packages}\n",
            "set_env =\n    A = b\n    PIP_INDEX_URL = https://corp\n",
        ] {
            let text = format!("[testenv]\ndeps = ours\n{own}");
            let ini = ToxIni::read(Utf8Path::new("/p/tox.ini"), &text, 1);
            let found = ini.environments("tox").swap_remove(0);
            assert_eq!(
                Requirement::words(&found.indexed[0].indexes),
                index,
                "{own}"
            );
        }
        for own in [
            "install_command = ['pip', 'install', '-i', 'https://corp', '{packages}']\n",
            "set_env = { PIP_INDEX_URL = 'https://corp' }\n",
        ] {
            let text = format!("[env_run_base]\ndeps = ['ours']\n{own}");
            let toml = Toml::parse(Utf8Path::new("/p/tox.toml"), &text).unwrap();
            let found = of_toml(&toml, &[]).swap_remove(0);
            assert_eq!(
                Requirement::words(&found.indexed[0].indexes),
                index,
                "{own}"
            );
        }
    }

    #[test]
    fn what_an_environment_does_not_say_its_bases_do() {
        let text = "[testenv]\ndeps = pytest\n[testenv:a]\ndeps = a\n[testenv:b]\nbase = a\n\
            [testenv:c]\nbase =\n[testenv:d]\nbase = own, a\n[own]\ndeps = own\n[testenv:e]\nbase = e\n";
        assert_eq!(of(text), ["pytest", "a", "a", "", "own", ""]);
        let text = "[env_run_base]\ndeps = ['pytest']\n[env.a]\ndeps = ['a']\n[env.b]\nbase = ['a']\n\
            [env.c]\nbase = []\n[env.d]\nbase = ['d', 'env_run_base']\n";
        let toml = Toml::parse(Utf8Path::new("/p/tox.toml"), text).unwrap();
        let found = of_toml(&toml, &[]);
        let words = found
            .iter()
            .map(|it| Requirement::words(&it.requirements).join(" | "));
        assert_eq!(
            words.collect::<Vec<_>>(),
            ["pytest", "a", "a", "", "pytest"]
        );
    }

    #[test]
    fn native_tables_say_the_same() {
        let text = "[env_run_base]\ndeps = ['pytest', '-r r.txt', { replace = 'env', name = 'X' }]\nextras = ['a']\n\
            [env.lint]\ndeps = ['ruff']\n[env.more]\ndeps = [{ replace = 'ref', of = ['env_run_base', 'deps'], extend = true }, 'x']\n";
        let toml = Toml::parse(Utf8Path::new("/p/tox.toml"), text).unwrap();
        let found = of_toml(&toml, &[]);
        let joined: Vec<String> = found
            .iter()
            .map(|it| Requirement::words(&it.requirements).join(" | "))
            .collect();
        assert_eq!(
            joined,
            ["pytest | -r/p/r.txt", "ruff", "pytest | -r/p/r.txt | x"]
        );
        assert_eq!(found[0].unread.len(), 1);
        assert_eq!(found[0].extras, ["a"]);
    }
}
