//! The platform that a wheel is for, and what links it.

use camino::Utf8Path;
use serde::Serialize;

use crate::model::error::{Error, Result, ToolError};
use crate::model::manylinux;
use crate::world::disk;
use crate::world::machine::Machine;

/// The machine as far as wheels depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub os: &'static str,
    pub arch: &'static str,
    /// `None` if the C library is another one.
    pub glibc: Option<(u64, u64)>,
}

/// What was stated about platforms, the command line first.
#[derive(Clone, Debug, Default)]
pub(super) struct StatedPlatform<'a> {
    pub target: Option<&'a str>,
    pub compatibility: Option<&'a str>,
    pub zig: Option<bool>,
    /// Whether the library's symbols are read after linking, as `UniFFI` does to generate bindings: zig
    /// strips them along with the debug information, which no wheel may contain.
    pub reads_symbols: bool,
}

/// The platform of one wheel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Platform {
    /// A target triple; `None` for the machine's own.
    pub target: Option<String>,
    /// The platform tag to pass to maturin; `None` if it finds it by itself.
    pub compatibility: Option<String>,
    /// Whether zig links, for a glibc older than the machine's or for another machine.
    pub zig: bool,
    /// Whether what is built runs on this machine.
    pub runs_here: bool,
}

/// The default tag of wheels for Linux: the oldest that rustc's own standard library supports, and so
/// installable nearly everywhere (PEP 599); for newer processors the oldest that exists.
const LINUX: &str = "manylinux2014";
const MUSL: &str = "musllinux_1_2";

/// For a target with glibc, or this machine.
fn oldest_tag(target: Option<&str>) -> String {
    let machine = target.and_then(Machine::of_triple);
    let (glibc, _) = manylinux::promise(LINUX).unwrap_or_default();
    let oldest = machine.and_then(|machine| manylinux::oldest(glibc.1, machine.tag()));
    oldest.unwrap_or_else(|| LINUX.to_owned())
}

/// A machine that GitHub offers, and the value for `release wheel --target` there.
#[derive(Clone, Copy, Debug)]
pub struct Hosted {
    /// The label of `runs-on`.
    pub runner: &'static str,
    pub os: &'static str,
    pub arch: &'static str,
    pub target: &'static str,
}

const fn hosted(runner: &'static str, [os, arch, target]: [&'static str; 3]) -> Hosted {
    Hosted {
        runner,
        os,
        arch,
        target,
    }
}

/// Where the wheels of a release that is to run nearly everywhere are built. Not on `windows-11-arm`: Python
/// for it begins with 3.11, and uv takes that for `x86_64` there.
pub const HOSTED: [Hosted; 7] = [
    hosted(
        "ubuntu-24.04",
        ["linux", "x86_64", "x86_64-unknown-linux-gnu"],
    ),
    hosted(
        "ubuntu-24.04-arm",
        ["linux", "aarch64", "aarch64-unknown-linux-gnu"],
    ),
    hosted(
        "ubuntu-24.04",
        ["linux", "x86_64", "x86_64-unknown-linux-musl"],
    ),
    hosted(
        "ubuntu-24.04-arm",
        ["linux", "aarch64", "aarch64-unknown-linux-musl"],
    ),
    hosted("macos-15", ["macos", "aarch64", "aarch64-apple-darwin"]),
    hosted("macos-15-intel", ["macos", "x86_64", "x86_64-apple-darwin"]),
    hosted(
        "windows-2025",
        ["windows", "x86_64", "x86_64-pc-windows-msvc"],
    ),
];

/// The runner of the first machine of each system.
pub fn first_runners() -> Vec<&'static str> {
    let mut first: Vec<&Hosted> = Vec::new();
    for hosted in &HOSTED {
        if first.iter().all(|it| it.os != hosted.os) {
            first.push(hosted);
        }
    }
    first.into_iter().map(|hosted| hosted.runner).collect()
}

impl Hosted {
    /// What a release builds there; `compatibility`: the project's tag for Linux.
    pub fn platform(&self, compatibility: Option<&str>) -> Platform {
        let host = Host {
            os: self.os,
            arch: self.arch,
            glibc: (self.os == "linux").then_some((2, 39)), // Ubuntu 24.04's
        };
        let said = StatedPlatform {
            target: Some(self.target),
            compatibility,
            ..StatedPlatform::default()
        };
        Platform::new(&host, &said)
    }
}

impl Platform {
    pub(super) fn new(host: &Host, said: &StatedPlatform<'_>) -> Self {
        let target = said.target;
        let is_linux = target.map_or(host.os == "linux", |triple| triple.contains("-linux-"));
        let is_musl = target.map_or(host.os == "linux" && host.glibc.is_none(), |triple| {
            triple.contains("-musl")
        });
        let runs_here = target.is_none_or(|triple| runs_on(triple, host));
        let default = match (is_linux, is_musl) {
            (false, _) => None,
            _ if said.reads_symbols && runs_here => None,
            (true, true) => Some(MUSL.to_owned()),
            (true, false) => Some(oldest_tag(target)),
        };
        let said_tag = said.compatibility.filter(|_| is_linux);
        let compatibility = said_tag.map(str::to_owned).or(default);
        let cross = target.is_some() && !runs_here;
        let needed = cross
            || !said.reads_symbols
                && matches!(
                    (compatibility.as_deref().and_then(manylinux::glibc), host.glibc),
                    (Some(wanted), Some(own)) if wanted < own
                );
        Self {
            target: target.map(str::to_owned),
            compatibility,
            zig: is_linux && said.zig.unwrap_or(needed),
            runs_here,
        }
    }

    /// For people: `manylinux2014 (zig)`.
    pub fn wording(&self) -> String {
        let tag = self.compatibility.as_deref().unwrap_or("native");
        let target = self.target.as_deref().map(|target| format!(" {target}"));
        let zig = if self.zig { " (zig)" } else { "" };
        format!("{tag}{}{zig}", target.unwrap_or_default())
    }
}

/// Whether the system runs programs of a target natively.
pub(super) fn runs_on(triple: &str, host: &Host) -> bool {
    let musl = triple.contains("-musl");
    let os = match host.os {
        "macos" => "-apple-darwin",
        "windows" => "-windows-",
        _ => "-linux-",
    };
    let arch = match triple.split('-').next().unwrap_or_default() {
        "i586" | "i686" => "x86",
        "powerpc64le" => "powerpc64",
        first if first.starts_with("riscv64") => "riscv64",
        first if first.starts_with("arm") || first.starts_with("thumb") => "arm",
        first => first,
    };
    arch == host.arch && triple.contains(os) && (host.os != "linux" || musl == host.glibc.is_none())
}

/// Checks that the toolchain can compile for a target.
///
/// # Errors
/// [`ToolError::NoTarget`] if the toolchain of `rustc` has no standard library for `target`.
pub(super) fn check_target(rustc: Option<&Utf8Path>, target: &str) -> Result<()> {
    let root = rustc.and_then(|rustc| rustc.parent()?.parent());
    let Some(root) = root else { return Ok(()) };
    let library = root.join("lib/rustlib").join(target);
    if disk::is_dir(&library) {
        return Ok(());
    }
    Err(ToolError::NoTarget {
        target: target.to_owned(),
        toolchain: root.file_name().unwrap_or_default().to_owned(),
    }
    .into())
}

/// What maturin would say about a platform tag only after everything is compiled.
///
/// # Errors
/// [`Error::Refused`] for a tag that maturin does not know.
pub(super) fn check_compatibility(tag: &str) -> Result<()> {
    let lower = tag.to_ascii_lowercase();
    let libc = lower.strip_prefix("manylinux");
    let libc = libc.or(lower.strip_prefix("musllinux")).unwrap_or(&lower);
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let version: Vec<&str> = libc.trim_start_matches('_').split('_').collect();
    let is_version = version.len() == 2 && version.iter().all(|part| is_number(part));
    if is_version
        || ["1", "2010", "2014"].contains(&libc)
        || ["linux", "off", "pypi"].contains(&&*lower)
    {
        return Ok(());
    }
    let hint = "manylinux2014, manylinux_2_28, musllinux_1_2, linux or pypi";
    Err(Error::refused(
        format!("maturin does not know the platform tag `{tag}`"),
        hint,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: Host = Host {
        os: "linux",
        arch: "x86_64",
        glibc: Some((2, 36)),
    };

    fn wording(host: &Host, said: &StatedPlatform<'_>) -> (String, bool) {
        let platform = Platform::new(host, said);
        (platform.wording(), platform.runs_here)
    }

    #[test]
    fn a_machine_runs_what_is_for_its_processor_whatever_rust_calls_that() {
        let host = |arch| Host { arch, ..DEBIAN };
        for (triple, arch, runs) in [
            ("x86_64-unknown-linux-gnu", "x86_64", true),
            ("x86_64-unknown-linux-musl", "x86_64", false),
            ("riscv64gc-unknown-linux-gnu", "riscv64", true),
            ("powerpc64le-unknown-linux-gnu", "powerpc64", true),
            ("armv7-unknown-linux-gnueabihf", "arm", true),
            ("i686-unknown-linux-gnu", "x86", true),
            ("aarch64-unknown-linux-gnu", "arm", false),
        ] {
            assert_eq!(runs_on(triple, &host(arch)), runs, "{triple}");
        }
    }

    #[test]
    fn a_target_without_a_standard_library_is_named_with_the_toolchain_that_lacks_it() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap().join("1.89-here");
        disk::create_dir(&root.join("lib/rustlib/there")).unwrap();
        let rustc = root.join("bin/rustc");
        assert!(check_target(Some(&rustc), "there").is_ok());
        assert!(
            check_target(None, "elsewhere").is_ok(),
            "cargo says so itself"
        );
        let error = check_target(Some(&rustc), "elsewhere").unwrap_err();
        assert_eq!(error.exit().code(), 3);
        let said = format!("{error} {:?}", error.hint());
        for word in ["elsewhere", "1.89-here", "rustup target add"] {
            assert!(said.contains(word), "{said}");
        }
    }

    #[test]
    fn tags_are_those_that_maturin_knows() {
        for tag in [
            "manylinux2014",
            "manylinux_2_28",
            "musllinux_1_2",
            "linux",
            "off",
            "pypi",
            "2014",
            "2_28",
        ] {
            check_compatibility(tag).unwrap();
        }
        for tag in [
            "nonsense",
            "manylinux",
            "manylinux_2",
            "manylinux_x_y",
            "macosx_11_0",
            "",
        ] {
            let refused = check_compatibility(tag).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("maturin does not know the platform tag `{tag}`")
            );
        }
    }

    #[test]
    fn zig_links_where_the_machines_glibc_is_too_new_for_the_tag() {
        let said = StatedPlatform::default();
        assert_eq!(
            wording(&DEBIAN, &said),
            ("manylinux2014 (zig)".into(), true)
        );
        let centos = Host {
            glibc: Some((2, 17)),
            ..DEBIAN
        };
        assert_eq!(wording(&centos, &said), ("manylinux2014".into(), true));
        let newer = StatedPlatform {
            compatibility: Some("manylinux_2_36"),
            ..said
        };
        assert_eq!(wording(&DEBIAN, &newer), ("manylinux_2_36".into(), true));
        let without = StatedPlatform {
            zig: Some(false),
            ..StatedPlatform::default()
        };
        assert_eq!(wording(&DEBIAN, &without), ("manylinux2014".into(), true));
    }

    #[test]
    fn zig_links_nothing_here_whose_symbols_are_read() {
        let said = |compatibility, target| StatedPlatform {
            target,
            compatibility,
            zig: None,
            reads_symbols: true,
        };
        let none = wording(&DEBIAN, &said(None, None));
        assert_eq!(none, ("native".into(), true));
        let tagged = wording(&DEBIAN, &said(Some("manylinux2014"), None));
        assert_eq!(tagged, ("manylinux2014".into(), true));
        let arm = wording(&DEBIAN, &said(None, Some("aarch64-unknown-linux-gnu")));
        assert!(arm.0.ends_with("(zig)"), "nothing else links it");
    }

    #[test]
    fn what_another_machine_runs_is_built_and_not_run() {
        let target = |triple| StatedPlatform {
            target: Some(triple),
            ..StatedPlatform::default()
        };
        let arm = wording(&DEBIAN, &target("aarch64-unknown-linux-gnu"));
        let words = "manylinux2014 aarch64-unknown-linux-gnu (zig)";
        assert_eq!(arm, (words.into(), false));
        let musl = wording(&DEBIAN, &target("x86_64-unknown-linux-musl"));
        let words = "musllinux_1_2 x86_64-unknown-linux-musl (zig)";
        assert_eq!(musl, (words.into(), false));
        let own = wording(&DEBIAN, &target("x86_64-unknown-linux-gnu"));
        assert!(own.1);
        // there is no older one
        let riscv = wording(&DEBIAN, &target("riscv64gc-unknown-linux-gnu"));
        let words = "manylinux_2_31 riscv64gc-unknown-linux-gnu (zig)";
        assert_eq!(riscv, (words.into(), false));
    }

    #[test]
    fn other_systems_tag_by_themselves() {
        let mac = Host {
            os: "macos",
            arch: "aarch64",
            glibc: None,
        };
        assert_eq!(
            wording(&mac, &StatedPlatform::default()),
            ("native".into(), true)
        );
    }
}
