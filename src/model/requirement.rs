//! What is to be installed into an environment.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use super::package_name;
use super::path::slashed;

/// Something to install; its text is one word for `uv pip install`. Paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// PEP 508.
    Package(String),
    /// A folder or an archive on this machine.
    Local {
        path: Utf8PathBuf,
        /// In brackets; empty if there are none.
        extras: String,
        /// Whether its code is imported from where it is.
        is_editable: bool,
    },
    /// Everything that a requirements file names.
    File(Utf8PathBuf),
    /// Version limits from a file, whoever asks for the packages.
    Constraints(Utf8PathBuf),
    /// Where the others come from: an option of uv with its value, as in
    /// `--default-index=https://example.org/simple`.
    Index(String),
}

impl Requirement {
    /// Each a PEP 508 requirement.
    pub fn packages(texts: Vec<String>) -> Vec<Self> {
        texts.into_iter().map(Self::Package).collect()
    }

    /// One word for each, in order.
    pub fn words(requirements: &[Self]) -> Vec<String> {
        requirements.iter().map(Self::to_string).collect()
    }

    /// The normalised name of a package that is asked for by name.
    pub fn package_name(&self) -> Option<String> {
        match self {
            Self::Package(text) => package_name::of_requirement(text),
            Self::Local { .. } | Self::File(_) | Self::Constraints(_) | Self::Index(_) => None,
        }
    }

    /// The requirements file whose packages it stands for.
    pub fn included(&self) -> Option<&Utf8Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Package(_) | Self::Local { .. } | Self::Constraints(_) | Self::Index(_) => None,
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(text) | Self::Index(text) => f.write_str(text),
            Self::Local {
                path,
                extras,
                is_editable,
            } => {
                let option = if *is_editable { "-e" } else { "" };
                write!(f, "{option}{path}{extras}")
            }
            Self::File(path) => write!(f, "-r{}", slashed(path)),
            Self::Constraints(path) => write!(f, "-c{}", slashed(path)),
        }
    }
}
