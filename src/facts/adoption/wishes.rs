//! What somebody wants of an adoption.

/// Where a crate gets its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum AdoptionLayout {
    /// In what is there: behind a feature of the crate
    Crate,
    /// In a crate of its own beside it, in the same workspace
    Workspace,
}

/// What somebody wants otherwise than it would be chosen.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub layout: Option<AdoptionLayout>,
    /// What Python imports.
    pub module: Option<String>,
}

/// The other way, where a package cannot be maturin's.
pub const BESIDE: &str = "the Rust module as a distribution of its own in the same repository: cargo \
                          pyx new rust";
