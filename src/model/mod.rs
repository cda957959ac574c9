//! Plain data, which uses nothing else of the program and looks at nothing outside of it.

pub mod admitted;
pub mod counted;
pub mod error;
pub mod exit;
pub mod file_edit;
pub mod finding;
pub mod implementation;
pub mod invocation;
pub mod location;
pub mod manylinux;
pub mod minor;
pub mod native_file;
pub mod nearest;
pub mod package_name;
pub mod path;
pub mod python_function;
pub mod reason;
pub mod requirement;
pub mod runner_options;
pub mod shard;
pub mod stable_abi;
pub mod step;
pub mod test_result;
pub mod venv;
pub mod version;
