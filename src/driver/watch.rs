//! Waiting for the next change of the project's files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use notify::{EventKind, RecursiveMode, Watcher};

use crate::facts::environment::default_path;
use crate::facts::fingerprint::Input;
use crate::facts::project::Project;
use crate::facts::{Purpose, last_inputs};
use crate::model::error::{Error, Result};
use crate::world::disk;
use crate::world::process;
use crate::world::session::Session;

use super::command::Driver;
use super::verdict::verdict;

/// Changes that come closer together than this are one: editors write in several steps.
const DEBOUNCE: Duration = Duration::from_millis(150);
/// How often a waiting watch looks for a signal.
const TICK: Duration = Duration::from_millis(100);

/// Folders of caches, wherever they are.
const CACHES: [&str; 7] = [
    ".git",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
];

/// Runs the command now and after every change, until a signal ends it.
///
/// # Errors
/// [`Error::Interrupted`] at the end; an error before there is a project to watch.
pub fn run(driver: &Driver<'_>) -> Result<()> {
    let project = Project::discover(driver.session, &driver.request.selection())?;
    let mut watched = Watched::new(driver.session, &project);
    let (sender, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if let Ok(event) = event
            && !matches!(event.kind, EventKind::Access(_))
        {
            for path in event.paths {
                let _ = sender.send(path);
            }
        }
    })
    .map_err(|error| cannot_watch(&project.root, error))?;
    for root in &watched.roots {
        watcher
            .watch(root.as_std_path(), RecursiveMode::Recursive)
            .map_err(|error| cannot_watch(root, error))?;
    }
    let mut seen = BTreeMap::new();
    let mut outside = BTreeSet::new();
    loop {
        match attempt(driver) {
            Err(Error::Interrupted(signal)) => return Err(Error::Interrupted(signal)),
            Err(error) => driver.ui.error(&error),
            Ok(()) => {}
        }
        // nothing is known of a project that cannot be read now
        watched.read = last_inputs(driver.session, driver.request).unwrap_or_default();
        let mut late = None;
        for folder in watched.outside() {
            if outside.insert(folder.clone()) {
                // what cannot be watched is compared at the next change of anything else
                let _ = watcher.watch(folder.as_std_path(), RecursiveMode::NonRecursive);
                late = late.or_else(|| watched.changed_below(driver.session, &folder));
            }
        }
        if let Some(changed) = late {
            let changed = project.display(&changed);
            driver.ui.status("Changed", changed.as_str());
            continue;
        }
        if let Some(changed) = meanwhile(driver.session, &watched, &changes, &mut seen) {
            driver
                .ui
                .status("Changed", project.display(&changed).as_str());
            continue;
        }
        driver.ui.status("Watching", project.root.as_str());
        let changed = wait(&watched, &changes)?;
        driver
            .ui
            .status("Changed", project.display(&changed).as_str());
    }
}

/// A file that was saved in the meantime and that the run did not read as it is now: what it was made
/// from, as recorded, and sources of which nothing is recorded, as tests are. What builds and tests
/// write are other files. All that has been told is taken: one save may be told more than once.
///
/// `seen`: by file, the hash at the last such time. What a recipe generates anew at each run, with
/// the same content, starts nothing.
fn meanwhile(
    session: &Session,
    watched: &Watched,
    changes: &mpsc::Receiver<std::path::PathBuf>,
    seen: &mut BTreeMap<Utf8PathBuf, Option<String>>,
) -> Option<Utf8PathBuf> {
    let paths = changes.try_iter();
    let paths = paths.filter_map(|path| Utf8PathBuf::from_path_buf(path).ok());
    let saved: BTreeSet<Utf8PathBuf> = paths
        .filter(|path| watched.is_ours(path) && watched.is_unread(session, path))
        .collect();
    let mut changed = None;
    for path in saved {
        let hash = disk::hash(&path);
        if seen.insert(path.clone(), hash.clone()) != Some(hash) {
            changed = changed.or(Some(path));
        }
    }
    changed
}

fn attempt(driver: &Driver<'_>) -> Result<()> {
    let test_results = driver.perform()?;
    match driver.request.purpose {
        Purpose::Test(_) => verdict(&test_results, &driver.session.cwd),
        Purpose::Dev | Purpose::Run(_) | Purpose::Release(_) | Purpose::Just(_) | Purpose::Look => {
            Ok(())
        }
    }
}

fn cannot_watch(path: &Utf8Path, error: notify::Error) -> Error {
    Error::Io {
        verb: "watch",
        path: path.to_owned(),
        source: std::io::Error::other(error),
    }
}

/// The first file that changed and that is the project's own, once none of its files changes any
/// more. What a compiler writes meanwhile delays nothing.
fn wait(watched: &Watched, changes: &mpsc::Receiver<std::path::PathBuf>) -> Result<Utf8PathBuf> {
    let mut saved: Option<(Utf8PathBuf, Instant)> = None; // the first, and when the last came
    loop {
        process::check_signals()?;
        let mut patience = TICK;
        if let Some((first, last)) = &saved {
            patience = DEBOUNCE.saturating_sub(last.elapsed());
            if patience.is_zero() {
                return Ok(first.clone());
            }
        }
        match changes.recv_timeout(patience) {
            Ok(path) => {
                let path = Utf8PathBuf::from_path_buf(path).ok();
                if let Some(path) = path.filter(|path| watched.is_ours(path)) {
                    let first = saved.map_or(path, |(first, _)| first);
                    saved = Some((first, Instant::now()));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let root = watched
                    .roots
                    .first()
                    .map_or("".into(), Utf8PathBuf::as_path);
                return Err(cannot_watch(
                    root,
                    notify::Error::generic("the watcher ended"),
                ));
            }
        }
    }
}

/// What is watched.
struct Watched {
    /// The project's folder, and those of path dependencies outside it.
    roots: BTreeSet<Utf8PathBuf>,
    /// Folders that pyx and its tools write into.
    aside: BTreeSet<Utf8PathBuf>,
    /// What the last builds and installs were made from.
    read: Vec<Input>,
}

impl Watched {
    fn new(session: &Session, project: &Project) -> Self {
        let mut roots = BTreeSet::from([project.root.clone()]);
        let mut aside = BTreeSet::from([
            project.state.clone(),
            project.root.join("dist"),
            default_path(session, project),
        ]);
        for member in &project.members {
            for dir in member.crates().map(|cargo| cargo.dir()) {
                aside.insert(dir.join("target"));
                if !dir.starts_with(&project.root) {
                    roots.insert(dir.to_owned());
                }
            }
            aside.extend(member.directories.build.clone());
            aside.extend([&member.target, &member.directories.target].map(Clone::clone));
        }
        // all projects of somebody may lie in one target directory
        aside.retain(|dir| !roots.iter().any(|root| root.starts_with(dir)));
        Self {
            roots,
            aside,
            read: Vec::new(),
        }
    }

    /// Folders beside the roots that hold something of what the last run read.
    fn outside(&self) -> BTreeSet<Utf8PathBuf> {
        let mut folders = BTreeSet::new();
        for input in &self.read {
            match input {
                Input::Tree { dir, .. } => {
                    let files = disk::all_files(dir);
                    folders.extend(
                        files
                            .iter()
                            .filter_map(|path| path.parent())
                            .map(Utf8Path::to_owned),
                    );
                }
                Input::File { path, .. } => {
                    folders.extend(path.parent().map(Utf8Path::to_owned));
                    folders.extend(disk::resolve(path).parent().map(Utf8Path::to_owned));
                }
                Input::Listing { .. } | Input::Variable { .. } => {}
            }
        }
        folders.retain(|dir| {
            let mut known = self.roots.iter().chain(&self.aside);
            !known.any(|root| dir.starts_with(root)) && disk::is_dir(dir)
        });
        folders
    }

    /// What was saved in a folder before that was watched.
    fn changed_below(&self, session: &Session, folder: &Utf8Path) -> Option<Utf8PathBuf> {
        let below = self.read.iter().filter(|input| {
            let path = input.path();
            path.is_some_and(|path| path.starts_with(folder) || folder.starts_with(path))
        });
        let mut stale = below.filter(|input| input.stale(session).is_some());
        stale.next().and_then(Input::path).map(Utf8Path::to_owned)
    }

    /// Whether the last run saw another content of a file, as far as is known: of what it did not
    /// record, sources alone may matter.
    fn is_unread(&self, session: &Session, path: &Utf8Path) -> bool {
        let mut recorded = self
            .read
            .iter()
            .filter(|input| holds(input, path))
            .peekable();
        if recorded.peek().is_none() {
            return is_source(path);
        }
        recorded.any(|input| input.stale(session).is_some())
    }

    /// Neither in a folder that tools write into, nor a module that a build put beside the sources,
    /// nor an editor's own file.
    fn is_ours(&self, path: &Utf8Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        let module = matches!(path.extension(), Some("so" | "pyd" | "dylib" | "pyc"));
        let editors =
            name.starts_with('.') || name.ends_with('~') || path.extension() == Some("swp");
        let is_read = self.read.iter().any(|input| holds(input, path));
        let known = ["rust-toolchain", ".python-version"].contains(&name) || is_read;
        let is_below = self.roots.iter().any(|root| path.starts_with(root));
        !module
            && (!editors || known)
            && !self.aside.iter().any(|dir| path.starts_with(dir))
            && if is_below {
                !self.is_cached(path)
            } else {
                is_read
            }
            && !disk::is_dir(path)
    }

    /// In a folder of a cache, by its name or by what marks it: that of a build of something else is
    /// called as its tool likes.
    fn is_cached(&self, path: &Utf8Path) -> bool {
        let roots = || self.roots.iter().map(Utf8PathBuf::as_path);
        let folders = path.ancestors().skip(1);
        let mut inside = folders.take_while(|dir| !roots().any(|root| root == *dir));
        inside.any(|dir| {
            let name = dir.file_name().unwrap_or_default();
            CACHES.contains(&name) || disk::is_file(&dir.join("CACHEDIR.TAG"))
        })
    }
}

/// Whether a file is what was read, which may have been by a link.
fn holds(input: &Input, file: &Utf8Path) -> bool {
    input.is_of(file) || input.path().is_some_and(|read| disk::resolve(read) == file)
}

/// By its name: what is written in a language that extension modules are made of, or tells tools what
/// to do.
fn is_source(path: &Utf8Path) -> bool {
    const ENDINGS: [&str; 28] = [
        "S", "asm", "c", "c++", "cc", "cfg", "cpp", "cu", "cxx", "h", "h++", "hh", "hpp", "hxx",
        "inc", "ini", "inl", "ipp", "lock", "pxd", "pxi", "py", "pyi", "pyx", "rs", "s", "toml",
        "udl",
    ];
    path.extension()
        .is_some_and(|ending| ENDINGS.contains(&ending))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::fingerprint::TreeScope;
    use crate::facts::project::Member;
    use crate::world::manifest::{CargoToml, Toml};

    fn watched() -> Watched {
        let cargo = |path: &str| {
            let toml = Toml::parse(Utf8Path::new(path), "").unwrap();
            Arc::new(CargoToml::of(toml).unwrap())
        };
        let member = Member {
            cargo: cargo("/p/Cargo.toml"),
            path_dependencies: vec![cargo("/q/dist/core/Cargo.toml")],
            ..Member::default()
        };
        let project = Project {
            root: "/p".into(),
            home: "/p".into(),
            state: "/p/target/pyx".into(),
            members: vec![member],
            ..Project::default()
        };
        let env = [("UV_PROJECT_ENVIRONMENT".to_owned(), "venv".to_owned())];
        let session = Session {
            env: env.into(),
            ..Session::default()
        };
        Watched::new(&session, &project)
    }

    #[test]
    fn what_was_saved_in_the_meantime_counts_once_for_each_content() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let file = root.join("lib.rs");
        let mut watched = watched();
        watched.roots.insert(root.to_owned());
        let (sender, changes) = mpsc::channel();
        let mut seen = BTreeMap::new();
        let mut after = |text: &str| {
            disk::write(&file, text.as_bytes()).unwrap();
            for path in ["/p/out.txt".into(), file.clone(), file.clone()] {
                sender.send(path.into_std_path_buf()).unwrap();
            }
            let session = Session::default();
            let first = meanwhile(&session, &watched, &changes, &mut seen);
            assert_eq!(meanwhile(&session, &watched, &changes, &mut seen), None);
            first.is_some()
        };
        assert_eq!(["a", "a", "b"].map(&mut after), [true, false, true]);
    }

    /// Which of the files count that are written while a run reads `read`.
    fn counted(read: &[&str], written: &[&str]) -> Vec<String> {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let write = |name: &str, text: &[u8]| disk::write(&root.join(name), text).unwrap();
        for name in read {
            write(name, b"old");
        }
        let input = |name: &&str| match name.strip_suffix("/x") {
            Some(folder) => Input::tree(&root.join(folder), TreeScope::Folder, &[], None),
            None => Input::file(&root.join(name), None),
        };
        let watched = Watched {
            roots: BTreeSet::from([root.to_owned()]),
            aside: BTreeSet::new(),
            read: read.iter().map(input).collect(),
        };
        let mut counted = Vec::new();
        for name in written {
            let (sender, changes) = mpsc::channel();
            write(
                name,
                if name.contains("same") {
                    b"old"
                } else {
                    b"new"
                },
            );
            sender.send(root.join(name).into_std_path_buf()).unwrap();
            let session = Session::default();
            let first = meanwhile(&session, &watched, &changes, &mut BTreeMap::new());
            counted.extend(first.map(|path| path.strip_prefix(root).unwrap().to_string()));
        }
        counted
    }

    #[test]
    fn what_is_saved_during_a_run_counts_where_the_run_reads_it() {
        let sources = [
            "a.cpp",
            "a.hpp",
            "a.cc",
            "a.hxx",
            "a.S",
            "a.cu",
            "a.pyx",
            "Cargo.lock",
            "uv.lock",
            "pytest.ini",
            "setup.cfg",
            "tests/test_a.py",
            "src/lib.rs",
        ];
        assert_eq!(counted(&[], &sources), sources);
        let others = [
            "out.txt",
            "data.json",
            "README.md",
            "coverage.xml",
            ".lib.rs.swp",
        ];
        assert!(counted(&[], &others).is_empty());
        // whatever they are called, once they are read
        let read = [
            "README.md",
            "data.json",
            ".version",
            "grammar/x",
            "Cargo.lock",
        ];
        let changed = [
            "README.md",
            "data.json",
            ".version",
            "grammar/y",
            "grammar/x",
        ];
        assert_eq!(counted(&read, &changed), changed);
        // what the run has read already as it is now, though it is written by the run itself
        assert!(counted(&["same/Cargo.lock"], &["same/Cargo.lock"]).is_empty());
    }

    #[test]
    fn a_compiler_at_work_does_not_hold_up_a_change() {
        let (sender, changes) = mpsc::channel();
        sender.send("/p/src/lib.rs".into()).unwrap();
        let compiler = std::thread::spawn(move || {
            while sender.send("/p/target/debug/x.o".into()).is_ok() {
                std::thread::sleep(DEBOUNCE / 10);
            }
        });
        let start = Instant::now();
        assert_eq!(wait(&watched(), &changes).unwrap(), "/p/src/lib.rs");
        assert!(start.elapsed() < 20 * DEBOUNCE);
        drop(changes);
        compiler.join().unwrap();
    }

    #[test]
    fn what_tools_write_is_no_change() {
        let watched = watched();
        let ours = |path: &str| watched.is_ours(Utf8Path::new(path));
        for path in [
            "/p/src/lib.rs",
            "/p/tests/test_a.py",
            "/p/.python-version",
            "/p/src/target/mod.rs",
            "/p/pkg/dist/x.py",
            "/q/dist/core/src/lib.rs",
        ] {
            assert!(ours(path), "{path}");
        }
        for path in [
            "/p/target/x.rs",
            "/p/dist/x.py",
            "/p/venv/a.py",
            "/p/other/.venv/a.py",
            "/q/dist/core/target/x.rs",
            "/p/pkg/_a.abi3.so",
            "/p/src/.lib.rs.swp",
            "/p/a/__pycache__/b.pyc",
        ] {
            assert!(!ours(path), "{path}");
        }
    }

    #[test]
    fn what_is_marked_as_a_cache_is_no_change() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let watched = Watched {
            roots: BTreeSet::from([root.to_owned()]),
            aside: BTreeSet::new(),
            read: Vec::new(),
        };
        let file = root.join("fuzz/target/debug/x.rs");
        assert!(watched.is_ours(&file));
        disk::write(&root.join("CACHEDIR.TAG"), b"").unwrap(); // whatever the project itself lies in
        assert!(watched.is_ours(&file));
        disk::write(&root.join("fuzz/target/CACHEDIR.TAG"), b"").unwrap();
        assert!(!watched.is_ours(&file));
    }
}
