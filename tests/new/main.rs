//! What `cargo pyx new` and `init` make, with the real tools: projects that hold without an edit.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests look at what pyx left")]

mod adopted;
mod made;
#[path = "../support/mod.rs"]
mod support;
