//! What the options of test runners mean: which words of a command line are tests, which are values of
//! options, and what the options are about.

mod tables;

use camino::Utf8Path;

pub use tables::{LIBTEST, PIP_INSTALL, PYTEST, STESTR, UNITTEST};

/// The options of one test runner and its usual plugins, or of an installer.
#[derive(Debug)]
pub struct RunnerOptions {
    /// Options that take the next word as their value, unless the value is joined to them.
    with_value: &'static [&'static str],
    /// Long options without a value; an option in neither list may have one or not.
    flags: &'static [&'static str],
    /// Options that select tests.
    selecting: &'static [&'static str],
    /// Options that let a person work in the runner's terminal, with the value that does so unless any does.
    interactive: &'static [(&'static str, &'static str)],
    /// Options that ask for something other than a test run.
    asking: &'static [&'static str],
}

/// The role of a word on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordRole {
    Option,
    /// The value of the option before it.
    Value,
    /// The name of tests, their file or folder, or a pattern for them.
    Test,
    /// Either a value of the preceding option or a test: that option is unknown.
    Either,
}

/// A parsed command line.
#[derive(Debug, Default)]
struct Parsed<'a> {
    /// One for each word.
    roles: Vec<WordRole>,
    /// How many options each word contains.
    counts: Vec<usize>,
    /// Each option separately with its value, which is empty if it has none: `-xk a` is `-x` and `-k`.
    options: Vec<(String, &'a str)>,
}

/// A part of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument<'a> {
    /// By name with hyphens; the value is empty if there is none.
    Option(String, &'a str),
    Word(&'a str),
}

impl RunnerOptions {
    /// The role of each word.
    pub fn roles(&self, words: &[String]) -> Vec<WordRole> {
        self.parse(words).roles
    }

    /// The options of each word with their values, and the other words, in order; a word after an unknown
    /// option is not treated as its value.
    pub fn arguments<'a>(&self, words: &'a [String]) -> Vec<Argument<'a>> {
        let parsed = self.parse(words);
        let mut options = parsed.options.into_iter();
        let mut arguments = Vec::new();
        for ((word, role), count) in words.iter().zip(parsed.roles).zip(parsed.counts) {
            match role {
                WordRole::Option => {
                    let own = options.by_ref().take(count);
                    arguments.extend(own.map(|(name, value)| Argument::Option(name, value)));
                }
                WordRole::Value => {}
                WordRole::Test | WordRole::Either => arguments.push(Argument::Word(word)),
            }
        }
        arguments
    }

    /// Whether any of the words is a test.
    pub fn names_tests(&self, words: &[String]) -> bool {
        let roles = self.roles(words);
        words.iter().zip(roles).any(|(word, role)| match role {
            WordRole::Test => true,
            WordRole::Either => is_test_file(word),
            WordRole::Option | WordRole::Value => false,
        })
    }

    /// Whether the words select among the tests, by naming some or in another way.
    pub fn selects(&self, words: &[String]) -> bool {
        self.names_tests(words) || self.says(words, self.selecting)
    }

    /// Whether a person wants to work in the runner's own terminal.
    pub fn wants_terminal(&self, words: &[String]) -> bool {
        let options = self.parse(words).options;
        let is_interactive = |(name, value): &(String, &str)| {
            self.interactive
                .iter()
                .any(|(option, needed)| option == name && (needed.is_empty() || needed == value))
        };
        options.iter().any(is_interactive)
    }

    /// Whether the words ask for something other than a test run: a version, a list.
    pub fn only_asks(&self, words: &[String]) -> bool {
        self.says(words, self.asking)
    }

    /// Whether one of the options is among the words, with or without a value.
    pub fn says(&self, words: &[String], options: &[&str]) -> bool {
        let said = self.parse(words).options;
        said.iter()
            .any(|(name, _)| options.contains(&name.as_str()))
    }

    fn parse<'a>(&self, words: &'a [String]) -> Parsed<'a> {
        let mut parsed = Parsed::default();
        let mut next = WordRole::Test;
        let mut only_tests = false;
        for word in words {
            if only_tests || !word.starts_with('-') || word == "-" {
                let role = std::mem::replace(&mut next, WordRole::Test);
                if let (WordRole::Value, Some((_, value))) = (role, parsed.options.last_mut()) {
                    *value = word;
                }
                parsed
                    .roles
                    .push(if only_tests { WordRole::Test } else { role });
                parsed.counts.push(0);
                continue;
            }
            let known = parsed.options.len();
            parsed.roles.push(WordRole::Option);
            next = WordRole::Test;
            if word == "--" {
                only_tests = true;
            } else if word.starts_with("--") {
                next = self.long(word, &mut parsed.options);
            } else {
                next = self.short(&word[1..], &mut parsed.options);
            }
            parsed.counts.push(parsed.options.len() - known);
        }
        parsed
    }

    /// Adds a long option; returns the role of the next word.
    fn long<'a>(&self, word: &'a str, options: &mut Vec<(String, &'a str)>) -> WordRole {
        if let Some((name, value)) = word.split_once('=') {
            options.push((name.to_owned(), value));
            return WordRole::Test;
        }
        options.push((word.to_owned(), ""));
        if self.with_value.contains(&word) {
            WordRole::Value
        } else if self.flags.contains(&word) {
            WordRole::Test
        } else {
            WordRole::Either
        }
    }

    /// Adds the short options of one word, up to one that takes the rest; returns the role of the next word.
    fn short<'a>(&self, letters: &'a str, options: &mut Vec<(String, &'a str)>) -> WordRole {
        for (at, letter) in letters.char_indices() {
            let name = format!("-{letter}");
            let rest = &letters[at + letter.len_utf8()..];
            if !self.with_value.contains(&name.as_str()) {
                options.push((name, ""));
                continue;
            }
            options.push((name, rest.strip_prefix('=').unwrap_or(rest)));
            return if rest.is_empty() {
                WordRole::Value
            } else {
                WordRole::Test
            };
        }
        WordRole::Test
    }
}

/// Whether a word can hardly be anything but a Python test file, or a test in one.
fn is_test_file(word: &str) -> bool {
    word.contains("::") || Utf8Path::new(word).extension() == Some("py")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    /// One letter for each word: an option, a value, a test, either.
    fn roles(options: &RunnerOptions, line: &str) -> String {
        let letters = options
            .roles(&words(line))
            .into_iter()
            .map(|role| match role {
                WordRole::Option => 'o',
                WordRole::Value => 'v',
                WordRole::Test => 't',
                WordRole::Either => 'e',
            });
        letters.collect()
    }

    #[test]
    fn a_value_is_no_test_however_its_option_is_written() {
        for (line, expected) in [
            ("-k name", "ov"),
            ("-kname tests", "ot"),
            ("-k=name tests", "ot"),
            ("-xk name tests", "ovt"),
            ("-vvxs tests", "ot"),
            ("-m slow -n 4 tests/a.py::b", "ovovt"),
            ("--tb short tests", "ovt"),
            ("--tb=short tests", "ot"),
            ("--pdb tests", "ot"),
            ("--maxfail 1 -q", "ovo"),
            ("--cov-append tests/unit", "ot"),
            ("--cov-branch --no-cov-on-fail tests", "oot"),
            ("--cov-report term tests", "ovt"),
            ("--forked --max-worker-restart 0 tests", "oovt"),
            ("--timeout-disable-debugger-detection tests", "ot"),
            ("--randomly-dont-reorganize tests", "ot"),
            ("--rerun-except KeyError tests", "ovt"),
            ("--asyncio-debug --anyio-mode auto tests", "oovt"),
            (
                "--benchmark-disable-gc --benchmark-time-unit us tests",
                "oovt",
            ),
            ("--store-durations --durations-path x tests", "oovt"),
            ("--random-order --random-order-seed 1 tests", "oovt"),
            ("--self-contained-html --css x tests", "oovt"),
            ("--disable-socket --allow-hosts x tests", "oovt"),
            ("--json-report --json-report-file x tests", "oovt"),
            ("--instafail tests", "ot"),
            ("--hypothesis-show-statistics tests", "ot"),
            ("--collectonly --sw-skip --log-disable x tests", "ooovt"),
            ("--nobody-knows x", "oe"),
            ("--nobody-knows x y", "oet"),
            ("--nobody-knows -x y", "oot"),
            ("tests -- -k", "tot"),
            ("-", "t"),
            ("-é tests", "ot"),
            ("", ""),
        ] {
            assert_eq!(roles(&PYTEST, line), expected, "{line}");
        }
        for (line, expected) in [
            ("discover -s tests -p *_test.py", "tovov"),
            ("--start-directory tests", "ov"),
            ("-k x -v a.B", "ovot"),
        ] {
            assert_eq!(roles(&UNITTEST, line), expected, "{line}");
        }
        for (line, expected) in [
            ("--pdb a.B.c", "ov"),
            ("-E slow name", "ovt"),
            ("--concurrency 1 --serial name", "ovot"),
        ] {
            assert_eq!(roles(&STESTR, line), expected, "{line}");
        }
        for (line, expected) in [
            ("--test-threads 1 name", "ovt"),
            ("--skip slow --exact name", "ovot"),
            ("-Z unstable-options --report-time name", "ovot"),
        ] {
            assert_eq!(roles(&LIBTEST, line), expected, "{line}");
        }
    }

    #[test]
    fn what_names_tests_is_told_from_what_selects_otherwise_or_not_at_all() {
        for (options, line, names, selects) in [
            (&PYTEST, "-k x", false, true),
            (&PYTEST, "-kx", false, true),
            (&PYTEST, "-vm x", false, true),
            (&PYTEST, "--lf", false, true),
            (&PYTEST, "--deselect=a.py::b", false, true),
            (&PYTEST, "tests", true, true),
            (&PYTEST, "--nobody-knows a.py", true, true),
            (&PYTEST, "--nobody-knows a", false, false),
            (&PYTEST, "--tb short -v", false, false),
            (&UNITTEST, "-k x", false, true),
            (&UNITTEST, "--start-directory x", false, true),
            (&UNITTEST, "a.B.c", true, true),
            (&UNITTEST, "--locals -v", false, false),
            (&STESTR, "--pdb a.B", false, true),
            (&STESTR, "--concurrency 1", false, false),
            (&LIBTEST, "--skip x", false, true),
            (&LIBTEST, "--test-threads 1", false, false),
        ] {
            let words = words(line);
            assert_eq!(options.names_tests(&words), names, "{line}");
            assert_eq!(options.selects(&words), selects, "{line}");
        }
    }

    #[test]
    fn letters_in_one_word_are_options_of_their_own() {
        let read = |line: &str| {
            let words = words(line);
            let arguments = PIP_INSTALL.arguments(&words).into_iter();
            let shown = arguments.map(|argument| match argument {
                Argument::Option(name, value) => format!("{name}={value}"),
                Argument::Word(word) => word.to_owned(),
            });
            shown.collect::<Vec<_>>().join(" ")
        };
        for (line, expected) in [
            ("-Ur dev.txt six", "-U= -r=dev.txt six"),
            ("-rdev.txt -qqUe . six", "-r=dev.txt -q= -q= -U= -e=. six"),
            (
                "--requirement=dev.txt --pre six",
                "--requirement=dev.txt --pre= six",
            ),
            (
                "-t lib --nobody-knows six -- -r",
                "-t=lib --nobody-knows= six -r",
            ),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }

    #[test]
    fn a_terminal_is_wanted_by_what_each_runner_means_by_it() {
        for (options, line, expected) in [
            (&PYTEST, "-s", true),
            (&PYTEST, "-xvs", true),
            (&PYTEST, "--capture=no", true),
            (&PYTEST, "--capture no", true),
            (&PYTEST, "--capture=sys", false),
            (&PYTEST, "-k -s", true),
            (&PYTEST, "-ks", false),
            (&PYTEST, "--pdb", true),
            (&UNITTEST, "discover -s tests", false),
            (&STESTR, "--pdb=a.B", true),
            (&STESTR, "-s", false),
        ] {
            assert_eq!(options.wants_terminal(&words(line)), expected, "{line}");
        }
    }

    #[test]
    fn a_version_or_a_list_is_no_run_of_tests() {
        for (options, line, expected) in [
            (&PYTEST, "--version", true),
            (&PYTEST, "-VV", true),
            (&PYTEST, "--collect-only -q", true),
            (&PYTEST, "-p no:x", false),
            (&PYTEST, "-k --help", true),
            (&UNITTEST, "-h", true),
            (&UNITTEST, "-k h", false),
            (&LIBTEST, "--list", true),
        ] {
            assert_eq!(options.only_asks(&words(line)), expected, "{line}");
        }
    }

    #[test]
    fn no_option_is_in_two_lists_that_contradict_each_other() {
        for options in [&PYTEST, &UNITTEST, &STESTR, &LIBTEST] {
            for name in options.with_value {
                assert!(!options.flags.contains(name), "{name}");
            }
        }
    }
}
