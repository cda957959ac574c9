//! The summary page of a GitHub job (GitHub's documentation, "Adding a job summary").

use std::fmt::Write as _;

use crate::ui::Ui;
use crate::world::disk;
use crate::world::session::Session;

/// Adds a table if such a page is asked for. If it cannot be written, that is a warning: the work is done all
/// the same.
pub fn job_summary(session: &Session, ui: &Ui, head: &[&str], rows: &[Vec<String>]) {
    let Some(path) = session.path_var("GITHUB_STEP_SUMMARY") else {
        return;
    };
    let rule = vec!["---".to_owned(); head.len()];
    let head = head.iter().map(|word| (*word).to_owned()).collect();
    let mut text = "\n".to_owned();
    for row in [&head, &rule].into_iter().chain(rows) {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    if let Err(error) = disk::append(&path, text.as_bytes()) {
        ui.warn(&error.to_string());
    }
}
