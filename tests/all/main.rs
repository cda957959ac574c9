//! What takes longer than a stranger waits, in real projects with the real tools: `just test-all`.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests run programs, and look at what they left"
)]

mod measure;
#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod support;
