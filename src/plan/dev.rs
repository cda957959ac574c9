//! `cargo pyx dev`: an environment in which the project's modules are what the sources say.

use crate::model::error::Result;

use super::context::PlanContext;
use super::environment::Made;
use super::step::Plan;
use super::{environment, member, sync};

/// Everything that is due before the project can be imported.
///
/// # Errors
/// What cannot be planned: a foreign environment that is broken, something missing offline.
pub(super) fn dev(context: &PlanContext<'_>) -> Result<Plan> {
    let mut plan = Plan {
        fresh: fresh(context),
        ..Plan::default()
    };
    if environment::prepare(&mut plan, context)? == Made::LookAgain {
        return Ok(plan);
    }
    sync::sync(&mut plan, context);
    for name in &context.target.gone {
        plan.then(member::uninstall(context, name, "whose package is gone"));
    }
    for build in context.builds {
        match &build.staleness {
            Some(staleness) => member::member(&mut plan, context, build, staleness),
            // other packages came or went: one of them may stand before the module now
            None if context.target.packages_are_stale() => {
                member::prove(&mut plan, context, build, false);
            }
            None => {}
        }
    }
    environment::record(&mut plan, context);
    Ok(plan)
}

/// The members that are up to date.
fn fresh(context: &PlanContext<'_>) -> Vec<String> {
    let builds = context.builds.iter();
    builds
        .filter(|build| build.staleness.is_none())
        .map(|build| build.member.name.clone())
        .collect()
}
