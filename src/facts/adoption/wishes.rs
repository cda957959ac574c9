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
