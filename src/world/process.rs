//! The only place that spawns.
//!
//! - [`read`]: we need the program's text.
//! - [`stream`]: we listen while it runs; its whole process group ends with us.
//! - [`show`]: a person works in it; the terminal is its.
#![expect(clippy::disallowed_methods, reason = "this file spawns")]

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::model::error::{Error, Result};
use crate::model::invocation::Invocation;

/// What a child that was told to end gets to clean up before it is killed.
const GRACE: Duration = Duration::from_secs(10);
/// How often a running child is looked at.
const TICK: Duration = Duration::from_millis(20);
/// How long a pipe that a grandchild keeps open must be silent after the child's end.
const SILENCE: Duration = Duration::from_millis(200);

static SIGNAL: AtomicI32 = AtomicI32::new(0);
static SIGNALS: AtomicUsize = AtomicUsize::new(0);

/// From here on SIGINT, SIGTERM and SIGHUP are noted instead of killing the process.
#[cfg(unix)]
pub fn note_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
        return; // without handlers the default holds: the process dies
    };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            SIGNAL.store(signal, Ordering::SeqCst);
            SIGNALS.fetch_add(1, Ordering::SeqCst);
        }
    });
}

/// From here on Ctrl-C is noted instead of ending the process.
#[cfg(windows)]
pub fn note_signals() {
    // without a handler the default holds: the process ends
    let _ = ctrlc::set_handler(|| {
        SIGNAL.store(signal_hook::consts::SIGINT, Ordering::SeqCst);
        SIGNALS.fetch_add(1, Ordering::SeqCst);
    });
}

/// Whether the work may go on.
///
/// # Errors
/// [`Error::Interrupted`] once a signal has been noted.
pub fn check_signals() -> Result<()> {
    match SIGNAL.load(Ordering::SeqCst) {
        0 => Ok(()),
        signal => Err(Error::Interrupted(signal)),
    }
}

/// Dies of the signal, as a program without handlers would.
#[cfg(unix)]
pub fn die_of(signal: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

#[cfg(not(unix))]
pub fn die_of(_signal: i32) {}

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

    fn of(status: std::process::ExitStatus) -> Self {
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

fn command(invocation: &Invocation) -> Command {
    let mut command = Command::new(&invocation.program);
    command.args(&invocation.args).current_dir(&invocation.dir);
    for name in &invocation.unset {
        command.env_remove(name);
    }
    command.envs(&invocation.set);
    command
}

fn spawn_error(invocation: &Invocation) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let invocation = Box::new(invocation.clone());
    move |source| Error::Spawn { invocation, source }
}

/// What a finished child printed.
#[derive(Clone, Debug)]
pub struct Output {
    pub status: Status,
    pub stdout: String,
    pub stderr: String,
}

/// Runs to the end and returns what was printed; for short questions only.
pub fn read(invocation: &Invocation) -> Result<Output> {
    let mut output = Output {
        status: Status::Code(0),
        stdout: String::new(),
        stderr: String::new(),
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    output.status = stream(invocation, |stream, line| {
        let text = match stream {
            Stream::Stdout => &mut stdout,
            Stream::Stderr => &mut stderr,
        };
        text.extend_from_slice(line);
        text.push(b'\n');
    })?;
    output.stdout = String::from_utf8_lossy(&stdout).into_owned();
    output.stderr = String::from_utf8_lossy(&stderr).into_owned();
    Ok(output)
}

/// Runs with both streams piped and calls `on_line` with every line, without its newline, in
/// the order of arrival.
///
/// The child leads a process group of its own: none of the tools below us ends its children
/// when it dies, so a signal goes to the whole group. `SIGINT` twice, or `GRACE` after the
/// first, kills it. Such a group may not read the terminal: the system stops whoever tries.
///
/// # Errors
/// [`Error::Asks`] where something in the group would read the terminal.
pub fn stream(invocation: &Invocation, mut on_line: impl FnMut(Stream, &[u8])) -> Result<Status> {
    check_signals()?;
    let (lines, receiver) = mpsc::channel();
    let (out_reader, out_writer) = std::io::pipe().map_err(spawn_error(invocation))?;
    let (err_reader, err_writer) = std::io::pipe().map_err(spawn_error(invocation))?;
    let mut command = command(invocation);
    command
        .stdin(Stdio::null())
        .stdout(out_writer)
        .stderr(err_writer);
    let mut group = Group::lead(command).map_err(spawn_error(invocation))?;
    for (stream, reader) in [(Stream::Stdout, out_reader), (Stream::Stderr, err_reader)] {
        let lines = lines.clone();
        std::thread::spawn(move || forward_lines(reader, stream, &lines));
    }
    drop(lines);

    let mut ended: Option<(Status, Instant)> = None;
    loop {
        match receiver.recv_timeout(TICK) {
            Ok((stream, line)) => {
                on_line(stream, &line);
                ended = ended.map(|(status, _)| (status, Instant::now()));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) if ended.is_some() => break,
            Err(mpsc::RecvTimeoutError::Disconnected) => std::thread::sleep(TICK / 10),
        }
        group.pass_signals_on();
        if ended.is_none() {
            group.end_if_it_asks();
            let status = group.leader.try_wait().map_err(spawn_error(invocation))?;
            ended = status.map(|status| (Status::of(status), Instant::now()));
        }
        if ended.is_some_and(|(_, since)| since.elapsed() > SILENCE) {
            break;
        }
    }
    if check_signals().is_err() {
        group.kill();
        check_signals()?;
    }
    if group.asks {
        group.kill();
        return Err(Error::Asks(Box::new(invocation.clone())));
    }
    Ok(ended.map_or(Status::Code(1), |(status, _)| status))
}

/// Runs with our own stdin, stdout and stderr, in our own process group, so that job control,
/// pagers and debuggers work.
///
/// A signal that the terminal sends reaches the child by itself; one that was sent to us alone is
/// passed on. The child decides what becomes of it: its status is returned either way.
pub fn show(invocation: &Invocation, stdin_is_terminal: bool) -> Result<Status> {
    let mut passed_on = SIGNALS.load(Ordering::SeqCst);
    check_signals()?;
    let mut child = command(invocation)
        .spawn()
        .map_err(spawn_error(invocation))?;
    loop {
        if let Some(status) = child.try_wait().map_err(spawn_error(invocation))? {
            return Ok(Status::of(status));
        }
        let noted = SIGNALS.load(Ordering::SeqCst);
        if noted > passed_on {
            passed_on = noted;
            let signal = SIGNAL.load(Ordering::SeqCst);
            if !(stdin_is_terminal && is_interrupt(signal)) {
                send_to(child.id(), signal);
            }
        }
        std::thread::sleep(TICK / 4);
    }
}

#[cfg(unix)]
fn is_interrupt(signal: i32) -> bool {
    signal == signal_hook::consts::SIGINT
}

#[cfg(unix)]
fn send_to(id: u32, signal: i32) {
    use rustix::process::{Signal, kill_process};
    if let (Some(pid), Some(signal)) = (pid(id), Signal::from_named_raw(signal)) {
        let _ = kill_process(pid, signal); // an error means that it has ended
    }
}

#[cfg(not(unix))]
fn is_interrupt(_signal: i32) -> bool {
    true
}

#[cfg(not(unix))]
fn send_to(_id: u32, _signal: i32) {}

fn forward_lines(
    mut reader: std::io::PipeReader,
    stream: Stream,
    lines: &mpsc::Sender<(Stream, Vec<u8>)>,
) {
    let mut pending = Vec::new();
    let mut buffer = [0; 1 << 13];
    while let Ok(read @ 1..) = reader.read(&mut buffer) {
        pending.extend_from_slice(&buffer[..read]);
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let rest = pending.split_off(end + 1);
            pending.pop();
            if lines
                .send((stream, std::mem::replace(&mut pending, rest)))
                .is_err()
            {
                return;
            }
        }
    }
    if !pending.is_empty() {
        let _ = lines.send((stream, pending));
    }
}

/// A child and everything it started.
struct Group {
    leader: Box<dyn ChildWrapper>,
    passed_on: usize,
    told: Option<Instant>,
    /// Whether it would read the terminal.
    asks: bool,
}

impl Group {
    /// The command ends here: it holds the pipes' writing ends, and reading would never end.
    fn lead(command: Command) -> std::io::Result<Self> {
        let mut command = CommandWrap::from(command);
        #[cfg(unix)]
        command.wrap(process_wrap::std::ProcessGroup::leader());
        #[cfg(windows)]
        command.wrap(process_wrap::std::JobObject);
        Ok(Self {
            leader: command.spawn()?,
            passed_on: 0,
            told: None,
            asks: false,
        })
    }

    fn pass_signals_on(&mut self) {
        let noted = SIGNALS.load(Ordering::SeqCst);
        if noted > self.passed_on {
            let first = self.passed_on == 0;
            self.passed_on = noted;
            if first && noted == 1 {
                self.told = Some(Instant::now());
                send_to_group(&*self.leader, SIGNAL.load(Ordering::SeqCst));
            } else {
                self.kill();
            }
        }
        if self.told.is_some_and(|since| since.elapsed() > GRACE) {
            self.kill();
        }
    }

    /// Who waits for a person would wait for ever.
    fn end_if_it_asks(&mut self) {
        if self.told.is_none() && reads_the_terminal(self.leader.id()) {
            self.asks = true;
            self.told = Some(Instant::now());
            end_stopped(&*self.leader);
        }
    }

    fn kill(&mut self) {
        let _ = self.leader.start_kill(); // an error means that nobody is left
    }
}

#[cfg(unix)]
fn pid(id: u32) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(id).ok()?)
}

#[cfg(unix)]
fn send_to_group(leader: &dyn ChildWrapper, signal: i32) {
    let _ = leader.signal(signal); // an error means that nobody is left
}

/// The system stops the whole group, whoever in it reads the terminal: a look at the leader tells.
#[cfg(unix)]
fn reads_the_terminal(leader: u32) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    use signal_hook::consts::{SIGTTIN, SIGTTOU};
    let look = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let Some(leader) = pid(leader) else {
        return false;
    };
    let stopped = waitid(WaitId::Pid(leader), look).ok().flatten();
    let signal = stopped.and_then(|status| status.stopping_signal());
    matches!(signal, Some(SIGTTIN | SIGTTOU))
}

#[cfg(unix)]
fn end_stopped(leader: &dyn ChildWrapper) {
    use signal_hook::consts::{SIGCONT, SIGTERM};
    send_to_group(leader, SIGTERM);
    send_to_group(leader, SIGCONT); // who is stopped takes no other signal
}

// Windows' console has told everybody in it of Ctrl-C, and stops nobody for reading
#[cfg(not(unix))]
fn send_to_group(_leader: &dyn ChildWrapper, _signal: i32) {}

#[cfg(not(unix))]
fn reads_the_terminal(_leader: u32) -> bool {
    false
}

#[cfg(not(unix))]
fn end_stopped(_leader: &dyn ChildWrapper) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use camino::Utf8Path;

    fn sh(script: &str) -> Invocation {
        Invocation::new("/bin/sh", Utf8Path::new("/")).args(["-c", script])
    }

    #[test]
    fn a_child_is_read_whole_and_its_code_is_kept() {
        let output = read(&sh("echo out; echo err >&2; exit 7")).unwrap();
        assert_eq!(output.status, Status::Code(7));
        assert_eq!((&*output.stdout, &*output.stderr), ("out\n", "err\n"));
    }

    #[test]
    fn bad_utf8_and_a_missing_last_newline_arrive() {
        let mut lines = Vec::new();
        stream(&sh(r"printf 'a\377b\nlast'"), |_, line| {
            lines.push(line.to_vec());
        })
        .unwrap();
        assert_eq!(lines, [b"a\xffb".to_vec(), b"last".to_vec()]);
    }

    #[test]
    fn a_grandchild_that_keeps_the_pipe_open_does_not_hang_us() {
        let start = Instant::now();
        let status = stream(&sh("sleep 5 & exit 0"), |_, _| {}).unwrap();
        assert!(status.success());
        assert!(start.elapsed() < Duration::from_secs(3));
    }

    #[test]
    fn a_child_that_a_signal_killed_says_so() {
        let status = stream(&sh("kill -9 $$"), |_, _| {}).unwrap();
        assert_eq!(status, Status::Signal(9));
    }

    #[test]
    fn a_missing_program_names_the_command() {
        let missing = Invocation::new("/nonexistent/tool", Utf8Path::new("/"));
        let error = read(&missing).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/tool"), "{error}");
    }
}
