//! Edits of the project's files as a plan.

use crate::model::file_edit::Edit;
use crate::model::step::StepId;

use super::action::Action;
use super::step::{Plan, Step};

/// All of them or none; no step if there are none.
pub fn edits(verb: &'static str, subject: &str, mut edits: Vec<Edit>) -> Plan {
    edits.retain(|edit| edit.before != edit.after);
    if edits.is_empty() {
        return Plan {
            fresh: vec![subject.to_owned()],
            ..Plan::default()
        };
    }
    Plan::of(Step::new(StepId::Edit, verb, subject, Action::Edit(edits)))
}
