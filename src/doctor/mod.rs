//! What a project is, and the traps in it: what will go wrong, why, and what helps.
//!
//! Nothing is changed or provided, and no code of the project is run.

mod cache_keys;
mod editors;
mod linking;
mod modules;
mod report;
mod settings;
mod shell;
mod table;

use camino::Utf8PathBuf;

use crate::environment::State;
use crate::error::{Error, Result};
use crate::facts::{Facts, Request, Sofar};
use crate::finding::{self, Finding};
use crate::manifest::{Amendment, Toml};
use crate::preflight;
use crate::project::Bindings;
use crate::session::Session;

pub use report::Report;

/// One thing that will go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    pub finding: Finding,
    /// What takes it away without changing anything else; empty where a person has to decide.
    pub fix: Vec<Fix>,
}

/// A change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fix {
    Amend(Utf8PathBuf, Amendment),
    /// Make an empty file.
    Create(Utf8PathBuf),
}

impl Fix {
    /// `None` where the file leaves no room for the change.
    fn amend(toml: &Toml, change: Amendment) -> Option<Self> {
        change.apply(toml)?;
        Some(Self::Amend(toml.path.clone(), change))
    }
}

impl From<Finding> for Trap {
    fn from(finding: Finding) -> Self {
        Self {
            finding,
            fix: Vec::new(),
        }
    }
}

impl Trap {
    /// A diagnosed mistake.
    fn of(rule: &'static str, error: &Error) -> Self {
        let hint = error.hint();
        let finding = Finding::error(rule, error.to_string());
        Self::from(Finding { hint, ..finding })
    }
}

/// What was found.
#[derive(Debug)]
pub struct Checkup {
    pub facts: Facts,
    pub report: Report,
    /// Worst first, then by place.
    pub traps: Vec<Trap>,
}

impl Checkup {
    /// # Errors
    /// Those of reading the manifests, as [`Facts::gather`].
    pub fn gather(session: &Session, request: &Request) -> Result<Self> {
        let facts = Facts::gather(session, request, &Sofar::default())?;
        let (report, mut traps) = Report::gather(session, &facts)?;
        let mut drift = preflight::drift(session, &facts.project)?;
        drift.retain(|finding| !(finding.rule.starts_with("cargo-lock-") && is_library(&facts)));
        traps.extend(drift.into_iter().map(Trap::from));
        traps.extend(foreign_environment(&facts));
        traps.extend(shell::check(session, &facts));
        for build in &facts.builds {
            traps.extend(linking::check(build)?);
            traps.extend(cache_keys::check(&facts.project, &build.member)?);
            traps.extend(modules::check(&facts, build)?);
            traps.extend(settings::check(&facts.project, build)?);
        }
        traps.extend(editors::check(session, &facts)?);
        traps.sort_by(|a, b| finding::order(&a.finding, &b.finding));
        traps.dedup();
        Ok(Self {
            facts,
            report,
            traps,
        })
    }
}

/// Whether nothing is made of the project but crates for others, who lock versions themselves.
fn is_library(facts: &Facts) -> bool {
    let mut members = facts.project.members.iter();
    members.all(|member| member.bindings == Bindings::Embed && member.bins.is_empty())
}

/// One that is in the way and that nobody but its maker may remove.
fn foreign_environment(facts: &Facts) -> Option<Trap> {
    let State::Bad { why, ours: false } = &facts.environment.state else {
        return None;
    };
    let error = Error::ForeignEnvironment {
        path: facts.environment.path.clone(),
        why: why.clone(),
    };
    Some(Trap::of("foreign-environment", &error))
}
