//! Uploads files to an index with uv, and interprets the result.

use serde_json::json;

use crate::facts::release::short;
use crate::model::error::{Error, ReleaseError, Result};
use crate::model::exit::Exit;
use crate::model::invocation::{Invocation, without_credentials};
use crate::plan::{Confirm, Publish, Upload};
use crate::ui::Activity;
use crate::world::disk;
use crate::world::process;

use super::super::context::Context;
use super::answer::{Answer, UploadFailure, UploadOutcome};

/// Shows what would be published, and asks.
///
/// # Errors
/// [`ReleaseError::NotPublished`] if the answer is no.
pub(crate) fn confirm(context: &Context<'_>, confirm: &Confirm) -> Result<()> {
    let head = ["file", "size", "sha256", "index"];
    context.ui.table(&head, &confirm.rows);
    if context.ui.ask(&confirm.question)? {
        return Ok(());
    }
    Err(ReleaseError::NotPublished {
        message: "nothing was published: the upload was declined".into(),
        exit: Exit::Failed,
        hint: None,
    }
    .into())
}

/// All files or none if the index has a different one with the same name; else up to the first that fails.
/// The result of each is reported however it ends.
pub(crate) fn publish(
    context: &Context<'_>,
    publish: &Publish,
    activity: &Activity<'_>,
) -> Result<()> {
    let mut sending = Sending {
        publish,
        context,
        activity,
        outcomes: vec![UploadOutcome::Unsent; publish.uploads.len()],
    };
    let result = sending.run();
    sending.conclude();
    result
}

struct Sending<'a> {
    publish: &'a Publish,
    context: &'a Context<'a>,
    activity: &'a Activity<'a>,
    /// In the order of the uploads.
    outcomes: Vec<UploadOutcome>,
}

impl Sending<'_> {
    fn run(&mut self) -> Result<()> {
        if let Some(compare) = &self.publish.compare {
            self.compare(compare)?;
        }
        for (at, upload) in self.publish.uploads.iter().enumerate() {
            if self.outcomes[at] == UploadOutcome::Unsent {
                self.upload(at, upload)?;
            }
        }
        Ok(())
    }

    /// A dry run of uv, which reports the state of each file in the index.
    fn compare(&mut self, invocation: &Invocation) -> Result<()> {
        let answer = self.listen(invocation)?;
        let uploads = &self.publish.uploads;
        for (outcome, upload) in self.outcomes.iter_mut().zip(uploads) {
            if answer.differs(upload.name()) {
                *outcome = UploadOutcome::Refused;
            } else if answer.has(upload.name()) {
                *outcome = UploadOutcome::There;
            }
        }
        if answer.success {
            return Ok(());
        }
        self.repeat(&answer);
        Err(self.error(&answer.failure()))
    }

    fn upload(&mut self, at: usize, upload: &Upload) -> Result<()> {
        if disk::hash(&upload.path).as_ref() != Some(&upload.sha256) {
            self.outcomes[at] = UploadOutcome::Refused;
            return Err(self.error(&UploadFailure::Changed));
        }
        self.context.ui.status("Uploading", upload.name());
        self.outcomes[at] = UploadOutcome::Unfinished;
        let answer = self.listen(&upload.invocation)?;
        if answer.success {
            let there = answer.has(upload.name());
            self.outcomes[at] = if there {
                UploadOutcome::There
            } else {
                UploadOutcome::Uploaded
            };
            return Ok(());
        }
        let failure = answer.failure();
        self.outcomes[at] = failure.outcome();
        self.repeat(&answer);
        Err(self.error(&failure))
    }

    fn listen(&self, invocation: &Invocation) -> Result<Answer> {
        let mut lines = Vec::new();
        let status = process::stream(invocation, |stream, line| {
            let line = String::from_utf8_lossy(line);
            let line = anstream::adapter::strip_str(&line).to_string();
            self.activity
                .mute(stream, self.without_secrets(&line).as_bytes());
            lines.push(line);
        })?;
        Ok(Answer {
            success: status.success(),
            lines,
        })
    }

    /// uv hides what it knows to be secret; an index may send it back all the same.
    fn without_secrets(&self, text: &str) -> String {
        let secrets = self.context.session.secrets();
        let text = without_credentials(text).into_owned();
        let hide = |text: String, secret: &String| text.replace(secret, "****");
        secrets.iter().fold(text, hide)
    }

    /// uv's messages about its failure.
    fn repeat(&self, answer: &Answer) {
        for line in answer.of_failure() {
            self.activity.repeat(self.without_secrets(line).as_bytes());
        }
    }

    /// Names the files that it is about, if it is about some only.
    fn error(&self, failure: &UploadFailure) -> Error {
        let all = self.publish.uploads.iter().zip(&self.outcomes);
        let ill = all.filter(|(_, outcome)| {
            matches!(outcome, UploadOutcome::Refused | UploadOutcome::Unfinished)
        });
        let ill: Vec<&str> = ill.map(|(upload, _)| upload.name()).collect();
        let what = match &ill[..] {
            [] => "the files were not".to_owned(),
            names => format!("`{}` not", names.join("`, `")),
        };
        let url = &self.publish.url;
        let why = self.without_secrets(&failure.wording());
        Error::Release(ReleaseError::NotPublished {
            message: format!("{what} published to {url}: {why}"),
            exit: failure.exit(),
            hint: failure.hint(),
        })
    }

    fn conclude(&self) {
        let mut rows = Vec::new();
        for (upload, outcome) in self.publish.uploads.iter().zip(&self.outcomes) {
            self.context.ui.published(&json!({
                "file": upload.name(),
                "size": upload.size,
                "sha256": upload.sha256,
                "index": self.publish.url,
                "outcome": outcome.word(),
            }));
            rows.push(vec![
                upload.name().to_owned(),
                short(&upload.sha256).to_owned(),
                outcome.word().to_owned(),
            ]);
        }
        self.context.ui.table(&["file", "sha256", "outcome"], &rows);
    }
}
