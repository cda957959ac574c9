//! The lock of the user cache: of several processes that lack a tool, one provides it and the others wait.

use crate::model::error::{Error, MachineError, Result};
use crate::world::disk::{self, FileLock};
use crate::world::process;
use crate::world::session::Session;

/// Keeps other processes from writing the tools of the user cache, if the file system supports locks.
///
/// # Errors
/// [`MachineError::Cache`] if the user cache cannot be written.
pub(super) fn take(session: &Session) -> Result<Option<FileLock>> {
    let take = FileLock::take(&session.tools_lock(), "", |_| process::check_signals());
    take.map(Some).or_else(|error| match error {
        // what two of us do there at once is done twice
        error if disk::has_no_locks(&error) => Ok(None),
        Error::Machine(MachineError::Io { verb, path, source }) => {
            Err(MachineError::Cache { verb, path, source }.into())
        }
        other => Err(other),
    })
}
