//! What just says of a justfile.
#![no_main]

use cargo_pyx::facts::recipes::Module;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(module) = Module::parse(text) {
        module.listed(false);
        module.hidden();
    }
});
