//! What the platform tags for Linux with glibc promise (PEP 513, 571, 599 and 600): which glibc, and
//! with it which other libraries, as auditwheel's policies have them.

/// The oldest glibc that a wheel with this tag runs on, and the machine; with or without a machine:
/// `manylinux2014_x86_64`, `manylinux_2_17`. `None` for tags that promise no glibc.
pub fn promise(tag: &str) -> Option<((u64, u64), &str)> {
    for (old, glibc) in ALIASES {
        if let Some(rest) = tag.strip_prefix(old)
            && (rest.is_empty() || rest.starts_with('_'))
        {
            return Some((glibc, rest.trim_start_matches('_')));
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

/// Tags from before they were named after the version of glibc.
const ALIASES: [(&str, (u64, u64)); 3] = [
    ("manylinux1", (2, 5)),
    ("manylinux2010", (2, 12)),
    ("manylinux2014", (2, 17)),
];

/// The highest version of a library's symbols that every system of a tag has: `GLIBCXX` and
/// `[3, 4, 19]` for `GLIBCXX_3.4.19`.
pub type Limit = (&'static str, Vec<u64>);

/// The limits for systems with glibc 2.`glibc`. Of a glibc that is newer than the table only its own
/// symbols are limited.
pub fn limits(glibc: u64, machine: &str) -> Vec<Limit> {
    // RHEL 7 for aarch64 has the symbols of 2.18
    let backported = glibc == 17 && machine == "aarch64";
    let own = if backported { 18 } else { glibc };
    let mut limits = vec![("GLIBC", vec![2, own])];
    let companions = COMPANIONS.iter().rev().find(|row| row.glibc <= glibc);
    if let Some(row) = companions
        && glibc <= LAST_KNOWN
    {
        limits.push(("GLIBCXX", vec![3, 4, row.glibcxx]));
        limits.push(("CXXABI", vec![1, 3, row.cxxabi]));
        limits.push(("GCC", row.gcc.to_vec()));
    }
    limits
}

/// What distributions with a glibc (2.x) and later ones shipped of libstdc++ and libgcc.
struct Companions {
    glibc: u64,
    /// `GLIBCXX_3.4.x`
    glibcxx: u64,
    /// `CXXABI_1.3.x`
    cxxabi: u64,
    gcc: [u64; 2],
}

const fn row(glibc: u64, glibcxx: u64, cxxabi: u64, gcc: [u64; 2]) -> Companions {
    Companions {
        glibc,
        glibcxx,
        cxxabi,
        gcc,
    }
}

const COMPANIONS: [Companions; 9] = [
    row(5, 8, 1, [4, 2]),
    row(12, 13, 3, [4, 5]),
    row(17, 19, 7, [4, 8]),
    row(24, 22, 10, [4, 8]),
    row(26, 24, 11, [7, 0]),
    row(31, 28, 12, [7, 0]),
    row(34, 29, 13, [11, 0]),
    row(35, 30, 13, [12, 0]),
    row(39, 33, 15, [14, 0]),
];

/// The last glibc (2.x) whose companions the table knows.
const LAST_KNOWN: u64 = 41;

/// Whether every system of every such tag has a library, by the name that loaders look for.
pub fn has_library(name: &str) -> bool {
    LIBRARIES.contains(&name) || name.starts_with("ld") || name.starts_with("libc.")
}

const LIBRARIES: [&str; 24] = [
    "libGL.so.1",
    "libICE.so.6",
    "libSM.so.6",
    "libX11.so.6",
    "libXext.so.6",
    "libXrender.so.1",
    "libanl.so.1",
    "libatomic.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libexpat.so.1",
    "libgcc_s.so.1",
    "libglib-2.0.so.0",
    "libgobject-2.0.so.0",
    "libgthread-2.0.so.0",
    "libm.so.6",
    "libmvec.so.1",
    "libnsl.so.1",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
    "libz.so.1",
];

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
    fn a_newer_glibc_brings_newer_companions_as_far_as_they_are_known() {
        let limits = |glibc, machine| limits(glibc, machine).into_iter().collect::<Vec<_>>();
        assert_eq!(limits(17, "x86_64")[0], ("GLIBC", vec![2, 17]));
        assert_eq!(limits(17, "aarch64")[0], ("GLIBC", vec![2, 18]));
        assert_eq!(limits(36, "x86_64")[1], ("GLIBCXX", vec![3, 4, 30]));
        assert_eq!(limits(LAST_KNOWN + 1, "x86_64").len(), 1);
    }
}
