//! Which packages the environment must hold, and where the project says so.
//!
//! `gather` makes installations (`sync`) of what the manifests ask for, by the `selection` of groups and
//! extras. What the tests need is found by their `runner`: in groups and extras, in requirements files,
//! and in what the project's `automation` installs.

mod automation;
mod developers;
mod gather;
mod requirements_file;
mod runner;
mod selection;
mod sync;
mod uv_lock;

pub use automation::Automation;
pub use gather::Dependencies;
pub use runner::TestRunner;
pub use selection::DependencySelection;
pub use sync::{Source, Sync};
pub use uv_lock::check_lock;
