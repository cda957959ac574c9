//! All promises of the program that a stranger's machine holds within minutes: what is decided, as
//! values; what is read, in temporary folders; and what the real tools do, in copies of `fixtures/`.
//! What takes longer is in `tests/all`.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run programs, and look at what they left"
)]

#[cfg(unix)]
mod artifact;
#[cfg(unix)]
mod ci;
#[cfg(unix)]
mod completions;
#[cfg(unix)]
mod dev;
#[cfg(unix)]
mod contract;
mod discovery;
#[cfg(target_os = "linux")]
mod editor;
#[cfg(unix)]
mod faults;
mod house;
#[cfg(unix)]
mod just;
#[cfg(target_os = "linux")] // processes are found in /proc
mod law;
#[cfg(target_os = "linux")]
mod law_short;
#[cfg(unix)]
mod look;
#[cfg(unix)]
mod matrix;
#[cfg(unix)]
mod new;
mod plan;
#[cfg(unix)]
mod publish;
#[cfg(unix)]
mod recipes;
#[cfg(target_os = "linux")] // with the distributions of `artifact`
mod release;
#[cfg(unix)]
mod release_version;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod support;
#[cfg(unix)]
mod test;
#[cfg(unix)]
mod tool_index;
