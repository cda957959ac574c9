//! `cargo pyx dev`: an environment in which the project's modules are what the sources say.

use crate::facts::{Facts, Request};
use crate::model::error::Result;

use super::steps::{self, PlanContext};
use super::{Plan, member, sync};

/// # Errors
/// What cannot be planned: a foreign environment that is broken, something missing offline.
pub(super) fn dev(request: &Request, facts: &Facts) -> Result<Plan> {
    let mut plan = Plan::default();
    if let Some(tools) = &facts.tools {
        let context = PlanContext {
            facts,
            request,
            tools,
        };
        build(&mut plan, &context)?;
    }
    let fresh = facts
        .builds
        .iter()
        .filter(|build| build.staleness.is_none());
    plan.fresh = fresh.map(|build| build.member.name.clone()).collect();
    Ok(plan)
}

/// Everything that is due before the project can be imported.
pub(super) fn build(plan: &mut Plan, context: &PlanContext<'_>) -> Result<()> {
    if !steps::provide(plan, context)? || !steps::environment(plan, context)? {
        return Ok(());
    }
    sync::sync(plan, context);
    let packages_changed =
        context.facts.sync_stale.is_some() || context.facts.test_sync_stale.is_some();
    for build in &context.facts.builds {
        match &build.staleness {
            Some(staleness) => member::member(plan, context, build, staleness),
            // other packages came or went: one of them may stand before the module now
            None if packages_changed => member::prove(plan, context, build, false),
            None => {}
        }
    }
    steps::record_sync(plan, context);
    Ok(())
}
