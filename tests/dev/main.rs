//! What `cargo pyx dev` promises, in real projects with the real tools.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests spawn pyx and look at what it left"
)]

mod fresh;
mod imported;
mod mistakes;
mod once;
mod said;
#[path = "../support/mod.rs"]
mod support;
mod tools;

const GREETING: &str = "Hello from Rust!";
const GREET: &str = "import hello; print(hello.greeting())";
