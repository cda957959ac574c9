pub mod admitted;
pub mod error;
pub mod file_edit;
pub mod finding;
pub mod invocation;
pub mod reason;
pub mod step;
pub mod version;
