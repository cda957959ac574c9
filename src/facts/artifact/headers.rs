//! METADATA, PKG-INFO and WHEEL: header lines, then a body (core metadata specifications).
//!
//! Read the way Python's `email` reads them, because pip and PyPI do. A mail parser would bring tables of
//! every charset, and these files are UTF-8.

/// Header lines in order, and the text after them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    lines: Vec<(String, String)>,
    /// What follows the first empty line: a package's long description.
    pub body: String,
}

impl Headers {
    /// Bytes that are not UTF-8 become replacement characters. A line that begins with a blank continues the
    /// value above it; one that is not a header begins the body without an empty line before it.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines: Vec<(String, String)> = Vec::new();
        let mut body = 0;
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\r', '\n']);
            if content.is_empty() {
                body += line.len();
                break;
            }
            if let Some((name, value)) = header(content) {
                lines.push((name.to_owned(), value.to_owned()));
            } else if !content.starts_with([' ', '\t']) {
                break;
            } else if let Some((_, value)) = lines.last_mut() {
                value.push('\n');
                value.push_str(content);
            }
            body += line.len();
        }
        for (_, value) in &mut lines {
            *value = value.trim().to_owned();
        }
        Self {
            lines,
            body: text[body..].to_owned(),
        }
    }

    /// Every header that is not empty, with its value.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.lines.iter().filter(|(_, value)| !value.is_empty());
        lines.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value of a header that is not empty; names are compared without case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a header that is not empty.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .filter(move |(key, value)| key.eq_ignore_ascii_case(name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

/// A name of visible ASCII before the first colon, and what follows that.
fn header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_end_at_the_first_empty_line() {
        let text = "Name: hello\r\nClassifier: A\nclassifier: B :: C\nLicense: MIT\n  or so\n\n# hello\n\nx: y\n";
        let headers = Headers::parse(text.as_bytes());
        assert_eq!(headers.get("name"), Some("hello"));
        assert_eq!(
            headers.all("Classifier").collect::<Vec<_>>(),
            ["A", "B :: C"]
        );
        assert_eq!(headers.get("License"), Some("MIT\n  or so"));
        assert_eq!(headers.body, "# hello\n\nx: y\n");
        assert_eq!(headers.get("x"), None);
    }

    /// The value of `A` and the body, compared with what Python's `email` makes of the same bytes.
    #[test]
    fn odd_bytes_are_read_as_python_reads_them() {
        for (bytes, value, body) in [
            (&b""[..], None, ""),
            (b"\n\nb", None, "\nb"),
            (b"A: 1", Some("1"), ""),
            (b"A:1\nA:2\n\n", Some("1"), ""),
            (b"A:\nA: 2\n", Some("2"), ""),
            (
                b"A: 1\r\n\tand 2\r\n \r\n\r\nb\r\n",
                Some("1\n\tand 2"),
                "b\r\n",
            ),
            (b"  lost\nA: 1\n", Some("1"), ""),
            (b"A: 1\nno header\nA: 2\n", Some("1"), "no header\nA: 2\n"),
            (b"A b: 1\nA: 2\n", None, "A b: 1\nA: 2\n"),
            (b"\xc3\xa4: 1\nA: 2\n", None, "\u{e4}: 1\nA: 2\n"),
            (
                b"A: caf\xe9 \xff\n\nb\xff",
                Some("caf\u{fffd} \u{fffd}"),
                "b\u{fffd}",
            ),
            (b"A: a: b\n: c\n\n", Some("a: b"), ""),
            (b"PK\x03\x04\x00", None, "PK\u{3}\u{4}\0"),
        ] {
            let headers = Headers::parse(bytes);
            let shown = String::from_utf8_lossy(bytes);
            assert_eq!(headers.get("A"), value, "{shown:?}");
            assert_eq!(headers.body, body, "{shown:?}");
        }
    }
}
