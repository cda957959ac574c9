//! What `cargo pyx doctor`, `env` and `clean` promise.

mod clean;
mod doctor;
mod env;
