//! Platform tags that PyPI refuses.

use crate::facts::artifact::Tags;
use crate::facts::artifact::platform::PlatformTag;
use crate::model::finding::Finding;

/// Whether PyPI accepts wheels with this tag.
fn accepted(tag: &str) -> bool {
    const LINUX: [&str; 8] = [
        "x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64", "ppc64",
    ];
    match PlatformTag::parse(tag) {
        PlatformTag::Manylinux { machine, .. } => LINUX.contains(&machine),
        PlatformTag::Musllinux { machine } => machine != "ppc64" && LINUX.contains(&machine),
        PlatformTag::Linux { machine } => ["armv6l", "armv7l"].contains(&machine),
        PlatformTag::Windows { machine } => ["x86", "amd64", "arm64", "ia64"].contains(&machine),
        // from macOS 11 on, only major versions count
        PlatformTag::Mac { .. } => tag.starts_with("macosx_10_") || tag.contains("_0_"),
        PlatformTag::Any => true,
        PlatformTag::Other => ["ios_", "android_", "pyemscripten_"]
            .iter()
            .any(|prefix| tag.starts_with(prefix)),
    }
}

/// Every platform tag that PyPI refuses.
pub(super) fn findings(tags: &Tags) -> Vec<Finding> {
    let refused = tags.platforms.iter().filter(|tag| !accepted(tag));
    refused
        .map(|tag| {
            let message = format!("PyPI refuses the platform tag `{tag}`");
            let hint = match PlatformTag::parse(tag) {
                PlatformTag::Linux { .. } => {
                    "build it with `cargo pyx release wheel`, or `maturin build --compatibility pypi`"
                }
                _ => "build it for a platform that PyPI knows: manylinux, musllinux, macosx or win",
            };
            Finding::error("platform-tag", message).hint(hint)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pypi_takes_what_it_knows() {
        for tag in [
            "any",
            "manylinux_2_28_riscv64",
            "linux_armv7l",
            "win32",
            "ios_13_0_arm64_iphoneos",
        ] {
            assert!(accepted(tag), "{tag}");
        }
        for tag in [
            "linux_x86_64",
            "musllinux_1_2_ppc64",
            "manylinux_2_36_loongarch64",
            "plan9",
        ] {
            assert!(!accepted(tag), "{tag}");
        }
    }
}
