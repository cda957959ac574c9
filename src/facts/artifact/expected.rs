//! What a project states about its distributions, against which they are judged.

use camino::Utf8PathBuf;
use pep440_rs::{Version, VersionSpecifiers};

use crate::model::minor::Minor;

/// The size in bytes above which PyPI refuses a file, unless it raised a project's limit.
const PYPI_LIMIT: u64 = 100 << 20;

/// What the project states about its distributions. Rules that need a missing value are skipped, as without a
/// project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The distribution's name, in any spelling.
    pub name: Option<String>,
    pub version: Option<Version>,
    pub requires_python: Option<VersionSpecifiers>,
    /// The oldest Python whose stable ABI the crate is built for: (3, 9) for PyO3's `abi3-py39`.
    pub abi3_floor: Option<Minor>,
    /// The dotted names of the extension modules.
    pub modules: Option<Vec<String>>,
    /// What is to be at the top level of its wheels, if the project says that it is more than one thing.
    pub tops: Vec<String>,
    /// Whether the project ships type information.
    pub typed: bool,
    /// Absolute paths that must not leak: checkout, home folder, cargo's home, target directory. For one with
    /// a single component (`/root`) only binaries are searched: texts name such a path without meaning this
    /// machine.
    pub private_paths: Vec<Utf8PathBuf>,
    /// In bytes.
    pub size_limit: u64,
}

impl Default for Expected {
    fn default() -> Self {
        Self {
            name: None,
            version: None,
            requires_python: None,
            abi3_floor: None,
            modules: None,
            tops: Vec::new(),
            typed: false,
            private_paths: Vec::new(),
            size_limit: PYPI_LIMIT,
        }
    }
}
