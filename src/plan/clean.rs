//! `cargo pyx clean`: what pyx left goes, file by file as it was found.

use crate::facts::leftovers::Leftover;
use crate::facts::project::Project;
use crate::world::disk::Usage;

use super::linked::names;
use super::steps::step;
use super::{Action, Plan};

pub fn clean(project: &Project, remains: &[Leftover]) -> Plan {
    let mut plan = Plan::default();
    for remain in remains {
        let size = Usage::wording(remain.usage.bytes);
        let shown = project.display(&remain.path);
        let path = remain.path.clone();
        let action = match remain.besides {
            Some(besides) => Action::RemoveEmpty { path, besides },
            None => Action::Remove {
                path,
                kept: remain.kept.clone(),
            },
        };
        let subject = match remain.besides {
            Some(_) => shown.to_string(),
            None => format!("{shown} ({size})"),
        };
        let mut step = step(
            format!("remove {}", remain.path),
            "Removing",
            subject,
            action,
        );
        if remain.besides.is_some() {
            step.needs = names(&plan);
        }
        plan.steps.push(step);
    }
    plan
}
