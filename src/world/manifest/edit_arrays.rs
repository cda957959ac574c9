//! Edits of arrays in TOML files: text in, text out, every other byte unchanged.

use std::ops::Range;

use toml_edit::{Item, Value};

use super::Toml;

/// An edit of one array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayEdit {
    /// The array's path of keys.
    pub keys: Vec<String>,
    /// An existing value, as written; replaced by `new`.
    pub old: Option<String>,
    /// Values as they are to be written, in place of `old`, else at the end. A missing array is created.
    pub new: Vec<String>,
}

/// Longer lines are broken.
const WIDTH: usize = 100;

const INDENT: &str = "    ";

impl ArrayEdit {
    pub fn add(keys: &[&str], new: Vec<String>) -> Self {
        Self {
            keys: keys.iter().map(ToString::to_string).collect(),
            old: None,
            new,
        }
    }

    pub fn replace(keys: Vec<String>, old: &str, new: Vec<String>) -> Self {
        Self {
            keys,
            old: Some(old.to_owned()),
            new,
        }
    }

    /// The resulting text; `None` if the file's formatting leaves no room for it, such as an inline table.
    pub fn apply(&self, toml: &Toml) -> Option<String> {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let text = toml.text();
        let after = match toml.get(&keys) {
            None => self.create(toml, &keys)?,
            Some(item) => {
                let array = Array::of(text, item)?;
                match &self.old {
                    Some(old) => array.replace(old, &self.new)?,
                    None => array.append(&self.new),
                }
            }
        };
        let parsed = Toml::parse(&toml.path, &after).ok()?;
        let values = Array::of(&after, parsed.get(&keys)?)?;
        let holds = |value: &String| {
            values
                .items
                .iter()
                .any(|span| after[span.clone()] == *value)
        };
        self.new.iter().all(holds).then_some(after)
    }

    fn create(&self, toml: &Toml, keys: &[&str]) -> Option<String> {
        let (last, table) = keys.split_last()?;
        let text = toml.text();
        let line = assignment(last, &self.new);
        if toml.get(table).is_none() {
            let gap = if text.trim().is_empty() { "" } else { "\n" };
            let newline = if text.ends_with('\n') || text.is_empty() {
                ""
            } else {
                "\n"
            };
            let table = format!("{newline}{gap}[{}]\n{line}", table.join("."));
            return Some(splice(text, text.len()..text.len(), &table));
        }
        let table = toml.get(table)?.as_table()?;
        let values = table.iter().filter_map(|(_, item)| item.as_value()?.span());
        let begin = table.span()?.start;
        let last = values.map(|span| span.end).max().unwrap_or(begin);
        let end = line_end(text, last);
        let newline = if text[..end].ends_with('\n') {
            ""
        } else {
            "\n"
        };
        Some(splice(text, end..end, &format!("{newline}{line}")))
    }
}

fn assignment(key: &str, values: &[String]) -> String {
    let line = format!("{key} = [{}]\n", values.join(", "));
    if line.len() <= WIDTH {
        return line;
    }
    let lines = values.iter().map(|value| format!("{INDENT}{value},\n"));
    format!("{key} = [\n{}]\n", lines.collect::<String>())
}

/// The byte after the line that contains the byte at `at`.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The text with `new` at `span`; `new` gets the file's line endings.
fn splice(text: &str, span: Range<usize>, new: &str) -> String {
    let first = line_end(text, 0);
    let new = if text[..first].ends_with("\r\n") {
        new.replace('\n', "\r\n")
    } else {
        new.to_owned()
    };
    format!("{}{new}{}", &text[..span.start], &text[span.end..])
}

struct Array<'a> {
    text: &'a str,
    /// With its brackets.
    span: Range<usize>,
    items: Vec<Range<usize>>,
}

impl<'a> Array<'a> {
    fn of(text: &'a str, item: &Item) -> Option<Self> {
        let array = item.as_array()?;
        Some(Self {
            text,
            span: item.span()?,
            items: array.iter().filter_map(Value::span).collect(),
        })
    }

    /// The line of a value, if it has one for itself, apart from a comma and a comment.
    fn own_line(&self, item: &Range<usize>) -> Option<Range<usize>> {
        let line = line_start(self.text, item.start)..line_end(self.text, item.end);
        let before = &self.text[line.start..item.start];
        let after = self.text[item.end..line.end].trim_start();
        let after = after.strip_prefix(',').unwrap_or(after).trim_start();
        let alone = before.trim().is_empty() && (after.is_empty() || after.starts_with('#'));
        alone.then_some(line)
    }

    fn spliced(&self, span: Range<usize>, new: &str) -> String {
        splice(self.text, span, new)
    }

    fn replace(&self, old: &str, new: &[String]) -> Option<String> {
        let at = self
            .items
            .iter()
            .position(|item| self.text[item.clone()] == *old)?;
        let item = self.items[at].clone();
        let line = self.own_line(&item);
        if !new.is_empty() {
            let between = match &line {
                Some(line) => format!(",\n{}", &self.text[line.start..item.start]),
                None => ", ".to_owned(),
            };
            return Some(self.spliced(item, &new.join(&between)));
        }
        let gone = match (line, self.items.get(at + 1), at.checked_sub(1)) {
            (Some(line), _, _) => return Some(self.spliced(line, "")),
            (None, Some(next), _) => item.start..next.start,
            (None, None, Some(before)) => self.items[before].end..item.end,
            (None, None, None) => self.inside(),
        };
        let around = [gone.start..item.start, item.end..gone.end];
        let comments = around.into_iter().any(|span| self.text[span].contains('#'));
        let gone = if comments {
            self.with_comma(&item)
        } else {
            gone
        };
        Some(self.spliced(gone, ""))
    }

    /// What is between the brackets.
    fn inside(&self) -> Range<usize> {
        self.span.start + 1..self.span.end - 1
    }

    /// A value and the comma right after it.
    fn with_comma(&self, item: &Range<usize>) -> Range<usize> {
        let rest = &self.text[item.end..self.inside().end];
        let comma = rest.len() - rest.trim_start().len();
        let ends = rest[comma..].starts_with(',');
        item.start..item.end + if ends { comma + 1 } else { 0 }
    }

    /// Into an array without values; its comments and lines stay.
    fn fill(&self, new: &[String]) -> String {
        let inside = self.inside();
        let old = &self.text[inside.clone()];
        let Some(end) = old.rfind('\n') else {
            return self.spliced(inside, &new.join(", "));
        };
        let own = old.lines().skip(1).find(|line| line.contains('#'));
        let indent = match own {
            Some(line) => line[..line.len() - line.trim_start().len()].to_owned(),
            None => format!("{}{INDENT}", &old[end + 1..]),
        };
        let lines = new.iter().map(|value| format!("{indent}{value},\n"));
        let at = inside.start + end + 1;
        self.spliced(at..at, &lines.collect::<String>())
    }

    fn append(&self, new: &[String]) -> String {
        let close = self.inside().end;
        let Some(last) = self.items.last() else {
            return self.fill(new);
        };
        let tail = &self.text[last.end..close];
        let ended = tail.trim_start().starts_with(',');
        if tail.contains('\n')
            && let Some(line) = self.own_line(last)
        {
            let indent = &self.text[line.start..last.start];
            let lines = new.iter().map(|value| format!("{indent}{value},\n"));
            let added = self.spliced(line.end..line.end, &lines.collect::<String>());
            let comma = if ended { "" } else { "," };
            return splice(&added, last.end..last.end, comma);
        }
        let joined = new.join(", ");
        if ended && let Some(comma) = tail.find(',') {
            let at = last.end + comma + 1;
            return self.spliced(at..at, &format!(" {joined}"));
        }
        self.spliced(last.end..last.end, &format!(", {joined}"))
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use proptest::prelude::*;

    use super::*;

    fn toml(text: &str) -> Toml {
        Toml::parse(Utf8Path::new("/p/pyproject.toml"), text).unwrap()
    }

    fn add(text: &str, keys: &[&str], new: &str) -> Option<String> {
        ArrayEdit::add(keys, vec![new.to_owned()]).apply(&toml(text))
    }

    fn take(text: &str, old: &str) -> Option<String> {
        ArrayEdit::replace(vec!["a".into()], old, Vec::new()).apply(&toml(text))
    }

    #[test]
    fn a_value_is_added_as_the_others_are_written() {
        for (before, after) in [
            ("a = [] # x\n", "a = ['n'] # x\n"),
            ("a = ['x']\n", "a = ['x', 'n']\n"),
            ("a = ['x', ]\n", "a = ['x', 'n' ]\n"),
            (
                "a = [\n  'x',  # why\n  # end\n]\n",
                "a = [\n  'x',  # why\n  'n',\n  # end\n]\n",
            ),
            (
                "a = [\n\t'x' # why\n]\n",
                "a = [\n\t'x', # why\n\t'n',\n]\n",
            ),
            (
                "a = [ # no\n  # none yet\n]\n",
                "a = [ # no\n  # none yet\n  'n',\n]\n",
            ),
            ("  a = [\n  ]\n", "  a = [\n      'n',\n  ]\n"),
            ("a = [\r\n]\r\n", "a = [\r\n    'n',\r\n]\r\n"),
        ] {
            assert_eq!(add(before, &["a"], "'n'").as_deref(), Some(after));
        }
    }

    #[test]
    fn an_array_is_made_where_its_table_ends() {
        for (before, after) in [
            ("", "[t.u]\nk = [1]\n"),
            ("b = 1", "b = 1\n\n[t.u]\nk = [1]\n"),
            (
                "[t.u]\nb = 1 # x\n\n[v]\n",
                "[t.u]\nb = 1 # x\nk = [1]\n\n[v]\n",
            ),
            ("[t.u] # x\n[v]\n", "[t.u] # x\nk = [1]\n[v]\n"),
            ("b = 1\r\n", "b = 1\r\n\r\n[t.u]\r\nk = [1]\r\n"),
            ("[t.u]\r\n[v]\r\n", "[t.u]\r\nk = [1]\r\n[v]\r\n"),
        ] {
            assert_eq!(add(before, &["t", "u", "k"], "1").as_deref(), Some(after));
        }
        assert_eq!(add("t = { u = 1 }\n", &["t", "v", "k"], "1"), None);
        assert_eq!(add("t = { u = {} }\n", &["t", "u", "k"], "1"), None);
    }

    #[test]
    fn a_value_goes_with_its_comma_and_its_line() {
        for (before, after) in [
            ("a = ['o'] # x\n", "a = [] # x\n"),
            ("a = ['o', 'p']\n", "a = ['p']\n"),
            ("a = [ 'n', 'o' ]\n", "a = [ 'n' ]\n"),
            (
                "a = [\n  'n', # n\n  'o' # o\n]\n",
                "a = [\n  'n', # n\n]\n",
            ),
            ("a = [ # c\n 'o', ]\n", "a = [ # c\n  ]\n"),
            ("a = ['o', # c\n]\n", "a = [ # c\n]\n"),
            ("a = ['o', # c\n 'p']\n", "a = [ # c\n 'p']\n"),
            ("a = ['n', # c\n 'o']\n", "a = ['n', # c\n ]\n"),
        ] {
            assert_eq!(take(before, "'o'").as_deref(), Some(after));
        }
        assert_eq!(take("a = ['n']\n", "'o'"), None);
    }

    #[test]
    fn a_value_may_become_several() {
        let change = |text: &str| {
            let new = ["1", "2"].map(str::to_owned).to_vec();
            ArrayEdit::replace(vec!["a".into()], "0", new).apply(&toml(text))
        };
        assert_eq!(change("a = [0, 9]\n").unwrap(), "a = [1, 2, 9]\n");
        assert_eq!(
            change("a = [\n  0, # x\n]\n").unwrap(),
            "a = [\n  1,\n  2, # x\n]\n"
        );
    }

    proptest! {
        #[test]
        fn what_is_added_and_taken_out_again_leaves_the_text_as_it_was(
            head in "(# [a-zé]{0,5}\n){0,2}", items in proptest::collection::vec("'[a-z]{1,4}'", 0..4),
            lead in "( # [a-z]{0,3})?\n(  # [a-z'\\]]{0,4}\n){0,2}", broken in any::<bool>(),
            tail in "( # [ü\"']{0,3})?\n(b = 1\n)?", crlf in any::<bool>(),
        ) {
            let array = if broken {
                let lines = items.iter().map(|item| format!("  {item}, # x\n"));
                format!("[{lead}{}]", lines.collect::<String>())
            } else {
                format!("[{}]", items.join(", "))
            };
            let end = if crlf { "\r\n" } else { "\n" };
            let before = format!("{head}a = {array}{tail}").replace('\n', end);
            let more = add(&before, &["a"], "'NEW'").unwrap();
            prop_assert!(more.len() > before.len());
            prop_assert_eq!(more.matches('\r').count(), if crlf { more.matches('\n').count() } else { 0 });
            prop_assert_eq!(take(&more, "'NEW'").unwrap(), before);
        }
    }
}
