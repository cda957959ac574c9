//! METADATA, WHEEL and PKG-INFO.
#![no_main]

use cargo_pyx::facts::artifact::Headers;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let headers = Headers::parse(bytes);
    headers.get("Name");
    headers.all("Requires-Dist").count();
});
