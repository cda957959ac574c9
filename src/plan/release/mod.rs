//! `cargo pyx release wheel` and `sdist`: a set that has been checked and tested before it reaches
//! `dist/`.
//!
//! Three stages, each decided when the one before is done: the sdists, the wheels that are built of
//! them, and what is done with the wheels. What an earlier run has built or checked of the same
//! bytes is taken as it is.

mod checks;
mod package;
mod publish;
mod trial;

use crate::facts::release::Release;
use crate::facts::{Facts, Product, Purpose, Releasing, Request, Tools};
use crate::model::error::{Error, Result};
use crate::model::finding;

use super::linked::names;
use super::steps::{self, PlanContext, run, step};
use super::{Action, Listen, Plan, Promote};
use crate::model::error::Exit;

/// # Errors
/// [`Error::Findings`] when the project has errors; what cannot be had offline.
pub(super) fn release(request: &Request, facts: &Facts) -> Result<Plan> {
    let errors = finding::errors(&facts.findings);
    let existing = facts.release.as_ref().map(|release| &release.existing[..]);
    if errors > 0 && existing.unwrap_or_default().is_empty() {
        return Err(Error::Findings(errors));
    }
    let (Purpose::Release(releasing), Some(tools), Some(release)) =
        (&request.purpose, &facts.tools, &facts.release)
    else {
        return Ok(Plan::default());
    };
    let stage = Stage {
        context: PlanContext {
            facts,
            request,
            tools,
        },
        release,
        releasing,
    };
    stage.plan()
}

/// What the steps of a release are made from.
struct Stage<'a> {
    context: PlanContext<'a>,
    release: &'a Release,
    releasing: &'a Releasing,
}

impl Stage<'_> {
    fn plan(&self) -> Result<Plan> {
        let mut plan = Plan {
            wheels: package::overview(self.release),
            ..Plan::default()
        };
        if let Some(publication) = &self.release.publication {
            publish::publish(&mut plan, self, publication)?;
            return Ok(plan);
        }
        if self.releasing.product == Product::Check {
            if self.context.tools.uv.missing.is_some() {
                steps::provide(&mut plan, &self.context)?;
            }
            self.provide(&mut plan)?;
            checks::existing(&mut plan, self)?;
            return Ok(plan);
        }
        if !steps::provide(&mut plan, &self.context)? {
            return Ok(plan);
        }
        self.provide(&mut plan)?;
        let packages = &self.release.packages;
        if packages.iter().any(|package| package.sdist.is_none()) || plan.again {
            package::sdists(&mut plan, self);
            plan.again = true;
            return Ok(plan);
        }
        package::wheels(&mut plan, self);
        if !plan.steps.is_empty() {
            plan.again = true;
            return Ok(plan);
        }
        package::compare(&mut plan, self);
        checks::staged(&mut plan, self);
        if self.releasing.no_test {
            checks::verdict_on_staged(&mut plan, self);
        } else {
            trial::all(&mut plan, self)?;
            self.promote(&mut plan);
        }
        Ok(plan)
    }

    /// The release tools, and the interpreters that uv has to get.
    fn provide(&self, plan: &mut Plan) -> Result<()> {
        let offline = self.context.request.network.offline;
        let toolbox = &self.release.toolbox;
        let uv = &self.context.tools.uv.path;
        if self.release.toolbox_missing {
            if offline {
                return Err(Error::Offline(toolbox.label.into()));
            }
            let action = Action::ProvideToolbox {
                toolbox: toolbox.clone(),
                uv: uv.clone(),
            };
            let mut step = step("toolbox", "Downloading", toolbox.label, action);
            step.needs = names(plan);
            plan.steps.push(step);
        }
        for text in &self.release.downloads {
            if offline {
                return Err(Error::Offline(format!("Python {text}")));
            }
            let home = &self.context.facts.project.home;
            let call = self.context.call(uv, home);
            let call = call.args(["python", "install", "--no-bin", text.as_str()]);
            let name = format!("{} {text}", steps::INTERPRETER);
            let action = run(call, Listen::Quiet, Exit::Tool);
            let mut step = step(name, "Downloading", format!("Python {text}"), action);
            step.needs = names(plan);
            step.optional = true; // what is missing afterwards is said then
            plan.steps.push(step);
            plan.again = true;
        }
        Ok(())
    }

    fn promote(&self, plan: &mut Plan) {
        let tools: &Tools = self.context.tools;
        let mut programs = vec![("uv".to_owned(), tools.uv.path.clone())];
        programs.extend(
            self.context
                .facts
                .builds
                .iter()
                .filter_map(|build| build.toolchain.rustc.clone())
                .map(|rustc| ("rustc".to_owned(), rustc))
                .take(1),
        );
        for (name, tool) in &tools.maturin {
            programs.push((format!("maturin for {name}"), tool.path.clone()));
        }
        let promote = Promote {
            entries: package::entries(self),
            dist: self.release.dist.clone(),
            programs,
            packages: [("zig", "ziglang")]
                .into_iter()
                .filter(|_| package::uses_zig(self.release))
                .filter_map(|(tool, name)| {
                    let version = self.release.toolbox.version(name)?;
                    Some((tool.to_owned(), version.to_owned()))
                })
                .collect(),
            known: checks::known(self.release),
        };
        let action = Action::Promote(Box::new(promote));
        let subject = self.context.show(&self.release.dist);
        let mut step = step("promote", "Promoting", subject, action);
        step.needs = names(plan);
        plan.steps.push(step);
    }
}
