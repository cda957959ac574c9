//! What a command goes through, from facts to done.

mod command;
pub mod project_lock;
pub mod matrix;
mod verdict;
pub mod watch;

pub use command::Driver;
pub use verdict::verdict;
