//! Recipes called, and what they said.

use crate::support::{CheckOutcome, Project, Pyx};

/// A recipe with its arguments: `cargo pyx just WORDS`, where nobody agrees to an installation.
pub(crate) fn just(project: &Project, words: &[&str]) -> Pyx {
    project.pyx("just").with(words).env("CI", "")
}

/// The result of a step in the table at the end.
pub(crate) fn result<'a>(run: &'a CheckOutcome, step: &str) -> &'a str {
    let (_, table) = run.stderr.rsplit_once("\nstep  ").unwrap_or_default();
    let rows = table.lines().take_while(|line| !line.is_empty());
    let found: Vec<&str> = rows.filter_map(|row| row.strip_prefix(step)).collect();
    let [rest] = found[..] else {
        panic!("expected one row `{step}`:\n{run}")
    };
    let (result, seconds) = rest.trim().rsplit_once(' ').unwrap();
    assert!(seconds.parse::<f64>().is_ok(), "{run}");
    result.trim()
}
