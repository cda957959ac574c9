//! Interprets what `uv publish` says about files and failures; it has one exit code for everything.

use crate::facts::release::RELEASE_AGAIN;
use crate::model::exit::Exit;

/// A finished `uv publish`.
pub(super) struct Answer {
    pub(super) success: bool,
    /// What it printed, without colours.
    pub(super) lines: Vec<String>,
}

/// Why a file was not published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UploadFailure {
    /// The index has a different file of that name.
    Differs,
    /// The index has a file of that name, and does not say which.
    Exists,
    /// The file is no longer what was checked.
    Changed,
    NoCredentials,
    /// With the index's answer: `403 Forbidden`.
    Denied(String),
    /// With the index's answer.
    Refused(String),
    /// What may work when tried again.
    Unreachable(String),
    Other,
}

/// The result of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UploadOutcome {
    Unsent,
    /// The index already had the same bytes.
    There,
    Uploaded,
    Refused,
    /// Whether it arrived is unknown.
    Unfinished,
}

impl UploadOutcome {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Unsent => "not uploaded",
            Self::There => "already there",
            Self::Uploaded => "uploaded",
            Self::Refused => "refused",
            Self::Unfinished => "unfinished",
        }
    }
}

impl Answer {
    /// Whether a line with these words is about the file, by its full name.
    fn says(&self, file: &str, words: &str) -> bool {
        let is_file = |word: &str| word.trim_matches(['`', '.', ',', ':']) == file;
        let mut lines = self.lines.iter().filter(|line| line.contains(words));
        lines.any(|line| line.split_whitespace().any(is_file))
    }

    /// Whether the index has the same bytes.
    pub(super) fn has(&self, file: &str) -> bool {
        self.says(file, "already exists, skipping")
    }

    /// Whether the index has other bytes under that name.
    pub(super) fn differs(&self, file: &str) -> bool {
        self.says(file, "do not match")
    }

    /// The lines from the first error on.
    pub(super) fn of_failure(&self) -> &[String] {
        let first = self.lines.iter().position(|line| line.starts_with("error"));
        &self.lines[first.unwrap_or_default()..]
    }

    pub(super) fn failure(&self) -> UploadFailure {
        let text = self.of_failure().join("\n");
        let has = |words: &[&str]| words.iter().any(|words| text.contains(words));
        if has(&["do not match"]) {
            return UploadFailure::Differs;
        }
        if let Some((code, phrase)) = status(&text) {
            // PyPI's words for a name that it has, or had once
            let exists = has(&["already exist", "already been used"]);
            return match code {
                401 | 403 => UploadFailure::Denied(phrase),
                408 | 425 | 429 | 500.. => UploadFailure::Unreachable(answered(&phrase)),
                409 => UploadFailure::Exists,
                _ if exists => UploadFailure::Exists,
                _ => UploadFailure::Refused(phrase),
            };
        }
        if has(&["Missing credentials"]) {
            return UploadFailure::NoCredentials;
        }
        if has(&["Failed to query", "error sending request", "timed out"]) {
            let mut causes = text.lines().filter_map(|line| line.split_once("cause: "));
            let last = causes
                .next_back()
                .map_or("no connection", |(_, cause)| cause);
            return UploadFailure::Unreachable(last.to_owned());
        }
        UploadFailure::Other
    }
}

/// The first HTTP status in a text, as number and in words: `503 Service Unavailable`.
fn status(text: &str) -> Option<(u16, String)> {
    let starts = [
        "status code ",
        "status client error (",
        "status server error (",
    ];
    let mut found = starts
        .into_iter()
        .filter_map(|start| text.split_once(start));
    let (_, rest) = found.next()?;
    let phrase = rest.split(['.', ')', '\n']).next()?.trim();
    let code = phrase.split(' ').next()?.parse().ok()?;
    Some((code, phrase.to_owned()))
}

fn answered(phrase: &str) -> String {
    format!("the index answered {phrase}")
}

impl UploadFailure {
    /// As the end of a sentence about a file.
    pub(super) fn wording(&self) -> String {
        match self {
            Self::Differs => "the index has a different file of that name".into(),
            Self::Exists => "the index already has a file of that name".into(),
            Self::Changed => "it has changed since it was released".into(),
            Self::NoCredentials => "there are no credentials for it".into(),
            Self::Denied(phrase) | Self::Refused(phrase) => answered(phrase),
            Self::Unreachable(why) => why.clone(),
            Self::Other => "see uv's message above".into(),
        }
    }

    /// The result for the file.
    pub(super) fn outcome(&self) -> UploadOutcome {
        match self {
            Self::NoCredentials => UploadOutcome::Unsent,
            Self::Differs
            | Self::Exists
            | Self::Changed
            | Self::Denied(_)
            | Self::Refused(_)
            | Self::Other => UploadOutcome::Refused,
            Self::Unreachable(_) => UploadOutcome::Unfinished,
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Unreachable(_) => Exit::Environment,
            Self::NoCredentials => Exit::Usage,
            Self::Differs
            | Self::Exists
            | Self::Changed
            | Self::Denied(_)
            | Self::Refused(_)
            | Self::Other => Exit::Failed,
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Differs => {
                "an index never replaces a file: run `cargo pyx release version --bump patch`, and release that version"
            }
            Self::Exists => {
                "if it is the same file, uv must be able to see it there: pass `--check-url URL`, and set \
                 UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD for a private index; otherwise run `cargo pyx release version --bump patch`"
            }
            Self::Changed => RELEASE_AGAIN,
            Self::NoCredentials | Self::Denied(_) => {
                "set UV_PUBLISH_TOKEN, or UV_PUBLISH_USERNAME and UV_PUBLISH_PASSWORD; trusted \
                 publishing and keyrings work as in uv"
            }
            Self::Unreachable(_) => {
                "run it again: files that the index already has are not sent twice"
            }
            Self::Refused(_) | Self::Other => return None,
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(text: &str) -> Answer {
        Answer {
            success: false,
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn files_are_told_apart_by_their_whole_names() {
        let answer = failed(
            "Checking 3 files against https://index/\n\
             File my_x-1.0.tar.gz already exists, skipping\n\
             error: Local file and index file do not match for `y-1.0.tar.gz`. Local: sha256=1, \
             Remote: sha256=2",
        );
        assert!(answer.has("my_x-1.0.tar.gz") && !answer.has("x-1.0.tar.gz"));
        assert!(answer.differs("y-1.0.tar.gz") && !answer.differs("my_x-1.0.tar.gz"));
        assert_eq!(answer.failure(), UploadFailure::Differs);
    }

    #[test]
    fn what_may_be_tried_again_is_told_from_what_the_index_refuses() {
        let exit = |text: &str| failed(text).failure().exit();
        let down = "Publishing\nerror: Failed to query check URL\n  cause: Request failed\n  \
                    cause: Connection refused (os error 111)";
        let why = UploadFailure::Unreachable("Connection refused (os error 111)".into());
        assert_eq!(failed(down).failure(), why);
        let says = |status: &str, body: &str| {
            format!(
                "error: Failed to publish `x` to `u`\n  cause: Server returned status code \
                 {status}. Server says: {body}"
            )
        };
        assert_eq!(
            exit(&says("503 Service Unavailable", "")),
            Exit::Environment
        );
        assert_eq!(exit(&says("403 Forbidden", "timed out")), Exit::Failed);
        let failure = |status, body| failed(&says(status, body)).failure();
        assert_eq!(
            failure("400 Bad Request", "File already exists"),
            UploadFailure::Exists
        );
        assert_eq!(failure("409 Conflict", ""), UploadFailure::Exists);
        let bad = UploadFailure::Refused("400 Bad Request".into());
        assert_eq!(failure("400 Bad Request", "Bad metadata"), bad);
        let list = "error: Failed to query check URL\n  cause: HTTP status client error (401 \
                    Unauthorized) for url";
        assert_eq!(
            failed(list).failure(),
            UploadFailure::Denied("401 Unauthorized".into())
        );
        assert_eq!(
            exit("error: x\n  cause: Missing credentials for: u"),
            Exit::Usage
        );
        assert_eq!(failed("error: what?").failure(), UploadFailure::Other);
    }
}
