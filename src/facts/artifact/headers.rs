//! METADATA, PKG-INFO and WHEEL: header lines, then a body (core metadata specifications).

/// Header lines in their order, and the text after them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    lines: Vec<(String, String)>,
    /// What follows the first empty line: a package's long description.
    pub body: String,
}

impl Headers {
    /// `None` where the bytes are no headers.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (headers, end) = mailparse::parse_headers(bytes).ok()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        Some(Self {
            lines: headers
                .iter()
                .map(|line| (line.get_key(), text(line.get_value_raw())))
                .collect(),
            body: String::from_utf8_lossy(&bytes[end..]).into_owned(),
        })
    }

    /// The first value of a header that is not empty; names are compared without case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut lines = self.lines.iter();
        let (_, value) = lines.find(|line| is(line, name))?;
        Some(value)
    }

    /// Every value of a header that is not empty.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.lines.iter().filter(move |line| is(line, name));
        lines.map(|(_, value)| value.as_str())
    }
}

fn is((key, value): &(String, String), name: &str) -> bool {
    key.eq_ignore_ascii_case(name) && !value.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_end_at_the_first_empty_line() {
        let text = "Name: hello\r\nClassifier: A\nclassifier: B :: C\nLicense: MIT\n  or so\n\n# hello\n\nx: y\n";
        let headers = Headers::parse(text.as_bytes()).unwrap();
        assert_eq!(headers.get("name"), Some("hello"));
        assert_eq!(
            headers.all("Classifier").collect::<Vec<_>>(),
            ["A", "B :: C"]
        );
        assert_eq!(headers.get("License"), Some("MIT\n  or so"));
        assert_eq!(headers.body, "# hello\n\nx: y\n");
        assert_eq!(headers.get("x"), None);
    }
}
