//! The locks of a project and of its environment, so that two commands do not build into each other.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::environment;
use crate::facts::project::Project;
use crate::model::error::{Error, MachineError, Result};
use crate::ui::Ui;
use crate::world::disk::{self, FileLock};
use crate::world::process::{self, Patience};
use crate::world::session::{CacheFolder, LOCKS_HELD, Session};

/// Takes the project's lock and that of its environment, which other target directories and other projects
/// may share; says whom it waits for, at most `CARGO_PYX_LOCK_TIMEOUT` seconds. None if a pyx has them that
/// waits for the recipe that we run in.
///
/// `name`: the command's, shown to those who have to wait.
pub fn take(session: &Session, ui: &Ui, name: &str, project: &Project) -> Result<Vec<FileLock>> {
    let locks = try_take(session, ui, name, project);
    locks.map_err(|error| environment::explained(error, session, project))
}

fn try_take(session: &Session, ui: &Ui, name: &str, project: &Project) -> Result<Vec<FileLock>> {
    let path = project.lock_path();
    let held = session.list(LOCKS_HELD);
    if held.iter().any(|held| *held == path) {
        return Ok(Vec::new());
    }
    let waiting = Waiting::new(session, ui, name);
    keep_out_of_git(&project.state)?;
    let mut locks: Vec<FileLock> = Vec::new();
    locks.extend(where_there_are(
        waiting.take("project", &path),
        "project",
        ui,
    )?);
    keep_out_of_git(&project.state)?; // the previous holder may have removed it
    if held.is_empty() {
        let shared = waiting.take("environment", &environment_lock(session, project));
        match shared {
            // all other work needs no user cache
            Err(error @ Error::Machine(MachineError::Io { .. })) => {
                go_on(&error, "environment", ui);
            }
            shared => locks.push(shared?),
        }
    }
    Ok(locks)
}

/// Takes the lock of the tools in the user cache, to remove them all.
pub fn take_tools(session: &Session, ui: &Ui, name: &str) -> Result<Option<FileLock>> {
    let waiting = Waiting::new(session, ui, name);
    match waiting.take("tools", &session.tools_lock()) {
        // what cannot be written is not removed either
        Err(error @ Error::Machine(MachineError::Io { .. })) => {
            go_on(&error, "tools", ui);
            Ok(None)
        }
        lock => lock.map(Some),
    }
}

/// A lock, or none on a file system without locks.
fn where_there_are(lock: Result<FileLock>, what: &str, ui: &Ui) -> Result<Option<FileLock>> {
    match lock {
        Err(error) if disk::has_no_locks(&error) => {
            go_on(&error, what, ui);
            Ok(None)
        }
        lock => lock.map(Some),
    }
}

fn go_on(error: &Error, what: &str, ui: &Ui) {
    ui.warn(&format!(
        "{error}: other commands are not kept out of the {what}"
    ));
}

/// In the user cache: an environment may be removed and recreated meanwhile.
fn environment_lock(session: &Session, project: &Project) -> Utf8PathBuf {
    let path = environment::default_path(session, project);
    let folder = path.parent().map(disk::resolve).unwrap_or_default();
    let place = folder.join(path.file_name().unwrap_or_default());
    let name = &disk::digest(place.as_str().as_bytes())[..16];
    session.cached(CacheFolder::Locks).join(name)
}

/// Who takes locks.
struct Waiting<'a> {
    session: &'a Session,
    ui: &'a Ui,
    me: String,
}

impl<'a> Waiting<'a> {
    fn new(session: &'a Session, ui: &'a Ui, name: &str) -> Self {
        Self {
            session,
            ui,
            me: format!("pid {}: cargo pyx {name}", std::process::id()),
        }
    }

    fn take(&self, what: &'static str, path: &Utf8Path) -> Result<FileLock> {
        process::check_signals()?;
        let limit = self.session.var("CARGO_PYX_LOCK_TIMEOUT");
        let wrong = |_| Error::Usage("`CARGO_PYX_LOCK_TIMEOUT` must be a number of seconds".into());
        let limit: Option<u64> = limit.map(|text| text.parse().map_err(wrong)).transpose()?;
        let mut patience = Patience::default();
        let (mut said, mut tries) = (false, 0);
        FileLock::take(path, &self.me, |holder| {
            let holder = match holder {
                "" => String::new(),
                holder => format!(" (held by {holder})"),
            };
            tries += 1;
            // a new holder writes its name a moment later
            if !said && (!holder.is_empty() || tries > 4) {
                said = true;
                let text = format!("waiting for {what} lock{holder}");
                self.ui.status("Blocking", &text);
            }
            process::check_signals()?;
            match limit {
                Some(seconds) if patience.spent().as_secs() >= seconds => {
                    Err(MachineError::LockTimeout {
                        what,
                        path: path.to_owned(),
                        seconds,
                        holder,
                    }
                    .into())
                }
                _ => Ok(()),
            }
        })
    }
}

/// `target/` is not ignored everywhere; what pyx writes there always is.
fn keep_out_of_git(state: &Utf8Path) -> Result<()> {
    let path = state.join(".gitignore");
    if disk::is_file(&path) {
        return Ok(());
    }
    disk::write(&path, b"*\n")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::ui::OutputOptions;

    #[test]
    fn work_goes_on_where_the_file_system_has_no_locks() {
        use rustix::io::Errno;
        let ui = Ui::new(OutputOptions::default());
        let failed = |verb, errno: Errno| {
            let path = "/p/target/pyx/lock".into();
            let source = errno.into();
            let error = MachineError::Io { verb, path, source };
            where_there_are(Err(error.into()), "project", &ui)
        };
        for errno in [Errno::NOLCK, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP] {
            assert!(failed("lock", errno).unwrap().is_none(), "{errno}");
            assert!(failed("open", errno).is_err());
        }
        assert!(failed("lock", Errno::IO).is_err());
    }
}
