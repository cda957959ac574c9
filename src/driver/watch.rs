//! Waiting for the next change to the project's files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use notify::{EventKind, RecursiveMode, Watcher};

use crate::facts::project::Project;
use crate::facts::{Purpose, last_inputs};
use crate::model::error::{Error, MachineError, Result};
use crate::world::disk;
use crate::world::process;
use crate::world::session::Session;

use super::command::Driver;
use super::verdict::verdict;
use super::watched::Watched;

/// Changes that are closer together than this count as one: editors write in several steps.
const DEBOUNCE: Duration = Duration::from_millis(150);
/// How often a waiting watch checks for a signal.
const TICK: Duration = Duration::from_millis(100);

/// Runs the command now and after every change, until a signal ends it.
///
/// # Errors
/// [`Error::Interrupted`] at the end; an error before there is a project to watch.
pub fn run(driver: &Driver<'_>) -> Result<()> {
    let project = Project::discover(driver.session, &driver.request.selection())?;
    let mut watched = Watched::new(driver.session, &project);
    let (sender, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event| {
        for change in told(event) {
            let _ = sender.send(change); // an error means that nothing is watched any more
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
        let mut arrived = Arrived::default();
        let recorded = last_inputs(driver.session, driver.request).unwrap_or_default();
        watched.begin(driver.session, &recorded);
        match attempt(driver, &mut watched, &changes, &mut arrived) {
            Err(Error::Interrupted(signal)) => return Err(Error::Interrupted(signal)),
            Err(Error::Child(_) | Error::ChildKilled(_)) | Ok(()) => {} // the child has spoken
            Err(error) => driver.ui.error(&error),
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
        arrived.extend(changes.try_iter());
        if let Some(changed) = meanwhile(driver.session, &watched, arrived, &mut seen) {
            driver.ui.status("Changed", &changed.shown(&project));
            continue;
        }
        driver.ui.status("Watching", project.root.as_str());
        let changed = wait(driver.session, &watched, &changes)?;
        driver.ui.status("Changed", &changed.shown(&project));
    }
}

/// What the system reported.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    File(Utf8PathBuf),
    /// Some events were lost: too much happened at once, or a folder could not be watched.
    Untold,
}

impl Change {
    fn shown(&self, project: &Project) -> String {
        match self {
            Self::File(path) => project.display(path).into_string(),
            Self::Untold => "more files than the system reports".to_owned(),
        }
    }
}

fn told(event: notify::Result<notify::Event>) -> Vec<Change> {
    match event {
        Ok(event) if event.need_rescan() => vec![Change::Untold],
        Ok(event) if matches!(event.kind, EventKind::Access(_)) => Vec::new(),
        Ok(event) => {
            let paths = event.paths.into_iter();
            paths
                .filter_map(|path| Utf8PathBuf::from_path_buf(path).ok())
                .map(Change::File)
                .collect()
        }
        Err(_) => vec![Change::Untold],
    }
}

/// What was reported during a run.
#[derive(Debug, Default)]
struct Arrived {
    files: BTreeSet<Utf8PathBuf>,
    /// Whether some may be missing.
    is_partial: bool,
}

impl Extend<Change> for Arrived {
    fn extend<T: IntoIterator<Item = Change>>(&mut self, changes: T) {
        for change in changes {
            match change {
                Change::File(path) => {
                    self.files.insert(path);
                }
                Change::Untold => self.is_partial = true,
            }
        }
    }
}

/// A file that was saved in the meantime and that the run did not read in its current state: one of the
/// recorded inputs, or a source that is not recorded, such as a test. What builds and tests write are other
/// files. All events are consumed: one save may be reported more than once.
///
/// `seen`: by file, the hash at the last such time. What a recipe regenerates at each run, with the same
/// content, triggers nothing.
fn meanwhile(
    session: &Session,
    watched: &Watched,
    arrived: Arrived,
    seen: &mut BTreeMap<Utf8PathBuf, Option<String>>,
) -> Option<Change> {
    // the run itself may write so much: another one for nothing would do it again
    let mut changed = watched
        .changed_of(session, arrived.is_partial)
        .map(Change::File);
    let saved: BTreeSet<Utf8PathBuf> = arrived
        .files
        .into_iter()
        .filter(|path| watched.is_ours(path) && watched.is_unread(session, path))
        .collect();
    for path in saved {
        let hash = disk::hash(&path);
        if seen.insert(path.clone(), hash.clone()) != Some(hash) {
            changed = changed.or(Some(Change::File(path)));
        }
    }
    changed
}

/// Runs the command once. A program that it hands over to is ended by a change to what it was made from: it
/// may be a server, which would never end by itself.
///
/// `arrived`: gets what was reported meanwhile.
fn attempt(
    driver: &Driver<'_>,
    watched: &mut Watched,
    changes: &Receiver<Change>,
    arrived: &mut Arrived,
) -> Result<()> {
    let Purpose::Run(_) = driver.request.purpose else {
        return attempt_once(driver);
    };
    std::thread::scope(|scope| {
        let work = scope.spawn(|| attempt_once(driver));
        let (mut has_begun, mut is_told) = (false, false);
        while !work.is_finished() {
            arrived.extend(changes.recv_timeout(TICK));
            if is_told || !process::is_shown() {
                continue;
            }
            if !has_begun {
                has_begun = true;
                watched.read = last_inputs(driver.session, driver.request).unwrap_or_default();
                // what is not compiled is read by the program, which begins now
                arrived.files.retain(|path| watched.is_recorded(path));
            }
            std::thread::sleep(DEBOUNCE);
            arrived.extend(changes.try_iter());
            let untold = watched.changed_of(driver.session, arrived.is_partial);
            if untold.is_some() || watched.has_news(driver.session, &arrived.files) {
                process::end_shown();
                is_told = true;
            }
        }
        work.join().unwrap_or(Err(Error::Bug))
    })
}

fn attempt_once(driver: &Driver<'_>) -> Result<()> {
    let test_results = driver.perform()?;
    match driver.request.purpose {
        Purpose::Test(_) => verdict(&test_results, &driver.session.cwd),
        Purpose::Dev | Purpose::Run(_) | Purpose::Release(_) | Purpose::Just(_) | Purpose::Look => {
            Ok(())
        }
    }
}

fn cannot_watch(path: &Utf8Path, error: notify::Error) -> Error {
    if let notify::ErrorKind::MaxFilesWatch = error.kind {
        return Error::Machine(MachineError::TooManyFolders(path.to_owned()));
    }
    Error::Machine(MachineError::Io {
        verb: "watch",
        path: path.to_owned(),
        source: std::io::Error::other(error),
    })
}

/// The first file that changed and belongs to the project, once none of its files changes any more. What a
/// compiler writes meanwhile delays nothing.
fn wait(session: &Session, watched: &Watched, changes: &Receiver<Change>) -> Result<Change> {
    let mut saved: Option<(Change, Instant)> = None; // the first, and when the last came
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
            Ok(Change::File(path)) if !watched.is_ours(&path) => {}
            // rust-analyzer and others may write so much
            Ok(Change::Untold) if watched.changed_of(session, true).is_none() => {}
            Ok(change) => {
                let first = saved.map_or(change, |(first, _)| first);
                saved = Some((first, Instant::now()));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let root = watched
                    .roots
                    .first()
                    .map_or("".into(), Utf8PathBuf::as_path);
                return Err(cannot_watch(
                    root,
                    notify::Error::generic("the file watcher stopped"),
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::watched::tests::watched;
    use super::*;
    use crate::facts::fingerprint::{Input, TreeScope};

    #[test]
    fn what_the_system_does_not_watch_is_said_with_the_way_out() {
        let error = notify::Error::new(notify::ErrorKind::MaxFilesWatch);
        let error = cannot_watch(Utf8Path::new("/p"), error);
        let said = "cannot watch `/p`: the system's limit of watched folders is reached";
        assert_eq!(error.to_string(), said);
        assert!(error.hint().unwrap().contains("max_user_watches"));
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
                sender.send(Change::File(path)).unwrap();
            }
            let session = Session::default();
            let first = meanwhile(&session, &watched, arrived(&changes), &mut seen);
            let second = meanwhile(&session, &watched, arrived(&changes), &mut seen);
            assert_eq!(second, None);
            first.is_some()
        };
        assert_eq!(["a", "a", "b"].map(&mut after), [true, false, true]);
    }

    fn arrived(changes: &Receiver<Change>) -> Arrived {
        let mut arrived = Arrived::default();
        arrived.extend(changes.try_iter());
        arrived
    }

    #[test]
    fn what_the_system_has_not_told_of_is_looked_for() {
        use notify::event::{Event, EventKind, Flag};
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let file = root.join("lib.rs");
        disk::write(&file, b"old").unwrap();
        let watched = Watched {
            roots: BTreeSet::from([root.to_owned()]),
            read: vec![Input::file(&file, None)],
            ..Watched::default()
        };
        let overflow = || Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan));
        let failed = Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch));
        let (sender, changes) = mpsc::channel();
        let after = |event| {
            for change in told(event) {
                sender.send(change).unwrap();
            }
            let session = Session::default();
            meanwhile(&session, &watched, arrived(&changes), &mut BTreeMap::new())
        };
        assert_eq!(after(overflow()), None, "what the run itself has done");
        disk::write(&file, b"new").unwrap();
        let changed = Some(Change::File(file));
        assert_eq!(after(overflow()), changed);
        assert_eq!(after(failed), changed);
        for change in told(overflow()) {
            sender.send(change).unwrap();
        }
        let changed = wait(&Session::default(), &watched, &changes).unwrap();
        assert_eq!(changed, Change::Untold);
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
            read: read.iter().map(input).collect(),
            ..Watched::default()
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
            sender.send(Change::File(root.join(name))).unwrap();
            let session = Session::default();
            let first = meanwhile(&session, &watched, arrived(&changes), &mut BTreeMap::new());
            if let Some(Change::File(path)) = first {
                counted.push(path.strip_prefix(root).unwrap().to_string());
            }
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
        sender.send(Change::File("/p/src/lib.rs".into())).unwrap();
        let compiler = std::thread::spawn(move || {
            while sender
                .send(Change::File("/p/target/debug/x.o".into()))
                .is_ok()
            {
                std::thread::sleep(DEBOUNCE / 10);
            }
        });
        let start = Instant::now();
        let changed = wait(&Session::default(), &watched(), &changes).unwrap();
        assert_eq!(changed, Change::File("/p/src/lib.rs".into()));
        assert!(start.elapsed() < 20 * DEBOUNCE);
        drop(changes);
        compiler.join().unwrap();
    }
}
