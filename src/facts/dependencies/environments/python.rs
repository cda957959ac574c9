//! Python source, as far as its literals go.

/// A token that matters to calls with literal arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    /// The text that a literal stands for.
    Text(String),
    /// A literal that is not plain text: an f-string or bytes.
    Other,
    /// Any other character.
    Sign(char),
}

/// A token with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) token: Token,
    /// From 1.
    pub(super) line: usize,
    /// Whether it is the first on its line.
    pub(super) is_first: bool,
}

pub(super) fn tokens(text: &str) -> Vec<Placed> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = 1;
    let mut is_first = true;
    while let Some(next) = rest.chars().next() {
        let begins = is_first;
        is_first = next == '\n';
        let length = match next {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            _ if next.is_whitespace() => next.len_utf8(),
            _ => {
                let (token, length) = token(rest, next);
                found.push(Placed {
                    token,
                    line,
                    is_first: begins,
                });
                length
            }
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

fn token(rest: &str, next: char) -> (Token, usize) {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let name = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
    let prefix = rest[..name].to_lowercase();
    let is_prefix = name <= 2 && prefix.chars().all(|c| "rbuft".contains(c));
    if is_prefix && rest[name..].starts_with(['"', '\'']) {
        let (text, length) = literal(&rest[name..], prefix.contains('r'));
        let is_text = !prefix.contains(['f', 'b', 't']);
        let token = if is_text {
            Token::Text(text)
        } else {
            Token::Other
        };
        return (token, name + length);
    }
    if name > 0 {
        return (Token::Name(rest[..name].to_owned()), name);
    }
    (Token::Sign(next), next.len_utf8())
}

/// A literal's text, and its length in bytes with the quotes.
fn literal(rest: &str, is_raw: bool) -> (String, usize) {
    let mut quote = &rest[..1];
    if rest.starts_with("\"\"\"") || rest.starts_with("'''") {
        quote = &rest[..3];
    }
    let mut text = String::new();
    let mut at = quote.len();
    while at < rest.len() && !rest[at..].starts_with(quote) {
        let mut chars = rest[at..].chars();
        let (Some(one), two) = (chars.next(), chars.next()) else {
            break;
        };
        at += one.len_utf8();
        match two {
            Some(two) if one == '\\' => {
                at += two.len_utf8();
                if is_raw {
                    text.extend([one, two]);
                } else if two != '\n' {
                    text.push(two);
                }
            }
            _ => text.push(one),
        }
    }
    (text, (at + quote.len()).min(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_texts_however_they_are_quoted_and_comments_are_none() {
        let text = "a('x', \"y'\" \"\"\"z\nz\"\"\", r'\\d', f'{v}', b'b', 'c\\'d')  # 'no'\nend\n";
        let texts: Vec<String> = tokens(text)
            .into_iter()
            .filter_map(|placed| match placed.token {
                Token::Text(text) => Some(text),
                _ => None,
            })
            .collect();
        assert_eq!(texts, ["x", "y'", "z\nz", "\\d", "c'd"]);
        let last = tokens(text).pop().unwrap();
        assert_eq!((last.line, last.is_first), (3, true));
    }

    #[test]
    fn what_is_cut_short_ends() {
        for text in ["'", "\"\"\"a", "f(", "'\\", "r\"é"] {
            assert!(!tokens(text).is_empty(), "{text}");
        }
    }
}
