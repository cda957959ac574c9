//! Children whose output is captured.

use std::io::{BufRead, BufReader, PipeReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::model::error::{MachineError, Result};
use crate::model::invocation::Invocation;

use super::child::{Output, Status, Stream, command, spawn, spawn_error, wait_error};
use super::patience::Patience;
use super::running::Running;
#[cfg(unix)]
use super::running::{is_populated, pid};
use super::signals::{GRACE, check_signals, noted};

/// How often a running child is looked at.
const TICK: Duration = Duration::from_millis(20);
/// How long a pipe that a grandchild keeps open must be silent after the child's end.
const SILENCE: Duration = Duration::from_millis(200);
/// How long it is read at most.
const LINGER: Duration = Duration::from_secs(2);

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

/// Runs with both streams piped and calls `on_line` with every line, without its newline, in order of
/// arrival.
///
/// The child leads a process group of its own: none of the tools below us ends its children when it dies, so
/// a signal goes to the whole group. `SIGINT` twice, or `GRACE` after the first, kills it. Such a group may
/// not read the terminal: the system stops any process that tries.
///
/// # Errors
/// [`MachineError::Asks`] if something in the group tries to read the terminal.
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
    let _running = Running::group(group.leader.id());
    let is_left = Arc::new(AtomicBool::new(false));
    let readers = [out_reader, err_reader].map(Arc::new);
    for (stream, reader) in [Stream::Stdout, Stream::Stderr].into_iter().zip(&readers) {
        let (lines, reader, is_left) = (lines.clone(), Arc::clone(reader), Arc::clone(&is_left));
        std::thread::spawn(move || forward_lines(&*reader, stream, &lines, &is_left));
    }
    drop(lines);

    let mut ended: Option<(Status, Instant)> = None;
    let mut heard = Instant::now();
    let mut nap = TICK / 200; // a process that has closed its pipes has nearly always ended
    loop {
        match receiver.recv_timeout(TICK) {
            Ok((stream, line)) => {
                on_line(stream, &line);
                heard = Instant::now();
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) if ended.is_some() && !group.cleans_up() => {
                break;
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                std::thread::sleep(nap);
                nap = (nap * 2).min(TICK);
            }
        }
        group.pass_signals_on();
        if ended.is_none() {
            group.end_if_it_asks();
            let status = group.end_of_leader().map_err(|error| {
                group.kill();
                wait_error(invocation)(error)
            })?;
            ended = status.map(|status| (Status::of(status), Instant::now()));
        }
        if let Some((_, at)) = ended
            && !group.cleans_up()
        {
            // on a machine that is busy the threads may not have come to it yet
            let is_read = !readers.iter().any(|reader| holds_more(reader));
            let is_silent = is_read && heard.max(at).elapsed() > SILENCE;
            if is_silent || at.elapsed() > LINGER {
                break;
            }
        }
    }
    is_left.store(true, Ordering::Relaxed);
    for (stream, line) in receiver.try_iter() {
        on_line(stream, &line);
    }
    if check_signals().is_err() {
        group.kill();
        check_signals()?;
    }
    if group.asks {
        group.kill();
        return Err(MachineError::Asks(Box::new(invocation.clone())).into());
    }
    Ok(ended.map_or(Status::Code(1), |(status, _)| status))
}

/// Until the end, or until the output is given up although something still writes.
fn forward_lines(
    reader: impl Read,
    stream: Stream,
    lines: &mpsc::Sender<(Stream, Vec<u8>)>,
    is_left: &AtomicBool,
) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        // what was printed before an error is passed on too
        let _ = reader.read_until(b'\n', &mut line);
        if line.is_empty() || is_left.load(Ordering::Relaxed) {
            return;
        }
        line.pop_if(|last| *last == b'\n');
        if lines.send((stream, std::mem::take(&mut line))).is_err() {
            return;
        }
    }
}

/// A child and everything it started.
pub(super) struct Group {
    pub(super) leader: Box<dyn ChildWrapper>,
    passed_on: usize,
    /// Since when it has been asked to end.
    told: Option<Patience>,
    /// Whether it tries to read the terminal.
    asks: bool,
    killed: bool,
}

impl Group {
    /// The command ends here: it holds the writing ends of the pipes, and reading would never end.
    pub(super) fn lead(command: Command) -> std::io::Result<Self> {
        let mut command = CommandWrap::from(command);
        #[cfg(unix)]
        command.wrap(process_wrap::std::ProcessGroup::leader());
        #[cfg(windows)]
        command.wrap(process_wrap::std::JobObject);
        Ok(Self {
            leader: spawn(&mut command)?,
            passed_on: 0,
            told: None,
            asks: false,
            killed: false,
        })
    }

    /// How the leader ended, if it has. The whole group is waited for if its orphans become our children,
    /// like those of the first process in a container, and then the leader's status is lost.
    fn end_of_leader(&mut self) -> std::io::Result<Option<ExitStatus>> {
        if cfg!(unix) {
            return self.leader.inner_mut().try_wait();
        }
        self.leader.try_wait()
    }

    fn pass_signals_on(&mut self) {
        let (count, signal) = noted();
        if count > self.passed_on {
            let is_first = self.passed_on == 0 && count == 1;
            self.passed_on = count;
            if is_first {
                self.told = Some(Patience::default());
                send_to_group(&*self.leader, signal);
            } else {
                self.kill();
            }
        }
        let is_late = |told: &mut Patience| told.spent() > GRACE;
        if self.told.as_mut().is_some_and(is_late) {
            self.kill();
        }
    }

    /// Whether its descendants are still taking time to end, as they were asked to.
    fn cleans_up(&self) -> bool {
        self.told.is_some() && !self.asks && !self.killed && is_populated(self.leader.id())
    }

    /// A process that waits for a person would wait forever.
    fn end_if_it_asks(&mut self) {
        if self.told.is_none() && reads_the_terminal(self.leader.id()) {
            self.asks = true;
            self.told = Some(Patience::default());
            end_stopped(&*self.leader);
        }
    }

    pub(super) fn kill(&mut self) {
        self.killed = true;
        let _ = self.leader.start_kill(); // an error means that no process is left
    }
}

#[cfg(unix)]
fn send_to_group(leader: &dyn ChildWrapper, signal: i32) {
    let _ = leader.signal(signal); // an error means that no process is left
}

/// Whether there is unread data in the pipe.
#[cfg(unix)]
fn holds_more(pipe: &PipeReader) -> bool {
    rustix::io::ioctl_fionread(pipe).is_ok_and(|bytes| bytes > 0)
}

/// The system stops the whole group, whichever process reads the terminal: looking at the leader is enough.
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
    send_to_group(leader, SIGCONT); // a stopped process takes no other signal
}

// Windows' console has sent Ctrl-C to every process in it, and stops none for reading
#[cfg(not(unix))]
fn send_to_group(_leader: &dyn ChildWrapper, _signal: i32) {}

#[cfg(not(unix))]
fn holds_more(_pipe: &PipeReader) -> bool {
    false
}

#[cfg(not(unix))]
fn is_populated(_leader: u32) -> bool {
    false
}

#[cfg(not(unix))]
fn reads_the_terminal(_leader: u32) -> bool {
    false
}

#[cfg(not(unix))]
fn end_stopped(_leader: &dyn ChildWrapper) {}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::Permissions;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt as _;

    use camino::Utf8Path;

    use super::*;

    fn sh(script: &str) -> Invocation {
        Invocation::new("/bin/sh", Utf8Path::new("/")).args(["-c", script])
    }

    /// As long as another process has the file open for writing, Linux does not execute it.
    #[test]
    fn a_program_that_is_still_being_written_is_waited_for() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let program = dir.join("program");
        std::fs::write(&program, "#!/bin/sh\nexit 3\n").unwrap();
        std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let open = std::fs::File::options().append(true).open(&program);
        let open = open.unwrap();
        let writer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(60));
            drop(open);
        });
        let output = read(&Invocation::new(program.as_str(), dir)).unwrap();
        writer.join().unwrap();
        assert_eq!(output.status, Status::Code(3));
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
    fn a_line_is_told_whole_however_long_and_an_empty_one_as_well() {
        let long = "x".repeat(1 << 16);
        let (sender, lines) = mpsc::channel();
        let said = format!("a\n\n{long}\nlast");
        forward_lines(
            said.as_bytes(),
            Stream::Stdout,
            &sender,
            &AtomicBool::new(false),
        );
        drop(sender);
        let lines = lines.into_iter().map(|(_, line)| line);
        let lines: Vec<String> = lines.map(|line| String::from_utf8(line).unwrap()).collect();
        assert_eq!(lines, ["a", "", &long, "last"]);
    }

    #[test]
    fn a_grandchild_that_keeps_the_pipe_open_does_not_hang_us() {
        for script in [
            "sleep 5 & exit 0",
            "for _ in $(seq 100); do echo x; sleep .05; done & exit 0",
        ] {
            let start = Instant::now();
            let status = stream(&sh(script), |_, _| {}).unwrap();
            assert!(status.success());
            assert!(start.elapsed() < Duration::from_secs(4), "{script}");
        }
    }

    #[test]
    fn a_pipe_holds_more_until_all_of_it_is_read() {
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        assert!(!holds_more(&reader));
        writer.write_all(b"ab").unwrap();
        for left in [true, false] {
            reader.read_exact(&mut [0]).unwrap();
            assert_eq!(holds_more(&reader), left);
        }
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
