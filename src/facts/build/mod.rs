//! The inputs of a member's build: its options, the locations of its files, and everything that can change
//! its result.

mod dep_info;
mod inputs;
mod options;
mod output;
mod packages;
mod units;
mod variables;

pub use dep_info::{sources, sources_of_crates};
pub use inputs::{BuildPlace, Inputs, modules_in_sources};
pub use options::{CargoArguments, Flags, Options, PYTHON_PACKAGE, is_own_feature, settings};
pub use output::{
    artifacts, build_folder, build_folders, output_dir, output_dir_in, target_dir, target_dir_in,
    tests_dir,
};
pub use packages::{local_packages, metadata, own_packages};
pub use units::{OfPackage, fingerprints};
pub use variables::variables_below;
