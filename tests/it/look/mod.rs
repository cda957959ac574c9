//! What `cargo pyx doctor`, `env`, `clean` and every dry run promise.

mod clean;
mod doctor;
mod dry;
mod env;
