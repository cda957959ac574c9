//! Whether a table below `[target]` applies to this machine, as far as that is known without asking rustc.

use std::env::consts::{ARCH, FAMILY, OS};
use std::str::FromStr;

use cargo_platform::{Cfg, Platform};

use super::Dependency;

impl Dependency {
    /// Whether it is or may be for this machine: a `cfg` is decisive, a triple is not.
    pub fn may_be_here(&self) -> bool {
        let platform = self.platform.as_deref();
        match platform.map(Platform::from_str) {
            Some(Ok(Platform::Cfg(expression))) => expression.matches(&flags()),
            _ => true,
        }
    }
}

/// What `rustc --print cfg` says about this machine, without its processor's features.
fn flags() -> Vec<Cfg> {
    let width = usize::BITS;
    let endian = if cfg!(target_endian = "big") {
        "big"
    } else {
        "little"
    };
    let env = [
        ("gnu", cfg!(target_env = "gnu")),
        ("musl", cfg!(target_env = "musl")),
        ("msvc", cfg!(target_env = "msvc")),
    ];
    let env = env.iter().find(|(_, is)| *is).map_or("", |(name, _)| name);
    let texts = [
        FAMILY.to_owned(),
        format!("target_family = \"{FAMILY}\""),
        format!("target_os = \"{OS}\""),
        format!("target_arch = \"{ARCH}\""),
        format!("target_env = \"{env}\""),
        format!("target_endian = \"{endian}\""),
        format!("target_pointer_width = \"{width}\""),
    ];
    let flags = texts.iter().map(|text| Cfg::from_str(text));
    flags.filter_map(Result::ok).collect()
}
