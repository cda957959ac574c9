//! Installing what the project depends on.

use std::fmt::Write as _;

use crate::facts::Request;
use crate::facts::dependencies::{Source, Sync};
use crate::facts::project::Member;
use crate::model::error::Exit;
use crate::model::invocation::Invocation;
use crate::model::reason::Reason;

use super::steps::{PlanContext, environment_needs, run, step};
use super::{Action, Listen, Plan};

/// The dependencies, when they are due, then those of the tests.
pub(super) fn sync(plan: &mut Plan, context: &PlanContext<'_>) {
    let facts = context.facts;
    let all = [
        (&facts.sync_stale, &facts.dependencies),
        (&facts.test_sync_stale, &facts.test_dependencies),
    ];
    let staleness = all
        .into_iter()
        .filter_map(|(staleness, dependencies)| Some((staleness.as_ref()?, dependencies)))
        .flat_map(|(reason, found)| found.syncs.iter().map(move |sync| (reason, sync)));
    // what the tests need may be what is installed anyway
    let mut planned: Vec<(&Reason, &Sync)> = Vec::new();
    for (reason, sync) in staleness {
        if !planned.iter().any(|(_, known)| *known == sync) {
            planned.push((reason, sync));
        }
    }
    for (number, (reason, sync)) in planned.into_iter().enumerate() {
        let mut step = step(
            format!("sync {}", number + 1),
            "Syncing",
            subject_of(sync, context),
            run(sync_call(sync, context), Listen::Quiet, Exit::Environment),
        );
        if let Action::Run(run) = &mut step.action {
            run.hint = network_hint(sync, context.request);
        }
        step.reason = Some(reason.clone());
        step.needs = environment_needs(plan);
        step.needs
            .extend((number > 0).then(|| format!("sync {number}")));
        plan.steps.push(step);
    }
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
    let environment = &context.facts.environment;
    let home = &context.facts.project.home;
    let uv = &context.tools.uv.path;
    let python = environment.python();
    let install = || {
        context
            .call(uv, home)
            .args(["pip", "install", "--quiet"])
            .args(context.offline())
            .args(["--python", python.as_str()])
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
    match &sync.source {
        Source::Lock(_) => {
            let call = context
                .call(uv, home)
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
                .args(not_installed(&context.facts.project.members))
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
    }
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
