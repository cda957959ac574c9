//! Whether the documentation of Rust code contains tests, as rustdoc reads it.

use camino::Utf8Path;

use crate::world::disk;

/// What rustdoc would test of a file's documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doctests {
    #[default]
    None,
    /// Blocks that name no language and may be another's: what Python shows as a docstring is one to rustdoc.
    Unnamed,
    /// At least one that is Rust by its name, or by how it looks.
    Rust,
}

/// What documentation contains: in comments, or in an included file.
pub(super) fn doctests(text: &str, file: &Utf8Path) -> Doctests {
    let mut is_block = false;
    let comment = |line| {
        let line = str::trim_start(line);
        let begun =
            line.starts_with("/*!") || (line.starts_with("/**") && !line.starts_with("/***"));
        let whole = is_block || begun;
        is_block = whole && !line.contains("*/");
        let lines = line.strip_prefix("///").or(line.strip_prefix("//!"));
        let starred = || line.trim_start_matches(['/', '*', '!', ' ']);
        lines.or(whole.then(starred))
    };
    let included = |line: &str| {
        let (_, rest) = line.split_once("doc = include_str!(")?;
        let name = rest.strip_prefix('"')?.split('"').next()?;
        disk::read_text(&file.with_file_name("").join(name)).ok()?
    };
    // a separate text, which may span lines
    let is_quoted = text.contains("doc = \"") || text.contains("doc = r");
    let is_joined = text.contains("doc = concat!(") && text.contains("```");
    let is_unknown = |line: &str| {
        included(line).is_none()
            && (line.contains("doc = include_str!") || line.contains("doctest!("))
    };
    let mut found = of_blocks(text.lines().map(comment));
    if is_joined || text.lines().any(is_unknown) {
        found = found.max(Doctests::Unnamed);
    }
    if is_quoted {
        found = found.max(of_blocks(text.lines().map(Some)));
    }
    let files = text.lines().filter_map(included);
    files.fold(found, |found, text| {
        found.max(of_blocks(text.lines().map(Some)))
    })
}

/// What the code blocks of Markdown are to rustdoc; a line outside the documentation ends a block.
fn of_blocks<'a>(lines: impl Iterator<Item = Option<&'a str>>) -> Doctests {
    let mut found = Doctests::None;
    let mut open: Option<(&str, bool)> = None;
    for line in lines {
        let Some(line) = line.map(str::trim) else {
            open = None;
            continue;
        };
        let sign = line.chars().next().filter(|sign| "`~".contains(*sign));
        let (fence, words) = match sign {
            Some(sign) => line.split_at(line.len() - line.trim_start_matches(sign).len()),
            None => ("", line),
        };
        match open {
            // only as many of the same or more end it
            Some((begin, _)) if fence.starts_with(begin) && words.is_empty() => open = None,
            Some((_, true)) if looks_like_rust(line) => found = Doctests::Rust,
            Some(_) => {}
            None if fence.len() < 3 || fence.starts_with('`') && words.contains('`') => {}
            None => {
                let is_tested = is_tested(words);
                if is_tested {
                    let is_named = !words.trim().is_empty();
                    found = found.max(if is_named {
                        Doctests::Rust
                    } else {
                        Doctests::Unnamed
                    });
                }
                open = Some((fence, is_tested));
            }
        }
    }
    found
}

/// A line of code that no Python has.
fn looks_like_rust(line: &str) -> bool {
    let is_call = line.contains("!(") && !line.contains("!=");
    line.ends_with([';', '{']) || is_call || line.starts_with("#[")
}

/// Whether rustdoc tests a block with these words on its fence (rustdoc book, "Documentation tests"; like
/// rustdoc, depending on the order of the words).
fn is_tested(words: &str) -> bool {
    let (mut is_rust, mut is_other, mut is_custom) = (false, false, false);
    let (mut is_ignored, mut is_ignored_somewhere) = (false, false);
    for word in plain(words).split([',', ' ', '\t']) {
        match word {
            "" => continue,
            "rust" => is_rust = true,
            "custom" => is_custom = true,
            "ignore" => is_ignored = true,
            _ if word.starts_with("ignore-") => is_ignored_somewhere = true,
            "should_panic" | "no_run" | "test_harness" | "compile_fail" | "standalone_crate" => {}
            _ if word.starts_with("edition") => continue,
            _ => {
                is_other = true;
                continue;
            }
        }
        is_rust |= !is_other && word != "custom";
    }
    !is_custom && (!is_other || is_rust) && (!is_ignored || is_ignored_somewhere)
}

/// Without what is in braces, which are classes, and in parentheses, which are comments.
fn plain(words: &str) -> String {
    let mut depth = 0;
    let is_outside = |letter: &char| {
        match letter {
            '{' | '(' => depth += 1,
            '}' | ')' => depth -= 1,
            _ => return depth == 0,
        }
        false
    };
    words.chars().filter(is_outside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rust_blocks_in_documentation_are_doctests() {
        let documents =
            |text: &str| doctests(text, Utf8Path::new("/p/src/lib.rs")) != Doctests::None;
        assert!(documents("/// ```\n/// f();\n/// ```"));
        assert!(documents("//! ```rust,no_run\n//! ```"));
        assert!(documents("/**\nWords.\n\n```\nf();\n```\n*/"));
        assert!(documents("/*!\n * ```rust\n * f();\n * ```\n */"));
        assert!(documents("#![doc = r#\"\nWords.\n```rust\nf();\n```\n\"#]"));
        assert!(!documents(
            "#[doc = \"Words.\"]\n/// ```text\n/// ```\nfn f() {}"
        ));
        assert!(documents(
            "#[doc = concat!(\"```\\n\", \"f();\\n\", \"```\")]"
        ));
        assert!(!documents("/* ```\n``` */"));
        assert!(!documents("/*! Words. */\n```\n```"));
        assert!(!documents("/// ```python\n/// f()\n/// ```"));
        assert!(!documents("/// ```text\n/// ```\n"));
        assert!(!documents("/// ```ignore\n/// ```\n"));
        for fence in [
            "```compile_fail,E0277",
            "```rust no_run",
            "````",
            "~~~",
            "```test_harness",
            "```standalone_crate",
            "```ignore-wasm32",
            "```ignore,ignore-wasm32",
            "```edition2021",
            "```rust,text",
            "```no_run (why)",
        ] {
            assert!(documents(&format!("/// {fence}\n/// f();\n")), "{fence}");
        }
        for fence in [
            "```text no_run",
            "```E0277",
            "```custom,rust",
            "``",
            "```f()```",
            "```text\n/// ~~~\n/// ```` \n/// ```text",
            "````text\n/// ```\n/// f();\n/// ```",
        ] {
            assert!(!documents(&format!("/// {fence}\n/// f();\n")), "{fence}");
        }
    }

    #[test]
    fn rust_is_told_from_docstrings_by_its_name_and_its_looks() {
        let found = |text: &str| doctests(text, Utf8Path::new("/p/src/lib.rs"));
        for rust in [
            "/// ```rust\n/// f()\n/// ```",
            "/// ```should_panic\n/// f()\n/// ```",
            "/// ```\n/// assert_eq!(a(), 2)\n/// ```",
            "/// ```\n/// use a::b;\n/// ```",
            "/// ```\n/// fn main() {\n/// ```",
            "/// ```\n/// #[derive(Debug)]\n/// ```",
        ] {
            assert_eq!(found(rust), Doctests::Rust, "{rust}");
        }
        for unnamed in [
            "/// ```\n/// >>> f(1)\n/// 2\n/// ```",
            "/// ```\n/// assert f(1) != (2)\n/// ```",
            "/// ```\n/// ```\n/// A sentence;",
        ] {
            assert_eq!(found(unnamed), Doctests::Unnamed, "{unnamed}");
        }
        assert_eq!(found("/// ```python\n/// f();\n/// ```"), Doctests::None);
    }
}
