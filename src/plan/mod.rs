//! What is to be done, decided from facts alone: nothing is read, nothing is run.
//!
//! [`plan`](crate::plan::plan()) leads from a request's purpose to its decision; the commands that need no
//! build (`new`, `init`, `clean`, `doctor --fix`, `release version`, `env`) are decided by functions of their
//! own. Each has a file of its name. What they share: `environment` (tools and environment, which come
//! first), `sync` (dependencies), `member` (one build), `embedding` (programs that embed Python), `hooks`
//! (recipes around a command). A plan's steps are values: `step`, `action`, `test_action`, `release_action`.

mod action;
mod adoption_wheel;
mod arguments;
mod clean;
mod context;
mod decide;
mod dev;
mod edits;
mod embedding;
mod environment;
mod exports;
mod fix;
mod hooks;
mod import_path;
mod init;
mod just;
mod lock_files;
mod member;
mod new;
mod python_tests;
mod recipe_call;
mod release;
mod release_action;
mod run;
mod rust_tests;
pub mod scaffold;
mod step;
mod sync;
mod test;
mod test_action;
mod version;
mod wheel_test;

pub use action::*;
pub use adoption_wheel::{adopted_wheel, present_wheel, wheel_folder};
pub use clean::clean;
pub use decide::plan;
pub use edits::edits;
pub use exports::{env, environment};
pub use fix::fix;
pub use import_path::ImportPath;
pub use init::{changed_files, init, new_files, next_source, way_back};
pub use new::new;
pub use release_action::{
    Candidate, Check, Confirm, How, Launch, MendLock, Promote, Publish, RecordChecks,
    ReleaseAction, Seal, Unpack, Upload, Verdict,
};
pub use step::{Plan, Step};
pub use test_action::{CopyTests, Reporter, Runner, Share, Test, Untestable};
pub use version::{BothVersions, NewVersion, VersionPlan, VersionRequest, version};
