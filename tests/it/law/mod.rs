//! The law of freshness: after `cargo pyx dev` has ended with 0, Python imports what the sources say, and
//! nothing was compiled needlessly or twice, and nothing is left over. It is tried by random steps on
//! projects whose every input holds a value that Python sees.

mod inputs;
mod lab;
mod project;
mod run;
mod steps;
mod texts;
mod world;

pub(crate) use run::{Extent, holds};
