//! Project names: valid for Python packaging, for Python and for cargo.

use crate::model::error::{Error, Result};
use crate::model::package_name;

/// One name in each of its spellings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// `[project] name`, as given.
    pub distribution: String,
    /// The name of the crate, normalised as in PEP 503.
    pub krate: String,
    /// The name of the module, and of the crate in Rust code.
    pub module: String,
}

/// Keywords of Python and Rust, and what cargo rejects (The Rust Reference, "Keywords"; cargo book, `name`).
const WORDS: &str = "abstract alloc and as assert async await become benchmarks box break build class const \
    continue core crate def del deps do dyn elif else enum examples except extern false final \
    finally fn for from gen global if impl import in incremental is lambda let loop macro match \
    mod move mut none nonlocal not or override pass priv proc-macro pub raise ref return self \
    site-packages static std struct super test tests trait true try type typeof union unsafe \
    unsized use virtual where while with yield";

/// Dependencies of every project that pyx creates or adopts: one with the same name would be in the way.
const NEEDED: [&str; 3] = ["maturin", "pyo3", "pytest"];

/// Device names, for which Windows creates no folders.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

impl Name {
    /// `beside`: names that the project has in the same places. `hint`: what to do to use the given name.
    ///
    /// # Errors
    /// [`Error::Refused`] with the rule that the name violates.
    pub fn parse(text: &str, beside: &[&str], hint: impl Fn(&str) -> String) -> Result<Self> {
        let refused = |why: &str, other: &str| {
            let message = format!("`{text}` cannot be the name: {why}");
            Err(Error::refused(message, hint(other)))
        };
        if !is_distribution(text) {
            let why = "letters, digits, `-`, `_` and `.` only, with a letter or digit at each end (PEP 508)";
            return refused(why, &repaired(text));
        }
        let krate = package_name::normalize(text);
        let other = format!("my-{krate}");
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            return refused("a module or crate name cannot begin with a digit", &other);
        }
        let module = krate.replace('-', "_");
        if let Some(why) = taken(&krate, &module) {
            return refused(why, &other);
        }
        if beside.contains(&&*krate) {
            return refused("a package or function next to it has that name", &other);
        }
        let distribution = text.to_owned();
        Ok(Self {
            distribution,
            krate,
            module,
        })
    }
}

fn is_distribution(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    edge(text.chars().next()) && edge(text.chars().last()) && text.chars().all(inner)
}

/// The nearest valid name.
fn repaired(text: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name = package_name::normalize(&text.chars().map(letter).collect::<String>());
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return name;
    }
    format!("my-{name}").trim_end_matches('-').to_owned()
}

fn taken(krate: &str, module: &str) -> Option<&'static str> {
    let is_standard = || {
        include_str!("stdlib.txt")
            .lines()
            .any(|line| line == module)
    };
    if WORDS.split_whitespace().any(|word| word == krate) {
        Some("Python, Rust or cargo reserves this word")
    } else if is_standard() {
        Some("Python's standard library has a module of that name")
    } else if NEEDED.contains(&krate) {
        Some("the project depends on a package of that name")
    } else if DEVICES.contains(&krate) {
        Some("Windows reserves it for a device")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Name> {
        Name::parse(text, &["ruff"], |other| format!("cargo pyx new {other}"))
    }

    #[test]
    fn a_name_has_a_spelling_for_each_place() {
        let name = parse("My.Fast_Words").unwrap();
        assert_eq!(name.distribution, "My.Fast_Words");
        assert_eq!(
            (&*name.krate, &*name.module),
            ("my-fast-words", "my_fast_words")
        );
    }

    #[test]
    fn names_that_lead_astray_are_refused_with_another() {
        let refused = |text: &str| {
            let error = parse(text).unwrap_err();
            format!("{error}; {}", error.hint().unwrap_or_default())
        };
        let names = [
            "", "a b", "-x", "é", "9lives", "class", "test", "json", "AsyncIO", "pyo3", "con",
            "Ruff",
        ];
        let all: Vec<String> = names.into_iter().map(refused).collect();
        insta::assert_snapshot!(all.join("\n"));
    }
}
