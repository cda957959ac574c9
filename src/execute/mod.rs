//! Walks a plan: the only place that changes the project, its environment and what is built. Others write
//! only what is not part of these: the driver its locks, `world` the user cache, `cargo pyx man --out` its
//! pages.
//!
//! `walk` starts the steps in order and knows which function performs each action; each kind of work has its
//! own file.

mod cargo;
mod child;
mod compile_errors;
mod compiler_cache;
mod context;
mod copy_install;
mod diagnosis;
mod edits;
mod files;
mod kept;
mod link;
mod prove;
mod records;
mod release;
mod report;
mod testing;
mod uv_cache;
mod walk;

pub use child::hand_over;
pub use compiler_cache::{asking_without_cache, with_compiler_cache};
pub use context::{PlanOutcome, Stop};
pub use report::{annotate, forget_reports, job_summary, junit, keep_report, write_report};
pub use walk::execute;
