/// Run the program with these arguments, else with those of the command line.
///
/// Returns its exit code.
#[pyfunction]
#[pyo3(signature = (arguments=None))]
pub fn main(py: Python<'_>, arguments: Option<Vec<String>>) -> PyResult<u8> {
    let text = pyo3::ffi::c_str!(include_str!("program.py"));
    let program = PyModule::from_code(py, text, c"program.py", c"program")?;
    program.call_method1("main", (arguments,))?.extract()
}
