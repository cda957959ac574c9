//! What this run has already done, for gathering and planning again.

use std::collections::BTreeSet;

use crate::model::step::StepId;

#[derive(Clone, Debug, Default)]
pub struct RunState {
    /// Pythons that uv was asked to download and could not, as they were asked for.
    pub unavailable: Vec<String>,
    /// The steps that have succeeded.
    pub done: BTreeSet<StepId>,
    /// The names of packages whose modules did not find a shared library that they link.
    pub unlinked: BTreeSet<String>,
    /// How often it was rebuilt because something changed meanwhile.
    pub rebuilds: usize,
}

impl RunState {
    /// Records that steps have succeeded; whether any of them had not before.
    pub fn note_done(&mut self, steps: impl IntoIterator<Item = StepId>) -> bool {
        let known = self.done.len();
        self.done.extend(steps);
        self.done.len() > known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_have_all_been_done_are_nothing_new() {
        let mut run_state = RunState::default();
        let download = |version: &str| StepId::Interpreter(version.to_owned());
        assert!(run_state.note_done([download("3.12")]));
        assert!(run_state.note_done([download("3.12"), StepId::Environment]));
        assert!(!run_state.note_done([download("3.12")]));
        assert!(!run_state.note_done([]));
    }
}
