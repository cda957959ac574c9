//! Whether the documentation of Rust code contains tests, as rustdoc reads it.

use camino::Utf8Path;

use crate::world::disk;

/// Whether documentation contains a test: in comments, or in an included file.
pub(super) fn has_doctests(text: &str, file: &Utf8Path) -> bool {
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
    is_joined
        || has_rust_block(text.lines().map(comment))
        || is_quoted && has_rust_block(text.lines().map(Some))
        || text.lines().any(|line| match included(line) {
            Some(text) => has_rust_block(text.lines().map(Some)),
            None => line.contains("doc = include_str!") || line.contains("doctest!("),
        })
}

/// Whether a code block in Markdown is Rust to rustdoc; a line outside the documentation ends a block.
fn has_rust_block<'a>(lines: impl Iterator<Item = Option<&'a str>>) -> bool {
    let mut open: Option<&str> = None;
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
            Some(begin) if fence.starts_with(begin) && words.is_empty() => open = None,
            Some(_) => {}
            None if fence.len() < 3 || fence.starts_with('`') && words.contains('`') => {}
            None if is_tested(words) => return true,
            None => open = Some(fence),
        }
    }
    false
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
        let documents = |text: &str| has_doctests(text, Utf8Path::new("/p/src/lib.rs"));
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
}
