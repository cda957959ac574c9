//! Listening to cargo, directly or through maturin.

use std::collections::BTreeSet;

use cargo_metadata::Message;

use crate::plan::Listen;
use crate::ui::Activity;
use crate::world::process::Stream;

use super::compile_errors::CompileErrors;
use super::diagnosis::Diagnoses;

/// The words that begin cargo's progress lines.
const PROGRESS: [&str; 12] = [
    "Adding",
    "Blocking",
    "Building",
    "Checking",
    "Compiling",
    "Dirty",
    "Downgrading",
    "Downloaded",
    "Downloading",
    "Fresh",
    "Locking",
    "Updating",
];

/// The words that begin uv's lines about what it did for maturin.
const UV: [&str; 9] = [
    "+",
    "-",
    "~",
    "Audited",
    "Checked",
    "Installed",
    "Prepared",
    "Resolved",
    "Uninstalled",
];

pub(super) struct Listener<'a, 'b> {
    listen: Listen,
    activity: &'a Activity<'b>,
    /// Packages that cargo has reported as done.
    done: BTreeSet<String>,
    current: String,
    /// Lines that are shown only if the step fails.
    held: Vec<Vec<u8>>,
    pub(super) diagnoses: Diagnoses,
    pub(super) errors: CompileErrors,
}

impl<'a, 'b> Listener<'a, 'b> {
    pub(super) fn new(listen: Listen, activity: &'a Activity<'b>) -> Self {
        Self {
            listen,
            activity,
            done: BTreeSet::new(),
            current: String::new(),
            held: Vec::new(),
            diagnoses: Diagnoses::default(),
            errors: CompileErrors::default(),
        }
    }

    pub(super) fn hear(&mut self, stream: Stream, line: &[u8]) {
        let plain = anstream::adapter::strip_bytes(line).into_vec();
        let plain = String::from_utf8_lossy(&plain);
        let is_for_machines =
            matches!(self.listen, Listen::Cargo { .. }) && stream == Stream::Stdout;
        if !is_for_machines {
            self.diagnoses.hear(&plain);
        }
        self.errors.hear(&plain);
        match (self.listen, stream) {
            (Listen::Quiet, _) | (Listen::Maturin { .. }, Stream::Stdout) => {
                self.hold(stream, line);
            }
            (Listen::Cargo { packages }, Stream::Stdout) => self.message(packages, line),
            (Listen::Cargo { packages } | Listen::Maturin { packages }, Stream::Stderr) => {
                self.talk(packages, line);
            }
        }
    }

    /// Shows what was held back, now that the step has failed.
    pub(super) fn repeat(&self) {
        for line in &self.held {
            self.activity.repeat(line);
        }
    }

    fn hold(&mut self, stream: Stream, line: &[u8]) {
        self.held.push(line.to_vec());
        self.activity.mute(stream, line);
    }

    fn message(&mut self, packages: usize, line: &[u8]) {
        match serde_json::from_slice(line) {
            Ok(Message::CompilerArtifact(artifact)) => {
                self.done.insert(artifact.package_id.repr);
                self.activity
                    .progress(self.done.len(), packages, &self.current);
            }
            Ok(_) => {}
            // what a build script or the compiler prints besides messages
            Err(_) => self.activity.show(Stream::Stdout, line),
        }
    }

    fn talk(&mut self, packages: usize, line: &[u8]) {
        let plain = anstream::adapter::strip_bytes(line).into_vec();
        let text = String::from_utf8_lossy(&plain);
        let mut words = text.split_whitespace();
        // cargo sets its words flush right, in twelve columns
        let is_cargos = |word: &str| text.starts_with(&format!("{word:>12} "));
        match words.next() {
            Some("Finished") if is_cargos("Finished") => {}
            Some(word) if PROGRESS.contains(&word) && is_cargos(word) => {
                self.current = words.take(2).collect::<Vec<_>>().join(" ");
                if matches!(self.listen, Listen::Maturin { .. })
                    && matches!(word, "Compiling" | "Fresh")
                {
                    self.done.insert(self.current.clone());
                }
                self.activity
                    .progress(self.done.len(), packages, &self.current);
                self.activity.transient(line);
            }
            Some(word) if self.is_chatter(word) => self.hold(Stream::Stderr, line),
            _ => self.activity.show(Stream::Stderr, line),
        }
    }

    /// What maturin and uv report about themselves; maturin's own progress begins with a pictogram.
    fn is_chatter(&self, word: &str) -> bool {
        let pictogram = !word.is_ascii() && !word.starts_with('💥');
        matches!(self.listen, Listen::Maturin { .. }) && (pictogram || UV.contains(&word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::step::StepId;
    use crate::plan::{Action, Showing, Step};
    use crate::ui::{OutputOptions, Ui};

    #[test]
    fn every_word_of_progress_is_known_in_the_column_in_which_cargo_sets_it() {
        let ui = Ui::new(OutputOptions::default());
        let step = Step {
            id: StepId::Git,
            verb: "Building",
            subject: String::new(),
            reason: None,
            needs: Vec::new(),
            action: Action::Edit(Vec::new()),
            optional: false,
        };
        let activity = ui.start(&step, Showing::Silent);
        for word in PROGRESS {
            let mut listener = Listener::new(Listen::Cargo { packages: 1 }, &activity);
            listener.hear(Stream::Stderr, format!("{word:>12} a v1.0.0").as_bytes());
            assert_eq!(listener.current, "a v1.0.0", "{word}");
            let mut listener = Listener::new(Listen::Cargo { packages: 1 }, &activity);
            listener.hear(Stream::Stderr, format!("{word} a v1.0.0").as_bytes());
            assert_eq!(listener.current, "", "{word} of somebody else");
        }
    }
}
