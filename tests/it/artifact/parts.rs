//! A distribution in parts, to be changed and put together again.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use camino::Utf8PathBuf;
use cargo_pyx::facts::artifact::Expected;
use sha2::{Digest, Sha256};

#[derive(Clone)]
pub(crate) struct Parts {
    /// The name of the whole file.
    pub(crate) file: String,
    pub(crate) members: Vec<(String, Vec<u8>)>,
    pub(crate) expected: Expected,
    /// Whether RECORD is as it shall be.
    pub(crate) sealed: bool,
    /// Texts of the whole file and what replaces them; of the same length.
    pub(crate) patches: Vec<(String, String)>,
}

impl Parts {
    pub(crate) fn of_wheel(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut members = Vec::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            members.push((file.name().unwrap().into_owned(), bytes));
        }
        Self::new(path, members)
    }

    pub(crate) fn of_sdist(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
        let mut members = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            members.push((entry.path().unwrap().to_str().unwrap().to_owned(), bytes));
        }
        Self::new(path, members)
    }

    fn new(path: &Path, members: Vec<(String, Vec<u8>)>) -> Self {
        Self {
            file: path.file_name().unwrap().to_str().unwrap().to_owned(),
            members,
            expected: Expected::default(),
            sealed: false,
            patches: Vec::new(),
        }
    }

    /// The name of the one member that holds a text in its name.
    pub(crate) fn named(&self, text: &str) -> String {
        let mut names = self.members.iter().filter(|(name, _)| name.contains(text));
        let (name, _) = names.next().unwrap_or_else(|| panic!("no member `{text}`"));
        assert!(names.next().is_none(), "several members `{text}`");
        name.clone()
    }

    pub(crate) fn bytes(&mut self, text: &str) -> &mut Vec<u8> {
        let name = self.named(text);
        let mut members = self.members.iter_mut();
        &mut members.find(|(known, _)| *known == name).unwrap().1
    }

    pub(crate) fn add(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.members.push((name.to_owned(), bytes.into()));
    }

    pub(crate) fn remove(&mut self, text: &str) {
        let name = self.named(text);
        self.members.retain(|(known, _)| *known != name);
    }

    pub(crate) fn rename(&mut self, old: &str, new: &str) {
        let name = self.named(old);
        for (known, _) in &mut self.members {
            if *known == name {
                *known = known.replace(old, new);
            }
        }
    }

    /// Replaces a piece of a member's text, which must be there.
    pub(crate) fn edit(&mut self, text: &str, old: &str, new: &str) {
        let bytes = self.bytes(text);
        let before = String::from_utf8(bytes.clone()).unwrap();
        assert!(before.contains(old), "{text} holds no `{old}`:\n{before}");
        *bytes = before.replace(old, new).into_bytes();
    }

    /// Another tag, or another part of it, in the file's name and in WHEEL.
    pub(crate) fn retag(&mut self, old: &str, new: &str) {
        assert!(self.file.contains(old), "{} is not for `{old}`", self.file);
        self.file = self.file.replace(old, new);
        self.edit("/WHEEL", old, new);
    }

    /// The platform tag in the file's name.
    pub(crate) fn platform(&self) -> String {
        let stem = self.file.strip_suffix(".whl").unwrap();
        stem.rsplit('-').next().unwrap().to_owned()
    }

    /// The digits of the Python tag in the file's name: `311`.
    pub(crate) fn python(&self) -> String {
        let tag = self.file.split('-').nth(2).unwrap();
        tag.strip_prefix("cp").unwrap().to_owned()
    }

    /// Writes RECORD anew.
    pub(crate) fn seal(&mut self) {
        let record = self.named(".dist-info/RECORD");
        let mut lines = Vec::new();
        for (name, bytes) in &self.members {
            if *name != record {
                let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
                lines.push(format!("{name},sha256={hash},{}\n", bytes.len()));
            }
        }
        lines.push(format!("{record},,\n"));
        *self.bytes("/RECORD") = lines.concat().into_bytes();
        self.sealed = true;
    }

    /// The wheel in a folder of its own.
    pub(crate) fn wheel(mut self, folder: &Path) -> Utf8PathBuf {
        if !self.sealed
            && self
                .members
                .iter()
                .any(|(name, _)| name.ends_with("/RECORD"))
        {
            self.seal();
        }
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        for (name, bytes) in &self.members {
            zip.start_file(name, stored).unwrap();
            zip.write_all(bytes).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        self.write(folder, bytes)
    }

    /// The sdist in a folder of its own.
    pub(crate) fn sdist(self, folder: &Path) -> Utf8PathBuf {
        let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gz);
        for (name, bytes) in &self.members {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, &bytes[..]).unwrap();
        }
        let bytes = tar.into_inner().unwrap().finish().unwrap();
        self.write(folder, bytes)
    }

    fn write(self, folder: &Path, mut bytes: Vec<u8>) -> Utf8PathBuf {
        for (old, new) in &self.patches {
            assert_eq!(old.len(), new.len());
            while let Some(at) = memchr::memmem::find(&bytes, old.as_bytes()) {
                bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
            }
        }
        fs::create_dir_all(folder).unwrap();
        let path: PathBuf = folder.join(&self.file);
        fs::write(&path, bytes).unwrap();
        Utf8PathBuf::from_path_buf(path).unwrap()
    }
}
