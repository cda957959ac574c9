//! Lists that one run of the program passes to another that it started, in an environment variable.

/// Any text may be in it, paths with line breaks included.
pub fn write(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

/// Nothing where it is none of ours.
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
