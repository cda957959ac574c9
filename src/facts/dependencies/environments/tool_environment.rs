//! What a tool installs into one of its environments.

use std::collections::BTreeSet;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use pep508_rs::{Requirement, VerbatimUrl};

use crate::model::package_name;
use crate::model::path::{normalize, slashed};

/// A line of a file of the project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Place {
    /// Absolute.
    pub(in super::super) path: Utf8PathBuf,
    /// From 1.
    pub(in super::super) line: usize,
}

/// What a tool installs into one of its environments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct ToolEnvironment {
    /// PEP 508, or an option of `uv pip install` in one word: `-rFILE` or `-cFILE`, absolute.
    pub(in super::super) requirements: Vec<String>,
    /// Of the project itself, normalised.
    pub(in super::super) extras: Vec<String>,
    /// Dependency groups, normalised.
    pub(in super::super) groups: Vec<String>,
    /// Where it installs what cannot be read without running it, and how that is said.
    pub(in super::super) unread: Vec<(Place, String)>,
    /// Whether its name says that tests run in it.
    pub(in super::super) is_for_tests: bool,
}

impl ToolEnvironment {
    /// Adds what stands on one line or in one string: a requirement, or an option and its value.
    pub(super) fn add_line(&mut self, line: &str, place: &Place) {
        if line.starts_with('-') {
            let words = shlex::split(line).unwrap_or_else(|| vec![line.to_owned()]);
            self.add_words(&words, place);
        } else if !line.is_empty() {
            self.add_requirement(line, place);
        }
    }

    /// Adds what a command line of pip says.
    pub(in super::super) fn add_words(&mut self, words: &[String], place: &Place) {
        const WITH_VALUE: [&str; 8] = [
            "-f",
            "-i",
            "-p",
            "--extra-index-url",
            "--find-links",
            "--index-url",
            "--python",
            "--target",
        ];
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (option, value) = option_of(word);
            match option {
                "-r" | "--requirement" | "--requirements" | "-c" | "--constraint"
                | "--constraints" | "-e" | "--editable" | "--group" => {
                    let value = value.or_else(|| words.next().map(String::as_str));
                    self.add_option(option, value.unwrap_or_default(), place);
                }
                _ if WITH_VALUE.contains(&word.as_str()) => {
                    words.next();
                }
                _ if word.starts_with('-') => {}
                _ => self.add_requirement(word, place),
            }
        }
    }

    fn add_option(&mut self, option: &str, value: &str, place: &Place) {
        let dir = place.path.parent().unwrap_or(&place.path);
        let file = || normalize(&dir.join(value));
        match option {
            "-e" | "--editable" => self.add_requirement(value, place),
            "--group" => self.groups.push(package_name::normalize(value)),
            _ if value.contains(['{', '$']) => self.miss(place, value),
            "-c" | "--constraint" | "--constraints" => {
                self.requirements.push(format!("-c{}", slashed(&file())));
            }
            _ => self.requirements.push(format!("-r{}", slashed(&file()))),
        }
    }

    pub(super) fn add_requirement(&mut self, text: &str, place: &Place) {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix('.').filter(|it| !it.starts_with('.')) {
            let inside = rest.trim_start_matches('/').strip_prefix('[');
            let names = inside
                .and_then(|it| it.strip_suffix(']'))
                .unwrap_or_default();
            let names = names.split(',').filter(|name| !name.trim().is_empty());
            self.extras
                .extend(names.map(|name| package_name::normalize(name.trim())));
        } else if Requirement::<VerbatimUrl>::from_str(text).is_ok() {
            self.requirements.push(text.to_owned());
        } else {
            self.miss(place, text);
        }
    }

    pub(super) fn miss(&mut self, place: &Place, text: &str) {
        self.unread.push((place.clone(), text.to_owned()));
    }

    /// Adds what another environment has besides: of a package that both name the first says the version.
    pub(in super::super) fn merge(&mut self, other: Self) {
        let known: BTreeSet<String> = self
            .requirements
            .iter()
            .map(|text| package_name::of_requirement(text))
            .collect();
        for text in other.requirements {
            let is_option = text.starts_with('-') && !self.requirements.contains(&text);
            let is_new = !known.contains(&package_name::of_requirement(&text));
            if is_option || (is_new && !text.starts_with('-')) {
                self.requirements.push(text);
            }
        }
        self.extras.extend(other.extras);
        self.groups.extend(other.groups);
        self.unread.extend(other.unread);
    }
}

/// `--option=value`, `-rvalue`, or an option alone.
fn option_of(word: &str) -> (&str, Option<&str>) {
    if word.starts_with("--") {
        return match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word, None),
        };
    }
    let is_joined = word.starts_with('-') && word.len() > 2 && word.is_char_boundary(2);
    if is_joined {
        let (option, value) = word.split_at(2);
        return (option, Some(value));
    }
    (word, None)
}

pub(super) fn place(path: &Utf8Path, line: usize) -> Place {
    Place {
        path: path.to_owned(),
        line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> ToolEnvironment {
        let mut found = ToolEnvironment::default();
        found.add_line(line, &place(Utf8Path::new("/p/tox.ini"), 3));
        found
    }

    #[test]
    fn a_line_is_a_requirement_an_option_or_the_project_itself() {
        for (line, requirements) in [
            (
                "pytest >= 8 ; python_version < '4'",
                vec!["pytest >= 8 ; python_version < '4'"],
            ),
            (
                "-r requirements/test.txt",
                vec!["-r/p/requirements/test.txt"],
            ),
            ("-rtest.txt", vec!["-r/p/test.txt"]),
            ("--requirement=../test.txt", vec!["-r/test.txt"]),
            ("-c pins.txt", vec!["-c/p/pins.txt"]),
            ("--index-url https://example.org/x", vec![]),
            ("--pre", vec![]),
            (".", vec![]),
        ] {
            let found = read(line);
            assert_eq!(found.requirements, requirements, "{line}");
            assert!(found.unread.is_empty(), "{line}");
        }
        assert_eq!(read(".[Test, x]").extras, ["test", "x"]);
        assert_eq!(read("-e .[test]").extras, ["test"]);
        assert_eq!(read("--group dev").groups, ["dev"]);
        for line in ["{[base]deps}", "-r {envname}.txt", "../other"] {
            assert_eq!(read(line).unread.len(), 1, "{line}");
        }
    }

    #[test]
    fn of_several_environments_the_first_says_the_version() {
        let environment = |list: &[&str]| ToolEnvironment {
            requirements: list.iter().map(ToString::to_string).collect(),
            ..ToolEnvironment::default()
        };
        let mut first = environment(&["pytest", "django<4", "-r/p/a.txt"]);
        first.merge(environment(&[
            "Django>=4",
            "hypothesis",
            "-r/p/a.txt",
            "-r/p/b.txt",
        ]));
        let expected = [
            "pytest",
            "django<4",
            "-r/p/a.txt",
            "hypothesis",
            "-r/p/b.txt",
        ];
        assert_eq!(first.requirements, expected);
    }
}
