//! What a command goes through, from facts to done: `command` once, `matrix` for each of several
//! interpreters, `watch` after every change of what is `watched`, `adoption` before `init` writes anything.
//! `verdict` decides whether tests are a success, `test_report` reports on them.

pub mod adoption;
mod command;
pub mod matrix;
pub mod project_lock;
pub mod refusal;
pub mod test_report;
mod verdict;
pub mod watch;
mod watched;

pub use command::Driver;
pub use test_report::Merge;
pub use verdict::verdict;
