//! What a command goes through, from facts to done: `command` once, `adoption` before `init`, `matrix` for each of several
//! interpreters, `watch` after every change. `verdict` is whether tests are a success.

pub mod adoption;
mod command;
pub mod matrix;
pub mod project_lock;
mod verdict;
pub mod watch;

pub use command::Driver;
pub use verdict::verdict;
