//! `cargo pyx dev`: an environment in which the project's modules are what the sources say.

use crate::error::Result;
use crate::facts::{Facts, Request};

use super::Plan;
use super::steps::{self, Site};

/// # Errors
/// What cannot be planned: a foreign environment that is broken, something missing offline.
pub fn dev(request: &Request, facts: &Facts) -> Result<Plan> {
    let mut plan = Plan::default();
    if let Some(workshop) = &facts.workshop {
        let site = Site {
            facts,
            request,
            workshop,
        };
        if !steps::provide(&mut plan, &site)? || !steps::environment(&mut plan, &site)? {
            return Ok(plan);
        }
        steps::sync(&mut plan, &site);
        for build in &facts.builds {
            match &build.due {
                Some(due) => steps::member(&mut plan, &site, build, due),
                // other packages came or went: one of them may stand before the module now
                None => steps::prove(&mut plan, &site, build, false),
            }
        }
        steps::record_sync(&mut plan, &site);
    }
    let fresh = facts.builds.iter().filter(|build| build.due.is_none());
    plan.fresh = fresh.map(|build| build.member.name.clone()).collect();
    Ok(plan)
}
