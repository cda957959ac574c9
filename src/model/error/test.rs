//! Tests that failed, or that do not exist.

use camino::Utf8PathBuf;

use crate::model::exit::Exit;

#[derive(Debug, thiserror::Error)]
pub enum TestError {
    #[error("no tests in `{0}`")]
    NoTests(Utf8PathBuf),

    /// There are tests, but none was selected; by what.
    #[error("no tests are selected by {0}")]
    NoneSelected(String),

    /// The tests have reported the failures themselves.
    #[error("{0}")]
    Failed(String),

    /// Tests failed for a reason that can be fixed.
    #[error("{message}")]
    NotRun { message: String, hint: String },
}

impl TestError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoTests(_) | Self::NoneSelected(_) => Exit::NoTests,
            Self::Failed(_) | Self::NotRun { .. } => Exit::Failed,
        }
    }

    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoTests(_) => {
                Some("write `tests/test_*.py` for pytest, or a `#[test]` in Rust".into())
            }
            Self::NoneSelected(_) => Some("`cargo pyx test` runs all of them".into()),
            Self::Failed(_) => None,
            Self::NotRun { hint, .. } => Some(hint.clone()),
        }
    }
}
