//! `cargo pyx`: builds and tests Rust-in-Python projects with one command.
//!
//! The idea: read the world once, decide purely, act in one place. The modules stand in layers;
//! each uses only those above it (`tests/house.rs` checks that).

// vocabulary: plain data
pub mod error;
pub mod invocation;
pub mod reason;
// world: each owns one outside thing
pub mod disk;
pub mod manifest;
pub mod process;
pub mod session;
pub mod tool;
// facts: read the world, never change it
pub mod build;
pub mod dependencies;
pub mod environment;
pub mod facts;
pub mod fingerprint;
pub mod interpreter;
pub mod plan;
pub mod project;
pub mod toolchain;
// effect
pub mod execute;
pub mod ui;
// surface
pub mod cli;
