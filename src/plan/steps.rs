//! Steps that several commands share.

use std::fmt::Write as _;

use camino::Utf8Path;

use crate::build;
use crate::dependencies::{Source, Sync};
use crate::environment::{Environment, State};
use crate::error::{Error, Exit, Result};
use crate::facts::{Build, DEV, Due, Facts, Request, TEST, Workshop};
use crate::interpreter::{Choice, Probe};
use crate::invocation::Invocation;
use crate::project::{Bindings, Member};
use crate::tool::Tool;

use super::{Action, Listen, Plan, Prove, RecordSync, Replace, Run, Step};

/// From this maturin on `develop` has `--uv`, and calls cargo as [`cargo_call`] does.
const MATURIN_WITH_UV: [u64; 2] = [1, 7];
/// From this PyO3 on maturin describes a stable-ABI interpreter in a file of its own.
const PYO3_WITH_CONFIG: (u64, u64) = (0, 29);

/// What every step of a plan is made from.
pub(super) struct Site<'a> {
    pub(super) facts: &'a Facts,
    pub(super) request: &'a Request,
    pub(super) workshop: &'a Workshop,
}

impl Site<'_> {
    fn offline(&self) -> Option<String> {
        (self.request.network.offline || self.request.network.frozen)
            .then(|| "--offline".to_owned())
    }

    /// Without the variables that would lead a tool elsewhere.
    pub(super) fn call(&self, program: &Utf8Path, dir: &Utf8Path) -> Invocation {
        Invocation::new(program, dir).without(&self.facts.scrubbed)
    }

    /// For programs that run cargo: the toolchain that pyx found, and PATH with our uv first.
    pub(super) fn cargo_call(&self, program: &Utf8Path, build: &Build) -> Invocation {
        let call = self
            .call(program, &build.member.dir)
            .env("MATURIN_NO_INSTALL_RUST", "1");
        match &build.toolchain.name {
            Some(toolchain) => call.env("RUSTUP_TOOLCHAIN", toolchain.clone()),
            None => call,
        }
    }

    fn show(&self, path: &Utf8Path) -> String {
        self.facts.project.display(path).to_string()
    }
}

pub(super) fn step(
    name: impl Into<String>,
    verb: &'static str,
    subject: impl Into<String>,
    action: Action,
) -> Step {
    Step {
        name: name.into(),
        verb,
        subject: subject.into(),
        reason: None,
        needs: Vec::new(),
        action,
        optional: false,
    }
}

fn run(invocation: Invocation, listen: Listen, exit: Exit) -> Action {
    Action::Run(Run {
        invocation,
        listen,
        exit,
        hint: None,
    })
}

/// Tools that are not there yet. `false` when one of them has to tell its version before more can
/// be planned.
pub(super) fn provide(plan: &mut Plan, site: &Site<'_>) -> Result<bool> {
    let tools = std::iter::once(&site.workshop.uv).chain(site.workshop.maturin.values());
    let missing: Vec<_> = tools.filter_map(|tool| tool.missing.clone()).collect();
    for provision in missing {
        let label = provision.label();
        let name = format!("provide {label}");
        if plan.has(&name) {
            continue;
        }
        if site.request.network.offline {
            return Err(Error::Offline(label));
        }
        let python = site
            .workshop
            .any_python
            .clone()
            .ok_or_else(|| Error::NoTool {
                tool: "python3",
                get: "install uv or any Python from 3.7 on; pyx gets the rest".into(),
            })?;
        let uv = site.workshop.uv.path.clone();
        let mut step = step(
            name,
            "Downloading",
            label,
            Action::Provide {
                provision,
                python,
                uv,
            },
        );
        step.needs = plan.steps.iter().map(|step| step.name.clone()).collect();
        plan.steps.push(step);
    }
    plan.again = site
        .workshop
        .maturin
        .values()
        .any(|tool| tool.version.is_none());
    Ok(!plan.again)
}

fn provided(plan: &Plan) -> Vec<String> {
    let names = plan.steps.iter().map(|step| &step.name);
    names
        .filter(|name| name.starts_with("provide "))
        .cloned()
        .collect()
}

/// The environment, when it is due. `false` when an interpreter has to be downloaded first.
pub(super) fn environment(plan: &mut Plan, site: &Site<'_>) -> Result<bool> {
    let Some(reason) = &site.facts.environment_due else {
        return Ok(true);
    };
    let Environment { path, state } = &site.facts.environment;
    if let State::Bad { why, ours: false } = state {
        return Err(Error::ForeignEnvironment {
            path: path.clone(),
            why: why.clone(),
        });
    }
    let uv = &site.workshop.uv.path;
    match &site.workshop.interpreter {
        Some(Choice::Use(interpreter)) => {
            let clear = matches!(state, State::Bad { .. }).then_some("--clear");
            let call = site
                .call(uv, &site.facts.project.home)
                .args(["venv", "--quiet", "--no-project", "--no-config"])
                .args(clear)
                .args(["--python", interpreter.path.as_str()])
                .arg(path.as_str());
            let mut step = step(
                "environment",
                "Creating",
                format!("{} ({interpreter})", site.show(path)),
                run(call, Listen::Quiet, Exit::Environment),
            );
            step.reason = clear.map(|_| reason.clone());
            step.needs = provided(plan);
            plan.steps.push(step);
            Ok(true)
        }
        Some(Choice::Download(wanted)) => {
            if site.request.network.offline {
                return Err(Error::Offline(format!("Python {}", wanted.text)));
            }
            let mut call = site.call(uv, &site.facts.project.home).args([
                "python",
                "install",
                "--no-bin",
                wanted.text.as_str(),
            ]);
            if wanted.soft {
                call = call.env("UV_HTTP_RETRIES", "0"); // there is another that will do
            }
            let mut step = step(
                "interpreter",
                "Downloading",
                format!("Python {} ({})", wanted.text, wanted.from),
                run(call, Listen::Quiet, Exit::Tool),
            );
            step.needs = provided(plan);
            step.optional = true;
            plan.steps.push(step);
            plan.again = true;
            Ok(false)
        }
        None => Ok(true),
    }
}

fn environment_needs(plan: &Plan) -> Vec<String> {
    let mut needs = provided(plan);
    needs.extend(plan.has("environment").then(|| "environment".to_owned()));
    needs
}

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
    for (number, (reason, sync)) in due.enumerate() {
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

/// The record of what [`sync`] and the installs left in the environment.
pub(super) fn record_sync(plan: &mut Plan, site: &Site<'_>) {
    if plan.steps.is_empty() {
        return;
    }
    let facts = site.facts;
    let mut installed = Vec::new();
    if facts.sync_due.is_some() {
        installed.push((DEV, facts.dependencies.clone()));
    }
    if facts.test_sync_due.is_some() {
        installed.push((TEST, facts.test_dependencies.clone()));
    }
    let settled = site.facts.environment_due.is_some();
    let requested = site
        .facts
        .python
        .as_ref()
        .filter(|request| request.soft && settled);
    let mut step = step(
        "record",
        "Recording",
        "the environment",
        Action::RecordSync(Box::new(RecordSync {
            environment: site.facts.environment.clone(),
            installed,
            requested: requested.map(|request| request.text.clone()),
        })),
    );
    step.needs = plan.steps.iter().map(|step| step.name.clone()).collect();
    plan.steps.push(step);
}

/// Compiling, installing and proving one member, as far as it is due.
pub(super) fn member(plan: &mut Plan, site: &Site<'_>, build: &Build, due: &Due) {
    // cargo compiles a restless crate at every call: let maturin's be the only one
    let alone = build.locked.restless && due.replace.is_empty();
    let ahead = cargo_invocation(site, build).filter(|_| !alone);
    let name = &build.member.name;
    if let Some(from) = &build.seed {
        let to = build::target_dir(&build.member);
        let seed_name = format!("seed {to}");
        if !plan.has(&seed_name) {
            let action = Action::Seed {
                from: from.clone(),
                to,
            };
            plan.steps
                .push(step(seed_name, "Seeding", "the build", action));
        }
    }
    let before = not_syncing(plan);
    if let Some(call) = &ahead {
        let packages = build.locked.packages;
        let action = run(call.clone(), Listen::Cargo { packages }, Exit::Failed);
        let subject = format!("{name} [{}]", build.options.profile);
        let mut step = step(format!("compile {name}"), "Building", subject, action);
        step.reason = Some(due.reason.clone());
        step.needs = before;
        plan.steps.push(step);
    }
    let installed = match site.workshop.maturin.get(name) {
        Some(_) if ahead.is_some() && !due.replace.is_empty() => {
            plan.steps.push(replace(build, due));
            false
        }
        Some(maturin) => {
            if !maturin.at_least(MATURIN_WITH_UV) {
                pip(plan, site);
            }
            let step = install(plan, site, build, maturin, due, ahead.is_some());
            plan.steps.push(step);
            true
        }
        None => false,
    };
    prove(plan, site, build, installed);
}

/// What compiling waits for: everything but the dependencies.
fn not_syncing(plan: &Plan) -> Vec<String> {
    let names = plan.steps.iter().map(|step| &step.name);
    names
        .filter(|name| !name.starts_with("sync "))
        .cloned()
        .collect()
}

fn replace(build: &Build, due: &Due) -> Step {
    let name = &build.member.name;
    let action = Action::Replace(Box::new(Replace {
        build: build.clone(),
        modules: due.replace.clone(),
    }));
    let mut step = step(format!("install {name}"), "Installing", name, action);
    step.needs = vec![format!("compile {name}")];
    step
}

/// An old maturin installs with the environment's pip.
fn pip(plan: &mut Plan, site: &Site<'_>) {
    if plan.has("pip") {
        return;
    }
    let call = site
        .call(&site.workshop.uv.path, &site.facts.project.home)
        .args(["pip", "install", "--quiet"])
        .args(site.offline())
        .args(["--python", site.facts.environment.python().as_str(), "pip"]);
    let action = run(call, Listen::Quiet, Exit::Environment);
    let mut step = step(
        "pip",
        "Syncing",
        "pip, for a maturin that knows no uv",
        action,
    );
    step.needs = environment_needs(plan);
    plan.steps.push(step);
}

fn install(
    plan: &Plan,
    site: &Site<'_>,
    build: &Build,
    maturin: &Tool,
    due: &Due,
    compiled: bool,
) -> Step {
    let name = &build.member.name;
    let packages = build.locked.packages;
    let (verb, listen) = if compiled {
        ("Installing", Listen::Quiet)
    } else {
        ("Building", Listen::Maturin { packages })
    };
    let call = maturin_invocation(site, build, maturin);
    let subject = if compiled {
        name.clone()
    } else {
        format!("{name} [{}]", build.options.profile)
    };
    let mut step = step(
        format!("install {name}"),
        verb,
        subject,
        run(call, listen, Exit::Failed),
    );
    step.reason = (!compiled).then(|| due.reason.clone());
    step.needs = plan.steps.iter().map(|step| step.name.clone()).collect();
    step
}

/// `installed`: whether maturin installs it in this plan.
pub(super) fn prove(plan: &mut Plan, site: &Site<'_>, build: &Build, installed: bool) {
    let name = &build.member.name;
    let action = Action::Prove(Box::new(Prove {
        build: build.clone(),
        environment: site.facts.environment.clone(),
        state: site.facts.project.state.join("state.json"),
        uv: site.workshop.uv.path.clone(),
        home: site.facts.project.home.clone(),
        installed,
        built: build.due.is_some(),
        new_lock: !build.locked.exists,
    }));
    let mut step = step(format!("prove {name}"), "Proving", name, action);
    step.needs = plan.steps.iter().map(|step| step.name.clone()).collect();
    plan.steps.push(step);
}

pub(super) fn feature_args(features: &[String]) -> Vec<String> {
    let pairs = features.iter();
    pairs
        .flat_map(|feature| ["--features".to_owned(), feature.clone()])
        .collect()
}

pub(super) fn profile_args(profile: &str) -> Vec<String> {
    match profile {
        "dev" => Vec::new(),
        other => vec!["--profile".into(), other.into()],
    }
}

pub(super) fn lock_args(request: &Request) -> impl Iterator<Item = &'static str> {
    let flags = [
        (request.network.offline, "--offline"),
        (request.network.locked, "--locked"),
        (request.network.frozen, "--frozen"),
    ];
    flags
        .into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, flag)| flag)
}

/// The call of cargo that maturin will make, so that maturin finds nothing left to compile; `None`
/// where that call does not follow from what is known, and maturin has to make it itself.
fn cargo_invocation(site: &Site<'_>, build: &Build) -> Option<Invocation> {
    let member = &build.member;
    let python = site.facts.environment.python();
    let call = site.cargo_call(&site.workshop.cargo, build);
    let call = match member.bindings {
        Bindings::Embed => call.arg("build").args(
            ["--lib", "--bins", "--examples"]
                .into_iter()
                .filter(|flag| *flag != "--lib" || member.lib.is_some()),
        ),
        _ => call.arg("rustc"),
    };
    let call = call
        .args(["--message-format", "json-render-diagnostics"])
        .args(["--manifest-path", member.manifest.as_str()])
        .args(["--target-dir", build::target_dir(member).as_str()])
        .args(profile_args(&build.options.profile))
        .args(feature_args(&build.options.features))
        .args(
            build
                .options
                .no_default_features
                .then_some("--no-default-features"),
        )
        .args(lock_args(site.request));
    if member.bindings == Bindings::Embed {
        return Some(call.env("PYO3_PYTHON", python.as_str()));
    }
    let maturin = site.workshop.maturin.get(&member.name)?;
    if !(cfg!(target_os = "linux") && member.plain && maturin.at_least(MATURIN_WITH_UV)) {
        return None;
    }
    let call = call.args(target_args(member)?);
    if !member.bindings.is_pyo3() {
        return Some(call);
    }
    let probe: &Probe = site.workshop.probe.as_ref()?;
    let pyo3 = build.locked.pyo3.as_ref()?;
    let call = call
        .env("PYO3_BUILD_EXTENSION_MODULE", "1")
        .env("PYO3_ENVIRONMENT_SIGNATURE", probe.signature())
        .env("PYO3_PYTHON", python.as_str())
        .env("PYTHON_SYS_EXECUTABLE", python.as_str());
    match (build.locked.stable_abi, (pyo3.major, pyo3.minor)) {
        (true, version) if version >= PYO3_WITH_CONFIG => {
            let config = build.pyo3_config.as_ref()?;
            Some(call.env("PYO3_CONFIG_FILE", config.as_str()))
        }
        (true, version) if version < (0, 17) => None,
        _ => Some(call),
    }
}

/// Which target, and `--crate-type cdylib` where the library has other types too, as maturin does.
fn target_args(member: &Member) -> Option<Vec<String>> {
    if member.bindings == Bindings::Bin {
        return match &member.bins[..] {
            [only] => Some(vec!["--bin".into(), only.clone()]),
            _ => None,
        };
    }
    let mut args = vec!["--lib".to_owned()];
    if member.crate_types.iter().any(|kind| kind != "cdylib") || member.crate_types.is_empty() {
        args.extend(["--crate-type".to_owned(), "cdylib".to_owned()]);
    }
    Some(args)
}

fn maturin_invocation(site: &Site<'_>, build: &Build, maturin: &Tool) -> Invocation {
    let options = &build.options;
    let target = build::target_dir(&build.member);
    let has_uv = maturin.at_least(MATURIN_WITH_UV);
    let says_profile = options.profile != "dev" || build.member.profile.is_some();
    let profile = match (&*options.profile, says_profile) {
        ("release", _) => vec!["--release".to_owned()],
        (name, true) => vec!["--profile".into(), name.into()],
        (_, false) => Vec::new(),
    };
    let features = if options.features_added {
        &options.features[..]
    } else {
        &[]
    };
    let flags = has_uv
        .then(|| lock_args(site.request))
        .into_iter()
        .flatten();
    let mut call = site
        .cargo_call(&maturin.path, build)
        .arg("develop")
        .args(has_uv.then_some("--uv"))
        .args(
            has_uv
                .then(|| ["--target-dir", target.as_str()])
                .into_iter()
                .flatten(),
        )
        .args(profile)
        .args(feature_args(features))
        .args(
            options
                .no_default_features
                .then_some("--no-default-features"),
        )
        .args(flags)
        .args(other_groups(site, build))
        .env("VIRTUAL_ENV", site.facts.environment.path.as_str())
        .path(&tool_dirs(site), &site.facts.path)
        // not only `--target-dir`: the bindgen that maturin runs for uniffi goes there as well
        .env("CARGO_TARGET_DIR", target.as_str());
    if site.request.network.offline {
        call = call.env("UV_OFFLINE", "1");
    }
    call
}

/// maturin installs the group `dev` whenever there is one, unless it is told other groups.
fn other_groups(site: &Site<'_>, build: &Build) -> Vec<String> {
    let own = |sync: &&Sync| match &sync.source {
        Source::Lock(_) => true,
        Source::Metadata(path) => Some(path) == build.member.pyproject.as_ref(),
        Source::Requirements { .. } | Source::File(_) => false,
    };
    let sync = site.facts.dependencies.syncs.iter().find(own);
    match sync {
        Some(sync)
            if !sync.groups.is_empty() && !sync.groups.iter().any(|group| group == "dev") =>
        {
            vec!["--group".into(), sync.groups.join(",")]
        }
        _ => Vec::new(),
    }
}

/// Where maturin is to find uv and cargo, both of which it looks up on PATH.
pub(super) fn tool_dirs<'a>(site: &'a Site<'_>) -> Vec<&'a Utf8Path> {
    let programs = [&site.workshop.uv.path, &site.workshop.cargo].into_iter();
    programs.filter_map(|program| program.parent()).collect()
}
