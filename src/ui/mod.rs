//! What people and machines are told: the only place that prints.
//!
//! stdout is data (JSON lines, the text of `--dry-run`), stderr is talk. Where data cannot be
//! written the work goes on, and its end tells.
#![expect(clippy::disallowed_types, reason = "this file owns the terminal")]

mod columns;
mod lost_output;

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use camino::Utf8Path;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::facts::recipes::Recipe;
use crate::model::error::{Error, Exit, Result};
use crate::model::finding::{Finding, Severity};
use crate::plan::{Plan, Step};
use crate::world::process::{self, Stream};

pub use columns::aligned;
use lost_output::lost_output;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MessageFormat {
    #[default]
    Human,
    /// One object a line on stdout.
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
        let held = buffer
            .buffer
            .as_ref()
            .and_then(|buffer| buffer.held.lock().ok());
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
            if let Ok(mut held) = buffer.held.lock() {
                held.extend_from_slice(line);
                held.push(b'\n');
            }
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
        let text = format!("{seconds} s for what runs to clean up; Ctrl-C again kills it");
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
        if !self.is_new(text) {
            return;
        }
        self.event("warning", &json!({ "message": text }));
        if self.options.format == MessageFormat::Human {
            self.say(format!("{WARN}warning{WARN:#}: {text}").as_bytes());
        }
    }

    /// What is wrong with the project, once; an error does not end the command by itself.
    pub fn finding(&self, finding: &Finding, root: &Utf8Path) {
        let text = finding.wording(root);
        match finding.severity {
            Severity::Warning => self.warn(&text),
            Severity::Error => self.will_fail(&text),
        }
        if self.options.format == MessageFormat::Human
            && let Some(hint) = &finding.hint
            && self.is_new(&format!("{text} hint"))
        {
            self.say(format!("{NOTE}hint{NOTE:#}: {hint}").as_bytes());
        }
    }

    /// Something that will make the command fail, once; the command goes on to tell the rest.
    pub fn will_fail(&self, text: &str) {
        if self.is_new(text) {
            self.event("error", &json!({ "message": text, "hint": null }));
            if self.options.format == MessageFormat::Human {
                self.say(format!("{BAD}error{BAD:#}: {text}").as_bytes());
            }
        }
    }

    fn is_new(&self, text: &str) -> bool {
        self.warned
            .lock()
            .is_ok_and(|mut warned| warned.insert(text.to_owned()))
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
            let _ = std::io::stdin().read_line(&mut line); // no line is no answer
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
        if let Err(error) = written.and_then(|()| stdout.flush())
            && let Ok(mut lost) = self.lost.lock()
        {
            lost.get_or_insert(error);
        }
    }

    /// Whether what a child writes to our standard output is lost: who listened has left, or there is no
    /// place for it. That is remembered as what we could not write.
    pub fn loses_output(&self) -> bool {
        let Some(error) = lost_output() else {
            return false;
        };
        if let Ok(mut lost) = self.lost.lock() {
            lost.get_or_insert(error);
        }
        true
    }

    /// Why not all of the data could be written.
    pub fn take_lost(&self) -> Option<std::io::Error> {
        self.lost.lock().ok()?.take()
    }

    fn event(&self, kind: &str, fields: &Value) {
        if self.options.format != MessageFormat::Json {
            return;
        }
        let mut object = json!({ "type": kind });
        if let (Some(object), Some(fields)) = (object.as_object_mut(), fields.as_object()) {
            object.extend(fields.clone());
            object.extend(
                self.buffer
                    .iter()
                    .map(|buffer| ("python".to_owned(), json!(buffer.python))),
            );
        }
        let mut line = object.to_string();
        line.push('\n');
        self.out(&line);
    }

    pub fn plan(&self, plan: &Plan) {
        let steps: Vec<_> = plan
            .steps
            .iter()
            .chain(&plan.hand_over)
            .map(Step::view)
            .collect();
        self.event(
            "plan",
            &json!({ "steps": to_json(&steps), "fresh": plan.fresh, "again": plan.again, "wheels": to_json(&plan.wheels) }),
        );
    }

    /// `seconds`: from the start of the command.
    pub fn summary(&self, exit: Exit, seconds: f64) {
        self.event(
            "summary",
            &json!({ "exit": exit.code(), "seconds": seconds }),
        );
    }

    /// A version, and where it is stated.
    pub fn version(&self, fields: &Value) {
        self.event("version", fields);
    }

    /// What there is to run: the project's recipes, then the built-in ones that it does not define.
    pub fn recipes(&self, project: &[Recipe], built_in: &[Recipe]) {
        let fields = json!({ "project": to_json(&project), "built_in": to_json(&built_in) });
        self.event("recipes", &fields);
    }

    /// What became of one file that was to be published.
    pub fn published(&self, fields: &Value) {
        self.event("published", fields);
    }

    /// One run of tests, by its numbers.
    pub fn tested(&self, fields: &Value) {
        self.event("tested", fields);
    }

    /// A table for people, on stderr as all talk; columns as wide as their widest cell.
    pub fn table(&self, head: &[&str], rows: &[Vec<String>]) {
        self.event("table", &json!({ "columns": head, "rows": rows }));
        if !self.talks() {
            return;
        }
        let head: Vec<String> = head.iter().map(|word| (*word).to_owned()).collect();
        let all: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
        for line in aligned(&all) {
            self.say(line.as_bytes());
        }
    }

    /// What was found about a project: rows for people, an event for machines.
    pub fn report(&self, rows: &[Vec<String>], fields: &impl Serialize) {
        self.event("report", &to_json(fields));
        if self.is_quiet() {
            return;
        }
        let rows: Vec<&Vec<String>> = rows.iter().collect();
        self.data(
            &aligned(&rows)
                .into_iter()
                .map(|line| line + "\n")
                .collect::<String>(),
        );
    }

    /// Variables that a shell or an IDE is to set.
    pub fn exports(&self, variables: &impl Serialize) {
        self.event("env", &json!({ "variables": to_json(variables) }));
    }

    /// What `clean` has removed.
    pub fn freed(&self, fields: &Value) {
        self.event("freed", fields);
    }

    /// One problem of a project.
    ///
    /// `fixable`: whether pyx can take it away by itself.
    pub fn problem(&self, finding: &Finding, root: &Utf8Path, fixable: bool) {
        let mut fields = to_json(finding);
        fields["fixable"] = json!(fixable);
        self.event("finding", &fields);
        if self.options.format == MessageFormat::Human {
            self.finding(finding, root);
        }
    }

    /// `shown`: with a line of its own; `alone`: the step draws on the terminal itself.
    pub fn start<'a>(&'a self, step: &'a Step, shown: bool, alone: bool) -> Activity<'a> {
        let at = self.began.elapsed().as_secs_f64();
        self.event(
            "step-started",
            &json!({ "name": step.id, "at": at, "reason": to_json(&step.reason) }),
        );
        let reason = step.reason.as_ref().map(|reason| format!(" ({reason})"));
        if shown {
            self.status(
                step.verb,
                &format!("{}{}", step.subject, reason.unwrap_or_default()),
            );
            self.detail("Running", &step.command());
        } else {
            self.detail(step.verb, &step.subject);
        }
        let bar = (shown && !alone).then(|| self.bar(&step.subject));
        Activity {
            ui: self,
            step,
            bar,
        }
    }

    /// A bar for work whose own lines are held back, until the guard is dropped.
    pub fn spinner(&self, subject: &str) -> Spinner {
        Spinner(self.bar(subject))
    }

    fn bar(&self, subject: &str) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new_spinner());
        let template = "{spinner:>12.cyan} {prefix} {wide_msg} {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(subject.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }
}

fn to_json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// As long as it lives, a bar shows that something goes on.
#[derive(Debug)]
pub struct Spinner(ProgressBar);

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A running step.
#[derive(Debug)]
pub struct Activity<'a> {
    ui: &'a Ui,
    step: &'a Step,
    bar: Option<ProgressBar>,
}

impl Activity<'_> {
    pub fn colors(&self) -> bool {
        self.ui.colors()
    }

    /// `done` of at most `total` packages, and the one that is worked on.
    pub fn progress(&self, done: usize, total: usize, current: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{done}/{} {current}", total.max(done)));
        }
    }

    /// A line of progress that a terminal shows in the bar.
    pub fn transient(&self, line: &[u8]) {
        self.record(Stream::Stderr, line);
        if !self.ui.options.interactive && self.ui.talks() {
            self.ui.say(line);
        }
    }

    /// A line that a person must see.
    pub fn show(&self, stream: Stream, line: &[u8]) {
        self.record(stream, line);
        if self.ui.options.format == MessageFormat::Human {
            self.ui.say(line);
        }
    }

    /// A line that only `-vv` shows.
    pub fn mute(&self, stream: Stream, line: &[u8]) {
        self.record(stream, line);
        if self.ui.talks() && self.ui.options.verbosity > 1 {
            self.ui.say(line);
        }
    }

    /// A line that was [muted](Self::mute) and that a person needs after all.
    pub fn repeat(&self, line: &[u8]) {
        if self.ui.options.format == MessageFormat::Human && self.ui.options.verbosity < 2 {
            self.ui.say(line);
        }
    }

    fn record(&self, stream: Stream, line: &[u8]) {
        let stream = match stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        };
        let text = String::from_utf8_lossy(line);
        self.ui.event(
            "step-output",
            &json!({ "name": self.step.id, "stream": stream, "text": text }),
        );
    }

    /// `seconds`: how long the step took.
    pub fn finish(self, ok: bool, seconds: f64) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let at = self.ui.began.elapsed().as_secs_f64();
        let (began, step) = (at - seconds, self.step);
        self.ui.detail(
            "Took",
            &format!(
                "{seconds:.2}s, from {began:.2}s to {at:.2}s: {} {}",
                step.verb, step.subject
            ),
        );
        self.ui.event(
            "step-finished",
            &json!({
                "name": self.step.id,
                "at": at,
                "ok": ok,
                "seconds": seconds,
                "reason": to_json(&self.step.reason),
            }),
        );
    }
}
