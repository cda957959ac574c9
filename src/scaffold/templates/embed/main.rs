//! The program with a Python of its own.

use std::env;
use std::process::ExitCode;

use pyo3::prelude::*;

use @{module}::@{module};

fn main() -> ExitCode {
    pyo3::append_to_inittab!(@{module}); // what Python imports by that name in this process
    Python::initialize();
    let arguments = env::args().skip(1).collect();
    Python::attach(|py| {
        let code = ::@{module}::main(py, Some(arguments));
        code.map_or_else(|error| print(py, &error), ExitCode::from)
    })
}

fn print(py: Python<'_>, error: &PyErr) -> ExitCode {
    error.print(py);
    ExitCode::FAILURE
}
