//! What a project's own automation runs and installs: tox, nox, make, just, continuous integration and the
//! scripts in pyproject.toml.

use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use pep508_rs::{Requirement, VerbatimUrl};

use crate::model::error::Result;
use crate::model::runner_options::{Argument, PIP_INSTALL};
use crate::world::checkout;
use crate::world::disk;

use super::environments::REQUIREMENTS;
use super::workflow;

/// Files of one folder.
const FILES: [&str; 15] = [
    "tox.ini",
    "tox.toml",
    "noxfile.py",
    "setup.cfg",
    "pyproject.toml",
    "Makefile",
    "GNUmakefile",
    "makefile",
    "justfile",
    "Justfile",
    ".justfile",
    ".gitlab-ci.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    ".circleci/config.yml",
];

/// The command lines of a project's automation, as words, without quotes and comments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Automation {
    lines: Vec<Vec<String>>,
}

impl Automation {
    /// Of a folder and those above it, up to the root of its checkout; the nearest comes first.
    pub fn read(dir: &Utf8Path) -> Result<Self> {
        let mut automation = Self::default();
        for folder in checkout::around(dir) {
            for path in files(folder) {
                let text = disk::read_text(&path)?.unwrap_or_default();
                automation.add(&text);
            }
        }
        Ok(automation)
    }

    pub(super) fn of(text: &str) -> Self {
        let mut automation = Self::default();
        automation.add(text);
        automation
    }

    fn add(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace("\\\n", " "); // a line that goes on in the next
        // a call of nox may go over several lines
        let calls = text
            .split("session.run(")
            .skip(1)
            .map(|call| call.split(')').next().unwrap_or_default());
        let lines = text
            .lines()
            .map(str::trim_start)
            .filter(|line| !line.starts_with('#'));
        self.lines.extend(lines.chain(calls).map(words));
    }

    /// Whether a word contains `text` anywhere.
    pub fn mentions(&self, text: &str) -> bool {
        let mut words = self.lines.iter().flatten();
        words.any(|word| word.contains(text))
    }

    /// The arguments of each `python -m MODULE`, without references to variables.
    pub fn arguments_of(&self, module: &str) -> Vec<Vec<String>> {
        let after = |line: &Vec<String>| {
            let mut pairs = line.windows(2);
            let at = pairs.position(|pair| pair[0] == "-m" && pair[1] == module)?;
            Some(arguments(&line[at + 2..]))
        };
        self.lines.iter().filter_map(after).collect()
    }

    /// The same, with the folder that the line changes into first, as named there.
    pub fn calls_of_module(&self, module: &str) -> Vec<(Option<String>, Vec<String>)> {
        let lines = self.lines.iter();
        let calls = lines.filter_map(|line| {
            let mut pairs = line.windows(2);
            let at = pairs.position(|pair| pair[0] == "-m" && pair[1] == module)?;
            let before = folders_in(&line[..at]).pop();
            Some((before, arguments(&line[at + 2..])))
        });
        calls.collect()
    }

    /// The folders that any of it works in, as named there: by `cd`, by tox and nox, and by the steps of
    /// continuous integration.
    pub fn folders(&self) -> Vec<String> {
        let mut folders: Vec<String> = self.lines.iter().flat_map(|it| folders_in(it)).collect();
        folders.sort();
        folders.dedup();
        folders
    }

    /// The arguments of each call of a program.
    pub fn arguments_to(&self, program: &str) -> Vec<Vec<String>> {
        let after = |line: &Vec<String>| {
            let at = line.iter().position(|word| word == program)?;
            Some(arguments(&line[at + 1..]))
        };
        self.lines.iter().filter_map(after).collect()
    }

    /// The arguments of each call of a program, if all are literal: no call with a variable, and no title of
    /// a step.
    pub fn calls_of(&self, program: &str) -> Vec<&[String]> {
        let commands = self.lines.iter().filter(|line| !is_title(line));
        commands
            .flat_map(|line| line.split(|word| ends_command(word)))
            .filter_map(|command| {
                let at = command.iter().position(|word| word == program)?;
                Some(&command[at + 1..])
            })
            .filter(|given| !given.iter().any(|word| is_variable(word)))
            .collect()
    }

    /// The requirements files that are installed, as named there.
    pub fn requirements_files(&self) -> Vec<&str> {
        let calls = self.calls_of("install").into_iter();
        let given = calls.flat_map(|given| PIP_INSTALL.arguments(given));
        let named = given.filter_map(|argument| match argument {
            Argument::Option(name, value) => REQUIREMENTS.contains(&&*name).then_some(value),
            Argument::Word(_) => None,
        });
        named.filter(|name| !name.is_empty()).collect()
    }
}

/// Those that there are, under the names that they have: a file system that takes no notice of case would
/// have one of them several times.
pub(super) fn files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let names = disk::names(folder);
    let is_there = |name: &&&str| name.contains('/') || names.iter().any(|it| it == *name);
    let named = FILES.iter().filter(is_there).map(|name| folder.join(name));
    named.chain(workflow::files(folder)).collect()
}

/// Without quotes: quoted text is split into words, since YAML quotes whole commands, except for an option's
/// value, which is one word.
fn words(line: &str) -> Vec<String> {
    let line = line.replace("\\\"", "'"); // quoted within quotes
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut quoted: Option<(char, usize)> = None; // since how many words
    let mut after_option = false;
    let mut rest = line.as_str();
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        if !"\"'[]`".contains(letter) && !letter.is_whitespace() {
            word.push(letter);
            continue;
        }
        let is_joined = word.starts_with('-') && word.ends_with('=');
        if !is_joined {
            let own = std::mem::take(&mut word);
            let own = own.trim_matches([',', ')']);
            if !own.is_empty() {
                after_option = takes_one_word(own);
                words.push(own.to_owned());
            }
        }
        if !"\"'".contains(letter) {
            words.extend(is_joined.then(|| std::mem::take(&mut word)));
        } else if let Some((_, before)) = quoted.take_if(|(open, _)| *open == letter) {
            after_option &= words.len() == before + 1; // that alone was quoted
        } else if let Some((value, after)) = rest.split_once(letter)
            && (is_joined || after_option)
        {
            words.push(std::mem::take(&mut word) + value);
            after_option = false;
            rest = after;
        } else if quoted.is_none() {
            quoted = Some((letter, words.len()));
        }
    }
    let word = word.trim_matches([',', ')']);
    words.extend((!word.is_empty()).then(|| word.to_owned()));
    words
}

/// Whether quoted text after an option is one word; a shell command is several.
fn takes_one_word(option: &str) -> bool {
    let is_shells = !option.starts_with("--") && option.ends_with('c') || option == "--command";
    option.starts_with('-') && option.contains(char::is_alphanumeric) && !is_shells
}

/// The words up to where a shell ends the command.
fn arguments(words: &[String]) -> Vec<String> {
    let own = words.iter().take_while(|word| !ends_command(word));
    own.filter(|word| !is_variable(word)).cloned().collect()
}

fn folders_in(words: &[String]) -> Vec<String> {
    const KEYS: [&str; 9] = [
        "cd",
        "pushd",
        "changedir",
        "change_dir",
        "session.chdir",
        "session.cd",
        "working-directory",
        "working_directory",
        "workingDirectory",
    ];
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let (key, own) = word.split_once(['=', ':', '(']).unwrap_or((word, ""));
        if !KEYS.contains(&key) {
            continue;
        }
        let mut after = words[at + 1..].iter().map(String::as_str);
        let value = match own {
            "" => after.find(|word| *word != "="),
            own => Some(own),
        };
        let value = value.unwrap_or_default().trim_end_matches([';', ')']);
        let value = ["{toxinidir}/", "{tox_root}/"]
            .iter()
            .find_map(|root| value.strip_prefix(root))
            .unwrap_or(value);
        if !(value.is_empty() || is_variable(value) || ends_command(value)) {
            found.push(value.to_owned());
        }
    }
    found
}

/// Version limits of a requirement would look like redirections without their quotes.
fn ends_command(word: &str) -> bool {
    let is_requirement = || Requirement::<VerbatimUrl>::from_str(word).is_ok();
    word.contains([';', '&', '|', '#']) || word.contains(['<', '>']) && !is_requirement()
}

fn is_variable(word: &str) -> bool {
    word.contains(['$', '{', '}'])
}

/// Whether a line of YAML is the title of a step.
fn is_title(line: &[String]) -> bool {
    let mut words = line.iter().filter(|word| *word != "-");
    words.next().is_some_and(|word| word == "name:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn automation(text: &str) -> Automation {
        Automation::of(text)
    }

    #[test]
    fn what_a_module_is_given_is_read_from_any_kind_of_file() {
        for text in [
            "test:\n\tpython -m unittest discover -s tests $(ARGS) && echo ok\n",
            "      - run: python3 -m unittest discover -s tests\n",
            "    session.run(\n        'python',\n        '-m',\n        'unittest',\n        'discover',\n        '-s',\n        'tests',\n    )\n",
            "commands = [[\"python\", \"-m\", \"unittest\", \"discover\", \"-s\", \"tests\"]]\n",
            "commands = coverage run -m unittest discover -s tests {posargs}\n",
        ] {
            let given = automation(text).arguments_of("unittest");
            assert_eq!(given, [["discover", "-s", "tests"]], "{text}");
        }
    }

    #[test]
    fn the_folder_is_read_in_which_something_works() {
        for (text, folder) in [
            ("\tcd tests && python -m unittest a\n", Some("tests")),
            ("\tcd tests; python -m unittest a\n", Some("tests")),
            ("changedir = tests\ncommands = python -m unittest a\n", None),
            ("changedir={toxinidir}/tests\n", None),
            ("change_dir = \"tests\"\n", None),
            ("    with session.chdir('tests'):\n", None),
            ("        working-directory: ./tests\n", None),
        ] {
            let automation = automation(text);
            let folders = automation.folders();
            assert_eq!(folders[0].trim_start_matches("./"), "tests", "{text}");
            if let Some((before, given)) = automation.calls_of_module("unittest").pop() {
                assert_eq!((before.as_deref(), given), (folder, vec!["a".to_owned()]));
            }
        }
        assert!(
            automation("cd $HERE\ncd {envtmpdir}\n")
                .folders()
                .is_empty()
        );
    }

    #[test]
    fn calls_are_read_where_all_of_them_is_said() {
        for (text, calls) in [
            ("test:\n\tcargo test\n", vec![vec!["test"]]),
            (
                "run: cargo build && cargo test -F a,b | tee log",
                vec![vec!["build"], vec!["test", "-F", "a,b"]],
            ),
            ("\tcargo test \\\n\t  -F a\n", vec![vec!["test", "-F", "a"]]),
            (
                "\tcargo test \\\r\n\t  -F a\r\n",
                vec![vec!["test", "-F", "a"]],
            ),
            (
                "    session.run(\n        'cargo',\n        'test',\n        '-F',\n        'a',\n    )\n",
                vec![vec![], vec!["test", "-F", "a"]],
            ),
            ("- name: cargo test\n  run: make test\n", vec![]),
            ("- run: cargo test ${{ matrix.flags }}\n", vec![]),
            ("# cargo test\n", vec![]),
        ] {
            assert_eq!(automation(text).calls_of("cargo"), calls, "{text}");
        }
    }

    #[test]
    fn a_quoted_value_is_one_word_and_a_quoted_command_is_several() {
        let value = vec![vec!["test", "--features", "foo bar", "--lib"]];
        for (text, calls) in [
            ("\tcargo test --features \"foo bar\" --lib\n", value.clone()),
            (
                "- run: \"cargo test --features 'foo bar' --lib\"\n",
                value.clone(),
            ),
            (
                "- run: 'cargo test --features \"foo bar\" --lib'\n",
                value.clone(),
            ),
            (
                "x = \"cargo test --features \\\"foo bar\\\" --lib\"\n",
                value.clone(),
            ),
            (
                "x = ['cargo', 'test', '--features', 'foo bar', '--lib']\n",
                value,
            ),
            (
                "\tcargo test --features='foo bar'\n",
                vec![vec!["test", "--features=foo bar"]],
            ),
            (
                "\tbash -lc \"cargo test --lib\"\n",
                vec![vec!["test", "--lib"]],
            ),
            (
                "x = ['make --all', 'cargo test --lib']\n",
                vec![vec!["test", "--lib"]],
            ),
            (
                "\techo don't; cargo test --lib\n",
                vec![vec!["test", "--lib"]],
            ),
            (
                "\tcargo test --features 'a\n",
                vec![vec!["test", "--features", "a"]],
            ),
        ] {
            assert_eq!(automation(text).calls_of("cargo"), calls, "{text}");
        }
    }

    #[test]
    fn a_requirements_file_is_named_in_each_way_of_pip() {
        for call in [
            "pip install -r a.txt",
            "pip install -ra.txt",
            "pip install -Ur a.txt",
            "pip install -U --requirement=a.txt",
            "uv pip install six --requirements a.txt -c b.txt",
            "pip install 'pytest>=8,<10' -r a.txt > log.txt",
        ] {
            assert_eq!(automation(call).requirements_files(), ["a.txt"], "{call}");
        }
        for call in [
            "pip install -Ur",
            "pip install pytest > log -r a.txt",
            "pip install pytest >log -r a.txt",
        ] {
            assert!(automation(call).requirements_files().is_empty(), "{call}");
        }
    }

    #[test]
    fn comments_say_nothing() {
        let commented = automation("# python -m unittest, not pytest\n");
        assert!(commented.arguments_of("unittest").is_empty());
        assert!(!commented.mentions("pytest"));
        assert!(automation("pytest-cov\n").mentions("pytest"));
    }
}
