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
        steps::provide(&mut plan, &site)?;
        if !steps::environment(&mut plan, &site)? {
            return Ok(plan);
        }
        steps::sync(&mut plan, &site);
        for build in &facts.builds {
            if let Some(due) = &build.due {
                steps::member(&mut plan, &site, build, due);
            }
        }
        steps::record_sync(&mut plan, &site);
    }
    let fresh = facts.builds.iter().filter(|build| build.due.is_none());
    plan.fresh = fresh.map(|build| build.member.name.clone()).collect();
    Ok(plan)
}
