//! What is to be done, decided from facts alone.

mod dev;
mod steps;

use std::fmt::Write as _;

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::error::Exit;
use crate::facts::Build;
use crate::fingerprint::Settings;
use crate::invocation::Invocation;
use crate::reason::Reason;
use crate::tool::Provision;

pub use dev::dev;

/// Steps in an order in which they could run one after another.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// What needs nothing: verb and subject.
    pub fresh: Vec<String>,
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

#[derive(Clone, Debug)]
pub enum Action {
    /// Put a tool into the user cache.
    Provide {
        provision: Provision,
        python: Utf8PathBuf,
        uv: Utf8PathBuf,
    },
    Run(Run),
    /// Copy the artifact over the installed modules, each through a rename.
    Replace(Box<Replace>),
    /// Prove that Python imports what was built, keep uv from replacing it, and record both.
    Prove(Box<Prove>),
    /// Record what the environment's packages were installed from.
    RecordSync(Box<RecordSync>),
}

#[derive(Clone, Debug)]
pub struct Run {
    pub invocation: Invocation,
    pub listen: Listen,
    /// The code of pyx when it fails.
    pub exit: Exit,
    pub hint: Option<String>,
}

/// What a child's output is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// cargo's JSON messages on stdout, rendered diagnostics on stderr; so many packages at most.
    Cargo { packages: usize },
    /// maturin around cargo: progress lines and diagnostics on stderr.
    Maturin { packages: usize },
    /// Shown only when it fails.
    Quiet,
}

#[derive(Clone, Debug)]
pub struct Replace {
    pub build: Build,
    /// Absolute.
    pub modules: Vec<Utf8PathBuf>,
}

#[derive(Clone, Debug)]
pub struct Prove {
    pub build: Build,
    pub environment: crate::environment::Environment,
    pub state: Utf8PathBuf,
    /// The uv to ask whether it would leave the install alone, and the folder of uv.lock.
    pub uv: Utf8PathBuf,
    pub home: Utf8PathBuf,
    /// Whether maturin wrote a new `dist-info`.
    pub installed: bool,
    /// Whether the build is what makes Cargo.lock.
    pub new_lock: bool,
}

#[derive(Clone, Debug)]
pub struct RecordSync {
    pub environment: crate::environment::Environment,
    pub dependencies: crate::dependencies::Dependencies,
    pub settings: Settings,
    /// The `.python-version` that was asked for when the environment was made.
    pub requested: Option<String>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The names of steps of which `name` is one, for `needs`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.name == name)
    }
}

impl Step {
    /// The command to paste, or a comment that says what pyx does by itself.
    pub fn command(&self) -> String {
        match &self.action {
            Action::Run(run) => run.invocation.to_string(),
            Action::Provide { provision, .. } => {
                format!("# put {} into {}", provision.label(), provision.dir)
            }
            Action::Replace(replace) => {
                let mut text = String::new();
                for module in &replace.modules {
                    let _ = write!(text, "# replace {module} by what was built");
                }
                text
            }
            Action::Prove(prove) => format!(
                "# prove that {} is imported from what was built, and record it",
                prove.build.member.name
            ),
            Action::RecordSync(record) => {
                format!("# record the packages of {}", record.environment.path)
            }
        }
    }
}

/// `--dry-run`: a reason as a comment, then the command.
impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for step in &self.steps {
            match &step.reason {
                Some(reason) => writeln!(f, "# {} {}: {reason}", step.verb, step.subject)?,
                None => writeln!(f, "# {} {}", step.verb, step.subject)?,
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
}

impl Step {
    pub fn view(&self) -> StepView<'_> {
        StepView {
            name: &self.name,
            verb: self.verb,
            subject: &self.subject,
            reason: self.reason.as_ref(),
            because: self.reason.as_ref().map(ToString::to_string),
            needs: &self.needs,
            command: self.command(),
        }
    }
}
