//! What a build was made from, and whether that is still so.
//!
//! An `input` is something outside as it was; `tree` is that for a folder. `records` are the files in which
//! they are kept between runs; [`execute`](crate::execute) writes them. What is an input of a build is
//! decided in [`build`](super::build).

mod input;
mod records;
mod tree;

pub use input::{Content, Input, Settings, stale, stale_settings, variable_setting};
pub use records::{
    Artifact, Attempt, BuildRecord, BuildRecords, EnvironmentRecord, InstallRecord,
    InterpreterRecord, LoadedRecord, LocalPackage, SyncRecord, build_id, is_newer, versioned,
};
pub use tree::TreeScope;
