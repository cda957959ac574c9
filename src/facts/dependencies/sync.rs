//! One installation of dependencies.

use camino::Utf8PathBuf;

/// Where the versions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// uv.lock at the project's root: exactly what it says.
    Lock(Utf8PathBuf),
    /// The metadata of one pyproject.toml: uv resolves; no lock file is written.
    Metadata(Utf8PathBuf),
    /// The same as plain requirements, because some of its dependencies are members that pyx
    /// installs itself.
    Requirements {
        manifest: Utf8PathBuf,
        requirements: Vec<String>,
    },
    /// A requirements file, for a crate without pyproject.toml.
    File(Utf8PathBuf),
}

/// One installation of dependencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    pub source: Source,
    pub groups: Vec<String>,
    pub extras: Vec<String>,
    /// Whether `groups` are the project's default ones, which uv adds by itself.
    pub default_groups: bool,
    /// The members of a uv workspace that are synced; empty for the project at its root.
    pub packages: Vec<String>,
}

impl Sync {
    /// What a source says by itself, with the groups that are installed by default.
    pub fn of(source: Source) -> Self {
        Self {
            source,
            groups: Vec::new(),
            extras: Vec::new(),
            default_groups: true,
            packages: Vec::new(),
        }
    }
}
