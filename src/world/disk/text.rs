//! Files of text.

use camino::Utf8Path;

use crate::model::error::{Error, Result};

use super::read;

/// `None` if the file is absent; invalid UTF-8 is replaced.
pub fn read_text(path: &Utf8Path) -> Result<Option<String>> {
    Ok(read(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Like [`read_text`], for a text that is written back, which has to keep every byte.
///
/// # Errors
/// [`Error::Refused`] if it is not UTF-8.
pub fn read_utf8(path: &Utf8Path) -> Result<Option<String>> {
    let text = read(path)?.map(String::from_utf8).transpose();
    text.map_err(|_| Error::refused(format!("`{path}` is not UTF-8"), "save it as UTF-8"))
}

/// Like [`read_text`], without a byte order mark, which may also say that the text is UTF-16: some shells of
/// Windows redirect output so.
pub fn read_transcoded(path: &Utf8Path) -> Result<Option<String>> {
    Ok(read(path)?.map(|bytes| transcoded(&bytes)))
}

fn transcoded(bytes: &[u8]) -> String {
    let units = |of: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let pairs = bytes.chunks_exact(2).map(|pair| of([pair[0], pair[1]]));
        String::from_utf16_lossy(&pairs.collect::<Vec<_>>())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_not_utf8_is_refused_where_it_would_be_written_back() {
        let temp = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(temp.path()).unwrap().join("a.py");
        assert!(read_utf8(&file).unwrap().is_none());
        for (bytes, is_read) in [(&b"\xc3\xa9"[..], true), (b"\xe9", false)] {
            super::super::write(&file, bytes).unwrap();
            assert_eq!(read_utf8(&file).is_ok(), is_read);
        }
    }
}
