//! What a build was made from, and whether that still holds.
//!
//! An `input` is something outside the program as it was; `tree` is the same for a folder. `records` are the
//! files that keep them between runs; [`execute`](crate::execute) writes them. What counts as an input of a
//! build is decided in [`build`](super::build).

mod input;
mod records;
mod tree;

pub use input::{Content, Input, Settings, stale, stale_settings, variable_setting};
pub use records::{
    Artifact, Attempt, BuildKey, BuildRecord, BuildRecords, EnvironmentRecord, InstallRecord,
    InterpreterRecord, LoadedRecord, LocalPackage, SyncRecord, is_newer, versioned,
};
pub use tree::TreeScope;
