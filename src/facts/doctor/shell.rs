//! What is active in the shell.

use crate::facts::Facts;
use crate::model::finding::Finding;
use crate::world::disk;
use crate::world::session::Session;

use super::problem::Problem;

pub(super) fn check(session: &Session, facts: &Facts) -> Option<Problem> {
    let own = disk::resolve(&facts.target.environment.path);
    let shown = facts.project.display(&facts.target.environment.path);
    let finding = match session.active_environments().as_slice() {
        [(_, venv), (_, conda)] => {
            let message = format!(
                "both VIRTUAL_ENV (`{venv}`) and CONDA_PREFIX (`{conda}`) are set: plain maturin \
                 refuses to choose"
            );
            Finding::warning("two-environments", message).hint("conda deactivate")
        }
        [(name, active)] if disk::resolve(active) != own => {
            let leave = if *name == "VIRTUAL_ENV" {
                "deactivate"
            } else {
                "conda deactivate"
            };
            let message = format!(
                "{name} is `{active}`, not the project's `{shown}`: plain maturin and pip install \
                 there, pyx does not"
            );
            Finding::warning("other-environment", message).hint(leave)
        }
        _ => return None,
    };
    Some(finding.into())
}

#[cfg(test)]
mod tests {
    use crate::facts::TargetEnvironment;
    use crate::facts::environment::Environment;

    use super::*;

    fn rule(vars: &[(&str, &str)]) -> Option<&'static str> {
        let env = vars
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        let session = Session {
            cwd: "/p".into(),
            env: env.collect(),
            ..Session::default()
        };
        let facts = Facts {
            target: TargetEnvironment {
                environment: Environment {
                    path: "/p/.venv".into(),
                    ..Environment::default()
                },
                ..TargetEnvironment::default()
            },
            ..Facts::default()
        };
        check(&session, &facts).map(|problem| problem.finding.rule)
    }

    #[test]
    fn two_active_environments_or_another_ones_are_problems() {
        let (venv, conda) = (
            ("VIRTUAL_ENV", "/p/.venv"),
            ("CONDA_PREFIX", "/conda/envs/x"),
        );
        assert_eq!(rule(&[venv, conda]), Some("two-environments"));
        assert_eq!(rule(&[conda]), Some("other-environment"));
        assert_eq!(rule(&[("VIRTUAL_ENV", "/q")]), Some("other-environment"));
        assert_eq!(rule(&[venv]), None);
        let base = ("CONDA_DEFAULT_ENV", "base");
        assert_eq!(rule(&[("CONDA_PREFIX", "/conda"), base]), None);
        assert_eq!(rule(&[]), None);
    }
}
