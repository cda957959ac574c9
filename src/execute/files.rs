//! Files that a plan copies, and those of pyx itself.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::recipes;
use crate::model::error::Result;
use crate::plan::{CopyProject, CopyTests};
use crate::world::checkout;
use crate::world::disk;
use crate::world::git::Git;
use crate::world::session::Session;

/// Hidden files that test runners read.
const RUNNER_FILES: [&str; 3] = [".coveragerc", ".pytest.ini", ".stestr.conf"];

/// The suffixes of what Python imports. A folder without any of them does not hide a package with its name
/// that comes later on the path (Python reference, "Namespace packages").
const IMPORTABLE: [&str; 5] = ["py", "pyc", "so", "pyd", "dll"];

/// The package's files that git would keep, except build outputs next to them, the modules of packages that
/// the wheel contains, and Rust files: tests read data among the sources.
pub(super) fn copy_tests(session: &Session, copy: &CopyTests) -> Result<()> {
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
    let is_open = |below: &Utf8PathBuf| !below.iter().any(|name| name.starts_with('.'));
    let tracked = tracked(session, &copy.from).into_iter().filter(is_open);
    let tracked = tracked.map(|below| copy.from.join(below));
    let tracked = tracked.filter(|path| disk::is_file(path));
    let found = disk::unignored_files(&copy.from).into_iter().chain(hidden);
    for file in found.chain(tracked).collect::<BTreeSet<_>>() {
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

/// The files below a folder that git tracks, relative to it: it may track what its rules ignore. If git does
/// not answer, only its rules count.
fn tracked(session: &Session, dir: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    let files = Git { session, dir }.tracked().unwrap_or_default();
    let below = files.iter().filter_map(|file| file.strip_prefix(dir).ok());
    below.map(Utf8Path::to_owned).collect()
}

/// What git keeps of a folder, relative to it, without what cargo has built: that may not be ignored.
fn kept(session: &Session, dir: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    let mut files = tracked(session, dir);
    files.extend(disk::kept_files(dir));
    let target = dir.join("target");
    // a package may be called so
    if disk::is_file(&target.join("CACHEDIR.TAG")) || disk::is_dir(&target.join("pyx")) {
        files.retain(|below| !below.starts_with("target"));
    }
    files
}

/// Every folder above the copied one, up to the repository's, gets links to what else is there: tests read
/// files next to their package.
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

/// Build folders, which no test reads.
const BUILT: [&str; 2] = ["target", "node_modules"];

/// Removes the files in a folder of pyx, so that none is left from before.
pub(super) fn empty(folder: &Utf8Path) -> Result<()> {
    let mut names = disk::names(folder).into_iter();
    names.try_for_each(|name| disk::remove_file(&folder.join(name)))
}

/// The justfile that imports the others is written last: it means that all are there.
pub(super) fn write_recipes(folder: &Utf8Path) -> Result<()> {
    for (name, text) in recipes::FILES {
        disk::write(&folder.join(name), text.as_bytes())?;
    }
    disk::write(&folder.join("justfile"), recipes::imports().as_bytes())
}

/// With the history, from which build backends determine the version, and nothing that is ignored.
pub(super) fn copy_project(session: &Session, copy: &CopyProject) -> Result<()> {
    for path in kept(session, &copy.from) {
        disk::copy_entry(&copy.from.join(&path), &copy.to.join(&path))?;
    }
    if let Some(git) = checkout::git_dir(&copy.from)? {
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

/// As a checkout of its own.
pub(super) fn copy_sources(
    session: &Session,
    from: &Utf8Path,
    to: &Utf8Path,
    without: &str,
) -> Result<()> {
    disk::remove_dir(to)?;
    for below in kept(session, from) {
        if below != without {
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

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        (temp, dir)
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
        copy_tests(&Session::default(), &copy).unwrap();
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
        copy_sources(&Session::default(), &root, &copy, "PKG-INFO").unwrap();
        assert_eq!(
            disk::read_text(&copy.join("src/a.py")).unwrap().as_deref(),
            Some("a = 1\n")
        );
        // where maturin stops looking for what is ignored
        assert_eq!(crate::world::checkout::root(&copy), Some(&*copy));
    }

    #[test]
    fn what_cargo_has_built_is_in_no_copy_and_a_package_of_that_name_is() {
        let (_temp, root) = folder();
        let from = root.join("from");
        disk::write(&from.join("target/__init__.py"), b"").unwrap();
        let copied = |name: &str| {
            let copy = CopyProject {
                from: from.clone(),
                to: root.join(name),
                edits: Vec::new(),
            };
            copy_project(&Session::default(), &copy).unwrap();
            let sources = root.join(format!("{name}-sources"));
            copy_sources(&Session::default(), &from, &sources, "PKG-INFO").unwrap();
            [copy.to, sources].map(|to| disk::is_file(&to.join("target/__init__.py")))
        };
        assert_eq!(copied("package"), [true; 2]);
        disk::write(&from.join("target/CACHEDIR.TAG"), b"").unwrap();
        assert_eq!(copied("builds"), [false; 2]);
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
        copy_project(&Session::default(), &copy).unwrap();
        let read = |name: &str| disk::read_text(&copy.to.join(name)).unwrap();
        assert_eq!(read("examples/data/a.txt").as_deref(), Some("a"));
        assert_eq!(read("examples/a.txt").as_deref(), Some("a"));
        assert!(copy.to.join("examples/data").is_symlink());
        assert!(copy.to.join("examples/none").is_symlink());
        let git = format!("gitdir: {root}/main/.git/modules/sub\n");
        assert_eq!(read(".git"), Some(git));
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
        copy_tests(&Session::default(), &copy).unwrap();
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
            copy_tests(&Session::default(), &copy).unwrap();
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
    fn what_git_tracks_is_copied_though_a_rule_leaves_it_out() {
        let (_temp, root) = folder();
        let from = root.join("from");
        let rules = b"*.so\nout/\n";
        disk::write(&from.join(".gitignore"), rules).unwrap();
        for name in ["vendor/x.so", "vendor/y.so", "out/x.txt", "out/y.txt"] {
            disk::write(&from.join(name), b"x").unwrap();
        }
        let session = Session::default();
        let git = Git {
            session: &session,
            dir: &from,
        };
        for words in [
            &["init", "--quiet"][..],
            &["add", "--force", "vendor/x.so", "out/x.txt"],
        ] {
            let words = words.iter().map(ToString::to_string);
            git.demand("to keep files", words.collect()).unwrap();
        }
        let to = ["tests", "project", "sources"].map(|name| root.join(name));
        let tests = CopyTests {
            from: from.clone(),
            to: to[0].clone(),
            root: to[0].clone(),
            packages: Vec::new(),
        };
        copy_tests(&session, &tests).unwrap();
        let project = CopyProject {
            from: from.clone(),
            to: to[1].clone(),
            edits: Vec::new(),
        };
        copy_project(&session, &project).unwrap();
        copy_sources(&session, &from, &to[2], "PKG-INFO").unwrap();
        for to in to {
            let names = ["vendor", "out"].map(|name| disk::names(&to.join(name)));
            assert_eq!(names, [["x.so"], ["x.txt"]], "{to}");
        }
    }
}
