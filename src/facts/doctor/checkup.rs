//! Everything that `doctor` looks at, in one value.

use crate::facts::environment::State;
use crate::facts::preflight;
use crate::facts::project::Bindings;
use crate::facts::{Facts, Request, RunState};
use crate::model::error::{Error, Result};
use crate::model::finding;
use crate::world::session::Session;

use super::problem::Problem;
use super::report::Report;
use super::{cache_keys, editors, linking, modules, settings, shell};

/// What was found.
#[derive(Debug)]
pub struct Checkup {
    pub facts: Facts,
    pub report: Report,
    /// Worst first, then by place.
    pub problems: Vec<Problem>,
}

impl Checkup {
    /// Looks at everything; runs nothing of the project.
    ///
    /// # Errors
    /// Those of reading the manifests, as [`Facts::gather`].
    pub fn gather(session: &Session, request: &Request) -> Result<Self> {
        let facts = Facts::gather(session, request, &RunState::default())?;
        let (report, mut problems) = Report::gather(session, &facts);
        let mut drift = preflight::drift(session, &facts.project)?;
        drift.retain(|finding| !(finding.rule.starts_with("cargo-lock-") && is_library(&facts)));
        problems.extend(drift.into_iter().map(Problem::from));
        problems.extend(foreign_environment(&facts));
        problems.extend(shell::check(session, &facts));
        for build in &facts.builds {
            problems.extend(linking::check(build)?);
            problems.extend(cache_keys::check(&facts.project, &build.member)?);
            problems.extend(modules::check(session, &facts, build)?);
            problems.extend(settings::check(&facts.project, build)?);
        }
        problems.extend(editors::check(session, &facts)?);
        problems.sort_by(|a, b| finding::order(&a.finding, &b.finding));
        problems.dedup();
        Ok(Self {
            facts,
            report,
            problems,
        })
    }
}

/// Whether nothing is made of the project but crates for others, who lock versions themselves.
fn is_library(facts: &Facts) -> bool {
    facts
        .project
        .members
        .iter()
        .all(|member| member.bindings == Bindings::Embed && member.bins.is_empty())
}

/// One that is in the way and that nobody but its maker may remove.
fn foreign_environment(facts: &Facts) -> Option<Problem> {
    let State::Bad {
        why,
        replaceable: false,
    } = &facts.target.environment.state
    else {
        return None;
    };
    let error = Error::ForeignEnvironment {
        path: facts.target.environment.path.clone(),
        why: why.clone(),
        is_condas: facts.target.environment.is_condas,
    };
    Some(Problem::of("foreign-environment", &error))
}
