//! Edits of TOML: text in, text out.

use std::ops::Range;

/// The text with other strings at `spans`, which are whole values or what is between their quotes; the quotes
/// and every other byte stay.
pub fn with_strings(text: &str, changes: &[(Range<usize>, String)]) -> String {
    let mut changes: Vec<_> = changes.iter().collect();
    changes.sort_by_key(|(span, _)| span.start);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (span, new) in changes {
        let value = &text[span.clone()];
        let inner = value.trim_matches(['"', '\'']);
        let quote = (value.len() - inner.len()) / 2;
        out.push_str(&text[done..span.start + quote]);
        out.push_str(new);
        done = span.end - quote;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use proptest::prelude::*;

    use super::super::Toml;
    use super::*;

    #[test]
    fn quotes_and_everything_else_stay() {
        let text = "a = '1' # one\nb = \"22\"\nc = '''333'''\n";
        let spans = [(14 + 4..14 + 8, "x".to_owned()), (4..7, "yy".to_owned())];
        assert_eq!(
            with_strings(text, &spans),
            "a = 'yy' # one\nb = \"x\"\nc = '''333'''\n"
        );
        let end = text.find("'''").unwrap();
        assert_eq!(
            with_strings(text, &[(end..end + 9, "z".into())]),
            text.replace("333", "z")
        );
    }

    proptest! {
        #[test]
        fn an_edit_leaves_all_other_bytes(
            before in "(# [a-zé ]{0,9}\n){0,3}", blank in " {0,3}",
            quote in "(\"|'|'''|\"\"\")", old in "[0-9.a-z+-]{1,9}", new in "[0-9.a-z+-]{1,9}",
            after in "( # [ü\"']{0,3})?(\n# [a-z]{0,9})*\n?",
        ) {
            let with = |value: &str| format!("{before}v{blank}={blank}{quote}{value}{quote}{after}");
            let toml = Toml::parse(Utf8Path::new("/p/x.toml"), &with(&old)).unwrap();
            let place = toml.spanned(&["v"]).unwrap();
            prop_assert_eq!(&place.value, &old);
            prop_assert_eq!(with_strings(toml.text(), &[(place.span, new.clone())]), with(&new));
        }
    }
}
