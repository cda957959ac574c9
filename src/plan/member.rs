//! One member: compiled ahead where maturin's call of cargo is known, installed, proved.

use camino::Utf8Path;

use crate::facts::build;
use crate::facts::dependencies::{Source, Sync};
use crate::facts::project::{Bindings, Member};
use crate::facts::{Build, ReusableBuild, Staleness};
use crate::model::error::Exit;
use crate::model::invocation::Invocation;
use crate::world::interpreter::Probe;
use crate::world::tool::Tool;

use super::linked::names;
use super::steps::{
    PlanContext, build_args, environment_needs, feature_args, lock_args, run, step,
};
use super::{Action, CopyInstall, Listen, Plan, Prove, Replace, Step};

/// From this maturin on `develop` has `--uv`, and calls cargo as [`cargo_call`] does.
const MATURIN_WITH_UV: [u64; 2] = [1, 7];
/// From this PyO3 on maturin describes a stable-ABI interpreter in a file of its own.
const PYO3_WITH_CONFIG: (u64, u64) = (0, 29);

/// Compiling, installing and proving one member, as far as it is due.
pub(super) fn member(
    plan: &mut Plan,
    context: &PlanContext<'_>,
    build: &Build,
    staleness: &Staleness,
) {
    if let Some(reusable) = &build.reusable {
        let step = copy(plan, context, build, reusable, staleness);
        plan.steps.push(step);
        return prove(plan, context, build, true);
    }
    // cargo compiles a restless crate at every call: let maturin's be the only one
    let alone = build.locked.restless && staleness.replace.is_empty();
    let ahead = cargo_invocation(context, build).filter(|_| !alone);
    let name = &build.member.name;
    if let Some(from) = &build.seed {
        let to = build::target_dir(&build.member);
        let seed_name = format!("seed {to}");
        if !plan.has(&seed_name) {
            let action = Action::Seed {
                from: build.member.intermediate_dir(from),
                to: build.member.intermediate_dir(&to),
            };
            let mut step = step(seed_name, "Seeding", "the build", action);
            step.optional = true; // it only saves time
            plan.steps.push(step);
        }
    }
    if !staleness.unseen.is_empty() {
        let action = Action::Forget {
            crates: staleness.unseen.clone(),
            dir: build::fingerprints(&build.member, &build.options),
        };
        let mut step = step(
            format!("forget {name}"),
            "Forgetting",
            staleness.unseen.join(", "),
            action,
        );
        step.needs = not_syncing(plan);
        plan.steps.push(step);
    }
    let before = not_syncing(plan);
    if let Some(call) = &ahead {
        let packages = build.locked.packages;
        let action = run(call.clone(), Listen::Cargo { packages }, Exit::Failed);
        let subject = format!("{name} [{}]", build.options.profile);
        let mut step = step(format!("compile {name}"), "Building", subject, action);
        step.reason = Some(staleness.reason.clone());
        step.needs = before;
        plan.steps.push(step);
    }
    let installed = match context.tools.maturin.get(name) {
        Some(_) if ahead.is_some() && !staleness.replace.is_empty() => {
            plan.steps.push(replace(build, staleness));
            false
        }
        Some(maturin) => {
            if !maturin.at_least(MATURIN_WITH_UV) {
                pip(plan, context);
            }
            let step = install(plan, context, build, maturin, staleness, ahead.is_some());
            plan.steps.push(step);
            true
        }
        None => false,
    };
    prove(plan, context, build, installed);
}

/// The same build as another environment's.
fn copy(
    plan: &Plan,
    context: &PlanContext<'_>,
    build: &Build,
    reusable: &ReusableBuild,
    staleness: &Staleness,
) -> Step {
    let name = &build.member.name;
    let action = Action::CopyInstall(Box::new(CopyInstall {
        member: build.member.clone(),
        from: reusable.environment.clone(),
        to: context.facts.environment.clone(),
    }));
    let subject = format!("{name} from {}", context.show(&reusable.environment.path));
    let mut step = step(format!("install {name}"), "Installing", subject, action);
    step.reason = Some(staleness.reason.clone());
    step.needs = names(plan);
    step
}

/// What compiling waits for: everything but the dependencies.
fn not_syncing(plan: &Plan) -> Vec<String> {
    let names = plan.steps.iter().map(|step| &step.name);
    names
        .filter(|name| !name.starts_with("sync "))
        .cloned()
        .collect()
}

fn replace(build: &Build, staleness: &Staleness) -> Step {
    let name = &build.member.name;
    let action = Action::Replace(Box::new(Replace {
        build: build.clone(),
        modules: staleness.replace.clone(),
    }));
    let mut step = step(format!("install {name}"), "Installing", name, action);
    step.needs = vec![format!("compile {name}")];
    step
}

/// An old maturin installs with the environment's pip.
fn pip(plan: &mut Plan, context: &PlanContext<'_>) {
    if plan.has("pip") {
        return;
    }
    let call = context
        .call(&context.tools.uv.path, &context.facts.project.home)
        .args(["pip", "install", "--quiet"])
        .args(context.offline())
        .args([
            "--python",
            context.facts.environment.python().as_str(),
            "pip",
        ]);
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
    context: &PlanContext<'_>,
    build: &Build,
    maturin: &Tool,
    staleness: &Staleness,
    compiled: bool,
) -> Step {
    let name = &build.member.name;
    let packages = build.locked.packages;
    let (verb, listen) = if compiled {
        ("Installing", Listen::Quiet)
    } else {
        ("Building", Listen::Maturin { packages })
    };
    let call = maturin_invocation(context, build, maturin);
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
    step.reason = (!compiled).then(|| staleness.reason.clone());
    step.needs = names(plan);
    step
}

/// `installed`: whether maturin installs it in this plan.
pub(super) fn prove(plan: &mut Plan, context: &PlanContext<'_>, build: &Build, installed: bool) {
    let name = &build.member.name;
    let probe = context.tools.probe.as_ref();
    let mut build = build.clone();
    if let Some(reusable) = &build.reusable {
        build.member.target.clone_from(&reusable.target);
    }
    let action = Action::Prove(Box::new(Prove {
        environment: context.facts.environment.clone(),
        suffixes: probe
            .map(|probe| probe.suffixes.clone())
            .unwrap_or_default(),
        state: context.facts.project.state.join("state.json"),
        uv: context.tools.uv.path.clone(),
        home: context.facts.project.home.clone(),
        lock: context.facts.dependencies.lock().cloned(),
        installed,
        built: build.staleness.is_some(),
        new_lock: !build.locked.exists,
        build,
    }));
    let mut step = step(format!("prove {name}"), "Proving", name, action);
    step.needs = names(plan);
    plan.steps.push(step);
}

/// The call of cargo that maturin will make, so that maturin finds nothing left to compile; `None`
/// where that call does not follow from what is known, and maturin has to make it itself.
fn cargo_invocation(context: &PlanContext<'_>, build: &Build) -> Option<Invocation> {
    let member = &build.member;
    let python = context.facts.environment.python();
    let target = build::target_dir(member);
    let call = context.cargo_call(&context.tools.cargo, build, &target);
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
        .args(["--target-dir", target.as_str()])
        .args(build_args(context.request, &build.options));
    if member.bindings == Bindings::Embed {
        return Some(call.env("PYO3_PYTHON", python.as_str()));
    }
    let maturin = context.tools.maturin.get(&member.name)?;
    if !(cfg!(target_os = "linux") && member.plain && maturin.at_least(MATURIN_WITH_UV)) {
        return None;
    }
    let call = call.args(target_args(member)?);
    if !member.bindings.is_pyo3() {
        return Some(call);
    }
    let probe: &Probe = context.tools.probe.as_ref()?;
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

fn maturin_invocation(context: &PlanContext<'_>, build: &Build, maturin: &Tool) -> Invocation {
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
        .then(|| lock_args(context.request))
        .into_iter()
        .flatten();
    let mut call = context
        .cargo_call(&maturin.path, build, &target)
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
        .args(other_groups(context, build))
        .env("VIRTUAL_ENV", context.facts.environment.path.as_str())
        .path(&tool_dirs(context), &context.facts.path)
        // not only `--target-dir`: the bindgen that maturin runs for uniffi goes there as well
        .env("CARGO_TARGET_DIR", target.as_str());
    if context.request.network.offline {
        call = call.env("UV_OFFLINE", "1");
    }
    call
}

/// maturin installs the group `dev` whenever there is one, unless it is told other groups.
fn other_groups(context: &PlanContext<'_>, build: &Build) -> Vec<String> {
    let own = |sync: &&Sync| match &sync.source {
        Source::Lock(_) => true,
        Source::Metadata(path) => Some(path) == build.member.pyproject.as_ref(),
        Source::Requirements { .. } | Source::File(_) => false,
    };
    let sync = context.facts.dependencies.syncs.iter().find(own);
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
pub(super) fn tool_dirs<'a>(context: &'a PlanContext<'_>) -> Vec<&'a Utf8Path> {
    let programs = [&context.tools.uv.path, &context.tools.cargo].into_iter();
    programs.filter_map(|program| program.parent()).collect()
}
