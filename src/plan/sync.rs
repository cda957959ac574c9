//! Installing what the project depends on.

use std::fmt::Write as _;

use crate::dependencies::{Source, Sync};
use crate::error::Exit;
use crate::facts::Request;
use crate::invocation::Invocation;
use crate::project::Member;
use crate::reason::Reason;

use super::steps::{Site, environment_needs, run, step};
use super::{Action, Listen, Plan};

/// The dependencies, when they are due, then those of the tests.
pub(super) fn sync(plan: &mut Plan, site: &Site<'_>) {
    let facts = site.facts;
    let all = [
        (&facts.sync_due, &facts.dependencies),
        (&facts.test_sync_due, &facts.test_dependencies),
    ];
    let due = all
        .into_iter()
        .filter_map(|(due, dependencies)| Some((due.as_ref()?, dependencies)))
        .flat_map(|(reason, found)| found.syncs.iter().map(move |sync| (reason, sync)));
    // what the tests need may be what is installed anyway
    let mut planned: Vec<(&Reason, &Sync)> = Vec::new();
    for (reason, sync) in due {
        if !planned.iter().any(|(_, known)| *known == sync) {
            planned.push((reason, sync));
        }
    }
    for (number, (reason, sync)) in planned.into_iter().enumerate() {
        let mut step = step(
            format!("sync {}", number + 1),
            "Syncing",
            subject_of(sync, site),
            run(sync_call(sync, site), Listen::Quiet, Exit::Environment),
        );
        if let Action::Run(run) = &mut step.action {
            run.hint = network_hint(sync, site.request);
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

fn subject_of(sync: &Sync, site: &Site<'_>) -> String {
    let from = match &sync.source {
        Source::Lock(path) | Source::Metadata(path) | Source::File(path) => path,
        Source::Requirements { manifest, .. } => manifest,
    };
    let mut subject = format!("dependencies from {}", site.show(from));
    for (word, names) in [("group", &sync.groups), ("extra", &sync.extras)] {
        for name in names {
            let _ = write!(subject, " +{word} {name}");
        }
    }
    subject
}

fn sync_call(sync: &Sync, site: &Site<'_>) -> Invocation {
    let environment = &site.facts.environment;
    let home = &site.facts.project.home;
    let uv = &site.workshop.uv.path;
    let python = environment.python();
    let install = || {
        site.call(uv, home)
            .args(["pip", "install", "--quiet"])
            .args(site.offline())
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
            let call = site
                .call(uv, home)
                .args(["sync", "--quiet", "--inexact", "--no-install-project"])
                .arg(if site.request.network.locked {
                    "--locked"
                } else {
                    "--frozen"
                })
                .args(site.offline())
                .args(["--python", python.as_str()])
                .args((!sync.default_groups).then_some("--no-default-groups"))
                .args(packages(sync))
                .args(not_installed(&site.facts.project.members))
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
