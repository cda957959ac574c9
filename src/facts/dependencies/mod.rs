//! Which packages the environment must hold, and where the project says so.
//!
//! `gather` makes installations (`sync`) of what the manifests ask for, by the `selection` of groups and
//! extras, and of those that other requirements name (`named_extras`); a uv `workspace` is installed all at
//! once unless `conflicts` are declared. What the tests need is found through their `runner`: in `groups` and
//! extras, in requirements files, and in what other tools install into `environments` of their own. What a
//! crate without pyproject.toml needs is found in the same places and in continuous integration
//! (`crate_tests`, `workflow`), and so is what only recipes name (`named_tools`). `mentions` finds what is
//! missing after all, also in the rest of the project's `automation`.

mod automation;
mod conflicts;
mod crate_tests;
mod developers;
mod development;
mod environments;
mod gather;
mod groups;
mod mentions;
mod named_extras;
mod named_tools;
mod requirements_file;
mod runner;
mod selection;
mod sync;
mod uv_lock;
mod workflow;
mod workspace;

pub use automation::Automation;
pub use gather::Dependencies;
pub use mentions::{hint_for_missing, hint_for_missing_in_rust, packages_of_module};
pub use runner::{TestRunner, stestr_folder};
pub use selection::DependencySelection;
pub use sync::{Scope, Source, Sync, UnlockedWorkspace, WorkspacePackage};
pub use uv_lock::{check_lock, is_other};
