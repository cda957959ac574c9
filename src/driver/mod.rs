//! What a command goes through, from facts to done: `command` once, `matrix` for each of several
//! interpreters, `watch` after every change of what is `watched`, `adoption` before `init` writes anything. `verdict` is whether
//! tests are a success.

pub mod adoption;
mod command;
pub mod matrix;
pub mod project_lock;
mod verdict;
pub mod watch;
mod watched;

pub use command::Driver;
pub use verdict::verdict;
