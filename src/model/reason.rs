//! Why something is done again. A reason prints and serialises; it is never a bare `bool`.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::path::shown;

/// Paths are relative to the project's root if they are below it, else absolute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Reason {
    /// `--force`
    Forced,
    /// Nothing is recorded yet.
    First {
        what: String,
    },
    /// The environment is missing, broken or of another version.
    Environment {
        why: String,
    },
    /// A setting of the build differs from the recorded one.
    Setting {
        name: String,
        was: String,
        now: String,
    },
    Changed {
        path: Utf8PathBuf,
    },
    Appeared {
        path: Utf8PathBuf,
    },
    Vanished {
        path: Utf8PathBuf,
    },
    /// An environment variable that the build reads differs; its value is never kept.
    Variable {
        name: String,
    },
    /// A file was being written while it was built.
    Racing {
        path: Utf8PathBuf,
    },
    /// The last build did not finish.
    Interrupted,
    /// What is installed comes from another checkout.
    OtherSource {
        path: Utf8PathBuf,
    },
    /// A built module cannot be loaded.
    Damaged {
        path: Utf8PathBuf,
    },
    /// A module does not find a library that it links.
    Unlinked {
        member: String,
        path: Utf8PathBuf,
    },
    /// What is installed is not what was built.
    Installed {
        path: Utf8PathBuf,
    },
}

impl Reason {
    /// With paths below `root` made relative to it.
    #[must_use]
    pub fn relative_to(mut self, root: &Utf8Path) -> Self {
        match &mut self {
            Self::Changed { path }
            | Self::Appeared { path }
            | Self::Vanished { path }
            | Self::Racing { path }
            | Self::OtherSource { path }
            | Self::Damaged { path }
            | Self::Unlinked { path, .. }
            | Self::Installed { path } => {
                if path != root {
                    *path = shown(root, path);
                }
            }
            Self::Forced
            | Self::Interrupted
            | Self::First { .. }
            | Self::Environment { .. }
            | Self::Setting { .. }
            | Self::Variable { .. } => {}
        }
        self
    }
}

/// A value this long is a digest, which means nothing to people.
const DIGEST: usize = 64;

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Forced => f.write_str("`--force`"),
            Self::Interrupted => f.write_str("the last build failed or was interrupted"),
            Self::First { what } => write!(f, "no record of {what}"),
            Self::Environment { why } => f.write_str(why),
            Self::Setting { name, was, now } if was.len() < DIGEST && now.len() < DIGEST => {
                write!(f, "{name} was {was}, is {now}")
            }
            Self::Setting { name, .. } => write!(f, "{name} changed"),
            Self::Changed { path } => write!(f, "`{path}` changed"),
            Self::Appeared { path } => write!(f, "`{path}` appeared"),
            Self::Vanished { path } => write!(f, "`{path}` vanished"),
            Self::Variable { name } => write!(f, "environment variable `{name}` changed"),
            Self::Racing { path } => write!(f, "`{path}` changed during the last build"),
            Self::Damaged { path } => write!(f, "`{path}` is damaged"),
            Self::Unlinked { path, .. } => {
                write!(f, "`{path}` does not find a library that it links")
            }
            Self::OtherSource { path } => write!(f, "what is installed is of `{path}`"),
            Self::Installed { path } => write!(f, "`{path}` is not what pyx installed"),
        }
    }
}
