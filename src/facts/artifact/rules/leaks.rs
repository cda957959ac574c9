//! What an archive reveals about the machine it was built on: absolute paths, RPATH, debug information.

use std::collections::BTreeMap;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use memchr::memmem;

use crate::facts::artifact::{ArchiveMember, Binary, Expected};
use crate::model::finding::Finding;

/// `binaries`: by their members' names.
pub(super) fn findings(
    members: &[ArchiveMember],
    binaries: &BTreeMap<String, Binary>,
    expected: &Expected,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for member in members {
        let binary = binaries.get(&member.name);
        let private = private(member, binary.is_some(), &expected.private_paths);
        let path = private.or_else(|| usual(member, binary.is_some()));
        let of_binary = binary.map(|binary| {
            let search = search(binary, &expected.private_paths);
            search.into_iter().chain(debug(binary, &member.name))
        });
        let all = path.into_iter().chain(of_binary.into_iter().flatten());
        found.extend(all.map(|finding| finding.at(&member.name, None)));
    }
    found
}

const REMAP: &str =
    "build it with `cargo pyx release wheel`, or set RUSTFLAGS=\"--remap-path-prefix=$HOME=/home\"";

/// A path that the caller named.
fn private(member: &ArchiveMember, is_binary: bool, paths: &[Utf8PathBuf]) -> Option<Finding> {
    let specific = |path: &&Utf8PathBuf| depth(path) > 1 || is_binary;
    let at = paths
        .iter()
        .filter(specific)
        .find_map(|path| place(&member.bytes, path))?;
    let message = format!(
        "holds a path of the build machine: `{}`",
        shown(&member.bytes[at..])
    );
    Some(Finding::error("build-path", message).hint(REMAP))
}

/// How many folders lead to it from the root of its file system.
fn depth(path: &Utf8Path) -> usize {
    let names = path.components();
    names
        .filter(|it| matches!(it, Utf8Component::Normal(_)))
        .count()
}

/// Where a path, or one below it, begins.
fn place(bytes: &[u8], path: &Utf8Path) -> Option<usize> {
    let text = path.as_str().trim_end_matches(std::path::is_separator);
    if text.is_empty() {
        return None;
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    // in binaries texts stand side by side, but `/src` is the end of many a longer path
    let is_short = depth(path) == 1;
    let whole = |at: &usize| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(at + text.len());
        let begins = !is_short || !before.is_some_and(is_name);
        begins && !after.is_some_and(is_name)
    };
    memmem::find_iter(bytes, text).find(whole)
}

/// Paths recognised by their form if nothing says which are private: harmless if a CI machine built the
/// archive.
fn usual(member: &ArchiveMember, is_binary: bool) -> Option<Finding> {
    let is_sbom = member.name.contains(".dist-info/sboms/");
    let patterns: &[&str] = match (is_binary, is_sbom) {
        (true, _) => &["/.cargo/registry/src/", r"\.cargo\registry\src\"],
        (_, true) => &["path+file:///"],
        _ => return None,
    };
    let mut patterns = patterns.iter();
    let at = patterns.find_map(|it| memmem::find(&member.bytes, it.as_bytes()))?;
    let message = format!(
        "holds paths of the build machine: `…{}`",
        shown(&member.bytes[at..])
    );
    Some(Finding::warning("build-path", message).hint(REMAP))
}

/// The characters of a path, or the first of them.
fn shown(bytes: &[u8]) -> String {
    let of_path = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/._-+:\\".contains(byte);
    let path: Vec<u8> = bytes.iter().take_while(of_path).take(80).copied().collect();
    String::from_utf8_lossy(&path).into_owned()
}

/// RPATH and RUNPATH may only lead to places relative to the library.
fn search(binary: &Binary, paths: &[Utf8PathBuf]) -> Vec<Finding> {
    const BUILDS: [&str; 7] = [
        "/home/", "/root/", "/Users/", "/tmp/", "/build/", "/github/", "/__w/",
    ];
    let absolute = binary
        .search
        .iter()
        .filter(|path| !path.starts_with(['$', '@']));
    absolute
        .map(|path| {
            let of_build = BUILDS.iter().any(|prefix| path.starts_with(prefix))
                || path.contains("/target/")
                || paths
                    .iter()
                    .any(|private| Utf8Path::new(path).starts_with(private));
            let message = format!("looks for libraries in `{path}` (RPATH), an absolute path");
            let finding = if of_build {
                Finding::error("rpath", message)
            } else {
                Finding::warning("rpath", message)
            };
            finding.hint("remove `-rpath` from the linker flags, or use `$ORIGIN`")
        })
        .collect()
}

/// Libraries that a repair tool copied into the wheel are not cargo's.
fn debug(binary: &Binary, name: &str) -> Option<Finding> {
    #[expect(clippy::cast_precision_loss, reason = "for people: one digit is shown")]
    let size = binary.debug as f64 / f64::from(1 << 20);
    let message = format!("holds {size:.1} MiB of debug information");
    let hint = if name.contains(".libs/") {
        "strip --strip-debug the library before it is copied into the wheel"
    } else {
        "build it with --release, and set `strip = \"debuginfo\"` under [profile.release]"
    };
    (binary.debug > 0).then(|| Finding::warning("debug-info", message).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_path_is_found_with_what_is_below_it() {
        let found = |text: &str, path: &str| place(text.as_bytes(), Utf8Path::new(path));
        assert_eq!(found("x/home/al/src", "/home/al"), Some(1));
        assert_eq!(found("/home/al", "/home/al/"), Some(0));
        assert_eq!(found("/home/alice /home/al\0", "/home/al"), Some(12));
        assert_eq!(found("/home/alice", "/home/al"), None);
        assert_eq!(found("/cargo/registry/src/x /src/y", "/src"), Some(22));
        assert_eq!(found("/a/b", "/"), None);
    }

    #[test]
    fn a_registry_is_known_by_its_path_on_every_system() {
        for path in [
            "/home/al/.cargo/registry/src/x",
            r"C:\Users\al\.cargo\registry\src\x",
        ] {
            let member = ArchiveMember {
                bytes: path.into(),
                ..ArchiveMember::default()
            };
            assert!(usual(&member, true).is_some(), "{path}");
            assert!(usual(&member, false).is_none(), "{path}");
        }
    }

    #[test]
    fn a_short_path_counts_in_binaries_only() {
        let member = ArchiveMember {
            name: "a".into(),
            bytes: b"see /root/.config".to_vec(),
            ..ArchiveMember::default()
        };
        let paths = [Utf8PathBuf::from("/root")];
        assert!(private(&member, false, &paths).is_none());
        let found = private(&member, true, &paths).unwrap();
        assert!(
            found.message.ends_with("`/root/.config`"),
            "{}",
            found.message
        );
    }
}
