//! What is outside the program, one thing per file; each is looked at and changed only by its own file.

pub mod checkout;
pub mod disk;
pub mod git;
pub mod interpreter;
pub mod machine;
pub mod manifest;
pub mod network;
pub mod process;
pub mod python_preference;
pub mod python_request;
pub mod python_source;
pub mod session;
pub mod tool;
pub mod toolchain;
