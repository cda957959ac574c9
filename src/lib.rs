//! `cargo pyx`: builds and tests Rust-in-Python projects with one command.
//!
//! The idea: read the world once, decide purely, act in one place. The modules stand in layers;
//! each uses only those above it (`tests/house.rs` checks that).

// vocabulary: plain data
pub mod invocation;
pub mod error;
pub mod reason;
pub mod finding;
pub mod spelling;
pub mod edit;
// world: each owns one outside thing
pub mod session;
pub mod disk;
pub mod process;
pub mod git;
pub mod manifest;
pub mod name;
pub mod tool;
// facts: read the world, never change it
pub mod project;
pub mod toolchain;
pub mod interpreter;
pub mod artifact;
pub mod fingerprint;
pub mod environment;
pub mod dependencies;
pub mod suites;
pub mod versions;
pub mod recipe;
pub mod preflight;
pub mod build;
pub mod editor;
pub mod facts;
pub mod doctor;
pub mod remains;
pub mod ground;
pub mod adoption;
// decision: pure
pub mod scaffold;
pub mod plan;
// effect
pub mod ui;
pub mod execute;
pub mod errand;
pub mod matrix;
pub mod watch;
// surface
pub mod cli;
