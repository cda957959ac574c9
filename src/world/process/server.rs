//! Children that other processes talk to.

use std::process::Stdio;

use crate::model::error::Result;
use crate::model::invocation::Invocation;

use super::child::{command, spawn_error};
use super::heard::Group;
use super::running::Running;
use super::signals::check_signals;

/// A child that serves as long as this value lives, and is then killed with everything it started.
pub struct Server {
    group: Group,
    _running: Running,
}

impl Server {
    /// Starts it; its output is discarded.
    ///
    /// # Errors
    /// [`MachineError::Spawn`](crate::model::error::MachineError::Spawn)
    pub fn start(invocation: &Invocation) -> Result<Self> {
        check_signals()?;
        let mut command = command(invocation);
        command.stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let group = Group::lead(command).map_err(spawn_error(invocation))?;
        Ok(Self {
            _running: Running::group(group.leader.id()),
            group,
        })
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.group.leader.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.group.kill();
        let _ = self.group.leader.wait(); // an error means that it is gone
    }
}
