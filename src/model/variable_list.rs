//! Lists that one run of the program passes to another that it started, in an environment variable.

/// Entries may be any text, including paths with line breaks.
pub fn write(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

/// Empty if pyx did not write the text.
pub fn read(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_whatever_it_is() {
        for list in [
            vec![],
            vec!["/a\nb".to_owned(), String::new(), "\"c".into()],
        ] {
            assert_eq!(read(&write(&list)), list);
        }
        assert!(read("").is_empty());
    }
}
