//! What Python sees of this crate.

use pyo3::prelude::*;

/// The version of the crate.
#[pyfunction]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// What Python imports as `@{module}`.
#[pymodule]
mod @{module} {
    #[pymodule_export]
    use super::version;
}
