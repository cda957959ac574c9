//! `cargo pyx`: builds and tests Rust-in-Python projects with one command.
//!
//! The idea: read the world once, decide purely, act in one place. Each folder is a layer; it uses only those
//! above it in this list, and no two files use each other in a circle (`tests/it/house` reads every path and
//! checks both).

/// Plain data: errors, command lines, versions. Uses nothing else of the program.
pub mod model;
/// One thing outside the program per file: the disk, processes, git, manifests, tools, interpreters.
pub mod world;
/// Reads the world and judges it; writes nothing.
pub mod facts;
/// From a request and the facts to steps, as values: pure.
pub mod plan;
/// The only place that prints.
pub mod ui;
/// Walks a plan: the only place that changes the project, its environment and what is built.
pub mod execute;
/// One command from facts to done: gather, plan, lock, gather again, execute.
pub mod driver;
/// The command line: clap types, and one function for each command.
pub mod cli;
