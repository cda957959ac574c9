//! A wheel, with its METADATA, WHEEL, RECORD and libraries.
#![no_main]

use cargo_pyx::facts::artifact::Wheel;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = cargo_pyx_fuzz::file("a-1.0-py3-none-any.whl", bytes);
    let wheel = Wheel::open(&path).expect("what is wrong with it is a finding");
    let held: usize = wheel.members.iter().map(|member| member.bytes.len()).sum();
    assert!(held <= 64 << 20, "{held} bytes are held of {}", bytes.len());
});
