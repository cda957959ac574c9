//! Files that match a pattern.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::path::normalize;

use super::{is_there, names_in};

/// The existing paths below `dir` that match a pattern with `*`, `?`, `[…]` and `**` between slashes, sorted;
/// `**` enters no `target`, nothing hidden and no link.
pub fn matching(dir: &Utf8Path, pattern: &str) -> Vec<Utf8PathBuf> {
    let mut parts: Vec<&str> = pattern.split('/').collect();
    parts.dedup_by(|one, other| *one == "**" && one == other);
    let mut found = meant(dir, &parts.join("/"));
    found.sort();
    found.dedup();
    found
}

fn meant(dir: &Utf8Path, pattern: &str) -> Vec<Utf8PathBuf> {
    let (first, rest) = pattern.split_once('/').unwrap_or((pattern, ""));
    let below = |path: Utf8PathBuf| match rest {
        "" => Vec::from_iter(is_there(&path).then_some(path)),
        rest => meant(&path, rest),
    };
    if first == "**" {
        let mut found = if rest.is_empty() {
            names_in(dir, |_| true)
        } else {
            meant(dir, rest)
        };
        let inner = names_in(dir, |name| name != "target" && !name.starts_with('.'));
        let is_own = |path: &Utf8PathBuf| path.symlink_metadata().is_ok_and(|it| it.is_dir());
        let inner = inner.into_iter().filter(is_own);
        found.extend(inner.flat_map(|path| meant(&path, pattern)));
        return found;
    }
    if !first.contains(['*', '?', '[']) {
        return below(normalize(&dir.join(first)));
    }
    let Ok(glob) = globset::Glob::new(first) else {
        return Vec::new();
    };
    let glob = glob.compile_matcher();
    names_in(dir, |name| glob.is_match(name))
        .into_iter()
        .flat_map(below)
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::model::path::shown;
    use crate::world::disk::tests::dir;
    use crate::world::disk::write;

    use super::*;

    #[test]
    fn patterns_match_names_between_slashes() {
        let (_guard, dir) = dir();
        for name in ["LICENSE", "LICENCE.txt", "a/b/LICENSE", "target/LICENSE"] {
            write(&dir.join(name), b"").unwrap();
        }
        let found = |pattern| {
            let below = matching(&dir, pattern)
                .into_iter()
                .map(|path| shown(&dir, &path).into_string());
            below.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found("LICEN[CS]E*"), "LICENCE.txt LICENSE");
        assert_eq!(found("*/b/LICENSE"), "a/b/LICENSE");
        assert_eq!(found("**/LICENSE"), "LICENSE a/b/LICENSE");
        assert_eq!(found("./a/*"), "a/b");
        assert_eq!(found("NOTICE"), "");
        #[cfg(unix)]
        for name in ["one", "other"] {
            std::os::unix::fs::symlink(&dir, dir.join("a").join(name)).unwrap();
            assert_eq!(found("**/LICENSE"), "LICENSE a/b/LICENSE");
        }
    }

    #[test]
    fn what_a_pattern_finds_is_sorted_and_there_once() {
        let (_guard, dir) = dir();
        for name in ["b.py", "a/a.py", "a/c/d.py", "a.py"] {
            write(&dir.join(name), b"").unwrap();
        }
        let expected = ["a/a.py", "a/c/d.py", "a.py", "b.py"].map(|name| dir.join(name));
        for pattern in ["**/*.py", "**/**/*.py", "./**/**/**/*.py"] {
            assert_eq!(matching(&dir, pattern), expected, "{pattern}");
        }
    }
}
