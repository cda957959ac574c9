//! What is shown about a step while it runs.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::plan::{Showing, Step};
use crate::world::process::Stream;

use super::events::to_json;
use super::{MessageFormat, Ui};

impl Ui {
    pub fn start<'a>(&'a self, step: &'a Step, showing: Showing) -> Activity<'a> {
        let at = self.began.elapsed().as_secs_f64();
        self.event(
            "step-started",
            &json!({ "name": step.id, "at": at, "reason": to_json(&step.reason) }),
        );
        let reason = step.reason.as_ref().map(|reason| format!(" ({reason})"));
        if showing == Showing::Silent {
            self.detail(step.verb, &step.subject);
        } else {
            self.status(
                step.verb,
                &format!("{}{}", step.subject, reason.unwrap_or_default()),
            );
            self.detail("Running", &step.command());
        }
        let bar = (showing == Showing::Line).then(|| self.bar(&step.subject));
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
