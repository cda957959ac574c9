//! Runs of pyx: how they start, and what can be said of them.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{command, on_path, read, temp};

/// No run of a fixture takes this long.
const HANGS: Duration = Duration::from_secs(400);

/// Runs its arguments at a terminal: types what it reads, and prints what is shown. Ends as a shell
/// would: with 128 and the number of a signal.
const AT_A_TERMINAL: &str = "
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
ends = [terminal, 0]
while terminal in ends:
    for end in select.select(ends, [], [])[0]:
        try:
            part = os.read(end, 4096)
        except OSError:
            part = b''  # how Linux says that nobody is left at it
        if not part:
            ends.remove(end)
        elif end == 0:
            os.write(terminal, part)
        else:
            os.write(1, part)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if code >= 0 else 128 - code)";

/// A run of pyx that is yet to start.
pub(crate) struct Pyx {
    pub(super) command: Command,
    /// Whether somebody types at it.
    pub(super) is_typed_at: bool,
}

impl Pyx {
    pub(crate) fn with(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With a folder before all others on PATH.
    pub(crate) fn path_first(self, dir: &Path) -> Self {
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let dirs = std::iter::once(dir.to_owned()).chain(std::env::split_paths(&inherited));
        let path: OsString = std::env::join_paths(dirs).unwrap();
        self.env("PATH", path)
    }

    /// At a terminal where somebody types a line; what it shows is the outcome's stdout.
    pub(crate) fn answered(self, line: &str) -> CheckOutcome {
        let _place = Place::take();
        let mut run = self.at_a_terminal().start();
        run.types(&format!("{line}\n"));
        run.finish()
    }

    /// At a terminal, where the run may be [typed](Running::types) at.
    pub(crate) fn at_a_terminal(self) -> Self {
        let mut command = command("python3", self.command.get_current_dir().unwrap());
        for (name, value) in self.command.get_envs() {
            value.map(|value| command.env(name, value));
        }
        command.env("NO_COLOR", "1");
        command.args(["-c", AT_A_TERMINAL]);
        command.arg(self.command.get_program());
        command.args(self.command.get_args());
        command.stdin(Stdio::piped());
        Self {
            command,
            is_typed_at: true,
        }
    }

    /// Waits for a free place among the runs of all tests, then for the end.
    pub(crate) fn run(self) -> CheckOutcome {
        let _place = Place::take();
        self.start().finish()
    }

    /// Starts it beside the test, which should be [`alone`].
    pub(crate) fn start(mut self) -> Running {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let (pid, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let said = ["out", "err"].map(|name| temp().join(format!("said-{pid}-{number}-{name}")));
        // files, not pipes: whoever survives pyx must not keep the test waiting
        let [stdout, stderr] = said.each_ref().map(|path| File::create(path).unwrap());
        if ignores_signals() {
            self.command = heeding_signals(&self.command);
            if self.is_typed_at {
                self.command.stdin(Stdio::piped());
            }
        }
        let child = self.command.stdout(stdout).stderr(stderr).spawn();
        Running {
            child: child.unwrap_or_else(|error| panic!("{:?}: {error}", self.command)),
            line: format!("{:?}", self.command),
            since: Instant::now(),
            said,
        }
    }
}

/// Whether whoever started the tests has signals ignored that they send, as `nohup` does, and a shell without
/// job control with what it puts in the background: children inherit that.
fn ignores_signals() -> bool {
    const SENT: u64 = (1 << 0) | (1 << 1) | (1 << 14); // SIGHUP, SIGINT, SIGTERM
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).unwrap() & SENT != 0)
}

/// The same command, which is told what signals are sent to it.
fn heeding_signals(command: &Command) -> Command {
    // by its path: that of the run may lead nowhere
    let mut heeding = Command::new(on_path("env").unwrap());
    heeding.arg("--default-signal=HUP,INT,TERM");
    heeding.arg(command.get_program()).args(command.get_args());
    let set = command.get_envs();
    heeding.env_clear().stdin(Stdio::null());
    heeding.envs(set.filter_map(|(name, value)| Some((name, value?))));
    if let Some(dir) = command.get_current_dir() {
        heeding.current_dir(dir);
    }
    heeding
}

pub(crate) struct Running {
    child: Child,
    line: String,
    since: Instant,
    said: [PathBuf; 2],
}

impl Running {
    pub(crate) fn signal(&self, signal: i32) {
        use rustix::process::{Pid, Signal, kill_process};
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::from_named_raw(signal).unwrap()).unwrap();
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What is typed at its terminal.
    pub(crate) fn types(&mut self, text: &str) {
        let input = self.child.stdin.as_mut().expect("a terminal");
        input.write_all(text.as_bytes()).unwrap();
    }

    /// Whether stderr holds a text by now.
    pub(crate) fn has_said(&self, text: &str) -> bool {
        String::from_utf8_lossy(&read(&self.said[1])).contains(text)
    }

    pub(crate) fn finish(mut self) -> CheckOutcome {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.since.elapsed() > HANGS {
                let _ = self.child.kill();
                panic!("{} hangs", self.line);
            }
            sleep(Duration::from_millis(5));
        };
        let took = self.since.elapsed();
        let [stdout, stderr] = self.said.map(|path| {
            let text = String::from_utf8_lossy(&read(&path)).into_owned();
            let _ = fs::remove_file(path);
            text
        });
        if self.line.contains("\"--message-format\" \"json\"") {
            are_events(&stdout);
        }
        CheckOutcome {
            code: status.code(),
            signal: status.signal(),
            line: self.line,
            took,
            stdout,
            stderr,
        }
    }
}

/// Every line is what docs/events.schema.json says.
fn are_events(stdout: &str) {
    let schema: Value =
        serde_json::from_str(include_str!("../../../docs/events.schema.json")).unwrap();
    let mut compiler = boon::Compiler::new();
    let mut schemas = boon::Schemas::new();
    compiler.add_resource("events.json", schema).unwrap();
    let schema = compiler.compile("events.json", &mut schemas).unwrap();
    for line in stdout.lines() {
        let event: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if let Err(error) = schemas.validate(&event, schema) {
            panic!("{line}\n{error:#}");
        }
    }
}

/// How a run ended, and what it said.
pub(crate) struct CheckOutcome {
    line: String,
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl std::fmt::Display for CheckOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            code,
            signal,
            line,
            took,
            ..
        } = self;
        writeln!(f, "{line}")?;
        writeln!(
            f,
            "ended after {took:.2?}: code {code:?}, signal {signal:?}"
        )?;
        writeln!(f, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr)
    }
}

impl CheckOutcome {
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert!(self.code == Some(code), "expected exit {code}:\n{self}");
        self
    }

    /// How often stderr holds a text.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.stderr.matches(text).count()
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.count(text) > 0, "expected `{text}`:\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn says_once(self, text: &str) -> Self {
        assert!(self.count(text) == 1, "expected `{text}` once:\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        assert!(self.count(text) == 0, "expected no `{text}`:\n{self}");
        self
    }

    /// All is as it was: nothing done, nothing said but that.
    #[track_caller]
    pub(crate) fn finds_fresh(self, name: &str) -> Self {
        let run = self.succeeds();
        let fresh = format!("{:>12} {name}\n", "Fresh");
        assert!(run.stderr == fresh, "expected only `Fresh {name}`:\n{run}");
        run
    }

    pub(crate) fn warnings(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines.filter(|line| line.starts_with("warning")).collect()
    }
}

/// The line that sums up the tests of both languages.
pub(crate) fn summary(run: &CheckOutcome) -> &str {
    let found: Vec<&str> = run
        .stderr
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("Tested "))
        .collect();
    let [line] = found[..] else {
        panic!("expected one line that sums up:\n{run}")
    };
    let (tests, slowest) = line.split_once("; slowest: ").unwrap();
    assert!(slowest.ends_with('s'), "{run}");
    tests
}

/// How many runs of pyx there are at once, whatever number of tests: each compiles by itself.
pub(super) const PLACES: usize = 2;

static TAKEN: Mutex<usize> = Mutex::new(0);

static LEFT: Condvar = Condvar::new();

thread_local! {
    /// Whether this test holds all places.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// The right to use a part of the machine.
pub(crate) struct Place(usize);

impl Place {
    fn take() -> Self {
        let wanted = usize::from(!ALONE.get());
        Self::wait(wanted)
    }

    fn wait(wanted: usize) -> Self {
        let taken = TAKEN
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut taken = LEFT
            .wait_while(taken, |taken| *taken + wanted > PLACES)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *taken += wanted;
        Self(wanted)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let taken = TAKEN.lock();
        *taken.unwrap_or_else(std::sync::PoisonError::into_inner) -= self.0;
        if self.0 == PLACES {
            ALONE.set(false);
        }
        LEFT.notify_all();
    }
}

/// Who holds all places while it waits for a slot may wait for one that waits for a place.
#[track_caller]
pub(super) fn holds_no_place() {
    assert!(!ALONE.get(), "a test has its project before the machine");
}

/// For tests that watch the clock, or start several runs themselves.
pub(crate) fn alone() -> Place {
    let place = Place::wait(PLACES);
    ALONE.set(true);
    place
}
