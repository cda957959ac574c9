//! RECORD: every file of a wheel with its hash and size (PEP 376, PEP 427).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::world::disk;

/// A line of RECORD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordEntry {
    pub path: String,
    /// `sha256=` and the digest in URL-safe base64 without padding.
    pub hash: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
}

impl RecordEntry {
    /// `sha256`: of the file's content, hex; `size`: its bytes.
    pub fn of(path: &str, sha256: &str, size: u64) -> Self {
        Self {
            path: path.to_owned(),
            hash: Some(format!("sha256={}", in_base64(sha256))),
            size: Some(size),
        }
    }

    fn fields(&self) -> [String; 3] {
        let size = self.size.map(|size| size.to_string());
        let hash = self.hash.clone().unwrap_or_default();
        [self.path.clone(), hash, size.unwrap_or_default()]
    }
}

/// A hash in RECORD's form, from hex.
pub(super) fn in_base64(hex: &str) -> String {
    let digits = hex.as_bytes().chunks(2);
    let pairs = digits.filter_map(|pair| std::str::from_utf8(pair).ok());
    let bytes = pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok());
    BASE64_URL_SAFE_NO_PAD.encode(bytes.collect::<Vec<u8>>())
}

fn rows(bytes: &[u8]) -> impl Iterator<Item = csv::ByteRecord> {
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    reader.into_byte_records().flatten()
}

/// The RECORD `bytes` with `entries` replacing those for the same paths.
///
/// # Errors
/// None known: it is written into memory.
pub fn rewritten(bytes: &[u8], entries: &[RecordEntry]) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows(bytes) {
        let path = row.get(0).unwrap_or_default();
        match entries.iter().find(|entry| entry.path.as_bytes() == path) {
            Some(entry) => writer.write_record(entry.fields())?,
            None => writer.write_byte_record(&row)?,
        }
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

pub(super) fn parse(bytes: &[u8]) -> Vec<RecordEntry> {
    let entries = rows(bytes).map(|row| {
        let field = |index| {
            let bytes = row.get(index).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        RecordEntry {
            path: field(0),
            hash: Some(field(1)).filter(|hash| !hash.is_empty()),
            size: field(2).parse().ok(),
        }
    });
    entries.collect()
}

/// The files in the RECORD of an installed `dist-info` folder, relative to its site-packages (PyPA
/// specifications, "Recording installed projects"); without what Python compiles by itself.
///
/// # Errors
/// [`MachineError::Io`](crate::model::error::MachineError::Io) if it cannot be read; a missing one lists
/// nothing.
pub fn installed(dist_info: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let bytes = disk::read(&dist_info.join("RECORD"))?.unwrap_or_default();
    let paths = parse(&bytes)
        .into_iter()
        .map(|entry| entry.path)
        .filter(|path| !path.contains("__pycache__"));
    Ok(paths.map(Utf8PathBuf::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_comma_is_quoted() {
        let entries = parse(b"\"a,b\",sha256=x,1\n");
        assert_eq!(entries[0].path, "a,b");
        assert_eq!(entries[0].size, Some(1));
    }

    #[test]
    fn only_the_entries_of_the_same_paths_are_rewritten() {
        let old = b"\"a,b.so\",sha256=x,1\na,sha256=y,2\nR,,\n";
        // of nothing
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let new = rewritten(old, &[RecordEntry::of("a,b.so", empty, 0)]).unwrap();
        let hash = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
        let expected = format!("\"a,b.so\",sha256={hash},0\na,sha256=y,2\nR,,\n");
        assert_eq!(String::from_utf8(new).unwrap(), expected);
        assert_eq!(rewritten(old, &[]).unwrap(), old);
    }
}
