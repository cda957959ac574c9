//! The members of a zip or tar archive, read completely. What cannot be read is a finding, not an error.
//!
//! Some archives are made to harm whoever unpacks them: memory use is bounded, and members that are not
//! regular files are reported. Nothing else may unpack those: see [`is_harmless`].

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use camino::Utf8Path;

use crate::model::error::{MachineError, Result};
use crate::model::finding::Finding;
use crate::world::disk;

/// A file in an archive; folders are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveMember {
    /// With `/` between folders, as in the archive.
    pub name: String,
    /// As far as they could be read.
    pub bytes: Vec<u8>,
    /// Compressed size in bytes; the content's size if members are not compressed individually.
    pub compressed: u64,
    /// Whether all of it could be read and its checksum is right.
    pub intact: bool,
    /// Where a symbolic or hard link points.
    pub link: Option<String>,
}

impl ArchiveMember {
    /// The last part of its name.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// The first part of its name, if there are several.
    pub fn top_folder(&self) -> Option<&str> {
        Some(self.name.split_once('/')?.0)
    }
}

/// The suffix of a member's name, without the dot.
pub(super) fn ending(name: &str) -> Option<&str> {
    Utf8Path::new(name).extension()
}

/// The unpacking limit of an archive: this many times its own size, and always enough for the smallest
/// programs; but never more than a machine has memory for.
const TIMES: u64 = 100;
const ALWAYS: u64 = 64 << 20;
const NEVER: u64 = 2 << 30;

fn bound(size: usize) -> u64 {
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    size.saturating_mul(TIMES).clamp(ALWAYS, NEVER)
}

/// The rules whose violation harms whoever unpacks an archive.
const UNPACKED_SIZE: &str = "unpacked-size";
const SPECIAL_FILE: &str = "special-file";

/// Whether other programs may unpack an archive with these findings.
pub fn is_harmless(findings: &[Finding]) -> bool {
    let harm = [UNPACKED_SIZE, SPECIAL_FILE];
    !findings.iter().any(|finding| harm.contains(&finding.rule))
}

/// Reads no more than what is left of a limit, for all members together.
struct Bounded<'a, R> {
    inner: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.checked_sub(read as u64);
        *self.left = left.ok_or(std::io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

fn is_too_large(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::FileTooLarge
}

/// What could be read of an archive.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    pub(super) members: Vec<ArchiveMember>,
    pub(super) findings: Vec<Finding>,
}

impl Contents {
    fn unreadable(path: &Utf8Path, why: impl std::fmt::Display) -> Self {
        let finding = Finding::error("unreadable", format!("cannot be read: {why}"));
        Self {
            members: Vec::new(),
            findings: vec![
                finding
                    .at(path, None)
                    .hint("build it again; a full disk can leave such files"),
            ],
        }
    }

    /// Nothing of it is judged: its members are only partly known.
    fn too_large(path: &Utf8Path, bound: u64) -> Self {
        let message = format!(
            "unpacks to more than {} MiB, more than any package needs",
            bound >> 20
        );
        Self {
            members: Vec::new(),
            findings: vec![Finding::error(UNPACKED_SIZE, message).at(path, None)],
        }
    }

    fn special(&mut self, member: &str) {
        let message = "is a pipe, a socket or a device, which unpacking would create";
        let finding = Finding::error(SPECIAL_FILE, message);
        self.findings.push(finding.at(member, None));
    }

    fn broken(&mut self, member: &str, why: impl std::fmt::Display) {
        let finding = Finding::error("unreadable", format!("cannot be read: {why}"));
        self.findings.push(finding.at(member, None));
    }
}

/// The bytes of a distribution's file.
///
/// # Errors
/// [`MachineError::Io`] if there is no such file.
pub(super) fn bytes(path: &Utf8Path) -> Result<Vec<u8>> {
    let bytes = disk::read(path)?.ok_or_else(|| MachineError::Io {
        verb: "read",
        path: path.to_owned(),
        source: std::io::ErrorKind::NotFound.into(),
    })?;
    Ok(bytes)
}

pub(super) fn zip(path: &Utf8Path, bytes: &[u8]) -> Contents {
    let mut archive = match zip::ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(error) => return Contents::unreadable(path, error),
    };
    let mut contents = Contents::default();
    let start = usize::try_from(archive.central_directory_start()).unwrap_or(usize::MAX);
    for name in duplicates(bytes.get(start..).unwrap_or_default()) {
        let message = "is in the archive more than once";
        let finding = Finding::error("duplicate-member", message).at(name, None);
        contents.findings.push(finding);
    }
    if !archive.has_duplicate_names()
        && let Err(error) = archive.validate_header_consistency()
    {
        contents.broken(path.as_str(), error);
    }
    let bound = bound(bytes.len());
    let mut left = bound;
    for index in 0..archive.len() {
        if !unzip(&mut contents, &mut archive, index, &mut left) {
            return Contents::too_large(path, bound);
        }
    }
    contents
}

/// Whether it is within the limit.
fn unzip(
    contents: &mut Contents,
    archive: &mut zip::ZipArchive<Cursor<&[u8]>>,
    index: usize,
    left: &mut u64,
) -> bool {
    let raw = archive
        .by_index_data(index)
        .map(|entry| entry.name_raw().to_vec());
    let name = String::from_utf8_lossy(&raw.unwrap_or_default()).into_owned();
    if name.ends_with('/') {
        return true;
    }
    let mut member = ArchiveMember {
        name,
        ..ArchiveMember::default()
    };
    let read = archive.by_index(index).and_then(|file| {
        member.compressed = file.compressed_size();
        let linked = file.is_symlink();
        if file.unix_mode().is_some_and(is_special) {
            contents.special(&member.name);
        }
        Bounded { inner: file, left }.read_to_end(&mut member.bytes)?;
        member.link = linked.then(|| String::from_utf8_lossy(&member.bytes).into_owned());
        Ok(())
    });
    member.intact = read.is_ok();
    match read {
        Err(zip::result::ZipError::Io(error)) if is_too_large(&error) => return false,
        Err(error) => contents.broken(&member.name, error),
        Ok(()) => {}
    }
    contents.members.push(member);
    true
}

/// By Unix mode: neither a file, a folder nor a link. Some programs write none of the kinds.
fn is_special(mode: u32) -> bool {
    const KIND: u32 = 0o170_000;
    ![0, 0o040_000, 0o100_000, 0o120_000].contains(&(mode & KIND))
}

/// The names that a zip's central directory lists more than once (APPNOTE 4.3.12), of which
/// readers see only one.
fn duplicates(mut directory: &[u8]) -> Vec<String> {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    while directory.starts_with(b"PK\x01\x02") && directory.len() >= 46 {
        let length = |at| usize::from(u16::from_le_bytes([directory[at], directory[at + 1]]));
        let (name, rest) = (length(28), length(30) + length(32));
        let Some(text) = directory.get(46..46 + name) else {
            break;
        };
        *names
            .entry(String::from_utf8_lossy(text).into_owned())
            .or_default() += 1;
        directory = directory.get(46 + name + rest..).unwrap_or_default();
    }
    names.retain(|_, count| *count > 1);
    names.into_keys().collect()
}

pub(super) fn tar_gz(path: &Utf8Path, bytes: &[u8]) -> Contents {
    let bound = bound(bytes.len());
    let mut left = bound;
    let mut archive = tar::Archive::new(Bounded {
        inner: flate2::read::GzDecoder::new(bytes),
        left: &mut left,
    });
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return Contents::unreadable(path, error),
    };
    let mut contents = Contents::default();
    let mut room = bound;
    for entry in entries {
        let read = entry.and_then(|mut entry| untar(&mut entry, &mut room));
        match read {
            Ok(None) => {}
            Ok(Some((member, is_special))) => {
                if is_special {
                    contents.special(&member.name);
                }
                contents.members.push(member);
            }
            Err(error) if is_too_large(&error) => return Contents::too_large(path, bound),
            Err(error) => {
                contents.broken(path.as_str(), error);
                break;
            }
        }
    }
    contents
}

/// With whether it is neither a file nor a link. `room`: what it may unpack to, including its holes, which
/// take no space in the archive.
fn untar(
    entry: &mut tar::Entry<'_, impl Read>,
    room: &mut u64,
) -> std::io::Result<Option<(ArchiveMember, bool)>> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let kind = entry.header().entry_type();
    if kind.is_dir() || kind.is_pax_global_extensions() {
        return Ok(None);
    }
    let mut member = ArchiveMember {
        name: text(&entry.path_bytes()),
        link: entry.link_name_bytes().map(|target| text(&target)),
        intact: true,
        ..ArchiveMember::default()
    };
    let left = room.checked_sub(entry.size());
    *room = left.ok_or(std::io::ErrorKind::FileTooLarge)?;
    entry.read_to_end(&mut member.bytes)?;
    member.compressed = entry.size();
    let special = kind.is_fifo() || kind.is_character_special() || kind.is_block_special();
    Ok(Some((member, special)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::Error;

    #[test]
    fn what_is_no_archive_is_a_finding() {
        let path = Utf8Path::new("/p/a.whl");
        for contents in [
            zip(path, b"no zip"),
            tar_gz(path, b"no tar"),
            zip(path, b""),
        ] {
            assert_eq!(contents.findings[0].rule, "unreadable");
            assert!(contents.members.is_empty());
        }
    }

    #[test]
    fn no_more_is_read_than_an_archive_may_unpack_to() {
        use flate2::{Compression, write::GzEncoder};
        use std::io::{Write, repeat};
        let path = Utf8Path::new("/p/a.whl");
        let zeros = || repeat(0).take(ALWAYS + 1);
        let mut packed = zip::ZipWriter::new(Cursor::new(Vec::new()));
        // together they are too much
        for (name, size) in [("a", ALWAYS / 2), ("b", ALWAYS / 2), ("c", 1)] {
            packed
                .start_file(name, zip::write::SimpleFileOptions::default())
                .unwrap();
            std::io::copy(&mut zeros().take(size), &mut packed).unwrap();
        }
        let bomb = packed.finish().unwrap().into_inner();
        assert!(bomb.len() < 1 << 20);
        let mut tar = GzEncoder::new(Vec::new(), Compression::default());
        let mut header = tar::Header::new_gnu();
        header.set_size(ALWAYS);
        header.set_entry_type(tar::EntryType::GNULongName); // which readers hold before they ask
        header.set_cksum();
        tar.write_all(header.as_bytes()).unwrap();
        std::io::copy(&mut zeros(), &mut tar).unwrap();
        for contents in [zip(path, &bomb), tar_gz(path, &tar.finish().unwrap())] {
            let found: Vec<&str> = contents.findings.iter().map(|one| one.rule).collect();
            assert_eq!(found, [UNPACKED_SIZE]);
            assert!(contents.members.is_empty() && !is_harmless(&contents.findings));
        }
        assert_eq!(bound(1 << 20), 100 << 20);
        assert_eq!(bound(usize::MAX), NEVER);
    }

    #[test]
    fn holes_count_as_what_they_unpack_to() {
        let mut header = tar::Header::new_gnu();
        header.set_path("hole").unwrap();
        header.set_entry_type(tar::EntryType::GNUSparse);
        header.set_size(0);
        let octal = |size: u64| *format!("{size:011o}\0").as_bytes().first_chunk().unwrap();
        let gnu = header.as_gnu_mut().unwrap();
        gnu.realsize = octal(ALWAYS + 1);
        gnu.sparse[0].offset = octal(ALWAYS + 1);
        gnu.sparse[0].numbytes = octal(0);
        header.set_cksum();
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
            Vec::new(),
            flate2::Compression::default(),
        ));
        tar.append(&header, &[][..]).unwrap();
        let bytes = tar.into_inner().unwrap().finish().unwrap();
        let contents = tar_gz(Utf8Path::new("/p/a.tar.gz"), &bytes);
        let found: Vec<&str> = contents.findings.iter().map(|one| one.rule).collect();
        assert_eq!(found, [UNPACKED_SIZE]);
        assert!(contents.members.is_empty());
    }

    #[test]
    fn an_absent_file_is_an_error() {
        assert!(matches!(
            bytes(Utf8Path::new("/none")),
            Err(Error::Machine(MachineError::Io { .. }))
        ));
    }
}
