//! Describes a child process: how it starts, what it prints and how it ends.
#![expect(clippy::disallowed_methods, reason = "this folder spawns")]

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::process::Command;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::model::error::{Error, MachineError};
use crate::model::invocation::Invocation;

/// Which of a child's streams a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Code(i32),
    Signal(i32),
}

impl Status {
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }

    pub(super) fn of(status: std::process::ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Signal(signal);
        }
        Self::Code(status.code().unwrap_or(1))
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "killed by signal {signal}"),
        }
    }
}

/// What a finished child printed.
#[derive(Clone, Debug)]
pub struct Output {
    pub status: Status,
    pub stdout: String,
    pub stderr: String,
}

static SHARED: RwLock<BTreeMap<String, String>> = RwLock::new(BTreeMap::new());

/// Variables for every child started from now on, on top of the inherited ones, replacing those of an earlier
/// call, which are returned. What a child's own call sets takes precedence.
pub fn share(variables: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut shared = SHARED.write().unwrap_or_else(PoisonError::into_inner);
    std::mem::replace(&mut *shared, variables)
}

pub(super) fn command(invocation: &Invocation) -> Command {
    #[cfg(windows)]
    super::running::hold_children();
    let mut command = Command::new(&invocation.program);
    command.args(&invocation.args).current_dir(&invocation.dir);
    command.envs(&*SHARED.read().unwrap_or_else(PoisonError::into_inner));
    for name in &invocation.unset {
        command.env_remove(name);
    }
    command.envs(&invocation.set);
    command
}

/// Starts a program. One that was just written may be busy for a moment: a child that another thread starts
/// meanwhile holds the file open for writing until it executes its own program (`ETXTBSY` in execve(2)).
pub(super) fn spawn(command: &mut CommandWrap) -> std::io::Result<Box<dyn ChildWrapper>> {
    const PAUSE: Duration = Duration::from_millis(20);
    const TRIES: usize = 25;
    for _ in 1..TRIES {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
    command.spawn()
}

pub(super) fn wait_error(invocation: &Invocation) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let invocation = Box::new(invocation.clone());
    move |source| Error::Machine(MachineError::Wait { invocation, source })
}

pub(super) fn spawn_error(invocation: &Invocation) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let invocation = Box::new(invocation.clone());
    move |source| Error::Machine(MachineError::Spawn { invocation, source })
}
