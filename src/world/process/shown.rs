//! Children that a person works in.

#[cfg(unix)]
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::model::error::{Error, Result};
use crate::model::invocation::Invocation;

use super::child::{Status, command, spawn, spawn_error, wait_error};
#[cfg(unix)]
use super::patience::Patience;
use super::running::Running;
#[cfg(unix)]
use super::signals::GRACE;
use super::signals::{check_signals, noted};

/// How often a running child is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A program may record a signal by writing this many bytes to itself; one that answers a person writes more.
#[cfg(unix)]
const NOTE: u64 = 8;

/// Running children of [`show`], and those of them that are to end.
static SHOWN: AtomicUsize = AtomicUsize::new(0);
static TO_END: AtomicUsize = AtomicUsize::new(0);

/// Whether a child of [`show`] runs.
pub fn is_shown() -> bool {
    SHOWN.load(Ordering::SeqCst) > 0
}

/// Ends the running child of [`show`] with everything it started, as a SIGTERM to us would.
pub fn end_shown() {
    TO_END.store(SHOWN.load(Ordering::SeqCst), Ordering::SeqCst);
}

/// Counts a child as long as it runs.
struct Count;

impl Count {
    fn begin() -> Self {
        SHOWN.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        SHOWN.fetch_sub(1, Ordering::SeqCst);
        TO_END.store(0, Ordering::SeqCst);
    }
}

/// Runs with our own stdin, stdout and stderr, in our own process group, so that job control, pagers and
/// debuggers work.
///
/// Ctrl-C at the terminal reaches the child directly; a SIGINT sent only to us is passed on. The child
/// decides what to do, but a Ctrl-C after one that changed nothing (if the system does not count written
/// bytes, the third) kills it with everything it started: native code never checks. SIGTERM and SIGHUP are
/// passed on to all of them, which have ten seconds to end.
///
/// # Errors
/// [`Error::Interrupted`] if it was killed.
pub fn show(invocation: &Invocation, stdin_is_terminal: bool) -> Result<Status> {
    let (seen, _) = noted();
    check_signals()?;
    let mut command = CommandWrap::from(command(invocation));
    #[cfg(windows)]
    command.wrap(process_wrap::std::JobObject);
    let child = spawn(&mut command).map_err(spawn_error(invocation))?;
    let _running = Running::single(child.id());
    let _count = Count::begin();
    let mut shown = Shown {
        child,
        at_terminal: stdin_is_terminal,
        seen,
        killed: None,
        #[cfg(unix)]
        is_killed: false,
        #[cfg(unix)]
        interrupts: 0,
        #[cfg(unix)]
        written: BTreeMap::new(),
        #[cfg(unix)]
        told: None,
    };
    loop {
        let status = shown.child.try_wait().map_err(wait_error(invocation))?;
        if let Some(status) = status {
            return match shown.killed {
                Some(signal) => Err(Error::Interrupted(signal)),
                None => Ok(Status::of(status)),
            };
        }
        shown.pass_signals_on();
        if TO_END.swap(0, Ordering::SeqCst) > 0 {
            shown.end();
        }
        std::thread::sleep(LOOK);
    }
}

struct Shown {
    child: Box<dyn ChildWrapper>,
    at_terminal: bool,
    /// How many signals had been noted at the last look.
    seen: usize,
    /// The signal to us that killed it.
    killed: Option<i32>,
    /// Whether all its processes were killed: finding them means going through all processes.
    #[cfg(unix)]
    is_killed: bool,
    #[cfg(unix)]
    interrupts: usize,
    /// The bytes that each of its processes had written by then, if the system counts them.
    #[cfg(unix)]
    written: BTreeMap<u32, u64>,
    /// Since when it has been asked to end.
    #[cfg(unix)]
    told: Option<Patience>,
}

#[cfg(unix)]
impl Shown {
    fn pass_signals_on(&mut self) {
        let (count, signal) = noted();
        let id = self.child.id();
        if count > self.seen {
            self.seen = count;
            if signal == signal_hook::consts::SIGINT {
                self.interrupt(signal);
            } else if self.told.is_some() {
                self.kill(signal);
            } else {
                self.told = Some(Patience::default());
                send_to_all(id, signal);
            }
        }
        let is_late = |told: &mut Patience| told.spent() > GRACE;
        if !self.is_killed && self.told.as_mut().is_some_and(is_late) {
            self.kill(signal);
        }
    }

    fn interrupt(&mut self, signal: i32) {
        let written = super::running::written(self.child.id());
        let is_said = |(id, now): (&u32, &u64)| {
            now.saturating_sub(*self.written.get(id).unwrap_or(&0)) > NOTE
        };
        // where the system does not count, the third one is taken for a person's last word
        let is_silent = if written.is_empty() {
            self.interrupts > 1
        } else {
            !written.iter().any(is_said)
        };
        let is_deaf = self.interrupts > 0 && (is_silent || !self.at_terminal);
        if is_deaf || self.told.is_some() {
            return self.kill(signal);
        }
        self.interrupts += 1;
        self.written = written;
        if !self.at_terminal {
            send_to(self.child.id(), signal);
        }
    }

    fn end(&mut self) {
        self.told = Some(Patience::default());
        send_to_all(self.child.id(), signal_hook::consts::SIGTERM);
    }

    fn kill(&mut self, signal: i32) {
        if signal != 0 {
            self.killed = Some(signal); // otherwise only we want it to end
        }
        self.is_killed = true;
        send_to_all(self.child.id(), signal_hook::consts::SIGKILL);
    }
}

#[cfg(unix)]
fn send_to(id: u32, signal: i32) {
    use rustix::process::{Signal, kill_process};
    if let (Some(pid), Some(signal)) = (super::running::pid(id), Signal::from_named_raw(signal)) {
        let _ = kill_process(pid, signal); // an error means that it has ended
    }
}

#[cfg(unix)]
fn send_to_all(id: u32, signal: i32) {
    for id in super::running::below(id) {
        send_to(id, signal);
    }
}

#[cfg(not(unix))]
impl Shown {
    /// On Windows, the console has already told every process in it.
    fn pass_signals_on(&mut self) {
        let (count, signal) = noted();
        if count > self.seen && !self.at_terminal {
            self.killed = Some(signal);
            self.end();
        }
        self.seen = count;
    }

    fn end(&mut self) {
        let _ = self.child.start_kill(); // an error means that it has ended
    }
}
