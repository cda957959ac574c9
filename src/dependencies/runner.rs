//! Where a project says what its tests need: everything that transitively brings the test runner,
//! whatever it is called.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::disk;
use crate::error::Result;
use crate::manifest::{GroupItem, PyProject, normalize_name, requirement_name};

use super::{Source, Sync};

/// What brings the test runner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) groups: Vec<String>,
    pub(super) extras: Vec<String>,
    /// Installed besides those.
    pub(super) others: Vec<Sync>,
    /// Whether the project says any of it itself.
    pub(super) declared: bool,
    /// Files that decide, there or not.
    pub(super) files: Vec<Utf8PathBuf>,
}

/// By this order: groups and extras, requirements files, what tox or nox install, a parent
/// project's groups, and pytest alone.
pub(super) fn find(pyproject: &PyProject) -> Result<Found> {
    let mut found = Found {
        groups: groups(pyproject),
        extras: extras(pyproject),
        ..Found::default()
    };
    found.declared = !(found.groups.is_empty() && found.extras.is_empty());
    if found.declared {
        return Ok(found);
    }
    let dir = pyproject.dir();
    for file in requirements_files(dir) {
        let mut read = BTreeSet::new();
        let brings = brings_runner(&file, &mut read)?;
        found.files.extend(read);
        if brings {
            found.others.push(plain(Source::File(file)));
        }
    }
    if found.others.is_empty() {
        let requirements = automation(dir, &mut found.files)?;
        if requirements.iter().any(|text| is_runner(text)) {
            found.others.push(plain(listed(pyproject, requirements)));
        }
    }
    if found.others.is_empty() {
        found.others.extend(parent(dir, &mut found.files)?);
    }
    found.declared = !found.others.is_empty();
    if !found.declared {
        let runner = vec!["pytest".to_owned()];
        found.others.push(plain(listed(pyproject, runner)));
    }
    Ok(found)
}

fn listed(pyproject: &PyProject, requirements: Vec<String>) -> Source {
    Source::Requirements {
        manifest: pyproject.toml.path.clone(),
        requirements,
    }
}

fn plain(source: Source) -> Sync {
    Sync {
        source,
        groups: Vec::new(),
        extras: Vec::new(),
        default_groups: true,
        packages: Vec::new(),
    }
}

/// Whether a requirement is a test runner or a plugin of one.
fn is_runner(requirement: &str) -> bool {
    let name = requirement_name(requirement);
    matches!(&*name, "pytest" | "stestr" | "nose2") || name.starts_with("pytest-")
}

fn groups(pyproject: &PyProject) -> Vec<String> {
    let names = pyproject.groups.keys();
    let bring = names.filter(|name| group_brings(pyproject, name, &mut BTreeSet::new()));
    bring.cloned().collect()
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

fn extras(pyproject: &PyProject) -> Vec<String> {
    let names = pyproject.extras.keys();
    let bring = names.filter(|name| extra_brings(pyproject, name, &mut BTreeSet::new()));
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
fn self_extras(pyproject: &PyProject, requirement: &str) -> Vec<String> {
    let own = pyproject.name().map(normalize_name);
    if own.is_none() || own != Some(requirement_name(requirement)) {
        return Vec::new();
    }
    let inside = requirement
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    let names = inside
        .map(|(names, _)| names)
        .unwrap_or_default()
        .split(',');
    names.map(|name| normalize_name(name.trim())).collect()
}

/// Groups and extras as plain requirements, what they include and name of the project itself
/// followed.
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

/// Files by the names that projects give them, in the folder and in its test folders.
fn requirements_files(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let folders = ["", "test", "tests", "requirements"].map(|name| dir.join(name));
    folders
        .iter()
        .flat_map(|folder| {
            disk::names(folder)
                .into_iter()
                .map(|name| folder.join(name))
        })
        .filter(|path| {
            let name = path.file_name().unwrap_or_default();
            let in_folder = path.parent().and_then(Utf8Path::file_name) == Some("requirements");
            path.extension() == Some("txt") && (name.contains("requirements") || in_folder)
        })
        .collect()
}

/// Whether a requirements file, or one that it includes with `-r`, brings the runner; every file
/// that was read is added to `seen`.
fn brings_runner(file: &Utf8Path, seen: &mut BTreeSet<Utf8PathBuf>) -> Result<bool> {
    if !seen.insert(file.to_owned()) {
        return Ok(false);
    }
    let text = disk::read_text(file)?.unwrap_or_default();
    let mut brings = false;
    for line in text.lines().map(str::trim) {
        let included = line
            .strip_prefix("-r")
            .or_else(|| line.strip_prefix("--requirement"));
        if let Some(other) = included {
            let other = file.with_file_name(other.trim_start_matches('=').trim());
            brings |= brings_runner(&other, seen)?;
        } else {
            brings |= is_runner(line);
        }
    }
    Ok(brings)
}

/// What tox's `deps` and nox's `session.install` name literally.
fn automation(dir: &Utf8Path, files: &mut Vec<Utf8PathBuf>) -> Result<Vec<String>> {
    let mut requirements = Vec::new();
    for (name, read) in [
        ("tox.ini", tox as fn(&str) -> Vec<String>),
        ("noxfile.py", nox),
    ] {
        let path = dir.join(name);
        let text = disk::read_text(&path)?.unwrap_or_default();
        files.push(path);
        requirements.extend(read(&text));
    }
    requirements.sort();
    requirements.dedup();
    Ok(requirements)
}

/// The requirements under every `deps =` of a tox.ini; factors (`py3: x`) lose their condition,
/// references and options are left out.
fn tox(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let value = match line.split_once('=') {
            Some((key, value)) if key.trim() == "deps" && !line.starts_with([' ', '\t']) => {
                inside = true;
                value
            }
            _ if inside && line.starts_with([' ', '\t']) => line,
            _ => {
                inside = false;
                continue;
            }
        };
        let word = value
            .rsplit_once(": ")
            .map_or(value, |(_, word)| word)
            .trim();
        if word.starts_with(|c: char| c.is_ascii_alphanumeric()) && !word.contains('{') {
            found.push(word.to_owned());
        }
    }
    found
}

/// The string literals of every `session.install(…)`.
fn nox(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in text.split("session.install(").skip(1) {
        let arguments = call.split(')').next().unwrap_or_default();
        for (number, piece) in arguments.split(['"', '\'']).enumerate() {
            let literal = number % 2 == 1;
            if literal && piece.starts_with(|c: char| c.is_ascii_alphanumeric()) {
                found.push(piece.to_owned());
            }
        }
    }
    found
}

/// The groups of the nearest pyproject.toml above, up to the checkout's root, that bring the runner.
fn parent(dir: &Utf8Path, files: &mut Vec<Utf8PathBuf>) -> Result<Option<Sync>> {
    for folder in dir.ancestors() {
        if folder != dir
            && let Some(pyproject) = PyProject::read(&folder.join("pyproject.toml"))?
        {
            let groups = groups(&pyproject);
            files.push(pyproject.toml.path.clone());
            if !groups.is_empty() {
                let mut sync = plain(listed(&pyproject, Vec::new()));
                sync.groups = groups;
                return Ok(Some(sync));
            }
        }
        if disk::is_there(&folder.join(".git")) {
            break;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Toml;

    /// A project in a temporary folder of its own, which ends the search upward.
    fn project(pyproject: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, PyProject) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        disk::create_dir(&dir.join(".git")).unwrap();
        for (name, text) in files {
            disk::write(&dir.join(name), text.as_bytes()).unwrap();
        }
        let toml = Toml::parse(&dir.join("pyproject.toml"), pyproject).unwrap();
        (temp, PyProject::of(toml).unwrap())
    }

    fn sources(found: &Found) -> Vec<&Source> {
        found.others.iter().map(|sync| &sync.source).collect()
    }

    #[test]
    fn a_group_is_chosen_by_what_it_brings_not_by_its_name() {
        let text = "[project]\nname = 'x'\n\
                    [project.optional-dependencies]\ndev = ['x[testing]', 'ruff']\ntesting = ['pytest-cov']\ndocs = ['sphinx']\n\
                    [dependency-groups]\ndev = ['ruff']\nci = [{ include-group = 'checks' }]\nchecks = ['PyTest>=8']\n";
        let found = find(&project(text, &[]).1).unwrap();
        assert_eq!(found.groups, ["checks", "ci"]);
        assert_eq!(found.extras, ["dev", "testing"]);
        assert!(found.others.is_empty());
    }

    #[test]
    fn a_group_may_bring_it_through_an_extra_of_the_project() {
        let text = "[project]\nname = 'My_Pkg'\n[project.optional-dependencies]\nt = ['pytest']\n\
                    [dependency-groups]\ndev = ['my-pkg[t]']\nloop = [{ include-group = 'loop' }]\n";
        assert_eq!(find(&project(text, &[]).1).unwrap().groups, ["dev"]);
    }

    #[test]
    fn groups_and_extras_are_listed_with_all_that_they_include() {
        let text = "[project]\nname = 'x'\n[project.optional-dependencies]\nt = ['pytest']\nall = ['x[t]', 'ruff']\n\
                    [dependency-groups]\na = ['attrs', { include-group = 'b' }]\nb = ['idna', { include-group = 'a' }]\n";
        let (_temp, pyproject) = project(text, &[]);
        let listed = requirements(&pyproject, &["a".into()], &["all".into()]);
        assert_eq!(listed, ["attrs", "idna", "pytest", "ruff"]);
    }

    #[test]
    fn requirements_files_are_next_and_are_followed() {
        let files = [
            ("requirements.txt", "flask\n"),
            ("test/requirements.txt", "-r base.txt\n"),
            ("test/base.txt", "pytest==8\n"),
        ];
        let (_temp, pyproject) = project("[project]\nname = 'x'\n", &files);
        let found = find(&pyproject).unwrap();
        let file = pyproject.dir().join("test/requirements.txt");
        assert_eq!(sources(&found), [&Source::File(file)]);
    }

    #[test]
    fn then_what_tox_and_nox_install() {
        let tox = "[testenv]\ndeps =\n    pytest\n    py312: hypothesis\n    -r x.txt\n    {[base]deps}\ncommands = pytest\n";
        let (_temp, pyproject) = project("", &[("tox.ini", tox)]);
        let found = find(&pyproject).unwrap();
        let Source::Requirements { requirements, .. } = sources(&found)[0] else {
            panic!("{found:?}")
        };
        assert_eq!(requirements, &["hypothesis", "pytest"]);
        let nox = "def t(session):\n    session.install('pytest', \"numpy<3\")\n";
        assert_eq!(super::nox(nox), ["pytest", "numpy<3"]);
    }

    #[test]
    fn then_the_parents_groups() {
        let (temp, _) = project(
            "",
            &[("pyproject.toml", "[dependency-groups]\ntest = ['pytest']\n")],
        );
        let dir = Utf8Path::from_path(temp.path()).unwrap().join("python");
        let toml = Toml::parse(&dir.join("pyproject.toml"), "").unwrap();
        let found = find(&PyProject::of(toml).unwrap()).unwrap();
        assert_eq!(found.others[0].groups, ["test"]);
    }

    #[test]
    fn and_pytest_itself_where_nobody_says_anything() {
        let found = find(&project("[project]\nname = 'x'\n", &[]).1).unwrap();
        let Source::Requirements { requirements, .. } = sources(&found)[0] else {
            panic!("{found:?}")
        };
        assert_eq!(requirements, &["pytest"]);
    }
}
