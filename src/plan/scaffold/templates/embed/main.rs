//! The program with an embedded Python.

use std::env;
use std::process::ExitCode;

use pyo3::prelude::*;

use @{module}::@{module};

fn main() -> ExitCode {
    pyo3::append_to_inittab!(@{module}); // what Python imports by that name in this process
    Python::initialize();
    Python::attach(|py| match run(py) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            error.print(py);
            ExitCode::FAILURE
        }
    })
}

fn run(py: Python<'_>) -> PyResult<u8> {
    let arguments = env::args().skip(1).collect();
    let code = ::@{module}::main(py, Some(arguments))?;
    // this Python is never finalized, which would flush it
    py.import("sys")?.getattr("stdout")?.call_method0("flush")?;
    Ok(code)
}
