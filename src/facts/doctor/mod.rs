//! What a project is, and its problems: what will go wrong, why, and what helps.
//!
//! Nothing is changed or installed, and no code of the project is run. `checkup` gathers everything; a new
//! problem is a function in the file about the same subject, and is called there. `report` lists what exists,
//! `table` shows it to people.

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
