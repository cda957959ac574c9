//! Wheels and sdists that must not be published as they are.

use camino::Utf8PathBuf;

use crate::model::exit::Exit;

#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// Checks or tests of what is to be released failed, and have reported why.
    #[error("nothing was released: {0}")]
    NotReleased(String),

    /// `release check`: checks that failed, and have reported why.
    #[error("checks failed: {0}")]
    ChecksFailed(String),

    /// Not every file that was to be published is in the index.
    #[error("{message}")]
    NotPublished {
        message: String,
        exit: Exit,
        hint: Option<String>,
    },

    #[error("two builds differ in {}: {first} and {second}", .members.join(", "))]
    NotReproducible {
        first: Utf8PathBuf,
        second: Utf8PathBuf,
        /// The members of the archives that differ.
        members: Vec<String>,
    },
}

impl ReleaseError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::NotPublished { exit, .. } => *exit,
            Self::NotReleased(_) | Self::ChecksFailed(_) | Self::NotReproducible { .. } => {
                Exit::Failed
            }
        }
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotPublished { hint, .. } => hint.clone(),
            Self::NotReleased(_) | Self::ChecksFailed(_) | Self::NotReproducible { .. } => None,
        }
    }
}
