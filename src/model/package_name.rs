//! Names of Python packages: normalised for comparison (PEP 503), and as used in files and folders.

/// The name as PEP 503 compares it: `Foo__Bar.baz` is `foo-bar-baz`.
pub fn normalize(name: &str) -> String {
    let mut normalized = String::new();
    for part in name.split(['-', '_', '.']).filter(|part| !part.is_empty()) {
        if !normalized.is_empty() {
            normalized.push('-');
        }
        normalized.push_str(&part.to_lowercase());
    }
    normalized
}

/// The only spelling that PyPI accepts in the names of distributions, also used for `dist-info` folders:
/// `foo_bar_baz`.
pub fn escape(name: &str) -> String {
    normalize(name).replace('-', "_")
}

/// The normalised name that a requirement (PEP 508) begins with, even if the rest is invalid; `None` if it
/// does not begin with a name, such as a path or a pip option.
pub fn of_requirement(requirement: &str) -> Option<String> {
    let text = requirement.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    let name = &text[..end.unwrap_or(text.len())];
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        .then(|| normalize(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_as_in_pep_503() {
        assert_eq!(normalize("Foo__Bar.baz"), "foo-bar-baz");
        assert_eq!(escape("Foo__Bar.baz"), "foo_bar_baz");
    }

    #[test]
    fn a_requirement_begins_with_its_name() {
        let requirement = "Foo_Bar[x] >= 1; python_version<'4'";
        assert_eq!(of_requirement(requirement).unwrap(), "foo-bar");
        assert_eq!(of_requirement(" \tfoo>=4").unwrap(), "foo");
        for nameless in ["", " ", "[", "./foo", "-e .", "--no-deps", "/foo"] {
            assert_eq!(of_requirement(nameless), None, "{nameless}");
        }
    }
}
