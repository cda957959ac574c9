//! The project's lock, so that two of us do not build into each other.

use camino::Utf8Path;

use crate::facts::project::Project;
use crate::model::error::{Error, Result};
use crate::ui::Ui;
use crate::world::disk::{self, FileLock};
use crate::world::process::{self, Patience};
use crate::world::session::Session;

/// Takes the project's lock; says for whom it waits, at most `CARGO_PYX_LOCK_TIMEOUT` seconds.
///
/// `name`: the command's, for those who will have to wait.
pub fn take(session: &Session, ui: &Ui, name: &str, project: &Project) -> Result<Option<FileLock>> {
    let path = project.lock_path();
    let held = session.var("CARGO_PYX_LOCK").unwrap_or_default();
    if held.lines().any(|held| held == path) {
        return Ok(None); // a pyx waits for the recipe that we run in
    }
    let limit = session.var("CARGO_PYX_LOCK_TIMEOUT");
    let wrong = |_| Error::Usage("`CARGO_PYX_LOCK_TIMEOUT` is a number of seconds".into());
    let limit: Option<u64> = limit.map(|text| text.parse().map_err(wrong)).transpose()?;
    let mut patience = Patience::default();
    let (mut said, mut tries) = (false, 0);
    let me = format!("pid {}: cargo pyx {name}", std::process::id());
    keep_out_of_git(&project.state)?;
    let lock = FileLock::take(&path, &me, |holder| {
        let holder = match holder {
            "" => String::new(),
            holder => format!(" (held by {holder})"),
        };
        tries += 1;
        // who takes the lock writes its name a moment later
        if !said && (!holder.is_empty() || tries > 4) {
            said = true;
            let text = format!("waiting for project lock{holder}");
            ui.status("Blocking", &text);
        }
        process::check_signals()?;
        match limit {
            Some(seconds) if patience.spent().as_secs() >= seconds => Err(Error::LockTimeout {
                path: path.clone(),
                seconds,
                holder,
            }),
            _ => Ok(()),
        }
    })?;
    keep_out_of_git(&project.state)?; // who had the lock may have removed it
    Ok(Some(lock))
}

/// `target/` is not ignored everywhere; what pyx writes there always is.
fn keep_out_of_git(state: &Utf8Path) -> Result<()> {
    let path = state.join(".gitignore");
    if disk::is_file(&path) {
        return Ok(());
    }
    disk::write(&path, b"*\n")
}
