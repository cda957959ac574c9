//! Disk usage of files.

use camino::Utf8Path;

/// The disk usage of files.
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

/// What removing a file, or everything below a directory, would free: links are not followed, and a file with
/// another name elsewhere is not counted.
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
        let file = FileExtent::of(&metadata);
        let seen = names.entry(file.identity).or_insert(0);
        *seen += 1;
        if file.links == 1 || *seen == file.links {
            usage.bytes += file.bytes;
        }
    }
    usage
}

/// The disk usage of one file.
struct FileExtent {
    /// What distinguishes it from others: device and inode.
    identity: (u64, u64),
    /// How many names it has.
    links: u64,
    bytes: u64,
}

impl FileExtent {
    #[cfg(unix)]
    fn of(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            identity: (metadata.dev(), metadata.ino()),
            links: metadata.nlink(),
            bytes: metadata.blocks() * 512,
        }
    }

    /// On other systems the standard library does not report other names.
    #[cfg(not(unix))]
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self {
            identity: (0, 0),
            links: 1,
            bytes: metadata.len(),
        }
    }
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
