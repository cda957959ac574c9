//! Children that other processes talk to.

use std::process::Stdio;

use crate::model::error::Result;
use crate::model::invocation::Invocation;

use super::child::{command, spawn_error};
use super::heard::Group;
use super::running::Running;
use super::signals::check_signals;

/// A child that serves while this lives, and is killed with all that it has started when it ends.
pub struct Server {
    group: Group,
    _running: Running,
}

impl Server {
    /// Starts it; what it prints is not heard.
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
