//! Edits of the project's files.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::{ProjectError, Result};
use crate::model::file_edit::Edit;
use crate::ui::Ui;
use crate::world::disk;

/// Writes all files, or leaves all as they were: none is touched before each is known to be what the plan
/// saw, and written ones are restored if a later one fails.
pub(super) fn edit(edits: &[Edit], ui: &Ui) -> Result<()> {
    for edit in edits {
        if disk::read(&edit.path)?.as_deref() != edit.before.as_deref().map(str::as_bytes) {
            return Err(ProjectError::Changed(edit.path.clone()).into());
        }
    }
    let mut done: Vec<Done> = Vec::new();
    for edit in edits {
        match put(edit) {
            Ok(aside) => done.push(Done { edit, aside }),
            Err(error) => {
                done.iter().rev().for_each(|done| take_back(done, ui));
                return Err(error);
            }
        }
    }
    let mut removed = done.iter().filter_map(|done| done.aside.as_ref());
    removed.try_for_each(|aside| disk::remove_file(aside))?;
    say(edits, ui);
    Ok(())
}

struct Done<'a> {
    edit: &'a Edit,
    /// Where a removed file is until all are done: a copy would not be the same file.
    aside: Option<Utf8PathBuf>,
}

/// This many new files are shown as one thing.
const MANY: usize = 8;

fn say(edits: &[Edit], ui: &Ui) {
    if let Some(folder) = made(edits) {
        ui.status("Creating", &format!("{folder} ({} files)", edits.len()));
        for edit in edits {
            ui.detail("Creating", edit.shown.as_str());
        }
        return;
    }
    for edit in edits {
        let verb = match (&edit.before, &edit.after) {
            (_, None) => "Removing",
            (Some(_), _) => "Updating",
            (None, _) => "Creating",
        };
        let first = edit.changes.first();
        let change = first.map(|change| format!(" ({} -> {})", change.from, change.to));
        let text = format!("{}{}", edit.shown, change.unwrap_or_default());
        ui.status(verb, &text);
    }
}

/// The folder that all edits are files of.
fn made(edits: &[Edit]) -> Option<&str> {
    if edits.len() < MANY || edits.iter().any(|edit| edit.before.is_some()) {
        return None;
    }
    let first = edits.first()?;
    let root = first.path.as_str().strip_suffix(first.shown.as_str())?;
    Utf8Path::new(root).file_name()
}

fn take_back(done: &Done<'_>, ui: &Ui) {
    let Done { edit, aside } = done;
    let back = match (aside, &edit.before) {
        (Some(aside), _) => disk::rename(aside, &edit.path),
        (None, Some(text)) => disk::write_behind_links(&edit.path, text.as_bytes()),
        (None, None) => disk::remove_file(&disk::behind_links(&edit.path)),
    };
    if let Err(why) = back {
        let place = aside
            .as_ref()
            .map(|aside| format!("; its content is in `{aside}`"));
        let place = place.unwrap_or_default();
        ui.warn(&format!("cannot restore `{}`: {why}{place}", edit.shown));
    }
}

/// Gives the file its new text, or removes it; returns where the old file is then. A link stays a link: its
/// target is the file that the user keeps elsewhere.
fn put(edit: &Edit) -> Result<Option<Utf8PathBuf>> {
    match &edit.after {
        Some(text) => disk::write_behind_links(&edit.path, text.as_bytes()).map(|()| None),
        None => disk::set_aside(&edit.path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::OutputOptions;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        (temp, dir)
    }

    fn planned(path: Utf8PathBuf) -> Edit {
        Edit {
            shown: path.clone(),
            path,
            before: Some("old".into()),
            after: Some("new".into()),
            changes: Vec::new(),
        }
    }

    #[test]
    fn a_file_that_changed_in_between_keeps_all_as_they_are() {
        let (_temp, dir) = folder();
        let edits = ["a", "b"].map(|name| planned(dir.join(name)));
        let ui = Ui::new(OutputOptions::default());
        disk::write(&edits[0].path, b"old").unwrap();
        for present in [Some("other"), None] {
            if let Some(text) = present {
                disk::write(&edits[1].path, text.as_bytes()).unwrap();
            } else {
                disk::remove_file(&edits[1].path).unwrap();
            }
            let error = edit(&edits, &ui).unwrap_err();
            let path = &edits[1].path;
            let text = format!("`{path}` changed on disk in the meantime; nothing was written");
            assert_eq!(error.to_string(), text);
            assert_eq!(disk::read(&edits[0].path).unwrap().unwrap(), b"old");
        }
        disk::write(&edits[1].path, b"old").unwrap();
        edit(&edits, &ui).unwrap();
        assert_eq!(disk::read(&edits[1].path).unwrap().unwrap(), b"new");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_write_that_fails_takes_the_others_back() {
        let (_temp, dir) = folder();
        let readable_only = Utf8PathBuf::from("/proc/version"); // to root as well
        let mut edits = vec![planned(dir.join("a")), planned(readable_only)];
        edits[1].before = disk::read_text(&edits[1].path).unwrap();
        disk::write(&edits[0].path, b"old").unwrap();
        let error = edit(&edits, &Ui::new(OutputOptions::default())).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot write `/proc/version`")
        );
        assert_eq!(disk::read(&edits[0].path).unwrap().unwrap(), b"old");
    }

    #[test]
    fn a_new_file_is_made_only_where_there_is_none_and_goes_when_another_fails() {
        let (_temp, dir) = folder();
        let ui = Ui::new(OutputOptions::default());
        let mut edits = vec![planned(dir.join("sub/a")), planned(dir.join("b"))];
        edits[0].before = None;
        edit(&edits, &ui).unwrap_err(); // `b` is not there
        assert!(!disk::is_file(&edits[0].path));
        disk::write(&edits[1].path, b"old").unwrap();
        edit(&edits, &ui).unwrap();
        assert_eq!(disk::read(&edits[0].path).unwrap().unwrap(), b"new");
        edit(&edits[..1], &ui).unwrap_err(); // it is there now
    }

    #[test]
    fn a_file_that_goes_comes_back_when_another_fails() {
        let (_temp, dir) = folder();
        let ui = Ui::new(OutputOptions::default());
        let mut edits = vec![planned(dir.join("a")), planned(dir.join("b/c"))];
        edits[0].after = None;
        edits[1].before = None;
        disk::write(&edits[0].path, b"old").unwrap();
        disk::write(&dir.join("b"), b"a file").unwrap(); // no folder for the other
        edit(&edits, &ui).unwrap_err();
        assert_eq!(disk::read(&edits[0].path).unwrap().unwrap(), b"old");
        edit(&edits[..1], &ui).unwrap();
        assert!(!disk::is_file(&edits[0].path));
    }

    #[test]
    fn what_cannot_be_put_back_keeps_no_other_file_from_it() {
        let (_temp, dir) = folder();
        let mut edits = ["a", "folder", "folder/b", "file/c"].map(|name| planned(dir.join(name)));
        for path in [&edits[0].path, &edits[1].path, &dir.join("file")] {
            disk::write(path, b"old").unwrap();
        }
        edits[1].after = None;
        edits[2].before = None; // its folder stays
        edits[3].before = None;
        let error = edit(&edits, &Ui::new(OutputOptions::default())).unwrap_err();
        let names = |name: &str| error.to_string().contains(dir.join(name).as_str());
        assert!(names("file") && !names("folder"), "{error}");
        assert_eq!(disk::read(&edits[0].path).unwrap().unwrap(), b"old");
        assert!(!disk::is_file(&edits[2].path));
    }

    #[test]
    #[cfg(unix)]
    fn an_edit_of_a_link_changes_the_file_that_it_leads_to() {
        let (_temp, dir) = folder();
        let ui = Ui::new(OutputOptions::default());
        let real = dir.join("real/a");
        disk::write(&real, b"old").unwrap();
        std::os::unix::fs::symlink("real/a", dir.join("a")).unwrap();
        let mut edits = vec![planned(dir.join("a")), planned(dir.join("file/b"))];
        edit(&edits[..1], &ui).unwrap();
        assert_eq!(disk::read(&real).unwrap().unwrap(), b"new");
        assert!(dir.join("a").is_symlink());

        // so does what takes it back
        disk::write(&real, b"old").unwrap();
        disk::write(&dir.join("file"), b"").unwrap();
        edits[1].before = None;
        edit(&edits, &ui).unwrap_err();
        assert_eq!(disk::read(&real).unwrap().unwrap(), b"old");
        assert!(dir.join("a").is_symlink());
    }

    #[test]
    fn a_new_project_is_told_as_one_folder() {
        let edit = |at: usize, before: Option<&str>| Edit {
            path: format!("/p/fast-words/src/{at}").into(),
            shown: format!("src/{at}").into(),
            before: before.map(str::to_owned),
            after: Some("new".into()),
            changes: Vec::new(),
        };
        let mut edits: Vec<Edit> = (0..MANY).map(|at| edit(at, None)).collect();
        assert_eq!(made(&edits), Some("fast-words"));
        assert_eq!(made(&edits[1..]), None);
        edits[1] = edit(1, Some("old"));
        assert_eq!(made(&edits), None);
    }

    #[test]
    #[cfg(unix)]
    fn what_goes_comes_back_as_it_was() {
        use std::os::unix::fs::PermissionsExt;
        let (_temp, dir) = folder();
        let mut edits = ["program", "link", "new", "file/b"].map(|name| planned(dir.join(name)));
        for gone in &mut edits[..2] {
            gone.after = None;
        }
        for new in &mut edits[2..] {
            new.before = None;
        }
        for name in ["program", "real", "file"] {
            disk::write(&dir.join(name), b"old").unwrap();
        }
        disk::set_executable(&dir.join("program"), true).unwrap();
        disk::link("real".into(), &dir.join("link")).unwrap();
        let ui = Ui::new(OutputOptions::default());
        edit(&edits, &ui).unwrap_err(); // no folder for the last one
        let program = std::fs::metadata(dir.join("program")).unwrap();
        let mode = program.permissions().mode();
        assert_eq!(mode & 0o111, 0o111);
        assert!(dir.join("link").is_symlink());
        edit(&edits[..3], &ui).unwrap();
        assert_eq!(disk::names(&dir), ["file", "new", "real"]);
    }
}
