//! The front page is short, and whatever the pages link to is there.

use std::path::{Path, PathBuf};

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
