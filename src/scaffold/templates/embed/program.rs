use std::process::Command;

#[test]
fn the_program_brings_its_own_python() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_@{crate}"));
    let output = program.args(["kitten", "sitting"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "3");
    assert!(output.status.success());
}
