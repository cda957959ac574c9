//! What is to be done, decided from facts alone.

mod action;
mod clean;
mod dev;
mod distribution;
mod env;
mod fix;
mod init;
mod just;
mod linked;
mod lock;
mod member;
mod new;
mod python;
mod release;
mod run;
pub mod scaffold;
mod steps;
mod sync;
mod test;
mod version;
mod wheel;

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::Serialize;

use crate::model::error::Result;
use crate::model::file_edit::{Change, Edit};

use crate::facts::{Facts, Request};
use crate::model::reason::Reason;

use action::comment;
pub use action::*;
pub use clean::clean;
pub use distribution::*;
pub use env::{Exports, env, environment};
pub use fix::fix;
pub use init::{adopted_source, init};
pub use just::just;
pub use new::new;
pub use run::run;
pub use version::{Settled, Spelled, Target, Wish, version};

/// The variable that tells a [`Reporter`]'s module where to write.
const REPORT: &str = "PYX_REPORT";

/// `cargo pyx dev`, with the project's recipes around it.
///
/// # Errors
/// What cannot be planned: a foreign environment that is broken, something missing offline, a recipe
/// that nobody has.
pub fn dev(request: &Request, facts: &Facts) -> Result<Plan> {
    just::around(request, facts, dev::dev)
}

/// `cargo pyx test`, with the project's recipes around it.
///
/// # Errors
/// As [`dev`]; [`Error::NoTests`](crate::model::error::Error::NoTests) where there is nothing to test.
pub fn test(request: &Request, facts: &Facts) -> Result<Plan> {
    just::around(request, facts, test::test)
}

/// What stands between the recipes around a command, where it is done for several interpreters and
/// they are to run once.
pub mod several {
    use super::{Facts, Plan, Request, Result, dev, just};

    /// The recipes before; nothing once they have run.
    ///
    /// # Errors
    /// As [`super::dev`].
    pub fn before(request: &Request, facts: &Facts) -> Result<Plan> {
        Ok(just::before(request, facts)?.unwrap_or_default())
    }

    /// # Errors
    /// As [`super::dev`].
    pub fn build(request: &Request, facts: &Facts) -> Result<Plan> {
        dev::dev(request, facts)
    }

    /// # Errors
    /// As [`super::test`].
    pub fn test(request: &Request, facts: &Facts) -> Result<Plan> {
        super::test::test(request, facts)
    }

    /// The recipes after.
    ///
    /// # Errors
    /// As [`super::dev`].
    pub fn after(request: &Request, facts: &Facts) -> Result<Plan> {
        let mut plan = Plan::default();
        just::after(&mut plan, request, facts)?;
        Ok(plan)
    }
}

/// `cargo pyx release`, with the project's recipes around it.
///
/// # Errors
/// As [`dev`]; [`Error::Findings`](crate::model::error::Error::Findings) when the project has errors.
pub fn release(request: &Request, facts: &Facts) -> Result<Plan> {
    just::around(request, facts, release::release)
}

/// Changes of the project's files, all or none; nothing to do where there are none.
pub fn edits(verb: &'static str, subject: &str, mut edits: Vec<Edit>) -> Plan {
    edits.retain(|edit| edit.before.as_ref() != Some(&edit.after));
    if edits.is_empty() {
        return Plan {
            fresh: vec![subject.to_owned()],
            ..Plan::default()
        };
    }
    Plan::of(steps::step("edit", verb, subject, Action::Edit(edits)))
}

/// Steps in an order in which they could run one after another.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// The names of members that need nothing.
    pub fresh: Vec<String>,
    /// What is run when all else is done and the project's lock is free again.
    pub hand_over: Option<Step>,
    /// What a release will have.
    pub wheels: Vec<WheelRow>,
    /// Whether the facts must be gathered anew after these steps, because more depends on them.
    pub again: bool,
}

#[derive(Clone, Debug)]
pub struct Step {
    /// Unique in its plan.
    pub name: String,
    /// As in cargo's output: `Compiling`.
    pub verb: &'static str,
    pub subject: String,
    pub reason: Option<Reason>,
    /// Names of steps that must have succeeded.
    pub needs: Vec<String>,
    pub action: Action,
    /// Whether the plan goes on when it fails.
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

    pub fn step_names(&self) -> impl Iterator<Item = String> {
        self.steps.iter().map(|step| step.name.clone())
    }

    /// Whether it prepares for a command by recipes alone and what they run in: what follows can be
    /// told without doing it.
    pub fn ends_in_recipes(&self) -> bool {
        let last = self.steps.last();
        last.is_some_and(|step| matches!(step.action, Action::Recipe(_)))
    }

    /// Whether a step of that name is planned.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.name == name)
    }
}

impl Step {
    /// Whether it asks uv for a Python.
    pub fn is_download(&self) -> bool {
        self.name.starts_with(steps::INTERPRETER)
    }
}

/// `--dry-run`: a reason as a comment, then the command.
impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for wheel in &self.wheels {
            let tests = match &wheel.tests[..] {
                [] => "built, not run".to_owned(),
                pythons => format!("tested on {}", pythons.join(", ")),
            };
            let (package, abi, platform) = (&wheel.package, &wheel.abi, &wheel.platform);
            writeln!(f, "# wheel: {package} {abi} {platform}, {tests}")?;
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

/// A step as JSON shows it.
#[derive(Debug, Serialize)]
pub struct StepView<'a> {
    pub name: &'a str,
    pub verb: &'a str,
    pub subject: &'a str,
    pub reason: Option<&'a Reason>,
    pub because: Option<String>,
    pub needs: &'a [String],
    pub command: String,
    /// By file, for steps that change files of the project.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub edits: BTreeMap<&'a Utf8Path, &'a [Change]>,
}

impl Step {
    fn edits(&self) -> BTreeMap<&Utf8Path, &[Change]> {
        let Action::Edit(edits) = &self.action else {
            return BTreeMap::new();
        };
        let changes = edits.iter().map(|edit| (&*edit.shown, &*edit.changes));
        changes.collect()
    }

    pub fn view(&self) -> StepView<'_> {
        StepView {
            name: &self.name,
            verb: self.verb,
            subject: &self.subject,
            reason: self.reason.as_ref(),
            because: self.reason.as_ref().map(ToString::to_string),
            needs: &self.needs,
            command: self.command(),
            edits: self.edits(),
        }
    }
}
