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
    pub extras: Vec<String>,
}

/// What is installed of one package, or of several at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) groups: Vec<String>,
    pub(super) extras: Vec<String>,
    /// Whether `groups` are the default ones, which uv adds by itself.
    pub(super) default_groups: bool,
}

/// Groups and extras: the command line's on top of `[tool.pyx]`, which stands for uv's default, as far
/// as any of `packages` has them. `default`: whose `[tool.uv] default-groups` count.
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
    let known_groups = packages.iter().flat_map(|one| one.groups.keys());
    keep_known(&mut groups, "group", several, known_groups)?;
    let known_extras = packages.iter().flat_map(|one| one.extras.keys());
    keep_known(&mut extras, "extra", several, known_extras)?;
    Ok(Chosen {
        groups,
        extras,
        default_groups: config.groups.is_none(),
    })
}

fn normalized(names: &[String]) -> Vec<String> {
    let names = names.iter();
    names.map(|name| package_name::normalize(name)).collect()
}

/// Among several packages that are installed each by itself a name is looked up in each; else it must
/// be known.
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
