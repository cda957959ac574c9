//! What became of tests, for whoever reads it elsewhere: CI's own pages, the next run, the other shards.

mod annotations;
mod job_summary;
mod junit;

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::ui::Ui;
use crate::world::disk;

pub use annotations::annotate;
pub(super) use annotations::in_workspace;
pub use job_summary::job_summary;
pub use junit::junit;

/// Writes a report where it was asked for, and says so; `path`: absolute.
pub fn write_report(ui: &Ui, path: &Utf8Path, text: &str) -> Result<()> {
    disk::write(path, text.as_bytes())?;
    ui.status("Written", path.as_str());
    Ok(())
}

/// Keeps what the next run reads, without a word; `path`: absolute.
pub fn keep_report(path: &Utf8Path, text: &str) -> Result<()> {
    disk::write(path, text.as_bytes())
}

/// Takes away what would be taken for a report of a run that has yet to end; absolute.
pub fn forget_reports(paths: &[Utf8PathBuf]) -> Result<()> {
    paths.iter().try_for_each(|path| disk::remove_file(path))
}
