//! What the platform tags for Linux with glibc promise (PEP 513, 571, 599 and 600): which glibc, and which
//! other libraries with it, following auditwheel's policies.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// auditwheel's data, as `just policies` writes it.
const DATA: &str = include_str!("manylinux.json");

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let parsed = serde_json::from_str(DATA);
    parsed.unwrap_or_else(|error| panic!("manylinux.json: {error}"))
});

#[derive(Deserialize)]
struct Known {
    auditwheel: String,
    /// The oldest glibc first.
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
struct Policy {
    /// `2.x`
    glibc: u64,
    /// Tags from before they were named after the glibc version.
    aliases: Vec<String>,
    libraries: Vec<String>,
    /// By machine and library, the highest symbol versions.
    symbols: BTreeMap<String, BTreeMap<String, Vec<u64>>>,
}

/// The version of auditwheel that the policies come from.
pub fn auditwheel() -> &'static str {
    &KNOWN.auditwheel
}

/// The oldest glibc that a wheel with this tag runs on, and the machine; with or without a machine:
/// `manylinux2014_x86_64`, `manylinux_2_17`. `None` for tags that promise no glibc.
pub fn promise(tag: &str) -> Option<((u64, u64), &str)> {
    for policy in &KNOWN.policies {
        for old in &policy.aliases {
            if let Some(rest) = tag.strip_prefix(old.as_str())
                && (rest.is_empty() || rest.starts_with('_'))
            {
                return Some(((2, policy.glibc), rest.trim_start_matches('_')));
            }
        }
    }
    let mut parts = tag.strip_prefix("manylinux_")?.splitn(3, '_');
    let glibc = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((glibc, parts.next().unwrap_or_default()))
}

/// The glibc of [`promise`].
pub fn glibc(tag: &str) -> Option<(u64, u64)> {
    promise(tag).map(|(glibc, _)| glibc)
}

/// The oldest tag for a machine with glibc 2.`glibc` or newer.
pub fn oldest(glibc: u64, machine: &str) -> Option<String> {
    let mut policies = KNOWN.policies.iter();
    let policy =
        policies.find(|policy| policy.glibc >= glibc && policy.symbols.contains_key(machine))?;
    let alias = policy.aliases.first().cloned();
    Some(alias.unwrap_or_else(|| format!("manylinux_2_{}", policy.glibc)))
}

/// The highest version of a library's symbols that every system of a tag has: `GLIBCXX` and
/// `[3, 4, 19]` for `GLIBCXX_3.4.19`.
pub type Limit = (&'static str, Vec<u64>);

/// The limits for systems with glibc 2.`glibc`. For a glibc newer than auditwheel knows, only glibc's own
/// symbols are limited; an unknown machine is treated as the most common one.
pub fn limits(glibc: u64, machine: &str) -> Vec<Limit> {
    let newest = KNOWN.policies.last().map(|policy| policy.glibc);
    let mut older = KNOWN.policies.iter().rev();
    let policy = older.find(|policy| policy.glibc <= glibc && newest >= Some(glibc));
    let symbols = policy.and_then(|policy| {
        let own = policy.symbols.get(machine);
        own.or_else(|| policy.symbols.get("x86_64"))
    });
    let limit = |library: &str| {
        let version = symbols.and_then(|symbols| symbols.get(library));
        version.filter(|version| !version.is_empty()).cloned()
    };
    // some machines have more than the tag's name says
    let own = limit("GLIBC").unwrap_or_default().max(vec![2, glibc]);
    let mut limits = vec![("GLIBC", own)];
    for library in ["GLIBCXX", "CXXABI", "GCC"] {
        limits.extend(limit(library).map(|version| (library, version)));
    }
    limits
}

/// Whether systems with such tags have a library, by the name that loaders look for.
pub fn has_library(name: &str) -> bool {
    let mut libraries = KNOWN.policies.iter().flat_map(|policy| &policy.libraries);
    libraries.any(|known| known == name) || name.starts_with("ld") || name.starts_with("libc.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_promises_a_glibc_with_a_machine_or_without() {
        for (tag, promised) in [
            ("manylinux1_i686", Some(((2, 5), "i686"))),
            ("manylinux2014_x86_64", Some(((2, 17), "x86_64"))),
            ("manylinux2014", Some(((2, 17), ""))),
            ("manylinux_2_28_x86_64", Some(((2, 28), "x86_64"))),
            ("manylinux_2_28", Some(((2, 28), ""))),
            ("manylinux2014x", None),
            ("manylinux", None),
            ("linux_x86_64", None),
            ("musllinux_1_2_x86_64", None),
        ] {
            assert_eq!(promise(tag), promised, "{tag}");
        }
    }

    #[test]
    fn the_oldest_tag_of_a_machine_is_as_old_as_the_machine_in_linux() {
        for (machine, oldest_tag) in [
            ("x86_64", Some("manylinux2014")),
            ("s390x", Some("manylinux2014")),
            ("riscv64", Some("manylinux_2_31")),
            ("loongarch64", Some("manylinux_2_36")),
            ("vax", None),
        ] {
            assert_eq!(oldest(17, machine).as_deref(), oldest_tag, "{machine}");
        }
        assert_eq!(oldest(5, "x86_64").as_deref(), Some("manylinux1"));
    }

    #[test]
    fn a_newer_glibc_brings_newer_companions_as_far_as_they_are_known() {
        let limits = |glibc, machine| limits(glibc, machine).into_iter().collect::<Vec<_>>();
        assert_eq!(limits(17, "x86_64")[0], ("GLIBC", vec![2, 17]));
        assert_eq!(limits(17, "aarch64")[0], ("GLIBC", vec![2, 18]));
        assert_eq!(limits(36, "x86_64")[1], ("GLIBCXX", vec![3, 4, 30]));
        assert_eq!(limits(1_000, "x86_64").len(), 1);
    }
}
