//! RECORD: every file of a wheel with its hash and size (PEP 376, PEP 427).

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

pub(super) fn parse(bytes: &[u8]) -> Vec<RecordEntry> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let rows = reader.byte_records().flatten();
    rows.map(|row| {
        let field = |index| {
            let bytes = row.get(index).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        RecordEntry {
            path: field(0),
            hash: Some(field(1)).filter(|hash| !hash.is_empty()),
            size: field(2).parse().ok(),
        }
    })
    .collect()
}

/// The files in the RECORD of an installed `dist-info` folder, relative to its site-packages (PyPA
/// specifications, "Recording installed projects"); what Python compiles by itself is left out.
///
/// # Errors
/// [`Error::Io`](crate::model::error::Error::Io) where it cannot be read; one that is not there lists nothing.
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
}
