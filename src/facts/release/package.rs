//! What a release packs: the distributions of a package, and how much of them is built.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::artifact::{Expected, WHEEL_ENDING};
use crate::facts::fingerprint::{self, Input};
use crate::world::disk;
use crate::world::session::Session;

use super::abi::Abi;
use super::platform::Platform;
use super::record::{Checked, Checks, VARIABLES};

/// One distribution of the release.
#[derive(Clone, Debug)]
pub struct Package {
    /// The member's name.
    pub name: String,
    pub version: String,
    /// A copy of the sources to pack, absolute, if they are an unpacked sdist: maturin packs none that
    /// contains a PKG-INFO.
    pub copy: Option<Utf8PathBuf>,
    /// Where its sdist is packed, absolute.
    pub sdist_dir: Utf8PathBuf,
    /// As packed in this run.
    pub sdist: Option<Staged>,
    pub wheels: Vec<PlannedWheel>,
    pub expected: Expected,
    /// `[tool.pyx.release] test`
    pub tested: bool,
}

/// Where a wheel is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// On interpreters, by their labels.
    On(Vec<String>),
    /// Nowhere; why, as the end of a sentence.
    Nowhere(String),
}

impl Trial {
    /// The labels of the interpreters.
    pub fn on(&self) -> &[String] {
        match self {
            Self::On(labels) => labels,
            Self::Nowhere(_) => &[],
        }
    }

    /// Why it is nowhere.
    pub fn lack(&self) -> Option<&str> {
        match self {
            Self::On(_) => None,
            Self::Nowhere(why) => Some(why),
        }
    }
}

/// A wheel that the release has.
#[derive(Clone, Debug)]
pub struct PlannedWheel {
    pub abi: Abi,
    pub platform: Platform,
    pub trial: Trial,
    /// Its folder once it is built, absolute; its name identifies the inputs.
    pub folder: Utf8PathBuf,
    pub staged: Option<Staged>,
    /// The same for a second build, if one is asked for.
    pub again: Option<(Utf8PathBuf, Option<Staged>)>,
}

impl PlannedWheel {
    /// Unique among the wheels of a package: `cp312`, `cp312-aarch64-unknown-linux-gnu`.
    pub fn label(&self) -> String {
        match &self.platform.target {
            Some(target) => format!("{}-{target}", self.abi.label),
            None => self.abi.label.clone(),
        }
    }
}

/// A file that is built and not yet released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Absolute.
    pub path: Utf8PathBuf,
    /// Hex.
    pub sha256: String,
    /// The results of an earlier run's checks.
    pub checks: Option<Vec<Checked>>,
}

impl Staged {
    /// The only file in `folder` with that suffix.
    pub(super) fn find(folder: &Utf8Path, ending: &str, rules: &str) -> Option<Self> {
        let name = disk::names(folder)
            .into_iter()
            .find(|name| name.ends_with(ending))?;
        let path = folder.join(&name);
        Some(Self {
            sha256: disk::hash(&path)?,
            checks: Checks::read(&folder.join("checks.json"), rules),
            path,
        })
    }

    /// A wheel that a build would reproduce: the variables that its build read are unchanged.
    pub(super) fn wheel(session: &Session, folder: &Utf8Path, rules: &str) -> Option<Self> {
        let text = disk::read_text(&folder.join(VARIABLES)).ok().flatten()?;
        let variables: Vec<Input> = serde_json::from_str(&text).ok()?;
        let changed = fingerprint::stale(&variables, session);
        changed.map_or_else(|| Self::find(folder, WHEEL_ENDING, rules), |_| None)
    }

    pub fn name(&self) -> &str {
        self.path.file_name().unwrap_or_default()
    }
}
