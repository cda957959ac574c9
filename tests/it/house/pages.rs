//! The front page is short, and whatever the pages link to is there.

use std::path::{Path, PathBuf};

use cargo_pyx::cli::Cli;
use clap::CommandFactory as _;
use clap::error::{ContextKind, ErrorKind};

use super::{files, root, text};

/// The pages for people: the front page, what stands beside it, and the book.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    pages.extend(files(&root().join("docs")));
    pages.retain(|page| page.extension().is_some_and(|ending| ending == "md"));
    pages
}

/// What a page links to, but what is elsewhere on the web.
fn links(page: &str) -> Vec<&str> {
    let targets = page
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    let targets = targets.map(|(target, _)| target);
    targets
        .filter(|target| !target.contains("://") && !target.contains(' '))
        .collect()
}

/// As both GitHub and mdbook name a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let text: String = heading.to_lowercase().chars().filter(kept).collect();
    text.trim().replace(' ', "-")
}

fn leads_somewhere(page: &Path, target: &str) -> bool {
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => page.to_owned(),
        file => page.parent().unwrap().join(file),
    };
    if fragment.is_empty() {
        return path.exists();
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let mut anchors = headings.map(|line| anchor(line.trim_start_matches('#')));
    anchors.any(|anchor| anchor == fragment)
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let mut dead = Vec::new();
    let mut count = 0;
    for page in pages() {
        for target in links(&text(&page)) {
            count += 1;
            if !leads_somewhere(&page, target) {
                dead.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(count > 40 && dead.is_empty(), "{}", dead.join("\n"));
}

/// The calls of this program that a page shows: in its code, in blocks and among words.
fn calls(page: &str) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    for piece in page.split(['`', '\n']) {
        let Some(at) = piece.find("cargo pyx ") else {
            continue;
        };
        let is_code =
            piece[..at].trim().is_empty() || piece[..at].trim_end().ends_with(['$', ':', '&']);
        let call = piece[at..]
            .split(['#', ';', '|'])
            .next()
            .unwrap_or_default();
        let call = call.split(" && ").next().unwrap_or_default();
        let call = call.split("  ").next().unwrap_or_default(); // what follows tells what it does
        let is_whole = !call.contains(['[', '<', '{', '$', '…', '(', '*', '\u{1b}']);
        if is_code
            && is_whole
            && let Some(words) = shlex::split(call.trim())
        {
            calls.push(words);
        }
    }
    calls
}

/// What stands for something that a person writes, as a value of its kind.
fn filled(word: &str) -> String {
    let is_name = word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    match word {
        "COMMAND" => "dev".to_owned(),
        "VERSION" => "1.2.3".to_owned(),
        "N" => "2".to_owned(),
        "N/M" | "K/N" => "1/2".to_owned(),
        _ if is_name => word.to_lowercase(),
        _ => word.to_owned(),
    }
}

/// Whether a call is only named, without what has to follow.
fn lacks_only(error: &clap::Error) -> bool {
    let value = error.get(ContextKind::InvalidValue);
    matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) || value.is_some_and(|value| value.to_string().is_empty())
}

#[test]
fn every_call_of_this_program_on_a_page_is_one_that_it_takes() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages() {
        for words in calls(&text(&page)) {
            count += 1;
            let words: Vec<String> = words.iter().map(|word| filled(word)).collect();
            if let Err(error) = Cli::command().try_get_matches_from(&words[1..])
                && error.use_stderr()
                && !lacks_only(&error)
            {
                wrong.push(format!("{}: {}: {error}", page.display(), words.join(" ")));
            }
            if let [_, _, release, version, new, ..] = &*words
                && (&**release, &**version) == ("release", "version")
                && !new.starts_with('-')
                && new.parse::<pep440_rs::Version>().is_err()
            {
                wrong.push(format!("{}: no version `{new}`", page.display()));
            }
        }
    }
    assert!(
        count > 150 && wrong.is_empty(),
        "{count} {}",
        wrong.join("\n")
    );
}

#[test]
fn the_book_has_every_page() {
    let docs = root().join("docs");
    let summary = text(&docs.join("SUMMARY.md"));
    let listed = links(&summary);
    for page in files(&docs) {
        let name = page.file_name().unwrap().to_str().unwrap();
        let is_page = page.extension().is_some_and(|ending| ending == "md");
        assert!(
            !is_page || name == "SUMMARY.md" || listed.contains(&name),
            "{name}"
        );
    }
}

#[test]
fn the_front_page_is_short() {
    let page = text(&root().join("README.md"));
    assert!(page.lines().count() <= 150);
    assert!(page.split_whitespace().count() <= 1500);
}
