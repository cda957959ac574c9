//! What is there, and what is wrong with it. Nothing is written here; tools that are asked may fill their own
//! caches, and cargo may have rustup fetch the toolchain that the project pins.
//!
//! [`Facts::gather`](crate::facts::Facts::gather) reads everything that a plan is made from; each module
//! below knows one thing:
//!
//! - the run: `request` (what was asked for), `run_state` (what this run has already done), `caller`,
//!   `tools`, `recipe_facts` (what recipes are told)
//! - the project: `project` and its packages, `dependencies`, `suites` (tests; how long each took is in
//!   `durations`, what other machines ran of them in `shard_report`, the merged result in `shard_merge`),
//!   `recipes`, `versions` (`ini`: how the configuration files of Python tools that are not TOML are read)
//! - where it is built to: `environment` and `target_environment` (with the `required_packages`),
//!   `python_choice`, `supported_pythons` (by PyO3)
//! - what is built: `build` (what cargo is told and reads), `fingerprint` (what was recorded, and whether it
//!   still holds), `member_build` (what decides about one package's build, together with `unseen_edits` and
//!   `hollow_package`), `staleness` (what of all this is stale, and why), `compiler_cache`
//! - what is wrong: `preflight` (before a release), `doctor` (at any time), `artifact` (in a wheel or an
//!   sdist)
//! - what only one command needs: `adoption` (`init`), `new_project` and `project_name` (`new`), `leftovers`
//!   (`clean`), `ci`, `editor` (`init --editor`), `release`

pub mod adoption;
pub mod artifact;
pub mod build;
mod caller;
mod ci;
mod compiler_cache;
pub mod dependencies;
pub mod doctor;
mod durations;
pub mod editor;
pub mod environment;
pub mod fingerprint;
mod gather;
mod hollow_package;
mod ini;
mod just;
mod last_inputs;
pub mod leftovers;
mod linking;
pub mod local_distributions;
mod member_build;
pub mod new_project;
pub mod preflight;
pub mod project;
pub mod project_name;
mod python_choice;
mod recipe_facts;
pub mod recipes;
pub mod release;
mod request;
mod required_packages;
mod reusable_build;
mod run_state;
pub mod shard_merge;
pub mod shard_report;
mod staleness;
pub mod suites;
pub mod supported_pythons;
mod target_environment;
mod test_facts;
mod tools;
mod unseen_edits;
pub mod versions;

pub use caller::{Caller, OwnFolder, RecipeMark};
pub use ci::{CiPlan, ci_edit};
pub use compiler_cache::{CacheUse, CompilerCache};
pub use durations::{Durations, RECORDED};
pub use gather::Facts;
pub use hollow_package::HollowPackage;
pub use just::Just;
pub use last_inputs::last_inputs;
pub use linking::{LinkedBy, Linking, Wrapper};
pub use member_build::{Build, ReusableBuild, Staleness};
pub use recipe_facts::RecipeFacts;
pub use request::{
    CargoTarget, CommandPart, Network, Product, Program, Publishing, Purpose, Releasing, Reporting,
    Request, Running, Strictness, Testing,
};
pub use required_packages::{DEV, DEVELOPERS, RequiredPackages, TEST};
pub use run_state::RunState;
pub use supported_pythons::SupportedPythons;
pub use target_environment::TargetEnvironment;
pub use test_facts::TestFacts;
pub use tools::Tools;
