pub mod disk;
pub mod git;
pub mod interpreter;
pub mod manifest;
pub mod process;
pub mod session;
pub mod tool;
pub mod toolchain;
