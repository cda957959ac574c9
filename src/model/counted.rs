//! Counts with their noun, for people.

/// `1 error`, `2 errors`; for words that take an `s`.
pub fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        let texts = [0, 1, 2].map(|count| counted(count, "error"));
        assert_eq!(texts, ["0 errors", "1 error", "2 errors"]);
    }
}
