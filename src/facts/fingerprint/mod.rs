//! What a build was made from, and whether that is still so.

mod input;
mod records;
mod tree;

pub use input::{Content, Input, Settings, is_tagged, stale, stale_settings};
pub use records::{
    Artifact, Attempt, BuildRecord, BuildRecords, EnvironmentRecord, InstallRecord, Loaded,
    LocalPackage, SCHEMA, SyncRecord, build_id, store,
};
pub use tree::Scope;
