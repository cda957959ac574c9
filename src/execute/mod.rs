//! Walks a plan: the only place that changes the project, its environment and what is built. Others write
//! what is no part of them: the driver its locks, `world` the user cache, and `cargo pyx man --out` its pages.
//!
//! `walk` starts the steps in their order and knows who does each action; one file for each kind of
//! work beside it.

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
pub use context::PlanOutcome;
pub use report::{annotate, forget_reports, job_summary, junit, keep_report, write_report};
pub use walk::execute;
