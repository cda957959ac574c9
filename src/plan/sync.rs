//! Installs what the project depends on.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use camino::Utf8PathBuf;

use crate::facts::dependencies::{Scope, Source, Sync, UnlockedWorkspace};
use crate::facts::project::{Bindings, Project, UvWorkspace};
use crate::facts::{RequiredPackages, TargetEnvironment};
use crate::model::exit::Exit;
use crate::model::invocation::{Invocation, quote};
use crate::model::package_name;
use crate::model::reason::Reason;
use crate::model::requirement::Requirement;
use crate::model::step::StepId;

use super::action::{Action, Run};
use super::context::PlanContext;
use super::environment;
use super::step::{Plan, Step};

/// The dependencies, if they are due, then those of the tests.
pub(super) fn sync(plan: &mut Plan, context: &PlanContext<'_>) {
    leave_out(plan, context);
    if context.target.packages_are_stale() {
        environment::keep_packages(plan, context);
    }
    for (at, (reason, sync)) in due(context).into_iter().enumerate() {
        let call = sync_call(sync, context);
        let run = Run {
            hint: hint(sync, context),
            ..Run::quiet(call, Exit::Environment)
        };
        let number = at + 1;
        let before = (number > 1).then(|| StepId::Sync(number - 1));
        let subject = subject_of(sync, context);
        let mut step = Step::new(StepId::Sync(number), "Syncing", subject, Action::Run(run))
            .because(reason.clone())
            .after(environment::needs(plan))
            .after(plan.has(&StepId::LeftOut).then_some(StepId::LeftOut))
            .after(before);
        step.optional = is_optional(sync, context);
        plan.push(step);
    }
}

/// Only with a lock can uv be told on the command line what not to install; otherwise a file says so:
/// requirements files, groups and dependencies may name what maturin builds.
fn leave_out(plan: &mut Plan, context: &PlanContext<'_>) {
    let due = due(context);
    let mut sources = due.iter().map(|(_, sync)| &sync.source);
    let names = distributions(context.project);
    if plan.has(&StepId::LeftOut) || names.is_empty() || sources.all(is_locked) {
        return;
    }
    let mut text = String::new();
    for name in names {
        let _ = writeln!(text, "{name} ; sys_platform == 'never'");
    }
    let path = left_out(context);
    let subject = context.show(&path);
    let action = Action::Write {
        path,
        text,
        is_program: false,
    };
    plan.push(Step::new(StepId::LeftOut, "Writing", subject, action));
}

/// The file that makes uv leave out what maturin builds: overrides whose condition never holds.
fn left_out(context: &PlanContext<'_>) -> Utf8PathBuf {
    context.project.own_state().join("left-to-maturin.txt")
}

fn is_locked(source: &Source) -> bool {
    matches!(source, Source::Lock(_) | Source::LockAbove(_))
}

/// The overrides for an installation without a lock, including those that uv was already told about: an
/// option replaces the variable.
fn overrides(context: &PlanContext<'_>) -> Vec<String> {
    if distributions(context.project).is_empty() {
        return Vec::new();
    }
    let others = context.caller.overrides.iter().cloned();
    let files = std::iter::once(left_out(context)).chain(others);
    let pairs = files.map(|path| ["--override".to_owned(), path.into_string()]);
    pairs.flatten().collect()
}

/// A recipe may not need everything that is listed for developers.
fn is_optional(sync: &Sync, context: &PlanContext<'_>) -> bool {
    let target = context.target;
    let needed = [&target.dependencies, &target.test_dependencies];
    let holds = |packages: &&RequiredPackages| packages.dependencies.syncs.contains(sync);
    holds(&&target.developer_dependencies) && !needed.iter().any(holds)
}

/// Each installation once: what the tests need may be installed anyway.
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

fn hint(sync: &Sync, context: &PlanContext<'_>) -> Option<String> {
    if context.request.network.offline {
        return Some("run it once without `--offline`".into());
    }
    if let Scope::Named(_) = sync.scope {
        let hint = "packages of the workspace conflict: choose one with `-p NAME`";
        return Some(hint.into());
    }
    match &sync.source {
        Source::Lock(_) => Some("uv lock --check".into()),
        Source::LockAbove(path) => {
            let dir = path.parent().unwrap_or(path);
            Some(format!("uv lock --check --project {}", quote(dir.as_str())))
        }
        _ => environment::kept_packages(context).map(|path| {
            let path = context.show(&path);
            format!("conda's packages are kept (see {path}): install another version with conda")
        }),
    }
}

fn subject_of(sync: &Sync, context: &PlanContext<'_>) -> String {
    let mut subject = match (sync.source.path(), &sync.source) {
        (None, Source::Requirements { requirements, .. }) => {
            Requirement::words(requirements).join(", ")
        }
        (path, _) => {
            let shown = path.map(|path| context.show(path));
            format!("dependencies from {}", shown.unwrap_or_default())
        }
    };
    for (word, names) in [("group", &sync.groups), ("extra", &sync.extras)] {
        for name in names {
            let _ = write!(subject, " +{word} {name}");
        }
    }
    let kept = context.target.kept_packages.len();
    if kept > 0 {
        let _ = write!(subject, ", except the {kept} that conda keeps");
    }
    subject
}

fn sync_call(sync: &Sync, context: &PlanContext<'_>) -> Invocation {
    let install = || pip_install(context);
    let call = match &sync.source {
        Source::Lock(_) => options(locked(sync, context), sync, &str::to_owned),
        Source::LockAbove(path) => {
            let dir = path.parent().unwrap_or(path);
            let call = from_lock(context).args(["--no-install-project", "--project", dir.as_str()]);
            options(call, sync, &str::to_owned)
        }
        Source::Metadata(path) => {
            let call = install().args(["-r", path.as_str()]);
            options(call, sync, &|name| format!("{path}:{name}"))
        }
        Source::Workspace(workspace) => unlocked(install(), workspace),
        Source::Requirements {
            manifest,
            requirements,
        } => {
            let groups = manifest.iter().flat_map(|manifest| {
                let names = sync.groups.iter();
                names.flat_map(move |name| ["--group".to_owned(), format!("{manifest}:{name}")])
            });
            install()
                .args(Requirement::words(requirements))
                .args(groups)
        }
        Source::File(path) => install().args(["-r", path.as_str()]),
    };
    let call = if is_locked(&sync.source) {
        call
    } else {
        call.args(overrides(context))
    };
    let target = context.target;
    let all = [&target.dependencies, &target.test_dependencies];
    let kept: BTreeSet<&str> = kept_names(target).collect();
    let names: BTreeSet<&String> = all
        .iter()
        .flat_map(|it| &it.reinstalled)
        .filter(|name| !kept.contains(&*package_name::normalize(name)))
        .collect();
    call.args(
        names
            .into_iter()
            .flat_map(|name| ["--reinstall-package", name.as_str()]),
    )
}

/// The names of what a conda environment keeps.
fn kept_names(target: &TargetEnvironment) -> impl Iterator<Item = &str> {
    let kept = target.kept_packages.iter();
    kept.filter_map(|one| Some(one.split_once("==")?.0))
}

fn pip_install(context: &PlanContext<'_>) -> Invocation {
    let python = context.target.environment.python();
    context
        .uv()
        .args(["pip", "install", "--quiet"])
        .args(context.offline())
        .args(environment::constraints(context))
        .args(["--python", python.as_str()])
}

/// Extras and groups; `group`: a group's name in the form for uv.
fn options(call: Invocation, sync: &Sync, group: &dyn Fn(&str) -> String) -> Invocation {
    let extras = sync
        .extras
        .iter()
        .flat_map(|name| ["--extra".to_owned(), name.clone()]);
    let groups = sync
        .groups
        .iter()
        .flat_map(|name| ["--group".to_owned(), group(name)]);
    call.args(extras).args(groups)
}

fn locked(sync: &Sync, context: &PlanContext<'_>) -> Invocation {
    let mut members = context.project.all();
    let is_built = members.any(|member| member.dir == context.project.home);
    let scope = match &sync.scope {
        Scope::Project => Vec::new(),
        Scope::All => vec!["--all-packages".to_owned()],
        Scope::Named(names) => pairs("--package", names),
    };
    from_lock(context)
        .args(is_built.then_some("--no-install-project"))
        .args((!sync.default_groups).then_some("--no-default-groups"))
        .args(scope)
}

/// Without what maturin builds, and what a conda environment keeps.
fn from_lock(context: &PlanContext<'_>) -> Invocation {
    let target = context.target;
    let environment = &target.environment;
    let kept = kept_names(target).map(str::to_owned);
    let left_out: Vec<String> = built_by_maturin(context.project)
        .into_iter()
        .chain(kept)
        .collect();
    context
        .uv()
        .args(["sync", "--quiet", "--inexact"])
        .arg(if context.request.network.locked {
            "--locked"
        } else {
            "--frozen"
        })
        .args(context.offline())
        .args(["--python", environment.python().as_str()])
        .args(pairs("--no-install-package", &left_out))
        .env("UV_PROJECT_ENVIRONMENT", environment.path.as_str())
}

/// uv resolves the packages at once, with all their sources and the root's constraints.
fn unlocked(call: Invocation, workspace: &UnlockedWorkspace) -> Invocation {
    let mut call = call;
    let mut extras = BTreeSet::new();
    for package in &workspace.installed {
        let dir = package.manifest.parent().unwrap_or(&package.manifest);
        let named = match &package.extras[..] {
            [] => String::new(),
            extras => format!("[{}]", extras.join(",")),
        };
        call = call.arg("-e").arg(format!("{dir}{named}"));
    }
    for package in workspace.others.iter().filter(|it| it.is_project) {
        call = call.args(["-r", package.manifest.as_str()]);
        extras.extend(&package.extras);
    }
    for name in extras {
        call = call.args(["--extra", name.as_str()]);
    }
    for package in workspace.installed.iter().chain(&workspace.others) {
        for name in &package.groups {
            let group = format!("{}:{name}", package.manifest);
            call = call.arg("--group").arg(group);
        }
    }
    call
}

fn pairs(option: &str, names: &[String]) -> Vec<String> {
    let names = names.iter();
    names
        .flat_map(|name| [option.to_owned(), name.clone()])
        .collect()
}

/// What uv must neither build nor remove: the members, and whatever else maturin builds of their workspace.
fn built_by_maturin(project: &Project) -> Vec<String> {
    let mut names: Vec<String> = project.members.iter().map(|it| it.name.clone()).collect();
    names.extend(project.others.iter().map(|it| it.name.clone()));
    for package in project.workspace.iter().flat_map(UvWorkspace::packages) {
        if package.builds_with_maturin() {
            names.extend(package.normalized_name());
        }
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// Those that are installed under their names: a crate that only embeds Python may have the name of what it
/// imports.
fn distributions(project: &Project) -> Vec<String> {
    let embeds = |name: &String| {
        let mut members = project.all();
        members.any(|member| member.name == *name && member.bindings == Bindings::Embed)
    };
    let mut names = built_by_maturin(project);
    names.retain(|name| !embeds(name));
    names
}
