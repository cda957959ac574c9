//! A plan and its steps, and how both are shown.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use serde::Serialize;

use crate::model::file_edit::Change;
use crate::model::invocation::{Invocation, without_credentials};
use crate::model::reason::Reason;
use crate::model::step::StepId;

use super::action::Action;
use super::release_action::{WheelRow, comment};

/// Steps in an order in which they could run one after another.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// The names of members that need nothing.
    pub fresh: Vec<String>,
    /// What is run once everything else is done and the project's lock is released.
    pub hand_over: Option<Step>,
    /// The wheels that a release will have.
    pub wheels: Vec<WheelRow>,
    /// Whether the facts must be gathered again after these steps, because more depends on them.
    pub again: bool,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub id: StepId,
    /// As in cargo's output: `Compiling`.
    pub verb: &'static str,
    pub subject: String,
    pub reason: Option<Reason>,
    /// Steps of the same plan that must have succeeded.
    pub needs: Vec<StepId>,
    pub action: Action,
    /// Whether the plan continues if it fails.
    pub optional: bool,
}

impl Plan {
    /// A plan of a single step.
    pub fn of(step: Step) -> Self {
        Self {
            steps: vec![step],
            ..Self::default()
        }
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub fn ids(&self) -> impl Iterator<Item = StepId> {
        self.steps.iter().map(|step| step.id.clone())
    }

    pub(crate) fn has(&self, id: &StepId) -> bool {
        self.steps.iter().any(|step| step.id == *id)
    }

    /// Adds a step that waits only for what it needs.
    pub(super) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Adds a step that waits for everything that is planned so far.
    pub(super) fn then(&mut self, mut step: Step) {
        step.needs = self.ids().collect();
        self.steps.push(step);
    }

    /// Adds the steps of a plan for another environment; those that `after` selects wait for the steps it
    /// names.
    ///
    /// `place`: the name of the environment.
    pub(super) fn append(
        &mut self,
        place: &str,
        inside: Self,
        after: impl Fn(&Step) -> Vec<StepId>,
    ) {
        self.again |= inside.again;
        for mut step in inside.steps {
            let before = after(&step);
            step.id = step.id.within(place);
            let own = step.needs.into_iter().map(|need| need.within(place));
            step.needs = own.chain(before).collect();
            self.steps.push(step);
        }
    }

    /// What steps wait for although no step before them provides it: a plan with any is wrong.
    pub fn unmet_needs(&self) -> Vec<StepId> {
        let mut planned = BTreeSet::new();
        let mut unmet = Vec::new();
        for step in &self.steps {
            let missing = step.needs.iter().filter(|need| !planned.contains(*need));
            unmet.extend(missing.cloned());
            planned.insert(&step.id);
        }
        unmet
    }

    /// Whether what follows can be shown without doing this: recipes that prepare for a command, and crate
    /// versions, change it in few projects.
    pub fn rest_can_be_told(&self) -> bool {
        let last = self.steps.last();
        last.is_some_and(|step| {
            matches!(step.action, Action::Recipe(_)) || matches!(step.id, StepId::Lock(_))
        })
    }
}

impl Step {
    pub(super) fn new(
        id: StepId,
        verb: &'static str,
        subject: impl Into<String>,
        action: Action,
    ) -> Self {
        Self {
            id,
            verb,
            subject: subject.into(),
            reason: None,
            needs: Vec::new(),
            action,
            optional: false,
        }
    }

    #[must_use]
    pub(super) fn because(mut self, reason: impl Into<Option<Reason>>) -> Self {
        self.reason = reason.into();
        self
    }

    #[must_use]
    pub(super) fn after(mut self, needs: impl IntoIterator<Item = StepId>) -> Self {
        self.needs.extend(needs);
        self
    }

    /// The plan continues if it fails.
    #[must_use]
    pub(super) fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Whether it asks uv for a Python.
    pub fn is_download(&self) -> bool {
        matches!(self.id, StepId::Interpreter(_))
    }

    /// The command to paste, or a comment that says what pyx does itself.
    pub fn command(&self) -> String {
        self.action.command()
    }

    pub fn view(&self) -> StepView<'_> {
        StepView {
            name: &self.id,
            verb: self.verb,
            subject: &self.subject,
            reason: self.reason.as_ref(),
            because: self.reason.as_ref().map(ToString::to_string),
            needs: &self.needs,
            command: self.command(),
            process: self.action.invocation().map(ProcessView::of),
            edits: self.edits(),
        }
    }

    fn edits(&self) -> BTreeMap<&Utf8Path, &[Change]> {
        let Action::Edit(edits) = &self.action else {
            return BTreeMap::new();
        };
        edits
            .iter()
            .map(|edit| (&*edit.shown, &*edit.changes))
            .collect()
    }
}

/// `--dry-run`: a reason as a comment, then the command.
impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for wheel in &self.wheels {
            writeln!(f, "# wheel: {wheel}")?;
        }
        for step in self.steps.iter().chain(&self.hand_over) {
            let title = format!("{} {}", step.verb, step.subject);
            match &step.reason {
                Some(reason) => writeln!(f, "{}", comment(&format!("{title}: {reason}")))?,
                None => writeln!(f, "{}", comment(&title))?,
            }
            writeln!(f, "{}", step.command())?;
        }
        if self.again {
            writeln!(f, "# then look again: the rest depends on what this brings")?;
        }
        Ok(())
    }
}

/// A step in JSON.
#[derive(Debug, Serialize)]
pub struct StepView<'a> {
    pub name: &'a StepId,
    pub verb: &'a str,
    pub subject: &'a str,
    pub reason: Option<&'a Reason>,
    pub because: Option<String>,
    pub needs: &'a [StepId],
    pub command: String,
    /// For steps that run one program.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessView<'a>>,
    /// By file, for steps that change files of the project.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub edits: BTreeMap<&'a Utf8Path, &'a [Change]>,
}

/// What a step runs, without passwords in URLs.
#[derive(Debug, Serialize)]
pub struct ProcessView<'a> {
    /// An absolute path, or a name that PATH resolves.
    pub program: &'a Utf8Path,
    pub arguments: Vec<String>,
    /// The working directory, absolute.
    pub directory: &'a Utf8Path,
    /// Variables on top of the inherited environment.
    pub set: BTreeMap<&'a str, String>,
    /// Variables removed from the inherited environment.
    pub unset: &'a BTreeSet<String>,
}

impl<'a> ProcessView<'a> {
    fn of(invocation: &'a Invocation) -> Self {
        let shown = |text: &String| without_credentials(text).into_owned();
        Self {
            program: &invocation.program,
            arguments: invocation.args.iter().map(shown).collect(),
            directory: &invocation.dir,
            set: invocation
                .set
                .iter()
                .map(|(name, value)| (name.as_str(), shown(value)))
                .collect(),
            unset: &invocation.unset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: StepId, needs: &[StepId]) -> Step {
        let action = Action::Edit(Vec::new());
        Step::new(id, "Testing", "x", action).after(needs.iter().cloned())
    }

    #[test]
    fn a_need_that_no_earlier_step_meets_is_found() {
        let compile = || StepId::Compile("a".into());
        let mut plan = Plan::default();
        plan.push(step(compile(), &[]));
        plan.push(step(StepId::Environment, &[compile()]));
        assert_eq!(plan.unmet_needs(), []);
        plan.push(step(StepId::Git, &[StepId::Pip]));
        assert_eq!(plan.unmet_needs(), [StepId::Pip]);
        let mut turned = Plan::default();
        turned.push(step(StepId::Environment, &[compile()]));
        turned.push(step(compile(), &[]));
        assert_eq!(turned.unmet_needs(), [compile()]);
    }

    #[test]
    fn the_steps_of_another_environment_have_names_and_needs_of_their_own() {
        let mut plan = Plan::of(step(StepId::Environment, &[]));
        let mut inside = Plan::of(step(StepId::Environment, &[]));
        inside.then(step(StepId::InstallWheels, &[]));
        inside.again = true;
        let all: Vec<StepId> = plan.ids().collect();
        plan.append("3.12", inside, |_| all.clone());
        assert_eq!(plan.unmet_needs(), []);
        assert!(plan.again, "more depends on them");
        let last = plan.steps.last().unwrap();
        assert_eq!(last.id.to_string(), "3.12: install");
        let needs: Vec<String> = last.needs.iter().map(ToString::to_string).collect();
        assert_eq!(needs, ["3.12: environment", "environment"]);
    }
}
