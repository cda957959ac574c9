//! What a wheel or an sdist *is*, and every defect of it that can be seen without running it.
//!
//! Opening a file reads the facts; `findings` judges them by rules, each with a name of its own.
//! An error is what PyPI refuses, what makes an installation or an import fail, what contradicts
//! itself, or what leaks a secret or a path of the build machine. All else is a warning.

mod archive;
mod binary;
mod content;
mod extension;
mod headers;
mod leaks;
mod metadata;
mod name;
mod platform;
mod policy;
mod python;
mod record;
mod sdist;
mod secrets;
mod sources;
mod wheel;

use camino::Utf8PathBuf;
use pep440_rs::{Version, VersionSpecifiers};

pub use archive::Member;
pub use binary::{Binary, Format};
pub use headers::Headers;
pub use name::{SdistName, Tags, WheelName};
pub use record::{Entry, installed};
pub use sdist::Sdist;
pub use wheel::Wheel;

/// The size in bytes above which PyPI refuses a file, unless it raised a project's limit.
pub const PYPI_LIMIT: u64 = 100 << 20;

/// A Python's major and minor version.
pub type Minor = (u64, u64);

/// What the project says of its distributions. Where it says nothing, or where there is no
/// project, the rules that need it are left out.
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
    /// Whether the project ships type information.
    pub typed: bool,
    /// Absolute paths that nobody else may see: checkout, home folder, cargo's home, target
    /// directory. Of one that has a single component (`/root`) only binaries are searched: texts
    /// name such a path without meaning this machine.
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
            typed: false,
            private_paths: Vec::new(),
            size_limit: PYPI_LIMIT,
        }
    }
}
