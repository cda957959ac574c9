//! Libraries to put into wheels.

use std::fs;
use std::process::Command;

/// A library that links nothing but what `args` say; `libown.so` is where its linker looks.
pub(crate) fn library(source: &str, args: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let head =
        "#![no_std]\n#[panic_handler]\nfn panic(_: &core::panic::PanicInfo) -> ! { loop {} }\n";
    let compile = |name: &str, source: &str, args: &[&str]| {
        let file = dir.join(name);
        fs::write(file.with_extension("rs"), format!("{head}{source}")).unwrap();
        let run = Command::new("rustc")
            .args([
                "--crate-type=cdylib",
                "--edition=2024",
                "-Cpanic=abort",
                "-Clink-arg=-nostdlib",
            ])
            .arg(format!("-Clink-arg=-L{}", dir.display()))
            .arg("--remap-path-prefix=/=/src/")
            .args(args)
            .arg("-o")
            .args([&file, &file.with_extension("rs")])
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        fs::read(file).unwrap()
    };
    compile("libown.so", "", &[]);
    compile("libhello.so", source, args)
}
