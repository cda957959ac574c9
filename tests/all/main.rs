//! What takes longer than a stranger waits, in real projects with the real tools: `just test-all`.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests run programs, and look at what they left"
)]

mod adopted;
#[path = "../it/new/adopting.rs"]
mod adopting;
#[cfg(target_os = "linux")] // as the rules of distributions are looked at
#[path = "../it/artifact"]
mod artifact {
    pub(crate) mod library;
    pub(crate) mod parts;
    pub(crate) mod wheels;
}
mod compile_cache;
#[path = "../it/new/created.rs"]
mod created;
mod editor;
mod faults;
#[path = "../it/faults/interrupted.rs"]
mod interrupted;
#[path = "../it/faults/links.rs"]
mod links;
mod function;
#[cfg(target_os = "linux")]
mod implementations;
mod measure;
mod new;
mod older_pyo3;
mod oldest_tools;
#[path = "../it/recipes/call.rs"]
mod recipe_call;
mod recipes;
#[cfg(target_os = "linux")] // with the distributions of `artifact`
mod release;
#[cfg(target_os = "linux")]
mod released;
#[path = "../it/publish/shout.rs"]
mod shout;
#[path = "../it/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the other tests use the rest of it"
)]
mod support;
mod tutorial;
#[cfg(target_os = "linux")] // where wine is
mod windows;
