//! A Python's major and minor version, which tags, PyO3 features and folders use to tell Pythons apart.

use pep440_rs::Version;

/// 3.13 is (3, 13).
pub type Minor = (u64, u64);

/// The newest released CPython: new projects and continuous integration are tested on it.
pub const NEWEST_PYTHON: Minor = (3, 15);

/// From digits without a dot, as in `cp313` and `abi3-py39`.
pub fn from_digits(digits: &str) -> Option<Minor> {
    let (major, minor) = digits.split_at_checked(1)?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// As in `3.13`.
pub fn from_dotted(text: &str) -> Option<Minor> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The version's first two numbers; 0 for a missing one.
pub fn of(version: &Version) -> Minor {
    let release = version.release();
    let number = |at: usize| release.get(at).copied().unwrap_or_default();
    (number(0), number(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_digit_is_the_major_version() {
        assert_eq!(from_digits("39"), Some((3, 9)));
        assert_eq!(from_digits("313"), Some((3, 13)));
        assert_eq!(from_digits("3"), None);
        assert_eq!(from_digits("x"), None);
    }

    #[test]
    fn two_numbers_with_a_dot_are_a_minor_version() {
        assert_eq!(from_dotted("3.13"), Some((3, 13)));
        assert_eq!(from_dotted("3"), None);
        assert_eq!(from_dotted("3.13.1"), None);
    }
}
