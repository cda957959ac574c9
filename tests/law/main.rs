//! The law of freshness by thousands of steps: `just law STEPS SEED PROJECT…`.
#![cfg(target_os = "linux")] // processes are found in /proc
#![expect(
    clippy::disallowed_methods,
    reason = "tests run programs, and look at what they left"
)]

#[path = "../it/law/mod.rs"]
mod law;
#[path = "../it/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the other tests use the rest of it"
)]
mod support;

use std::time::Duration;

use crate::law::{Extent, holds};
use crate::support::folder;

/// What is settable, by variables.
fn told(name: &str, default: u64) -> u64 {
    let value = std::env::var(format!("CARGO_PYX_LAW_{name}"));
    value.map_or(default, |text| text.parse().expect(name))
}

fn long(name: &str) {
    let seconds = told("SECONDS", 86_400);
    let only = std::env::var("CARGO_PYX_LAW_PROJECTS").unwrap_or_default();
    if !only.is_empty() && !only.split(',').any(|one| one == name) {
        return;
    }
    let extent = Extent {
        seed: told("SEED", 1),
        steps: usize::try_from(told("STEPS", 100)).unwrap(),
        time: Duration::from_secs(seconds),
        longest: 60,
        shrink: Duration::from_secs(told("SHRINK", 300)),
        breaches: usize::try_from(told("BREACHES", 5)).unwrap(),
        is_told: true,
    };
    holds(name, &folder!().join(name), &extent);
}

#[test]
fn the_law_holds_for_a_pure_module() {
    long("pure");
}

#[test]
fn the_law_holds_for_a_mixed_package() {
    long("mixed");
}

#[test]
fn the_law_holds_for_two_members_of_one_name() {
    long("two");
}

#[test]
fn the_law_holds_for_the_stable_abi() {
    long("abi3");
}

#[test]
fn the_law_holds_for_cffi() {
    long("cffi");
}

#[test]
fn the_law_holds_for_programs() {
    long("bin");
}

#[test]
fn the_law_holds_for_pyo3s_own_crate() {
    long("pyo3");
}

#[test]
fn the_law_holds_for_uniffi() {
    long("uniffi");
}
