//! What `cargo pyx doctor`, `env` and `clean` promise.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests spawn pyx and look at what it left"
)]

#[path = "../support/mod.rs"]
mod support;

mod clean;
mod doctor;
mod env;
