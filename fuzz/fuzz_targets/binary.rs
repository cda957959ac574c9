//! An extension module or a program: ELF, Mach-O or PE.
#![no_main]

use cargo_pyx::facts::artifact::Binary;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(Ok(binary)) = Binary::parse(bytes) {
        binary.highest("GLIBC_");
    }
});
