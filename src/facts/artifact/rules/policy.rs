//! What a platform tag promises, against what the binaries need: manylinux, musllinux (PEP 656), macOS
//! and Windows.

use crate::facts::artifact::platform::PlatformTag;
use crate::facts::artifact::{Binary, Tags};
use crate::model::finding::Finding;
use crate::model::manylinux;

/// Findings about a binary. `bundled` are the file names in the wheel, which its loader may find.
pub(super) fn findings(tags: &Tags, binary: &Binary, bundled: &[&str]) -> Vec<Finding> {
    let platforms = tags
        .platforms
        .iter()
        .map(|tag| (tag, PlatformTag::parse(tag)));
    let mut found = Vec::new();
    for (tag, platform) in platforms.clone() {
        found.extend(wrong_machine(tag, platform, binary));
        found.extend(wrong_libc(tag, platform, binary));
    }
    // of several manylinux tags, which are names of one promise, the oldest is the one to keep
    let promised = platforms.filter_map(|(tag, platform)| match platform {
        PlatformTag::Manylinux { glibc, machine } => Some((glibc, machine, tag)),
        _ => None,
    });
    if let Some((glibc, machine, tag)) = promised.min_by_key(|(glibc, ..)| *glibc) {
        found.extend(too_new(tag, glibc, machine, binary));
    }
    found.extend(foreign(tags, binary, bundled));
    found.dedup();
    found
}

fn wrong_machine(tag: &str, platform: PlatformTag<'_>, binary: &Binary) -> Option<Finding> {
    let machines = binary
        .machines
        .iter()
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let is = format!("is {} for {machines}", binary.format);
    if platform == PlatformTag::Any {
        let message = format!("{is}, but the wheel claims to run on `any` platform");
        return Some(Finding::error("machine-mismatch", message));
    }
    let (format, wanted) = platform.machines()?;
    let fits = format == binary.format
        && wanted
            .iter()
            .all(|machine| binary.machines.contains(*machine));
    let message = format!("{is}, but the wheel's platform is `{tag}`");
    (!fits).then(|| Finding::error("machine-mismatch", message))
}

fn wrong_libc(tag: &str, platform: PlatformTag<'_>, binary: &Binary) -> Option<Finding> {
    let musl = |name: &&String| name.starts_with("libc.musl-") || *name == "libc.so";
    let glibc = |name: &&String| *name == "libc.so.6";
    let mut needed = binary.needed.iter();
    let wrong = match platform {
        PlatformTag::Manylinux { .. } => needed.find(musl)?,
        PlatformTag::Musllinux { .. } => needed.find(glibc)?,
        _ => return None,
    };
    let message = format!("needs `{wrong}`, which systems with the tag `{tag}` do not have");
    let hint = "build it for the other C library, or give the wheel the tag of this C library";
    Some(Finding::error("wrong-libc", message).hint(hint))
}

/// The oldest glibc of a tag, against the symbol versions that a binary needs.
fn too_new(tag: &str, glibc: u64, machine: &str, binary: &Binary) -> Vec<Finding> {
    let newer = manylinux::limits(glibc, machine)
        .into_iter()
        .filter_map(|(library, limit)| {
            let highest = binary.highest(library)?;
            let compared = &highest[..highest.len().min(limit.len())];
            (compared > limit.as_slice()).then_some((library, highest))
        });
    newer
        .map(|(library, highest)| newer_than(tag, library, &highest))
        .collect()
}

fn newer_than(tag: &str, library: &str, version: &[u64]) -> Finding {
    let number: Vec<String> = version.iter().map(ToString::to_string).collect();
    let needed = format!("{library}_{}", number.join("."));
    let message = format!("needs {needed}, which is newer than `{tag}` promises");
    if library == "GLIBC" {
        let tag = format!("manylinux_{}", number.join("_"));
        let hint = format!(
            "give the wheel the tag `{tag}`, or build it for an older glibc: `maturin build --release --zig`"
        );
        return Finding::error("glibc-too-new", message).hint(hint);
    }
    let hint = "build it in a manylinux image, or link that library statically";
    Finding::error("libstdcxx-too-new", message).hint(hint)
}

/// Whether every system of a platform tag has the library, or another rule covers it.
fn is_of_system(platform: PlatformTag<'_>, library: &str) -> bool {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| library.starts_with(prefix));
    match platform {
        PlatformTag::Manylinux { .. } => manylinux::has_library(library),
        PlatformTag::Musllinux { .. } => library == "libz.so.1" || begins(&["ld-", "libc."]),
        PlatformTag::Mac { .. } => begins(&["/usr/lib/", "/System/Library/"]),
        _ => true,
    }
}

/// Libraries that are neither part of the promised system nor in the wheel.
fn foreign(tags: &Tags, binary: &Binary, bundled: &[&str]) -> Vec<Finding> {
    let outside = binary.needed.iter().filter(|name| {
        let file = name.rsplit('/').next().unwrap_or(name);
        !bundled.contains(&file)
    });
    outside
        .filter_map(|name| {
            let is_foreign = |tag: &&String| !is_of_system(PlatformTag::parse(tag), name);
            let tag = tags.platforms.iter().find(is_foreign)?;
            let message = format!(
                "needs `{name}`, which is neither in the wheel nor on every system of `{tag}`"
            );
            let hint = if name.contains("ython") {
                "an extension module must not link libpython: upgrade maturin, or enable PyO3's `extension-module` feature"
            } else {
                "link it statically, or have it copied into the wheel: `maturin build --auditwheel repair`"
            };
            Some(Finding::error("foreign-library", message).hint(hint))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::facts::artifact::Format;
    use crate::world::session::Session;
    use crate::world::tool::Toolbox;

    fn elf(versions: &[&str], needed: &[&str]) -> Binary {
        let set = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Binary {
            format: Format::Elf,
            machines: set(&["x86_64"]),
            needed: set(needed),
            search: set(&[]),
            versions: set(versions),
            inits: set(&[]),
            debug: 0,
        }
    }

    /// The rules that a binary for `x86_64` breaks under these platform tags.
    fn rules(platforms: &str, binary: &Binary) -> Vec<&'static str> {
        let tags = Tags::parse(&format!("cp39-abi3-{platforms}")).unwrap();
        let found = findings(&tags, binary, &["libown-1234.so.1"]);
        found.iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn the_policies_are_those_of_the_auditwheel_that_releases_are_checked_with() {
        let python = Utf8Path::new("/usr/bin/python3");
        let toolbox = Toolbox::release(&Session::default(), python, (3, 12));
        let pinned = toolbox.version("auditwheel");
        assert_eq!(Some(manylinux::auditwheel()), pinned, "run `just policies`");
    }

    #[test]
    fn the_oldest_of_several_manylinux_tags_is_to_be_kept() {
        let binary = elf(&["GLIBC_2.2.5", "GLIBC_2.28"], &["libc.so.6"]);
        assert!(rules("manylinux_2_28_x86_64", &binary).is_empty());
        let both = "manylinux_2_28_x86_64.manylinux2014_x86_64";
        assert_eq!(rules(both, &binary), ["glibc-too-new"]);
        assert!(
            rules("linux_x86_64", &binary).is_empty(),
            "it promises nothing"
        );
    }

    #[test]
    fn the_cxx_library_has_an_age_as_well() {
        let binary = elf(
            &["GLIBC_2.17", "GLIBCXX_3.4.30", "GCC_3.0"],
            &["libstdc++.so.6"],
        );
        assert_eq!(
            rules("manylinux2014_x86_64", &binary),
            ["libstdcxx-too-new"]
        );
        assert!(rules("manylinux_2_35_x86_64", &binary).is_empty());
        assert!(rules("manylinux_2_37_x86_64", &binary).is_empty());
    }

    #[test]
    fn a_library_is_on_the_system_or_in_the_wheel() {
        let binary = elf(
            &[],
            &["libown-1234.so.1", "ld-linux-x86-64.so.2", "libgcc_s.so.1"],
        );
        assert!(rules("manylinux_2_17_x86_64", &binary).is_empty());
        let binary = elf(&[], &["libssl.so.3", "libpython3.12.so.1.0"]);
        let twice = ["foreign-library", "foreign-library"];
        assert_eq!(rules("manylinux_2_17_x86_64", &binary), twice);
    }

    #[test]
    fn the_c_library_is_the_tags() {
        let glibc = elf(&[], &["libc.so.6"]);
        assert_eq!(rules("musllinux_1_2_x86_64", &glibc), ["wrong-libc"]);
        let musl = elf(&[], &["libc.musl-x86_64.so.1"]);
        assert_eq!(rules("manylinux_2_17_x86_64", &musl), ["wrong-libc"]);
        assert!(rules("musllinux_1_2_x86_64", &musl).is_empty());
        assert!(rules("manylinux_2_12_x86_64.musllinux_1_1_x86_64", &elf(&[], &[])).is_empty());
    }

    #[test]
    fn the_machine_is_the_tags() {
        let binary = elf(&[], &[]);
        for platform in [
            "any",
            "manylinux_2_17_aarch64",
            "macosx_11_0_arm64",
            "win_amd64",
        ] {
            assert_eq!(rules(platform, &binary), ["machine-mismatch"], "{platform}");
        }
    }
}
