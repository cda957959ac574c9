//! The lock of the user cache: of several that lack a tool one provides it, and the others wait.

use crate::model::error::{Error, MachineError, Result};
use crate::world::disk::FileLock;
use crate::world::process;
use crate::world::session::Session;

/// Keeps other processes from writing the tools of the user cache.
///
/// # Errors
/// [`MachineError::Cache`] where the user cache cannot be written.
pub(super) fn take(session: &Session) -> Result<FileLock> {
    let path = session.cache().join("tools/lock");
    let take = FileLock::take(&path, "", |_| process::check_signals());
    take.map_err(|error| match error {
        Error::Machine(MachineError::Io { verb, path, source }) => {
            Error::Machine(MachineError::Cache { verb, path, source })
        }
        other => other,
    })
}
