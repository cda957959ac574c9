//! Which groups and extras are installed: those of the command line and of the project's settings.

use std::collections::BTreeSet;

use crate::facts::project::Project;
use crate::model::error::{Error, Result};
use crate::model::package_name;
use crate::world::manifest::PyProject;

/// What was asked for on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DependencySelection {
    pub groups: Vec<String>,
    pub all_groups: bool,
    /// Those that are left out, default ones or not.
    pub without_groups: Vec<String>,
    pub extras: Vec<String>,
    pub all_extras: bool,
}

/// What is installed of one package, or of several at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) groups: Vec<String>,
    pub(super) extras: Vec<String>,
    /// Whether `groups` are the default ones, which uv adds by itself.
    pub(super) default_groups: bool,
}

/// Groups and extras: the command line's on top of `[tool.pyx]`, which replaces uv's default, as far as any
/// of `packages` has them. `default`: whose `[tool.uv] default-groups` count.
pub(super) fn choose(
    project: &Project,
    packages: &[&PyProject],
    default: &PyProject,
    wanted: &DependencySelection,
) -> Result<Chosen> {
    let config = &project.config;
    let has = |name: &String| packages.iter().any(|one| one.groups.contains_key(name));
    let mut groups = default.default_group_names();
    groups.retain(has);
    if let Some(configured) = &config.groups {
        groups = normalized(configured);
    }
    groups.extend(normalized(&wanted.groups));
    let mut extras = normalized(&config.extras);
    extras.extend(normalized(&wanted.extras));
    let several = project.members.len() > 1 && project.workspace.is_none();
    let known_groups = || packages.iter().flat_map(|one| one.groups.keys());
    let known_extras = || packages.iter().flat_map(|one| one.extras.keys());
    if wanted.all_groups {
        groups.extend(known_groups().cloned());
    }
    if wanted.all_extras {
        extras.extend(known_extras().cloned());
    }
    let mut without = normalized(&wanted.without_groups);
    keep_known(&mut without, "group", several, known_groups())?;
    keep_known(&mut groups, "group", several, known_groups())?;
    keep_known(&mut extras, "extra", several, known_extras())?;
    groups.retain(|name| !without.contains(name));
    Ok(Chosen {
        groups,
        extras,
        default_groups: config.groups.is_none() && without.is_empty(),
    })
}

fn normalized(names: &[String]) -> Vec<String> {
    let names = names.iter();
    names.map(|name| package_name::normalize(name)).collect()
}

/// For several packages that are installed separately, a name is looked up in each; otherwise it must be
/// known.
fn keep_known<'a>(
    names: &mut Vec<String>,
    what: &str,
    several: bool,
    known: impl Iterator<Item = &'a String>,
) -> Result<()> {
    let known: BTreeSet<&String> = known.collect();
    if !several && let Some(name) = names.iter().find(|name| !known.contains(name)) {
        let known: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
        return Err(Error::Usage(format!(
            "no {what} `{name}` in this project; it has {}",
            if known.is_empty() {
                "none".into()
            } else {
                known.join(", ")
            }
        )));
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| known.contains(name) && seen.insert(name.clone()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::world::manifest::Manifests;

    fn chosen(wanted: &DependencySelection) -> (Vec<String>, Vec<String>, bool) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let text = "[project]\nname = 'a'\nversion = '1'\n[project.optional-dependencies]\nx = []\ny = []\n\
                    [dependency-groups]\ndev = []\ndocs = []\n";
        let path = dir.join("pyproject.toml");
        crate::world::disk::write(&path, text.as_bytes()).unwrap();
        let pyproject = Manifests::default().pyproject(&path).unwrap().unwrap();
        let chosen = choose(&Project::default(), &[&*pyproject], &pyproject, wanted).unwrap();
        (chosen.groups, chosen.extras, chosen.default_groups)
    }

    #[test]
    fn groups_and_extras_are_named_taken_all_or_left_out() {
        let names = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let default = DependencySelection::default;
        for (wanted, groups, extras, is_default) in [
            (default(), &["dev"][..], &[][..], true),
            (
                DependencySelection {
                    all_groups: true,
                    all_extras: true,
                    ..default()
                },
                &["dev", "docs"],
                &["x", "y"],
                true,
            ),
            (
                DependencySelection {
                    groups: names(&["docs"]),
                    without_groups: names(&["dev"]),
                    ..default()
                },
                &["docs"],
                &[],
                false,
            ),
        ] {
            let (found_groups, found_extras, found_default) = chosen(&wanted);
            assert_eq!(found_groups, groups, "{wanted:?}");
            assert_eq!(found_extras, extras, "{wanted:?}");
            assert_eq!(found_default, is_default, "{wanted:?}");
        }
    }
}
