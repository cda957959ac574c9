//! An sdist, with its PKG-INFO.
#![no_main]

use cargo_pyx::facts::artifact::Sdist;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = cargo_pyx_fuzz::file("a-1.0.tar.gz", bytes);
    let sdist = Sdist::open(&path).expect("what is wrong with it is a finding");
    let held: usize = sdist.members.iter().map(|member| member.bytes.len()).sum();
    assert!(held <= 64 << 20, "{held} bytes are held of {}", bytes.len());
});
