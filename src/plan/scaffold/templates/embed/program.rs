use std::process::Command;

#[test]
fn the_program_brings_its_own_python() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_@{crate}"));
    let output = program.args(["kitten", "sitting"]).output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(String::from_utf8);
    assert_eq!((stdout.unwrap().trim(), stderr.unwrap().trim()), ("3", ""));
    assert!(output.status.success());
}
