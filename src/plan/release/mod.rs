//! `cargo pyx release wheel` and `sdist`: a set that is checked and tested before it reaches `dist/`.
//!
//! Three stages, each decided when the previous one is done: the sdists, the wheels that are built from them,
//! and what is done with the wheels. What an earlier run built or checked from the same bytes is reused.

mod checks;
mod decide;
mod package;
mod publish;
mod stage;
mod wheel_tests;

pub(super) use decide::release;
