//! pyx's records of builds and environments, and what cargo is made to forget.

use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::facts::build::{self, OfPackage};
use crate::facts::environment::Environment;
use crate::facts::fingerprint::{
    BuildRecords, EnvironmentRecord, Input, InterpreterRecord, SyncRecord, is_newer, versioned,
};
use crate::model::error::Result;
use crate::plan::{Begin, RecordSync};
use crate::world::disk;
use crate::world::interpreter;
use crate::world::session::Session;

use super::context::Context;

/// Makes cargo recompile crates, by removing its fingerprints of them (`NAME-HASH` in `.fingerprint`).
///
/// `dirs`: the folders of builds, absolute.
///
/// `since`: when the facts were gathered, in nanoseconds since the epoch. What was compiled later, for
/// another member that reads the same crate, has seen the current files.
pub(super) fn forget(crates: &[String], dirs: &[Utf8PathBuf], since: u64) -> Result<()> {
    for dir in dirs {
        for OfPackage { package, path } in build::fingerprints(dir) {
            if crates.contains(&package) && !is_compiled(&path, since) {
                disk::remove_dir(&path)?;
            }
        }
    }
    Ok(())
}

fn is_compiled(fingerprint: &Utf8Path, since: u64) -> bool {
    let files = disk::all_files(fingerprint);
    let mut signatures = files.iter().filter_map(disk::signature);
    // a time to come is of a clock that was ahead, and says nothing
    let run = since..=disk::now();
    signatures.any(|signature| run.contains(&signature.modified))
}

/// Several interpreters are served side by side, and the builds of all are in one file.
static BUILD_RECORDS: Mutex<()> = Mutex::new(());

/// `path`: the file, absolute.
pub(super) fn update_builds(path: &Utf8Path, change: impl FnOnce(&mut BuildRecords)) -> Result<()> {
    let _turn = BUILD_RECORDS.lock();
    let mut records = BuildRecords::load(path).record;
    change(&mut records);
    store(path, &records)
}

/// `since`: when the facts were gathered, in nanoseconds since the epoch.
pub(super) fn begin(begin: &Begin, since: u64) -> Result<()> {
    update_builds(&begin.state, |records| {
        let known = records.attempts.entry(begin.build.clone()).or_default();
        known.began = since;
        for input in &begin.changed {
            // what an earlier attempt has compiled may still be there
            if !known.changed.contains(input) {
                known.changed.push(input.clone());
            }
        }
    })
}

/// Nothing that was written since the facts were gathered counts as what was installed.
pub(super) fn record_sync(context: &Context<'_>, record: &RecordSync) -> Result<()> {
    let path = record.environment.record_path();
    let mut known = EnvironmentRecord::load(&path).record;
    known.requested = record.requested.clone().or(known.requested);
    known.made |= record.made;
    interpreter::trust(context.session, &record.environment.python())?;
    note_interpreter(context.session, &record.environment, &mut known);
    known
        .installed
        .retain(|_, install| disk::is_there(&install.package));
    for (name, dependencies) in &record.installed {
        let judged_by = dependencies.locks_judged_by.iter();
        let record = SyncRecord {
            settings: dependencies.settings.clone(),
            locks_judged_by: judged_by
                .map(|path| Input::file(path, Some(context.since)))
                .collect(),
            inputs: dependencies.inputs(&record.environment, &record.members, context.since),
        };
        known.syncs.insert((*name).to_owned(), record);
    }
    // what was installed for one command is seen, not asked about, by the others
    for input in known.syncs.values_mut().flat_map(|sync| &mut sync.inputs) {
        input.list_again();
    }
    store(&path, &known)
}

/// Asks the environment's interpreter what it is, unless that is recorded and still holds.
fn note_interpreter(session: &Session, environment: &Environment, known: &mut EnvironmentRecord) {
    let current = known.interpreter.as_ref();
    if current.is_some_and(|current| current.is_current(session)) {
        return;
    }
    let python = environment.python();
    let record = |probe| InterpreterRecord {
        inputs: vec![
            Input::program(&python),
            Input::file(&environment.version_file(), None),
        ],
        probe,
    };
    known.interpreter = interpreter::probe(session, &python).ok().map(record);
}

/// Writes a record unless a newer pyx's is there: that one contains more than we would keep.
pub(super) fn store<T: Serialize>(path: &Utf8Path, record: &T) -> Result<()> {
    if is_newer(path) {
        return Ok(());
    }
    disk::write_unsynced(path, &versioned(record))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use crate::facts::fingerprint::BuildKey;

    use super::*;

    #[test]
    fn what_a_clock_that_was_ahead_has_dated_was_not_compiled_now() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let file = root.join("lib-a.json");
        disk::write(&file, b"").unwrap();
        let now = disk::now();
        let hour = Duration::from_secs(3600);
        for (is_ahead, since, is_compiled_now) in [
            (false, 0, true),
            (false, u64::MAX, false),
            (true, 0, false),
            (true, now, false),
        ] {
            let time = SystemTime::now() + if is_ahead { hour } else { Duration::ZERO };
            File::options()
                .write(true)
                .open(&file)
                .unwrap()
                .set_modified(time)
                .unwrap();
            assert_eq!(
                is_compiled(root, since),
                is_compiled_now,
                "{is_ahead} {since}"
            );
        }
    }

    #[test]
    fn of_records_that_are_written_side_by_side_none_is_lost() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let state = root.join("state.json");
        let begins = (0..16).map(|number| Begin {
            state: state.clone(),
            build: BuildKey::new(&root.join(number.to_string()), "a"),
            changed: Vec::new(),
        });
        let begins: Vec<Begin> = begins.collect();
        std::thread::scope(|scope| {
            for it in &begins {
                scope.spawn(|| begin(it, 1).unwrap());
            }
        });
        let known = BuildRecords::load(&state).record.attempts;
        assert_eq!(known.len(), begins.len(), "{known:?}");
    }

    #[test]
    fn a_newer_record_is_kept() {
        let temp = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(temp.path()).unwrap().join("state.json");
        let newer = b"{\"schema\": 999}";
        disk::write(&path, newer).unwrap();
        assert!(BuildRecords::load(&path).newer);
        store(&path, &BuildRecords::default()).unwrap();
        assert_eq!(disk::read(&path).unwrap().unwrap(), newer);
    }
}
