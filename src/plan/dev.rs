//! `cargo pyx dev`: an environment in which the project's modules are what the sources say.

use crate::error::Result;
use crate::facts::{Facts, Request};

use super::steps::{self, Site};
use super::{Plan, member, sync};

/// # Errors
/// What cannot be planned: a foreign environment that is broken, something missing offline.
pub(super) fn dev(request: &Request, facts: &Facts) -> Result<Plan> {
    let mut plan = Plan::default();
    if let Some(workshop) = &facts.workshop {
        let site = Site {
            facts,
            request,
            workshop,
        };
        build(&mut plan, &site)?;
    }
    let fresh = facts.builds.iter().filter(|build| build.due.is_none());
    plan.fresh = fresh.map(|build| build.member.name.clone()).collect();
    Ok(plan)
}

/// Everything that is due before the project can be imported.
pub(super) fn build(plan: &mut Plan, site: &Site<'_>) -> Result<()> {
    if !steps::provide(plan, site)? || !steps::environment(plan, site)? {
        return Ok(());
    }
    sync::sync(plan, site);
    let packages_changed = site.facts.sync_due.is_some() || site.facts.test_sync_due.is_some();
    for build in &site.facts.builds {
        match &build.due {
            Some(due) => member::member(plan, site, build, due),
            // other packages came or went: one of them may stand before the module now
            None if packages_changed => member::prove(plan, site, build, false),
            None => {}
        }
    }
    steps::record_sync(plan, site);
    Ok(())
}
