//! How much files take up.

use camino::Utf8Path;

/// What files take up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub bytes: u64,
    pub files: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.files += other.files;
    }
}

impl std::ops::SubAssign for Usage {
    fn sub_assign(&mut self, part: Self) {
        self.bytes = self.bytes.saturating_sub(part.bytes);
        self.files = self.files.saturating_sub(part.files);
    }
}

impl Usage {
    /// A number of bytes for people: `1.5 MiB`.
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    pub fn wording(bytes: u64) -> String {
        let mut units = ["B", "KiB", "MiB", "GiB"].into_iter();
        let (mut size, mut unit) = (bytes as f64, units.next().unwrap_or_default());
        for next in units {
            if size < 1024.0 {
                break;
            }
            (size, unit) = (size / 1024.0, next);
        }
        if unit == "B" {
            format!("{bytes} B")
        } else {
            format!("{size:.1} {unit}")
        }
    }
}

/// What removing a file, or everything below a directory, would free: links are not followed, and what
/// has another name elsewhere stays.
pub fn usage(path: &Utf8Path) -> Usage {
    if path.is_symlink() {
        return Usage { bytes: 0, files: 1 };
    }
    let walk = ignore::WalkBuilder::new(path)
        .standard_filters(false)
        .build();
    let mut names = std::collections::BTreeMap::new();
    let mut usage = Usage::default();
    for entry in walk.flatten() {
        let Some(metadata) = entry.metadata().ok().filter(|found| !found.is_dir()) else {
            continue;
        };
        usage.files += 1;
        let (identity, links, bytes) = extent(&metadata);
        let seen = names.entry(identity).or_insert(0);
        *seen += 1;
        if links == 1 || *seen == links {
            usage.bytes += bytes;
        }
    }
    usage
}

/// What tells a file from others, how many names it has, and what it takes up.
#[cfg(unix)]
fn extent(metadata: &std::fs::Metadata) -> ((u64, u64), u64, u64) {
    use std::os::unix::fs::MetadataExt;
    let identity = (metadata.dev(), metadata.ino());
    (identity, metadata.nlink(), metadata.blocks() * 512)
}

#[cfg(not(unix))]
fn extent(metadata: &std::fs::Metadata) -> ((u64, u64), u64, u64) {
    ((0, 0), 1, metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_worded_with_the_unit_that_fits() {
        let words = [0, 1023, 1024, 1_610_612_736].map(Usage::wording);
        assert_eq!(words, ["0 B", "1023 B", "1.0 KiB", "1.5 GiB"]);
    }
}
