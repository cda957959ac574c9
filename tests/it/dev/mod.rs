//! What `cargo pyx dev` promises, in real projects with the real tools.

mod bare;
mod cargo_options;
#[cfg(unix)]
mod conda;
mod fresh;
mod imported;
mod in_place;
mod mistakes;
mod newer_layout;
mod once;
mod refused_python;
mod said;
mod tools;
mod unseen;

const GREETING: &str = "Hello from Rust!";
const GREET: &str = "import hello; print(hello.greeting())";
