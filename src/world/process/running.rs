//! The children that run, with everything they started, so that none outlives us: a guard ends them if we are
//! killed; on Windows, a job object does.
#![cfg_attr(
    unix,
    expect(clippy::disallowed_methods, reason = "this folder spawns")
)]

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A child from its start to its end.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Child {
    /// The leader of a process group.
    Group(u32),
    /// One in our own group.
    Single(u32),
}

static CHILDREN: Mutex<Vec<Child>> = Mutex::new(Vec::new());

fn children() -> MutexGuard<'static, Vec<Child>> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Running {
    pub(super) fn group(leader: u32) -> Self {
        Self::begin(Child::Group(leader))
    }

    pub(super) fn single(id: u32) -> Self {
        Self::begin(Child::Single(id))
    }

    fn begin(child: Child) -> Self {
        let mut children = children();
        children.push(child);
        guard(&children);
        Self { child }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut children = children();
        children.retain(|child| *child != self.child);
        guard(&children);
    }
}

/// Whether a child runs.
#[cfg(unix)]
pub(super) fn has_any() -> bool {
    !children().is_empty()
}

/// Whether a child runs that no person works in.
#[cfg(unix)]
pub(super) fn has_groups() -> bool {
    let children = children();
    children.iter().any(|it| matches!(it, Child::Group(_)))
}

#[cfg(windows)]
use windows::guard;
#[cfg(windows)]
pub(super) use windows::hold_children;

#[cfg(windows)]
mod windows {
    use std::sync::LazyLock;

    use win32job::{ExtendedLimitInfo, Job};

    use super::Child;

    /// Ours, with everything started by a process in it. If the system refuses, we go on without.
    static JOB: LazyLock<Option<Job>> = LazyLock::new(|| {
        let job = Job::create().ok()?;
        job.assign_current_process().ok()?;
        Some(job)
    });

    /// Whatever starts from now on is in our job.
    pub(in super::super) fn hold_children() {
        LazyLock::force(&JOB);
    }

    /// As long as a child runs, everything in the job ends with us; what children leave behind when they end
    /// may go on, as on other systems.
    pub(super) fn guard(children: &[Child]) {
        let mut limits = ExtendedLimitInfo::new();
        if !children.is_empty() {
            limits.limit_kill_on_job_close();
        }
        if let Some(job) = &*JOB {
            let _ = job.set_extended_limit_info(&limits); // else we go on without
        }
    }
}

#[cfg(unix)]
use unix::guard;
#[cfg(unix)]
pub(super) use unix::{below, go_on, is_populated, pid, stop, written};

#[cfg(unix)]
mod unix {
    use std::collections::BTreeMap;
    use std::io::Write;
    use std::os::unix::process::CommandExt;
    use std::process::{ChildStdin, Command, Stdio};
    use std::sync::{Mutex, PoisonError};

    use camino::Utf8Path;
    use rustix::process::{Pid, Signal, kill_process_group};

    use crate::world::disk;

    use super::{Child, children};

    /// Must be a shell: it must not end with us, and needs nothing of ours.
    const GUARD: &str = include_str!("guard.sh");

    pub(in super::super) fn pid(id: u32) -> Option<Pid> {
        Pid::from_raw(i32::try_from(id).ok()?)
    }

    /// Stops the process groups of our own, which the terminal does not know.
    pub(in super::super) fn stop() {
        tell_groups(Signal::STOP);
    }

    pub(in super::super) fn go_on() {
        tell_groups(Signal::CONT);
    }

    fn tell_groups(signal: Signal) {
        for child in children().iter() {
            if let Child::Group(leader) = child
                && let Some(leader) = pid(*leader)
            {
                let _ = kill_process_group(leader, signal); // an error means that no process is left
            }
        }
    }

    /// Tells the guard what to end if we are killed. The first child makes it start.
    pub(super) fn guard(children: &[Child]) {
        static GUARDED: Mutex<Option<ChildStdin>> = Mutex::new(None);
        let mut guard = GUARDED.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            *guard = start();
        }
        // those that were started last go first: a client without its server starts another
        let words = children.iter().rev().map(|child| match child {
            Child::Group(leader) => format!("-{leader}"),
            Child::Single(id) => id.to_string(),
        });
        let line = words.collect::<Vec<_>>().join(" ") + "\n";
        if let Some(input) = guard.as_mut() {
            let _ = input.write_all(line.as_bytes()); // where it is gone we go on without
        }
    }

    fn start() -> Option<ChildStdin> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", GUARD, "cargo-pyx-guard"])
            .current_dir("/");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.process_group(0).spawn().ok()?.stdin
    }

    /// A process and all below it, parents first.
    pub(in super::super) fn below(id: u32) -> Vec<u32> {
        let all = processes();
        let mut found = vec![id];
        let mut at = 0;
        while let Some(parent) = found.get(at).copied() {
            at += 1;
            found.extend(all.iter().filter(|it| it.parent == parent).map(|it| it.id));
        }
        found
    }

    /// Whether a process in a group has not ended.
    pub(in super::super) fn is_populated(leader: u32) -> bool {
        processes().iter().any(|it| it.group == leader)
    }

    /// What has not ended.
    struct Process {
        id: u32,
        parent: u32,
        group: u32,
    }

    fn processes() -> Vec<Process> {
        let proc = Utf8Path::new("/proc");
        let ids = disk::names(proc)
            .into_iter()
            .filter(|name| name.parse::<u32>().is_ok());
        let listed = ids.filter_map(|id| {
            let stat = disk::read_text(&proc.join(&id).join("stat")).ok()??;
            let (_, rest) = stat.rsplit_once(") ")?; // the name of a program may hold anything
            process(&format!("{id} {rest}"))
        });
        let listed: Vec<Process> = listed.collect();
        if !listed.is_empty() {
            return listed;
        }
        let mut ps = Command::new("ps");
        let columns = ["-o", "pid=", "-o", "state=", "-o", "ppid=", "-o", "pgid="];
        let output = ps.arg("-A").args(columns).output();
        let text = output.map(|output| output.stdout).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        text.lines().filter_map(process).collect()
    }

    /// From a line that begins with its id, its state, its parent's id and its group's.
    fn process(line: &str) -> Option<Process> {
        let mut words = line.split_whitespace();
        let id = words.next()?.parse().ok()?;
        let has_ended = words.next()?.starts_with('Z');
        let (parent, group) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        (!has_ended).then_some(Process { id, parent, group })
    }

    /// The bytes that a process and each one below it have written so far; empty if the system does not count
    /// them.
    pub(in super::super) fn written(id: u32) -> BTreeMap<u32, u64> {
        let counted = below(id).into_iter().filter_map(|id| {
            let text = disk::read_text(Utf8Path::new(&format!("/proc/{id}/io"))).ok()??;
            let mut lines = text.lines();
            let count = lines.find_map(|line| line.strip_prefix("wchar: "))?;
            Some((id, count.parse().ok()?))
        });
        counted.collect()
    }
}
