//! What people and machines are told: the only place that prints.
//!
//! stdout is data (JSON lines, the text of `--dry-run`), stderr is for messages. If data cannot be written,
//! the work goes on, and the exit code tells.
#![expect(clippy::disallowed_types, reason = "this file owns the terminal")]

mod activity;
mod annotations;
mod columns;
mod events;
mod lost_output;

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use camino::Utf8Path;
use indicatif::MultiProgress;
use serde_json::json;

use crate::model::error::{Error, Result};
use crate::model::finding::{Finding, Severity};
use crate::world::process::{self};

pub use activity::{Activity, Spinner};
pub use columns::aligned;
use lost_output::lost_output;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MessageFormat {
    #[default]
    Human,
    /// One object per line on stdout
    Json,
}

/// How often a signal is looked for while a person is asked.
const ANSWER: Duration = Duration::from_millis(50);

const GOOD: Style = AnsiColor::Green.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default().bold();
const WARN: Style = AnsiColor::Yellow.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// How much is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputOptions {
    pub format: MessageFormat,
    /// -1 quiet, 0 normal, 1 commands, 2 everything that tools print.
    pub verbosity: i8,
    /// Whether a person watches a terminal that can redraw.
    pub interactive: bool,
    pub color: bool,
}

#[derive(Debug)]
pub struct Ui {
    options: OutputOptions,
    /// When the command began.
    began: Instant,
    bars: MultiProgress,
    warned: Arc<Mutex<BTreeSet<String>>>,
    lost: Arc<Mutex<Option<std::io::Error>>>,
    buffer: Option<Buffer>,
}

/// One of several talks that go on side by side: its lines are held back until it is over.
#[derive(Debug)]
struct Buffer {
    /// Which Python it is about, for every JSON object.
    python: String,
    held: Mutex<Vec<u8>>,
}

impl Ui {
    pub fn new(options: OutputOptions) -> Self {
        let bars = MultiProgress::new();
        if !options.interactive || options.format == MessageFormat::Json {
            bars.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        Self {
            options,
            began: Instant::now(),
            bars,
            warned: Arc::default(),
            lost: Arc::default(),
            buffer: None,
        }
    }

    /// A talk about one Python beside others, to be [printed](Self::flush) when it is over.
    #[must_use]
    pub fn buffered(&self, python: &str) -> Self {
        let options = OutputOptions {
            interactive: false,
            ..self.options
        };
        let buffer = Buffer {
            python: python.to_owned(),
            held: Mutex::default(),
        };
        Self {
            began: self.began,
            warned: self.warned.clone(),
            lost: self.lost.clone(),
            buffer: Some(buffer),
            ..Self::new(options)
        }
    }

    /// Prints what a [buffer](Self::buffered) has held back.
    pub fn flush(&self, buffer: &Self) {
        let held = buffer.buffer.as_ref().map(|buffer| locked(&buffer.held));
        if let Some(lines) = held.filter(|lines| !lines.is_empty()) {
            self.say(lines.trim_ascii_end());
        }
    }

    /// Whether a child may have the terminal to itself.
    pub fn owns_the_terminal(&self) -> bool {
        self.options.format == MessageFormat::Human && self.buffer.is_none()
    }

    pub fn format(&self) -> MessageFormat {
        self.options.format
    }

    /// For children that colour what they print.
    pub fn colors(&self) -> bool {
        self.options.color
    }

    /// Whether only errors and warnings are to be printed.
    pub fn is_quiet(&self) -> bool {
        self.options.verbosity < 0
    }

    fn talks(&self) -> bool {
        self.options.format == MessageFormat::Human && self.options.verbosity >= 0
    }

    /// One line on stderr, above any bar.
    fn say(&self, line: &[u8]) {
        if let Some(buffer) = &self.buffer {
            let mut held = locked(&buffer.held);
            held.extend_from_slice(line);
            held.push(b'\n');
            return;
        }
        self.bars.suspend(|| {
            let mut stderr = anstream::AutoStream::new(std::io::stderr(), self.choice());
            let _ = stderr.write_all(line);
            let _ = stderr.write_all(b"\n");
        });
    }

    fn choice(&self) -> anstream::ColorChoice {
        if self.options.color {
            anstream::ColorChoice::Always
        } else {
            anstream::ColorChoice::Never
        }
    }

    fn labelled(&self, style: Style, verb: &str, text: &str) {
        self.say(format!("{style}{verb:>12}{style:#} {text}").as_bytes());
    }

    /// A line in cargo's manner: a verb in twelve columns, then what it is about.
    pub fn status(&self, verb: &str, text: &str) {
        if self.talks() {
            self.labelled(GOOD, verb, text);
        }
    }

    /// What runs was told to end and is still there; it is killed after `grace`.
    pub fn waits(&self, grace: Duration) {
        let seconds = grace.as_secs();
        let text = format!("{seconds} s for running commands to clean up; Ctrl-C again kills them");
        self.status("Waiting", &text);
    }

    /// A line that only `-v` shows.
    pub fn detail(&self, verb: &str, text: &str) {
        if self.talks() && self.options.verbosity > 0 {
            self.labelled(NOTE, verb, text);
        }
    }

    /// Lines that only `-v` shows, as they are.
    pub fn verbatim(&self, text: &str) {
        if self.talks() && self.options.verbosity > 0 {
            self.say(text.trim_end_matches('\n').as_bytes());
        }
    }

    /// Lines that a question is about, as they are.
    pub fn present(&self, text: &str) {
        self.say(text.trim_end_matches('\n').as_bytes());
    }

    /// Changes that are about to be made.
    pub fn patch(&self, text: &str) {
        if self.talks() {
            self.say(text.trim_end_matches('\n').as_bytes());
        }
    }

    /// Said once, however often it is found.
    pub fn warn(&self, text: &str) {
        if self.is_new(text) {
            self.event("warning", &json!({ "message": text }));
            self.wrong(WARN, "warning", text);
        }
    }

    /// What is wrong with the project, once; an error does not end the command by itself.
    pub fn finding(&self, finding: &Finding, root: &Utf8Path) {
        let text = finding.wording(root);
        let hint = finding.hint.as_ref();
        if self.is_new(&text) {
            let (style, kind) = match finding.severity {
                Severity::Warning => (WARN, "warning"),
                Severity::Error => (BAD, "error"),
            };
            self.event(kind, &json!({ "message": text, "hint": hint }));
            self.wrong(style, kind, &text);
        }
        if self.options.format == MessageFormat::Human
            && let Some(hint) = hint
            && self.is_new(&format!("{text} hint"))
        {
            self.say(format!("{NOTE}hint{NOTE:#}: {hint}").as_bytes());
        }
    }

    /// Something that will make the command fail, once; the command goes on to tell the rest.
    pub fn will_fail(&self, text: &str) {
        if self.is_new(text) {
            self.event("error", &json!({ "message": text, "hint": null }));
            self.wrong(BAD, "error", text);
        }
    }

    fn wrong(&self, style: Style, kind: &str, text: &str) {
        if self.options.format == MessageFormat::Human {
            self.say(format!("{style}{kind}{style:#}: {text}").as_bytes());
        }
    }

    fn is_new(&self, text: &str) -> bool {
        locked(&self.warned).insert(text.to_owned())
    }

    pub fn error(&self, error: &Error) {
        let hint = error.hint();
        self.event(
            "error",
            &json!({ "message": error.to_string(), "hint": hint }),
        );
        self.say(format!("{BAD}error{BAD:#}: {error}").as_bytes());
        if let Some(hint) = hint {
            self.say(format!("\n{NOTE}hint{NOTE:#}: {hint}").as_bytes());
        }
    }

    /// A question to a person at a terminal; anything but `y` or `yes` is a no.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when a signal comes instead of an answer.
    pub fn ask(&self, question: &str) -> Result<bool> {
        let mut stderr = anstream::AutoStream::new(std::io::stderr(), self.choice());
        let _ = write!(stderr, "{question} [y/N] ");
        let _ = stderr.flush();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = std::io::stdin().read_line(&mut line); // an empty line is not an answer
            let _ = sender.send(line);
        });
        loop {
            match receiver.recv_timeout(ANSWER) {
                Ok(line) => return Ok(["y", "yes"].contains(&&*line.trim().to_lowercase())),
                Err(mpsc::RecvTimeoutError::Timeout) => process::check_signals()?,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(false),
            }
        }
    }

    /// Lines of data for people: the text of `--dry-run`.
    pub fn data(&self, text: &str) {
        if self.options.format == MessageFormat::Human {
            self.out(text);
        }
    }

    /// What cannot be written is remembered: the work goes on, and its end tells.
    fn out(&self, text: &str) {
        let mut stdout = std::io::stdout();
        let written = stdout.write_all(text.as_bytes());
        if let Err(error) = written.and_then(|()| stdout.flush()) {
            locked(&self.lost).get_or_insert(error);
        }
    }

    /// Whether what a child writes to our standard output is lost: who listened has left, or there is no
    /// place for it. That is remembered as what we could not write.
    pub fn loses_output(&self) -> bool {
        let Some(error) = lost_output() else {
            return false;
        };
        locked(&self.lost).get_or_insert(error);
        true
    }

    /// Why not all of the data could be written.
    pub fn take_lost(&self) -> Option<std::io::Error> {
        locked(&self.lost).take()
    }
}

/// What is held is whole, whoever panicked meanwhile: a line or an error that is kept must not be lost.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
