//! What a project's GitHub Actions workflows build, from the release's own table of platforms.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::facts::release::{HOSTED, Hosted, first_runners};
use crate::model::minor::NEWEST_PYTHON;
use crate::model::path::within;

/// The value of each name in the workflows.
pub(super) fn values(lowest: u64) -> [(&'static str, String); 8] {
    let [dist, sets, working_directory] = places("");
    [
        dist,
        ("platforms", platforms(None)),
        ("pythons", tested(lowest)),
        ("pyx", env!("CARGO_PKG_VERSION").to_owned()),
        sets,
        ("systems", systems()),
        ("wanted", wanted(lowest)),
        working_directory,
    ]
}

/// The values for the places of a release; `folder`: of the project, relative to the root of the repository,
/// which is where GitHub's own steps look while its jobs run in the project's folder.
pub(super) fn places(folder: &str) -> [(&'static str, String); 3] {
    let working_directory = if folder.is_empty() {
        String::new()
    } else {
        format!("    working-directory: {}", scalar(folder))
    };
    let owned = |path| scalar(&within(folder, path)).into_owned();
    [
        ("dist", owned("dist/")),
        ("sets", owned("target/sets")),
        ("working_directory", working_directory),
    ]
}

/// A text as a YAML value, also usable in a one-line list.
pub(super) fn scalar(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " _-./=$'\"".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric() || "_.".contains(c));
    if begins && !text.ends_with(' ') && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(serde_json::Value::from(text).to_string()) // YAML has JSON's strings
}

/// The Pythons from a minor version on, as `3.10`.
fn pythons(lowest: u64) -> impl Iterator<Item = String> {
    (lowest..=NEWEST_PYTHON.1.max(lowest)).map(|minor| format!("3.{minor}"))
}

/// A YAML list, on one line.
fn tested(lowest: u64) -> String {
    let quoted: Vec<String> = pythons(lowest)
        .map(|python| format!("\"{python}\""))
        .collect();
    format!("[{}]", quoted.join(", "))
}

fn systems() -> String {
    format!("[{}]", first_runners().join(", "))
}

/// For which Pythons `release wheel` is asked to build.
fn wanted(lowest: u64) -> String {
    let flags: Vec<String> = pythons(lowest)
        .map(|python| format!("--python {python}"))
        .collect();
    flags.join(" ")
}

/// The rows of the matrix, each with the tag of its wheels; `compatibility`: the project's tag for Linux. The
/// sdist is built on the first.
pub(super) fn platforms(compatibility: Option<&str>) -> String {
    let mut text = String::new();
    for (at, hosted) in HOSTED.iter().enumerate() {
        let Hosted { runner, target, .. } = hosted;
        let platform = hosted.platform(compatibility);
        let tag = platform.compatibility.as_deref().unwrap_or("native");
        let _ = write!(
            text,
            "          - {{ runner: {runner}, target: {target}, tag: {tag}"
        );
        let _ = writeln!(text, "{} }}", if at == 0 { ", sdist: true" } else { "" });
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_of_the_table_is_built() {
        insta::assert_snapshot!(platforms(None));
        assert_eq!(systems(), "[ubuntu-24.04, macos-15, windows-2025]");
        assert_eq!(tested(14), "[\"3.14\", \"3.15\"]");
        assert_eq!(wanted(14), "--python 3.14 --python 3.15");
    }
}
