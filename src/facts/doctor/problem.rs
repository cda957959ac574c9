//! One thing that will go wrong, and what fixes it.

use camino::Utf8PathBuf;

use crate::model::error::Error;
use crate::model::finding::Finding;
use crate::world::manifest::{ArrayEdit, Toml};

/// One thing that will go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub finding: Finding,
    /// What takes it away without changing anything else; empty where a person has to decide.
    pub fix: Vec<Fix>,
}

/// A change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    Amend(Utf8PathBuf, ArrayEdit),
    /// Make an empty file.
    Create(Utf8PathBuf),
}

impl Fix {
    /// `None` where the file leaves no room for the change.
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
    /// A diagnosed mistake.
    pub(super) fn of(rule: &'static str, error: &Error) -> Self {
        let hint = error.hint();
        let finding = Finding::error(rule, error.to_string());
        Self::from(Finding { hint, ..finding })
    }
}
