//! String literals in Python source.

use std::fmt::Write;

/// A Python string literal in ASCII: the encoding in which a `.pth` file is read depends on the Python
/// version.
pub fn literal(text: &str) -> String {
    let mut literal = String::from("'");
    for c in text.chars() {
        match c {
            '\\' | '\'' => literal.extend(['\\', c]),
            ' '..='~' => literal.push(c),
            other => {
                let _ = write!(literal, "\\U{:08x}", u32::from(other)); // never fails
            }
        }
    }
    literal + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_in_it_is_ascii_on_one_line() {
        let text = "/it's a\n/\\é";
        assert_eq!(literal(text), r"'/it\'s a\U0000000a/\\\U000000e9'");
    }
}
