//! The rules of the house that no lint knows.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::CommandFactory;

mod hints;
mod packed;
mod pages;
mod paths;
mod reliability;
#[cfg(unix)]
mod python;
#[cfg(unix)]
pub(crate) mod workflows;

use paths::{Arrow, Crate, circles};

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

/// The folders of `src`, in the order of lib.rs: each layer uses only those above it there.
fn layers() -> Vec<String> {
    text(&root().join("src/lib.rs"))
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

/// The program's files, named from `src`, with their texts.
fn sources() -> Vec<(PathBuf, String)> {
    let src = root().join("src");
    let files = rust_files(&src).into_iter();
    files
        .filter(|file| !file.iter().any(|part| part == "templates")) // with gaps to be filled in
        .map(|file| (file.strip_prefix(&src).unwrap().to_owned(), text(&file)))
        .collect()
}

/// The arrows that lead from a layer to one that stands below it in `layers`.
fn upward(layers: &[String], arrows: &BTreeSet<Arrow>) -> Vec<Arrow> {
    let layer = |file: &Path| {
        let first = file.iter().next()?.to_str()?;
        layers.iter().position(|name| name == first)
    };
    let wrong = arrows
        .iter()
        .filter(|arrow| match (layer(&arrow.from), layer(&arrow.to)) {
            (Some(from), Some(to)) => from < to,
            _ => false, // lib.rs and main.rs
        });
    wrong.cloned().collect()
}

/// A newcomer goes by the table; what is in backquotes and looks like a path in it is one.
#[test]
fn contributing_names_places_that_are_there() {
    let page = text(&root().join("CONTRIBUTING.md"));
    let (_, table) = page.split_once("Where to look:").unwrap();
    let (table, _) = table.split_once("\n###").unwrap();
    let quoted = table.split('`').skip(1).step_by(2);
    let paths: Vec<&str> = quoted.filter(|word| word.contains('/')).collect();
    assert!(paths.len() > 15, "{paths:?}");
    for path in paths {
        let places = [root().join("src").join(path), root().join(path)];
        assert!(places.iter().any(|place| place.exists()), "{path}");
    }
}

#[test]
fn src_shows_the_layers_and_nothing_else() {
    let mut shown: Vec<String> = std::fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    shown.sort();
    let mut expected = layers();
    expected.extend(["lib.rs".to_owned(), "main.rs".to_owned()]);
    expected.sort();
    assert_eq!(shown, expected);
    assert!(shown.len() <= 10);
}

#[test]
fn a_file_uses_only_its_own_layer_and_those_above() {
    let arrows = Crate::read(&sources()).arrows();
    assert!(arrows.len() > 500, "{}", arrows.len());
    assert_eq!(upward(&layers(), &arrows), []);
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let arrows = Crate::read(&sources()).arrows();
    let circles = circles(&arrows);
    let ties = |circle: &BTreeSet<PathBuf>| {
        let inside = |arrow: &&Arrow| circle.contains(&arrow.from) && circle.contains(&arrow.to);
        let lines = arrows.iter().filter(inside);
        let lines =
            lines.map(|a| format!("{} -> {}: {}\n", a.from.display(), a.to.display(), a.name));
        lines.collect::<String>()
    };
    let texts: Vec<String> = circles.iter().map(ties).collect();
    assert!(texts.is_empty(), "{}", texts.join("\n"));
}

/// What the two laws above say of a small program of two layers.
fn judged(files: &[(&str, &str)]) -> (Vec<String>, usize) {
    let files: Vec<(PathBuf, String)> = files
        .iter()
        .map(|(file, text)| (PathBuf::from(file), (*text).to_owned()))
        .collect();
    let arrows = Crate::read(&files).arrows();
    let upward = upward(&["low".to_owned(), "high".to_owned()], &arrows);
    let upward = upward.into_iter().map(|arrow| arrow.name);
    (upward.collect(), circles(&arrows).len())
}

#[test]
fn an_arrow_upward_or_a_circle_is_found_wherever_it_is_written() {
    let high = (
        "high/mod.rs",
        "pub struct Plan; pub mod deep { pub fn f() {} }",
    );
    for text in [
        "use crate::high::Plan;",
        "use crate::{low::x, high::{deep::{f}, Plan}};",
        "use crate::{low::{x, y}, high::Plan};",
        "fn f() { crate::high::deep::f() }",
        "fn f(plan: &crate::high::Plan) {}",
        "fn f() { use crate::high::Plan; }",
        "fn f() { println!(\"{}\", crate::high::deep::f()) }",
        "fn f() { vec![(1, [super::high::Plan])] }",
        "mod tests { use super::super::high::Plan; }",
        "impl From<u8> for X { fn from(_: u8) -> Self { match y { crate::high::Plan => X } } }",
    ] {
        let (upward, _) = judged(&[high, ("low/mod.rs", text)]);
        assert!(!upward.is_empty(), "{text}");
    }
    let fine = [
        high,
        ("low/mod.rs", "pub struct Fact;"),
        ("high/a.rs", "use crate::low::Fact;"),
    ];
    assert_eq!(judged(&fine), (vec![], 0));
    // through a face to the file behind it
    let face = "mod a; mod b; pub use a::A; pub use b::*;";
    let circle = [
        ("low/mod.rs", face),
        ("low/a.rs", "use super::B; pub struct A;"),
        ("low/b.rs", "pub struct B; fn f(_: super::A) {}"),
    ];
    assert_eq!(judged(&circle), (vec![], 1));
    // a face that uses what it hands on
    let circle_of_two = [
        ("low/mod.rs", "mod a; pub use a::A; pub struct M(A);"),
        ("low/a.rs", "use super::M; pub struct A;"),
    ];
    assert_eq!(judged(&circle_of_two), (vec![], 1));
    let line = [circle[0], circle[1], ("low/b.rs", "pub struct B;")];
    assert_eq!(judged(&line), (vec![], 0));
}

/// The program's files whose code, tests aside, holds one of the words.
fn saying(words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let is_tests = file.ends_with("tests.rs") || file.iter().any(|part| part == "tests");
        if !is_tests && words.iter().any(|word| code.contains(word)) {
            found.push(file.to_str().unwrap().replace('\\', "/"));
        }
    }
    found.sort();
    found
}

#[test]
fn a_manifest_is_parsed_in_one_place() {
    // what an sdist holds is no file
    let expected = [
        "facts/artifact/rules/sources.rs",
        "world/manifest/manifests.rs",
    ];
    assert_eq!(saying(&["CargoToml::of(", "PyProject::of("]), expected);
    let others = ["CargoToml::read(", "PyProject::read("];
    assert!(saying(&others).is_empty());
    for file in saying(&["Toml::read("]) {
        let text = text(&root().join("src").join(&file));
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in code.split("Toml::read(").skip(1) {
            let what = call.split([';', '{']).next().unwrap_or_default();
            assert!(!what.contains("Cargo.toml"), "{file}: {what}");
            assert!(!what.contains("pyproject.toml"), "{file}: {what}");
        }
    }
}

#[test]
fn whoever_plans_or_acts_reads_no_manifest() {
    let asking = saying(&["Manifests", ".manifests"]);
    assert!(asking.len() > 5, "{asking:?}");
    for file in asking {
        let layer = file.split('/').next().unwrap_or_default();
        assert!(["world", "facts"].contains(&layer), "{file}");
    }
}

/// Every file below a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn variables_of_ours_have_the_programs_name() {
    let of_uv = root().join("src/world/session.rs"); // has variables for an index called pyx
    let mut read = vec![root().join("README.md")];
    for folder in ["src", "recipes", "docs"] {
        read.extend(files(&root().join(folder)));
    }
    read.retain(|path| *path != of_uv);
    let mut wrong = Vec::new();
    for path in &read {
        let text = std::fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$'));
        for word in words.filter(|word| word.starts_with("PYX_") || word.starts_with("$PYX")) {
            wrong.push(format!("{}: {word}", path.display()));
        }
    }
    assert!(read.len() > 100 && wrong.is_empty(), "{}", wrong.join("\n"));
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
        .filter(|name| {
            !matches!(
                name.as_str(),
                "adopt.py"
                    | "compatibility.py"
                    | "corpus.py"
                    | "growth.py"
                    | "policies.py"
                    | "published.py"
                    | "speed.py"
                    | "speed_page.py"
                    | "trial.py"
                    | "trial_page.py"
            ) && !name.starts_with("__")
        })
        .collect();
    files.sort();
    let embedded = cargo_pyx::facts::recipes::FILES.iter();
    let embedded: Vec<&str> = embedded.map(|(name, _)| *name).collect();
    assert_eq!(files, embedded);
}
