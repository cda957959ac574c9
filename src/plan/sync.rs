//! Installing what the project depends on.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::facts::dependencies::{Source, Sync};
use crate::facts::project::Member;
use crate::facts::{Packages, Request};
use crate::model::error::Exit;
use crate::model::invocation::Invocation;
use crate::model::reason::Reason;
use crate::model::step::StepId;

use super::action::{Action, Run};
use super::context::PlanContext;
use super::environment;
use super::step::{Plan, Step};

/// The dependencies, when they are due, then those of the tests.
pub(super) fn sync(plan: &mut Plan, context: &PlanContext<'_>) {
    for (at, (reason, sync)) in due(context).into_iter().enumerate() {
        let call = sync_call(sync, context);
        let run = Run {
            hint: network_hint(sync, context.request),
            ..Run::quiet(call, Exit::Environment)
        };
        let number = at + 1;
        let before = (number > 1).then(|| StepId::Sync(number - 1));
        let subject = subject_of(sync, context);
        let mut step = Step::new(StepId::Sync(number), "Syncing", subject, Action::Run(run))
            .because(reason.clone())
            .after(environment::needs(plan))
            .after(before);
        step.optional = is_optional(sync, context);
        plan.push(step);
    }
}

/// A recipe need not start all that is listed for developers.
fn is_optional(sync: &Sync, context: &PlanContext<'_>) -> bool {
    let target = context.target;
    let needed = [&target.dependencies, &target.test_dependencies];
    let holds = |packages: &&Packages| packages.dependencies.syncs.contains(sync);
    holds(&&target.developer_dependencies) && !needed.iter().any(holds)
}

/// Each installation once: what the tests need may be what is installed anyway.
fn due<'a>(context: &PlanContext<'a>) -> Vec<(&'a Reason, &'a Sync)> {
    let target = context.target;
    let mut due: Vec<(&Reason, &Sync)> = Vec::new();
    for packages in [
        &target.dependencies,
        &target.test_dependencies,
        &target.developer_dependencies,
    ] {
        let Some(reason) = &packages.stale else {
            continue;
        };
        for sync in &packages.dependencies.syncs {
            if !due.iter().any(|(_, known)| *known == sync) {
                due.push((reason, sync));
            }
        }
    }
    due
}

fn network_hint(sync: &Sync, request: &Request) -> Option<String> {
    if request.network.offline {
        return Some("run it once without `--offline`".into());
    }
    matches!(sync.source, Source::Lock(_)).then(|| "uv lock --check".into())
}

fn subject_of(sync: &Sync, context: &PlanContext<'_>) -> String {
    let from = match &sync.source {
        Source::Lock(path) | Source::Metadata(path) | Source::File(path) => path,
        Source::Requirements { manifest, .. } => manifest,
    };
    let mut subject = format!("dependencies from {}", context.show(from));
    for (word, names) in [("group", &sync.groups), ("extra", &sync.extras)] {
        for name in names {
            let _ = write!(subject, " +{word} {name}");
        }
    }
    subject
}

fn sync_call(sync: &Sync, context: &PlanContext<'_>) -> Invocation {
    let environment = &context.target.environment;
    let python = environment.python();
    let install = || {
        context
            .uv()
            .args(["pip", "install", "--quiet"])
            .args(context.offline())
            .args(["--python", python.as_str()])
    };
    let reinstall = |call: Invocation| {
        let target = context.target;
        let all = [&target.dependencies, &target.test_dependencies];
        let names: BTreeSet<&String> = all.iter().flat_map(|it| &it.reinstalled).collect();
        let pairs = names.into_iter();
        call.args(pairs.flat_map(|name| ["--reinstall-package", name.as_str()]))
    };
    let options = |call: Invocation, group: &dyn Fn(&str) -> String| {
        let extras = sync
            .extras
            .iter()
            .flat_map(|name| ["--extra".to_owned(), name.clone()]);
        let groups = sync
            .groups
            .iter()
            .flat_map(|name| ["--group".to_owned(), group(name)]);
        call.args(extras).args(groups)
    };
    let call = match &sync.source {
        Source::Lock(_) => {
            let call = context
                .uv()
                .args(["sync", "--quiet", "--inexact", "--no-install-project"])
                .arg(if context.request.network.locked {
                    "--locked"
                } else {
                    "--frozen"
                })
                .args(context.offline())
                .args(["--python", python.as_str()])
                .args((!sync.default_groups).then_some("--no-default-groups"))
                .args(packages(sync))
                .args(not_installed(&context.project.members))
                .env("UV_PROJECT_ENVIRONMENT", environment.path.as_str());
            options(call, &str::to_owned)
        }
        Source::Metadata(path) => {
            let call = install().args(["-r", path.as_str()]);
            options(call, &|name| format!("{path}:{name}"))
        }
        Source::Requirements {
            manifest,
            requirements,
        } => {
            let groups = sync.groups.iter();
            let groups =
                groups.flat_map(|name| ["--group".to_owned(), format!("{manifest}:{name}")]);
            install().args(requirements).args(groups)
        }
        Source::File(path) => install().args(["-r", path.as_str()]),
    };
    reinstall(call)
}

fn packages(sync: &Sync) -> Vec<String> {
    let pairs = sync.packages.iter();
    pairs
        .flat_map(|name| ["--package".to_owned(), name.clone()])
        .collect()
}

/// maturin installs the members; uv must neither build nor remove them.
fn not_installed(members: &[Member]) -> Vec<String> {
    let pairs = members.iter();
    pairs
        .flat_map(|m| ["--no-install-package".to_owned(), m.name.clone()])
        .collect()
}
