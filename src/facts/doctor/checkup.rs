//! Everything that `doctor` looks at, in one value.

use crate::facts::environment::State;
use crate::facts::preflight;
use crate::facts::project::Bindings;
use crate::facts::{Facts, Request, RunState};
use crate::model::error::{Error, PythonError, Result};
use crate::model::finding::{self, Place};
use crate::world::session::Session;

use super::problem::Problem;
use super::report::Report;
use super::{cache_keys, editors, linking, manifests, modules, settings, shell};

/// The findings.
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
            problems.extend(manifests::check(session, &facts.project.manifests, build)?);
            problems.extend(linking::check(build)?);
            problems.extend(cache_keys::check(&facts.project, &build.member)?);
            problems.extend(modules::check(session, &facts, build)?);
            problems.extend(settings::check(&facts.project, build)?);
        }
        problems.extend(editors::check(session, &facts)?);
        let mut found = Self {
            facts,
            report,
            problems,
        };
        found.order();
        Ok(found)
    }

    /// Adds what `dev` refuses, unless it is already known in the same words.
    pub fn add_refusal(&mut self, error: &Error) {
        let mut problem = Problem::of("dev-refused", error);
        let finding = &mut problem.finding;
        finding.message = on_one_line(&finding.message);
        if let Error::Manifest {
            message, location, ..
        } = error
        {
            finding.message.clone_from(message);
            finding.place = Some(Place {
                path: location.path.clone(),
                line: Some(location.line),
            });
        }
        let message = &problem.finding.message;
        let known = self.problems.iter().map(|known| &known.finding);
        if !known.into_iter().any(|known| known.message == *message) {
            self.problems.push(problem);
            self.order();
        }
    }

    fn order(&mut self) {
        self.problems
            .sort_by(|a, b| finding::order(&a.finding, &b.finding));
        self.problems.dedup();
    }
}

/// The first line, and the place that just draws below it.
fn on_one_line(text: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    match lines.find_map(|line| line.split_once("▶ ")) {
        Some((_, place)) => format!("{first} ({place})"),
        None => first.to_owned(),
    }
}

/// Whether the project produces only crates for others, who lock versions themselves.
fn is_library(facts: &Facts) -> bool {
    facts
        .project
        .members
        .iter()
        .all(|member| member.bindings == Bindings::Embed && member.bins.is_empty())
}

/// An environment that is in the way and that only its creator may remove.
fn foreign_environment(facts: &Facts) -> Option<Problem> {
    let State::Bad {
        why,
        replaceable: false,
    } = &facts.target.environment.state
    else {
        return None;
    };
    let error = Error::Python(PythonError::ForeignEnvironment {
        path: facts.target.environment.path.clone(),
        why: why.clone(),
        is_condas: facts.target.environment.is_condas,
    });
    Some(Problem::of("foreign-environment", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_just_draws_is_one_line() {
        let drawn = "expected '*', but found '='\n ——▶ justfile:1:3\n  │\n1 │ x =\n";
        assert_eq!(
            on_one_line(drawn),
            "expected '*', but found '=' (justfile:1:3)"
        );
        assert_eq!(on_one_line("no recipe `x`"), "no recipe `x`");
    }
}
