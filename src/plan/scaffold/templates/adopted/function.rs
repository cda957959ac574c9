//! @{description}.

use pyo3::prelude::*;

@{function}

/// What Python imports as `@{dotted}`.
#[pymodule]
mod @{leaf} {
    #[pymodule_export]
    use super::@{name};
}
