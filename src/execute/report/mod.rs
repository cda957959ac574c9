//! Test results for other readers: CI's own pages, the next run, the other shards.

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

/// Writes a report where it was asked for, even through a link, and says so; `path`: absolute.
pub fn write_report(ui: &Ui, path: &Utf8Path, text: &str) -> Result<()> {
    disk::write_behind_links(path, text.as_bytes())?;
    ui.status("Written", path.as_str());
    Ok(())
}

/// Keeps what the next run reads, silently; `path`: absolute.
pub fn keep_report(path: &Utf8Path, text: &str) -> Result<()> {
    disk::write_behind_links(path, text.as_bytes())
}

/// Removes what would be taken for a report of a run that has yet to end; absolute.
pub fn forget_reports(paths: &[Utf8PathBuf]) -> Result<()> {
    paths.iter().try_for_each(|path| disk::remove_file(path))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::ui::OutputOptions;

    #[test]
    fn a_report_stands_behind_the_link_that_leads_to_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let ui = Ui::new(OutputOptions::default());
        disk::create_dir(&dir.join("reports")).unwrap();
        disk::link("reports/1.xml".into(), &dir.join("latest.xml")).unwrap();
        disk::link("latest.xml".into(), &dir.join("report.xml")).unwrap();
        for text in ["one", "two"] {
            write_report(&ui, &dir.join("report.xml"), text).unwrap();
            let found = disk::read_text(&dir.join("reports/1.xml")).unwrap();
            assert_eq!(found.as_deref(), Some(text));
        }
        keep_report(&dir.join("latest.xml"), "three").unwrap();
        let found = disk::read_text(&dir.join("reports/1.xml")).unwrap();
        assert_eq!(found.as_deref(), Some("three"));
        for name in ["latest.xml", "report.xml"] {
            assert!(dir.join(name).is_symlink(), "{name}");
        }
    }
}
