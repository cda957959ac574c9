//! Every `--help` ends with examples, and each is a command line that the program accepts.

use clap::{Command, CommandFactory, Parser};

use super::Cli;

fn all(command: &Command) -> Vec<&Command> {
    let below = command
        .get_subcommands()
        .filter(|command| command.get_name() != "help");
    std::iter::once(command)
        .chain(below.flat_map(all))
        .collect()
}

/// The command lines under `Examples:`, without what is said of them.
fn examples(help: &str) -> Vec<&str> {
    let (_, rest) = help.split_once("Examples:\n").unwrap_or_default();
    let lines = rest.lines().take_while(|line| !line.is_empty());
    let commands = lines.map(|line| line.trim().split("  ").next().unwrap_or_default());
    commands
        .map(|line| line.split(" | ").next().unwrap_or(line))
        .map(substituted)
        .collect()
}

/// The command in `eval "$(command)"`, else the line itself.
fn substituted(line: &str) -> &str {
    let inner = line.strip_prefix("eval \"$(");
    inner
        .and_then(|rest| rest.strip_suffix(")\""))
        .unwrap_or(line)
}

#[test]
fn every_command_shows_examples_that_it_takes() {
    let mut command = Cli::command();
    command.build();
    for command in all(&command) {
        let name = command.get_bin_name().unwrap_or_default();
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{name} shows no example");
        for line in examples {
            let words = shlex::split(line).unwrap();
            assert_eq!(words[..2], ["cargo", "pyx"], "{line}");
            let parsed =
                Cli::try_parse_from(std::iter::once("cargo pyx".into()).chain(words[2..].to_vec()));
            let is_help = matches!(&parsed, Err(error) if !error.use_stderr());
            assert!(parsed.is_ok() || is_help, "{line}");
            let belongs = name.split(' ').count() == 2 || line.starts_with(name);
            assert!(belongs, "{name} shows `{line}`");
        }
    }
}
