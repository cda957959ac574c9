//! The program with a Python of its own.

use std::env;
use std::process::ExitCode;

use pyo3::prelude::*;
use @{module}::@{module};

fn main() -> ExitCode {
    pyo3::append_to_inittab!(@{module}); // what `import @{module}` finds in this process
    Python::initialize();
    let arguments = env::args().skip(1).collect();
    Python::attach(|py| match ::@{module}::main(py, Some(arguments)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            error.print(py);
            ExitCode::FAILURE
        }
    })
}
