//! What a project is, and the problems in it: what will go wrong, why, and what helps.
//!
//! Nothing is changed or provided, and no code of the project is run. `checkup` gathers all; a new
//! problem is a function of the file that is about the same thing, and is called there. `report` is what
//! there is, `table` the same for people.

mod cache_keys;
mod checkup;
mod editors;
mod linking;
mod manifests;
mod modules;
mod problem;
mod report;
mod settings;
mod shell;
mod table;

pub use checkup::Checkup;
pub use problem::{Fix, Problem};
