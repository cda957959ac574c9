//! What cargo says that an artifact was made from.
#![no_main]

use cargo_pyx::facts::build::sources;
use cargo_pyx::facts::project::Member;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = cargo_pyx_fuzz::file("liba.d", bytes);
    let member = Member {
        lib: Some("a".into()),
        workspace: "/p q".into(),
        dir: "/p q/a".into(),
        ..Member::default()
    };
    sources(&member, path.parent().expect("a folder"));
});
