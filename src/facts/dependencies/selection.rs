//! Which groups and extras are installed: those of the command line and of the project's settings.

use crate::facts::project::Project;
use crate::model::error::{Error, Result};
use crate::model::package_name;
use crate::world::manifest::PyProject;

use super::sync::{Source, Sync};

/// What was asked for on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DependencySelection {
    pub groups: Vec<String>,
    pub extras: Vec<String>,
}

/// Groups and extras: the command line's on top of `[tool.pyx]`, which stands for uv's default.
pub(super) fn choose(
    project: &Project,
    pyproject: &PyProject,
    wanted: &DependencySelection,
) -> Result<Sync> {
    let config = &project.config;
    let normalized = |names: &[String]| {
        names
            .iter()
            .map(|n| package_name::normalize(n))
            .collect::<Vec<_>>()
    };
    let mut groups = match &config.groups {
        Some(groups) => normalized(groups),
        None => pyproject.default_groups(),
    };
    groups.extend(normalized(&wanted.groups));
    let mut extras = normalized(&config.extras);
    extras.extend(normalized(&wanted.extras));
    let several = project.members.len() > 1;
    keep_known(&mut groups, "group", several, pyproject.groups.keys())?;
    keep_known(&mut extras, "extra", several, pyproject.extras.keys())?;
    Ok(Sync {
        source: Source::Metadata(pyproject.toml.path.clone()),
        groups,
        extras,
        default_groups: config.groups.is_none(),
        packages: Vec::new(),
    })
}

/// Among several members a name is looked up in each; in one project it must be known.
fn keep_known<'a>(
    names: &mut Vec<String>,
    what: &str,
    several: bool,
    known: impl Iterator<Item = &'a String>,
) -> Result<()> {
    let known: Vec<&String> = known.collect();
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
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| known.contains(&name) && seen.insert(name.clone()));
    Ok(())
}
