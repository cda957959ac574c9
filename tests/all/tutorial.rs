//! The tutorials' files and commands work as they stand there.

use crate::created::empty;
use crate::support::{CheckOutcome, Project, folder};

/// What a fenced block is: its info string and its text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut parts = page.split("\n```");
    parts.next();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        let (info, text) = block.split_once('\n').unwrap();
        blocks.push((info.to_owned(), format!("{text}\n")));
    }
    blocks
}

/// `cargo pyx …`, also inside `eval "$(…)"`.
fn run(project: &Project, line: &str) -> CheckOutcome {
    let evaluated = line.strip_prefix("eval \"$(");
    let evaluated = evaluated.and_then(|line| line.strip_suffix(")\""));
    let words = shlex::split(evaluated.unwrap_or(line)).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ["cargo", "pyx", command, arguments @ ..] = words.as_slice() else {
        panic!("`{line}` is no command of ours");
    };
    project.pyx(command).with(arguments).run().succeeds()
}

/// Writes each file of a page, runs each command, and looks for the text that is said to come of it.
fn follow(page: &str, folder: &std::path::Path) {
    let project = empty(folder);
    project.git(&["init", "--quiet"]); // nothing above it counts
    let (mut commands, mut last) = (0, None);
    for (info, text) in blocks(page) {
        match info.split_once(" file=") {
            Some((_, name)) => project.write(name, &text),
            None if info == "sh" => {
                for line in text.lines() {
                    last = Some(run(&project, line));
                    commands += 1;
                }
            }
            None if info == "text" => drop(last.take().unwrap().says(text.trim())),
            None => {} // part of a file, to read
        }
    }
    assert!(commands >= 3);
}

#[test]
fn a_function_in_rust_is_called_tested_and_packed() {
    follow(include_str!("../../docs/rust-from-python.md"), &folder!());
}

#[test]
fn a_program_runs_python() {
    follow(include_str!("../../docs/python-from-rust.md"), &folder!());
}
