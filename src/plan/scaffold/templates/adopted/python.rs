//! What Python sees of this crate.

/// What Python imports as `@{module}`.
@{declared} {
    use pyo3::prelude::*;

    /// The version of the crate.
    #[pyfunction]
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
