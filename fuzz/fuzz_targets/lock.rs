//! Cargo.lock and uv.lock.
#![no_main]

use camino::Utf8Path;
use cargo_pyx::world::manifest::Toml;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(lock) = Toml::parse(Utf8Path::new("/p/uv.lock"), text) {
        lock.lock_entries();
        lock.own_entry("a");
    }
});
