//! What somebody wants of an adoption.

/// Where the module goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum AdoptionLayout {
    /// In what is there: behind a feature of the crate, or as a part of the package
    Crate,
    /// In a crate of its own beside it in the same workspace; for a package as a distribution that it requires
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
                          pyx init --layout workspace";
