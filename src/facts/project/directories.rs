//! cargo's own directories (cargo book, "Build Cache").

use camino::Utf8PathBuf;

/// cargo's own directories for a workspace, absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directories {
    /// Of the artifacts.
    pub target: Utf8PathBuf,
    /// Of what lies between them and the sources; `None` where that is among the artifacts.
    pub build: Option<Utf8PathBuf>,
    /// The folder of a target triple in both, where one is configured.
    pub triple: Option<String>,
}
