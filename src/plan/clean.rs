//! `cargo pyx clean`: removes what pyx left, file by file as it was found.

use crate::facts::leftovers::Leftover;
use crate::facts::project::Project;
use crate::model::step::StepId;
use crate::world::disk::Usage;

use super::action::Action;
use super::step::{Plan, Step};

pub fn clean(project: &Project, leftovers: &[Leftover]) -> Plan {
    let mut plan = Plan::default();
    for leftover in leftovers {
        let size = Usage::wording(leftover.usage.bytes);
        let shown = project.display(&leftover.path);
        let path = leftover.path.clone();
        let action = match leftover.besides {
            Some(besides) => Action::RemoveEmpty { path, besides },
            None => Action::Remove {
                path,
                kept: leftover.kept.clone(),
            },
        };
        let subject = match leftover.besides {
            Some(_) => shown.to_string(),
            None => format!("{shown} ({size})"),
        };
        let id = StepId::Remove(leftover.path.clone());
        let step = Step::new(id, "Removing", subject, action);
        if leftover.besides.is_some() {
            plan.then(step);
        } else {
            plan.push(step);
        }
    }
    plan
}
