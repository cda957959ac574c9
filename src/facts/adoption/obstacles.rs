//! Why a library gets its module in a separate crate.

use crate::world::manifest::{CargoToml, line_at};

use super::pyo3;

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    pub(super) why: String,
    /// Whether PyO3 would not compile there at all.
    pub(super) is_final: bool,
}

impl Obstacle {
    fn unavoidable(why: String) -> Self {
        let is_final = true;
        Self { why, is_final }
    }

    fn avoidable(why: String) -> Self {
        let is_final = false;
        Self { why, is_final }
    }
}

/// The first reason; those that no option can overcome come first. `path` and `text`: the library's root
/// file, relative to the crate's folder.
pub(super) fn obstacle(cargo: &CargoToml, path: &str, text: &str) -> Option<Obstacle> {
    let attributes = inner_attributes(text);
    let find = |is_meant: &dyn Fn(&str) -> bool| {
        let found = attributes.iter().find(|(_, words)| is_meant(words));
        found.map(|(line, _)| format!("{path}:{line}"))
    };
    if let Some(place) = find(&|words| has_word(words, "no_std")) {
        return Some(Obstacle::unavoidable(format!(
            "{place} is `no_std`, but PyO3 needs std"
        )));
    }
    if cargo.edition() == Some("2015") {
        let why = "its edition is 2015, which PyO3's macros do not support";
        return Some(Obstacle::unavoidable(why.to_owned()));
    }
    let forbids = |words: &str| has_word(words, "forbid") && has_word(words, "unsafe_code");
    let place = find(&forbids).or_else(|| {
        let said = cargo.lint("unsafe_code") == Some("forbid");
        said.then(|| "Cargo.toml".to_owned())
    });
    if let Some(place) = place {
        let why = format!("{place} forbids unsafe code, which PyO3's macros generate");
        return Some(Obstacle::avoidable(why));
    }
    if let Some(oldest) = cargo
        .rust_version()
        .filter(|version| pyo3::is_older(version))
    {
        let why = format!(
            "it supports Rust {oldest} and newer, but PyO3 needs {}",
            pyo3::RUST
        );
        return Some(Obstacle::avoidable(why));
    }
    if let Some(feature) = pyo3::taken_feature(cargo) {
        let why = format!("its feature `{feature}` does not enable PyO3");
        return Some(Obstacle::avoidable(why));
    }
    let links = cargo.toml.str(&["package", "links"])?;
    let why = format!("it links `{links}`, which only one crate in a program may do");
    Some(Obstacle::avoidable(why))
}

pub(super) fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.split(|c: char| !is_part(c)).any(|part| part == word)
}

/// The `#![…]` of a file, each with its line and without what it quotes.
fn inner_attributes(text: &str) -> Vec<(usize, String)> {
    let code = without_words(text);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = code[from..].find("#![").map(|at| from + at) {
        let mut depth = 0_usize;
        let end = code[at..].find(|c| {
            depth += usize::from(c == '[');
            depth -= usize::from(c == ']' && depth > 0);
            c == ']' && depth == 0
        });
        let end = end.map_or(code.len(), |end| at + end);
        found.push((line_at(text, at), code[at..end].to_owned()));
        from = end;
    }
    found
}

/// Rust with comments and quoted text replaced by blanks: every byte keeps its offset.
pub(super) fn without_words(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = blank(rest);
        let (part, after) = rest.split_at(length.unwrap_or(first.len_utf8()));
        if length.is_some() {
            code.extend(
                part.bytes()
                    .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
            );
        } else {
            code.push_str(part);
        }
        rest = after;
    }
    code
}

/// The length of the comment or the literal that begins here.
fn blank(rest: &str) -> Option<usize> {
    let until = |end: &str, from: usize| {
        let found = rest[from..].find(end);
        Some(found.map_or(rest.len(), |at| from + at + end.len()))
    };
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if let Some(hashes) = rest.strip_prefix('r').and_then(raw_hashes) {
        return until(&format!("\"{}", "#".repeat(hashes)), hashes + 2);
    }
    if rest.starts_with('"') {
        return Some(quoted(rest));
    }
    // a lifetime has no second quote so near
    let of_char = ["'\"'", "'\\\"'", "'\\''"].into_iter();
    let mut of_char = of_char.filter(|one| rest.starts_with(one));
    of_char.next().map(str::len)
}

/// How many `#` are between the `r` and the quote of a raw string.
fn raw_hashes(after: &str) -> Option<usize> {
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == '"' && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// They may be nested.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(found) = rest[at..].find(['/', '*']) {
        at += found;
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += 1;
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::world::manifest::Toml;

    fn found(package: &str, text: &str) -> Option<Obstacle> {
        let text_of = format!("[package]\nname = \"a\"\n{package}\n");
        let toml = Toml::parse(Utf8Path::new("/p/Cargo.toml"), &text_of).unwrap();
        obstacle(&CargoToml::of(toml).unwrap(), "src/lib.rs", text)
    }

    const NEW: &str = "edition = \"2021\"";

    #[test]
    fn programs_without_std_are_known_in_every_spelling() {
        for text in [
            "#![no_std]",
            "#![cfg_attr(not(feature = \"std\"), no_std)]",
            "//! Words.\n#![cfg_attr(\n    all(not(test), // why\n    not(feature = \"]\")),\n    no_std,\n)]",
            "/* a /* b */ #![doc = r#\"\"#] */ #![ no_std ]",
        ] {
            let obstacle = found(NEW, text).expect(text);
            assert!(obstacle.is_final && obstacle.why.contains("std"), "{text}");
        }
        for text in [
            "//! As `#![no_std]` crates do.",
            "/* #![no_std] */",
            "#![doc = \"#![no_std]\"]",
            "#![cfg_attr(docsrs, doc = r##\"no_std \"#\"##)]",
            "const A: char = '\"';\n// #![no_std]",
        ] {
            assert_eq!(found(NEW, text), None, "{text}");
        }
    }

    #[test]
    fn what_the_crate_promises_is_kept() {
        let said = [
            ("", ""),
            ("edition = \"2015\"", ""),
            (NEW, "\n#![deny(x)]\n#![forbid(missing_docs, unsafe_code)]"),
            (
                "edition = \"2021\"\n[lints.rust]\nunsafe_code = \"forbid\"",
                "",
            ),
            ("edition = \"2021\"\nrust-version = \"1.60\"", ""),
            ("edition = \"2021\"\nlinks = \"z\"", ""),
        ];
        let why = |(package, text): (&str, &str)| {
            let Obstacle { why, is_final } = found(package, text).expect(package);
            format!("{}{why}", if is_final { "! " } else { "" })
        };
        insta::assert_snapshot!(said.map(why).join("\n"));
        for package in [
            NEW,
            "edition.workspace = true",
            "edition = \"2018\"\nrust-version = \"1.83\"\n[lints.rust]\nunsafe_code = \"deny\"",
        ] {
            assert_eq!(found(package, "#![deny(unsafe_code)]"), None, "{package}");
        }
    }
}
