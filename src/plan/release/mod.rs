//! `cargo pyx release wheel` and `sdist`: a set that has been checked and tested before it reaches
//! `dist/`.
//!
//! Three stages, each decided when the one before is done: the sdists, the wheels that are built of
//! them, and what is done with the wheels. What an earlier run has built or checked of the same
//! bytes is taken as it is.

mod checks;
mod decide;
mod package;
mod publish;
mod stage;
mod wheel_tests;

pub(super) use decide::release;
