//! The rules of the house that no lint knows.
#![expect(
    clippy::disallowed_methods,
    reason = "tests look at the checkout and run the program"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::CommandFactory;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file below a folder.
fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

/// The modules of lib.rs, in their order from the top layer down.
fn layers() -> BTreeMap<String, usize> {
    text(&root().join("src/lib.rs"))
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .enumerate()
        .map(|(depth, name)| (name, depth))
        .collect()
}

/// The modules that a text uses by `crate::NAME`; `use crate::{a, b}` included.
fn used(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in text.split("crate::").skip(1) {
        let (inside, braces) = match rest.strip_prefix('{') {
            Some(rest) => (rest.split('}').next().unwrap_or_default(), true),
            None => (rest, false),
        };
        for part in inside.split(',').take(if braces { usize::MAX } else { 1 }) {
            let word: String = part
                .trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            names.push(word);
        }
    }
    names
}

#[test]
fn a_module_uses_only_the_layers_above_its_own() {
    let layers = layers();
    let src = root().join("src");
    let files = rust_files(&src);
    assert!(layers.len() > 10 && files.len() > layers.len());
    for file in files {
        let relative = file.strip_prefix(&src).unwrap();
        let first = relative.components().next().unwrap().as_os_str();
        let module = first.to_string_lossy().trim_end_matches(".rs").to_owned();
        let Some(own) = layers.get(&module) else {
            continue; // lib.rs and main.rs
        };
        for name in used(&text(&file)) {
            if let Some(depth) = layers.get(&name) {
                assert!(
                    name == module || depth < own,
                    "{} uses `{name}`, which is below `{module}`",
                    relative.display()
                );
            }
        }
    }
}

#[test]
fn every_lint_that_is_off_says_why() {
    for file in rust_files(&root().join("src")) {
        let text = text(&file);
        assert!(!text.contains("#[allow("), "{}", file.display());
        for expect in text
            .split("expect(")
            .skip(1)
            .filter(|rest| rest.trim_start().starts_with("clippy::"))
        {
            let list = expect.split(")]").next().unwrap_or_default();
            assert!(list.contains("reason = "), "{}", file.display());
        }
    }
}

/// `cargo pyx COMMAND --help` of every command that does something, in 100 columns.
fn help(command: &clap::Command, words: &[&str], text: &mut String) {
    for below in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        let words = [words, &[below.get_name()]].concat();
        if below.has_subcommands() {
            help(below, &words, text);
            continue;
        }
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-pyx"))
            .arg("pyx")
            .args(&words)
            .arg("--help")
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let printed = printed.trim_end();
        let title = words.join(" ");
        writeln!(text, "\n## cargo pyx {title}\n\n```text\n{printed}\n```").unwrap();
    }
}

#[test]
fn the_documented_commands_are_the_programs_own_help() {
    let path = root().join("docs/commands.md");
    let known = text(&path);
    let head = known.split("\n## ").next().unwrap();
    let mut expected = head.to_owned();
    help(&cargo_pyx::cli::Cli::command(), &[], &mut expected);
    if known != expected {
        let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands.md");
        std::fs::write(&new, expected).unwrap();
        panic!("cp {} {}", new.display(), path.display());
    }
}

#[test]
fn fixtures_say_what_they_are_for() {
    for entry in std::fs::read_dir(root().join("fixtures")).unwrap() {
        let dir = entry.unwrap().path();
        let readme = text(&dir.join("README.md"));
        assert!(readme.lines().count() >= 3, "{}", dir.display());
    }
}

#[test]
fn every_recipe_is_part_of_the_program() {
    let mut files: Vec<String> = std::fs::read_dir(root().join("recipes"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "corpus.py" && !name.starts_with("__"))
        .collect();
    files.sort();
    let embedded = cargo_pyx::recipe::FILES.iter();
    let embedded: Vec<&str> = embedded.map(|(name, _)| *name).collect();
    assert_eq!(files, embedded);
}
