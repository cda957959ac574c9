//! Files that a plan writes or copies.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::recipes;
use crate::model::error::{ProjectError, Result};
use crate::model::file_edit::Edit;
use crate::model::path::normalize;
use crate::plan::{CopyProject, CopyTests};
use crate::ui::Ui;
use crate::world::disk;

/// Hidden files that test runners read.
const RUNNER_FILES: [&str; 3] = [".coveragerc", ".pytest.ini", ".stestr.conf"];

/// The endings of what Python imports. A folder without any of them hides no package of its name that
/// comes later on the path (Python reference, "Namespace packages").
const IMPORTABLE: [&str; 5] = ["py", "pyc", "so", "pyd", "dll"];

/// The package's files that git would keep, except what is built beside them, the modules of packages that the
/// wheel holds, and Rust's: tests read data among the sources.
pub(super) fn copy_tests(copy: &CopyTests) -> Result<()> {
    disk::remove_dir(&copy.root)?;
    link_what_is_beside(copy)?;
    let shipped = |below: &Utf8Path| {
        // the package itself, beside the tests or in a folder for Python's sources; a folder of
        // tests may have the same name
        let mut parts = below.components().map(|part| part.as_str());
        let (first, second) = (parts.next(), parts.next());
        let own = |part: Option<&str>| copy.packages.iter().any(|name| Some(&**name) == part);
        let is_tests = first.is_some_and(|name| name.contains("test"));
        own(first) || (own(second) && !is_tests)
    };
    let is_built = |below: &Utf8Path| BUILT.iter().any(|name| below.starts_with(name));
    for folder in disk::folders(&copy.from, usize::MAX, |_| true) {
        let below = folder.strip_prefix(&copy.from).unwrap_or(&folder);
        if !shipped(below) && !is_built(below) {
            disk::create_dir(&copy.to.join(below))?; // an empty one may be a test's data
        }
    }
    let hidden = RUNNER_FILES.iter().map(|name| copy.from.join(name));
    let hidden = hidden.filter(|path| disk::is_file(path));
    for file in disk::unignored_files(&copy.from).into_iter().chain(hidden) {
        let below = file.strip_prefix(&copy.from).unwrap_or(&file);
        let folder = below.parent().unwrap_or(below);
        let ending = below.extension().unwrap_or_default();
        let is_hidden = shipped(folder) && IMPORTABLE.contains(&ending);
        if !is_hidden && !is_built(below) && ending != "rs" {
            disk::copy(&file, &copy.to.join(below))?;
        }
    }
    Ok(())
}

/// Every folder above the copied one, up to the repository's, has links to what else is there: tests
/// read files beside their package.
fn link_what_is_beside(copy: &CopyTests) -> Result<()> {
    let folders = copy.from.ancestors().zip(copy.to.ancestors());
    for (from, to) in folders.take_while(|(_, to)| *to != copy.root) {
        let (Some(above), Some(place)) = (from.parent(), to.parent()) else {
            return Ok(());
        };
        disk::create_dir(place)?;
        for name in disk::names(above) {
            // nor what the copies are made in
            let is_own =
                Some(name.as_str()) == from.file_name() || copy.root.starts_with(above.join(&name));
            if !is_own && !name.starts_with('.') && !BUILT.contains(&name.as_str()) {
                disk::link(&above.join(&name), &place.join(&name))?;
            }
        }
    }
    Ok(())
}

/// Folders of builds, which no test reads.
const BUILT: [&str; 2] = ["target", "node_modules"];

/// Writes all files, or leaves all as they were: none is touched before each is known to be what the
/// plan saw, and those written come back when a later one fails.
pub(super) fn edit(edits: &[Edit], ui: &Ui) -> Result<()> {
    for edit in edits {
        if disk::read(&edit.path)?.as_deref() != edit.before.as_deref().map(str::as_bytes) {
            return Err(ProjectError::Changed(edit.path.clone()).into());
        }
    }
    for (done, edit) in edits.iter().enumerate() {
        if let Err(error) = put(edit, edit.after.as_deref()) {
            for written in edits[..done].iter().rev() {
                if let Err(why) = take_back(written) {
                    ui.warn(&format!("cannot restore `{}`: {why}", written.shown));
                }
            }
            return Err(error);
        }
    }
    say(edits, ui);
    Ok(())
}

/// So many new files are one thing to those whom they are made for.
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

/// The folder of which all edits are the files.
fn made(edits: &[Edit]) -> Option<&str> {
    if edits.len() < MANY || edits.iter().any(|edit| edit.before.is_some()) {
        return None;
    }
    let first = edits.first()?;
    let root = first.path.as_str().strip_suffix(first.shown.as_str())?;
    Utf8Path::new(root).file_name()
}

fn take_back(written: &Edit) -> Result<()> {
    put(written, written.before.as_deref())
}

/// Has the file hold this, or nothing there. A link stays one: what it leads to is the file that
/// somebody keeps elsewhere.
fn put(edit: &Edit, text: Option<&str>) -> Result<()> {
    match text {
        Some(text) => disk::write(&disk::resolve(&edit.path), text.as_bytes()),
        None => disk::remove_file(&edit.path),
    }
}

/// Removes the files in a folder of ours, of which none may be left from before.
pub(super) fn empty(folder: &Utf8Path) -> Result<()> {
    let mut names = disk::names(folder).into_iter();
    names.try_for_each(|name| disk::remove_file(&folder.join(name)))
}

/// The justfile that imports the others comes last: it tells that all are there.
pub(super) fn write_recipes(folder: &Utf8Path) -> Result<()> {
    for (name, text) in recipes::FILES {
        disk::write(&folder.join(name), text.as_bytes())?;
    }
    disk::write(&folder.join("justfile"), recipes::imports().as_bytes())
}

/// With the history, by which backends know the version, and nothing that is ignored.
pub(super) fn copy_project(copy: &CopyProject) -> Result<()> {
    for path in disk::kept_files(&copy.from) {
        disk::copy_entry(&copy.from.join(&path), &copy.to.join(&path))?;
    }
    if let Some(git) = git_dir(&copy.from)? {
        let text = format!("gitdir: {git}\n");
        disk::write(&copy.to.join(".git"), text.as_bytes())?;
    }
    for edit in &copy.edits {
        let path = copy.to.join(&edit.shown);
        match &edit.after {
            Some(text) => disk::write(&path, text.as_bytes())?,
            None => disk::remove_file(&path)?,
        }
    }
    Ok(())
}

/// Where a checkout has its history, absolute: of a worktree or a submodule a file says that, from its own
/// folder (git's manual, "gitrepository-layout").
fn git_dir(checkout: &Utf8Path) -> Result<Option<Utf8PathBuf>> {
    let path = checkout.join(".git");
    if disk::is_dir(&path) {
        return Ok(Some(path));
    }
    let text = disk::read_text(&path)?.unwrap_or_default();
    let named = text.trim().strip_prefix("gitdir:");
    Ok(named.map(|dir| normalize(&checkout.join(dir.trim()))))
}

/// What cargo builds lies in `target`, ignored or not.
pub(super) fn copy_sources(from: &Utf8Path, to: &Utf8Path, without: &str) -> Result<()> {
    disk::remove_dir(to)?;
    for below in disk::kept_files(from) {
        if below != without && !below.starts_with("target") {
            disk::copy_entry(&from.join(&below), &to.join(&below))?;
        }
    }
    // what a checkout above ignores, as the folder of builds in which the copy is, is not ignored here
    disk::create_dir(&to.join(".git"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::slashed;
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

    /// What is copied of the tests of a package `pkg` that has the files of both lists.
    fn copied(root: &Utf8Path, kept: &[&str], left: &[&str]) -> Vec<String> {
        let from = root.join("from");
        for name in kept.iter().chain(left) {
            disk::write(&from.join(name), b"x").unwrap();
        }
        let to = root.join("to");
        let copy = CopyTests {
            from,
            to: to.clone(),
            root: to.clone(),
            packages: vec!["pkg".into()],
        };
        copy_tests(&copy).unwrap();
        let files = disk::unignored_files(&to).into_iter();
        files
            .map(|file| slashed(file.strip_prefix(&to).unwrap()))
            .collect()
    }

    #[test]
    fn tests_find_the_data_of_a_package_and_none_of_its_modules() {
        let (_temp, root) = folder();
        let kept = [
            "src/pkg/locale/de.po",
            "src/pkg/py.typed",
            "tests/test_a.py",
        ];
        let left = ["src/lib.rs", "src/pkg/__init__.py", "src/pkg/sub/a.py"];
        assert_eq!(copied(&root, &kept, &left), kept);
    }

    #[test]
    fn no_folder_of_builds_is_copied_where_nobody_ignores_it() {
        let (_temp, root) = folder();
        let kept = ["tests/target/a.txt", "tests/test_a.py"];
        let left = ["target/debug/a", "node_modules/b.js"];
        assert_eq!(copied(&root, &kept, &left), kept);
        for name in BUILT {
            assert!(!disk::is_dir(&root.join("to").join(name)), "{name}");
        }
    }

    #[test]
    fn a_copy_of_sources_is_a_checkout_of_its_own() {
        let (_temp, root) = folder();
        for (name, text) in [
            (".git/HEAD", ""),
            (".gitignore", "target/\n"),
            ("src/a.py", "a = 1\n"),
        ] {
            disk::write(&root.join(name), text.as_bytes()).unwrap();
        }
        let copy = root.join("target/copy");
        copy_sources(&root, &copy, "PKG-INFO").unwrap();
        assert_eq!(
            disk::read_text(&copy.join("src/a.py")).unwrap().as_deref(),
            Some("a = 1\n")
        );
        // where maturin stops looking for what is ignored
        assert_eq!(crate::world::checkout::root(&copy), Some(&*copy));
    }

    #[cfg(unix)]
    #[test]
    fn a_copy_of_a_project_has_its_links_and_knows_its_history() {
        let (_temp, root) = folder();
        let from = root.join("main/sub");
        disk::write(&from.join("data/a.txt"), b"a").unwrap();
        disk::write(&from.join(".git"), b"gitdir: ../.git/modules/sub\n").unwrap();
        disk::create_dir(&from.join("examples")).unwrap();
        for (target, link) in [
            ("../data", "examples/data"),
            ("../data/a.txt", "examples/a.txt"),
            ("nowhere", "examples/none"),
        ] {
            disk::link(target.into(), &from.join(link)).unwrap();
        }
        let copy = CopyProject {
            from,
            to: root.join("copy"),
            edits: Vec::new(),
        };
        copy_project(&copy).unwrap();
        let read = |name: &str| disk::read_text(&copy.to.join(name)).unwrap();
        assert_eq!(read("examples/data/a.txt").as_deref(), Some("a"));
        assert_eq!(read("examples/a.txt").as_deref(), Some("a"));
        assert!(copy.to.join("examples/data").is_symlink());
        assert!(copy.to.join("examples/none").is_symlink());
        let git = format!("gitdir: {root}/main/.git/modules/sub\n");
        assert_eq!(read(".git"), Some(git));
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
            let text = format!("`{path}` changed on disk meanwhile; nothing was written");
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
        assert!(error.to_string().contains("file"), "{error}");
        assert!(!error.to_string().contains("folder"), "{error}");
        assert_eq!(disk::read(&edits[0].path).unwrap().unwrap(), b"old");
        assert!(!disk::is_file(&edits[2].path));
    }

    #[test]
    #[cfg(unix)]
    fn tests_behind_a_link_are_copied() {
        let (_temp, dir) = folder();
        for name in [".git/HEAD", "shared/test_a.py", "python/pyproject.toml"] {
            disk::write(&dir.join(name), b"").unwrap();
        }
        std::os::unix::fs::symlink("../shared", dir.join("python/tests")).unwrap();
        let copy = CopyTests {
            from: dir.join("python"),
            to: dir.join("copy"),
            root: dir.join("copy"),
            packages: Vec::new(),
        };
        copy_tests(&copy).unwrap();
        assert!(disk::is_file(&dir.join("copy/tests/test_a.py")));
    }

    #[test]
    fn what_stands_beside_a_package_in_its_repository_is_found_from_the_copy_of_its_tests() {
        let (_temp, dir) = folder();
        let repository = dir.join("repository");
        for name in [
            "python/p/tests/test_a.py",
            "python/q/a.txt",
            "data/a.json",
            "target/x",
            "builds/x",
            ".git/HEAD",
        ] {
            disk::write(&repository.join(name), b"").unwrap();
        }
        // a folder of builds may be called as it likes
        let root = repository.join("builds/copy");
        let copy = CopyTests {
            from: repository.join("python/p"),
            to: root.join("python/p"),
            root,
            packages: Vec::new(),
        };
        for _ in 0..2 {
            copy_tests(&copy).unwrap();
            let tests = copy.to.join("tests");
            for name in ["test_a.py", "../../../data/a.json", "../../q/a.txt"] {
                assert!(disk::is_file(&tests.join(name)), "{name}");
            }
            for name in ["target", "builds", ".git"] {
                assert!(!disk::is_dir(&copy.root.join(name)), "{name}");
            }
        }
        assert!(
            disk::is_file(&repository.join("data/a.json")),
            "only links went"
        );
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
}
