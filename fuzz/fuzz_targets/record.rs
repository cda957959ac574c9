//! The RECORD of what is installed.
#![no_main]

use cargo_pyx::facts::artifact::installed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = cargo_pyx_fuzz::file("RECORD", bytes);
    installed(path.parent().expect("a folder")).expect("what is no line is left out");
});
