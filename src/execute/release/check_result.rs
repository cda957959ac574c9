//! What a check means for a release.

use crate::facts::release::CheckOutcome;

/// The result of a check of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckResult {
    pub(super) outcome: CheckOutcome,
    /// The findings; for a file that passes, what is shown as a warning.
    pub(super) messages: Vec<String>,
}

impl CheckResult {
    /// Without messages.
    pub(super) fn of(outcome: CheckOutcome) -> Self {
        Self {
            outcome,
            messages: Vec::new(),
        }
    }

    /// A pass if nothing was found.
    pub(super) fn found(messages: Vec<String>) -> Self {
        let outcome = if messages.is_empty() {
            CheckOutcome::Pass
        } else {
            CheckOutcome::Finding
        };
        Self { outcome, messages }
    }

    /// The check itself failed; `why` is one line.
    pub(super) fn crashed(why: impl Into<String>) -> Self {
        Self {
            outcome: CheckOutcome::Crashed,
            messages: vec![why.into()],
        }
    }

    /// A pass, with what is shown as warnings.
    pub(super) fn warned(messages: Vec<String>) -> Self {
        Self {
            outcome: CheckOutcome::Pass,
            messages,
        }
    }
}
