pub mod command;
pub mod matrix;
pub mod watch;
