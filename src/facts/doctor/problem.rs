//! One thing that will go wrong, and what fixes it.

use camino::Utf8PathBuf;

use crate::model::error::Error;
use crate::model::finding::Finding;
use crate::world::manifest::{ArrayEdit, Toml};

/// One thing that will go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub finding: Finding,
    /// What fixes it without changing anything else; empty if a person has to decide.
    pub fix: Vec<Fix>,
}

/// A change to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    Amend(Utf8PathBuf, ArrayEdit),
    /// Create an empty file.
    Create(Utf8PathBuf),
}

impl Fix {
    /// `None` if the file leaves no room for the change.
    pub(super) fn amend(toml: &Toml, change: ArrayEdit) -> Option<Self> {
        change.apply(toml)?;
        Some(Self::Amend(toml.path.clone(), change))
    }
}

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        Self {
            finding,
            fix: Vec::new(),
        }
    }
}

impl Problem {
    /// A mistake that was reported as an error.
    pub(super) fn of(rule: &'static str, error: &Error) -> Self {
        let hint = error.hint();
        let finding = Finding::error(rule, error.to_string());
        Self::from(Finding { hint, ..finding })
    }
}
