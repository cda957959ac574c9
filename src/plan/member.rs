//! One member: compiled ahead if maturin's cargo call is known, then installed and proved.

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::build;
use crate::facts::fingerprint::BuildKey;
use crate::facts::project::{Bindings, Member};
use crate::facts::{Build, HollowPackage, ReusableBuild, Staleness};
use crate::model::exit::Exit;
use crate::model::invocation::Invocation;
use crate::model::path::relative;
use crate::model::step::StepId;
use crate::world::interpreter::Probe;
use crate::world::tool::Tool;

use super::action::{Action, Begin, CopyInstall, Install, Listen, Prove, Replace, Run};
use super::arguments::{build_args, maturin_feature_args, passed_args};
use super::context::PlanContext;
use super::environment;
use super::step::{Plan, Step};

/// The first maturin whose `develop` has `--uv`, and calls cargo as [`cargo_invocation`] does.
const MATURIN_WITH_UV: [u64; 2] = [1, 7];
/// The first maturin whose `develop` installs groups.
const MATURIN_WITH_GROUPS: [u64; 2] = [1, 12];
/// The first PyO3 for which maturin describes a stable-ABI interpreter in a file of its own.
const PYO3_WITH_CONFIG: (u64, u64) = (0, 29);

/// Compiles, installs and proves one member, as far as it is due.
pub(super) fn member(
    plan: &mut Plan,
    context: &PlanContext<'_>,
    build: &Build,
    staleness: &Staleness,
) {
    plan.then(begin(context, build));
    // before the new one: both may have the same files
    for name in &build.former {
        let why = format!("which is {} now", build.member.name);
        plan.then(uninstall(context, name, &why));
    }
    if let Some(hollow) = &build.hollow {
        plan.then(remove_hollow(context, hollow));
    }
    if let Some(reusable) = &build.reusable {
        plan.then(copy(context, build, reusable, staleness));
        return prove(plan, context, build, true);
    }
    // cargo compiles such a crate at every call: let maturin's be the only one
    let always_rebuilds = build.locked.always_rebuilds || build.earlier.is_of_the_future;
    let alone = always_rebuilds && staleness.replace.is_empty();
    let ahead = cargo_invocation(context, build).filter(|_| !alone);
    if let Some(from) = &build.seed {
        seed(plan, build, from);
    }
    if !staleness.unseen.is_empty() {
        let step = forget(context, build, staleness).after(not_syncing(plan));
        plan.push(step);
    }
    if let Some(call) = &ahead {
        let before = if build.member.build_requirements.is_empty() {
            not_syncing(plan)
        } else {
            plan.ids().collect()
        };
        plan.push(compile(build, staleness, call.clone()).after(before));
    }
    let maturin = context.tools.maturin.get(&build.member.name);
    if maturin.is_some() && ahead.is_some() && staleness.is_only_asked() {
        return prove(plan, context, build, false);
    }
    if maturin.is_some() && ahead.is_some() && !staleness.replace.is_empty() {
        plan.push(replace(build, staleness));
        return prove(plan, context, build, false);
    }
    if let Some(maturin) = maturin {
        environment::keep_packages(plan, context);
        if !maturin.at_least(MATURIN_WITH_UV) {
            pip(plan, context);
        }
        if installs_groups(build, maturin) {
            write_no_group(plan, context);
        }
        let compiled = ahead.is_some();
        plan.then(install(context, build, maturin, staleness, compiled));
    }
    prove(plan, context, build, maturin.is_some());
}

/// `from`: the folder of another target directory, absolute.
fn seed(plan: &mut Plan, build: &Build, from: &Utf8Path) {
    let to = build::target_dir(&build.member);
    let id = StepId::Seed(to.clone());
    if plan.has(&id) {
        return;
    }
    let action = Action::Seed {
        from: build.member.intermediate_dir(from),
        to: build.member.intermediate_dir(&to),
    };
    let step = Step::new(id, "Seeding", "the build", action);
    plan.push(step.optional()); // it only saves time
}

fn begin(context: &PlanContext<'_>, build: &Build) -> Step {
    let name = &build.member.name;
    let action = Action::Begin(Box::new(Begin {
        state: context.project.build_records(),
        build: BuildKey::new(&context.target.environment.path, name),
        changed: build.earlier.changed.clone(),
    }));
    Step::new(StepId::Begin(name.clone()), "Recording", name, action)
}

/// `why`: what follows the name.
pub(super) fn uninstall(context: &PlanContext<'_>, name: &str, why: &str) -> Step {
    let python = context.target.environment.python();
    let call = context
        .uv()
        .args(["pip", "uninstall", "--quiet"])
        .args(["--python", python.as_str()])
        .arg(name);
    let action = Action::Run(Run::quiet(call, Exit::Environment));
    let id = StepId::Uninstall(name.to_owned());
    Step::new(id, "Removing", format!("{name}, {why}"), action)
}

/// maturin would take it for the module's package, and Python for an empty package.
fn remove_hollow(context: &PlanContext<'_>, hollow: &HollowPackage) -> Step {
    let subject = format!("{}, whose package is gone", context.show(&hollow.dir));
    let action = Action::RemoveHollow {
        path: hollow.dir.clone(),
        modules: hollow.modules.clone(),
    };
    Step::new(
        StepId::Remove(hollow.dir.clone()),
        "Removing",
        subject,
        action,
    )
}

/// Whatever was ever built from the old state of the files: another profile would not notice the change
/// either.
fn forget(context: &PlanContext<'_>, build: &Build, staleness: &Staleness) -> Step {
    let action = Action::Forget {
        crates: staleness.unseen.clone(),
        dirs: build::build_folders(&build.member, &context.project.state),
    };
    let id = StepId::Forget(build.member.name.clone());
    Step::new(id, "Forgetting", staleness.unseen.join(", "), action)
}

fn compile(build: &Build, staleness: &Staleness, call: Invocation) -> Step {
    let name = &build.member.name;
    let packages = build.locked.packages;
    let action = Action::Run(Run {
        is_silent: staleness.is_doubt,
        ..Run::building(call, Listen::Cargo { packages })
    });
    let subject = format!("{name} [{}]", build.options.profile);
    let id = StepId::Compile(name.clone());
    Step::new(id, "Building", subject, action).because(staleness.reason.clone())
}

/// The same build as in another environment.
fn copy(
    context: &PlanContext<'_>,
    build: &Build,
    reusable: &ReusableBuild,
    staleness: &Staleness,
) -> Step {
    let name = &build.member.name;
    let action = Action::CopyInstall(Box::new(CopyInstall {
        member: build.member.clone(),
        from: reusable.environment.clone(),
        to: context.target.environment.clone(),
    }));
    let subject = format!("{name} from {}", context.show(&reusable.environment.path));
    let id = StepId::Install(name.clone());
    Step::new(id, "Installing", subject, action).because(staleness.reason.clone())
}

/// What compiling waits for: everything but the dependencies.
fn not_syncing(plan: &Plan) -> Vec<StepId> {
    let is_sync = |id: &StepId| matches!(id, StepId::Sync(_) | StepId::LeftOut);
    plan.ids().filter(|id| !is_sync(id)).collect()
}

fn replace(build: &Build, staleness: &Staleness) -> Step {
    let name = &build.member.name;
    let action = Action::Replace(Box::new(Replace {
        build: build.clone(),
        modules: staleness.replace.clone(),
    }));
    Step::new(StepId::Install(name.clone()), "Installing", name, action)
        .after([StepId::Compile(name.clone())])
}

/// An old maturin installs with the environment's pip.
fn pip(plan: &mut Plan, context: &PlanContext<'_>) {
    if plan.has(&StepId::Pip) {
        return;
    }
    let call = context
        .uv()
        .args(["pip", "install", "--quiet"])
        .args(context.offline())
        .args(environment::constraints(context))
        .args(["--python", context.target.environment.python().as_str()])
        .arg("pip");
    let action = Action::Run(Run::quiet(call, Exit::Environment));
    let subject = "pip, for a maturin without uv support";
    let step = Step::new(StepId::Pip, "Syncing", subject, action).after(environment::needs(plan));
    plan.push(step);
}

/// `compiled`: whether cargo has compiled it before, so that maturin only installs.
fn install(
    context: &PlanContext<'_>,
    build: &Build,
    maturin: &Tool,
    staleness: &Staleness,
    compiled: bool,
) -> Step {
    let name = &build.member.name;
    let call = maturin_invocation(context, build, maturin);
    let id = StepId::Install(name.clone());
    let action = |run| {
        Action::Install(Box::new(Install {
            run,
            member: build.member.clone(),
            environment: context.target.environment.clone(),
        }))
    };
    if compiled {
        let action = action(Run::quiet(call, Exit::Failed));
        return Step::new(id, "Installing", name, action);
    }
    let packages = build.locked.packages;
    let action = action(Run::building(call, Listen::Maturin { packages }));
    let subject = format!("{name} [{}]", build.options.profile);
    Step::new(id, "Building", subject, action).because(staleness.reason.clone())
}

/// `installed`: whether maturin installs it in this plan.
pub(super) fn prove(plan: &mut Plan, context: &PlanContext<'_>, build: &Build, installed: bool) {
    let name = &build.member.name;
    let probe = context.target.probe.as_ref();
    let mut build = build.clone();
    if let Some(reusable) = &build.reusable {
        build.member.target.clone_from(&reusable.target);
    }
    let action = Action::Prove(Box::new(Prove {
        environment: context.target.environment.clone(),
        suffixes: probe
            .map(|probe| probe.suffixes.clone())
            .unwrap_or_default(),
        state: context.project.build_records(),
        uv: context.tools.uv.path.clone(),
        home: context.project.home.clone(),
        lock: context.target.dependencies.dependencies.lock().cloned(),
        installed,
        cargo: context.tools.cargo.clone(),
        rebuilds: context.run_state.rebuilds,
        patchelf: context.tools.patchelf.as_ref().map(|it| it.path.clone()),
        new_lock: !build.locked.exists
            || context
                .run_state
                .done
                .contains(&StepId::Lock(build.member.workspace.clone())),
        build,
    }));
    plan.then(Step::new(
        StepId::Prove(name.clone()),
        "Proving",
        name,
        action,
    ));
}

/// The cargo call that maturin will make, so that maturin finds nothing left to compile; `None` if that call
/// cannot be derived, and maturin has to make it itself.
fn cargo_invocation(context: &PlanContext<'_>, build: &Build) -> Option<Invocation> {
    let member = &build.member;
    let python = context.target.environment.python();
    let target = build::target_dir(member);
    let call = context.cargo_call(&context.tools.cargo, build, &target);
    let call = if member.build_requirements.is_empty() {
        call
    } else {
        let bin = context.target.environment.bin();
        call.path(&[&bin], &context.caller.path)
    };
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
        .args(["--manifest-path", member.manifest().as_str()])
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
    let probe: &Probe = context.target.probe.as_ref()?;
    let pyo3 = build.locked.pyo3.as_ref()?;
    let call = for_extension(call, &python, probe);
    match (build.stable_abi(probe), (pyo3.major, pyo3.minor)) {
        (Some(_), version) if version >= PYO3_WITH_CONFIG => {
            let config = build.pyo3_config.as_ref()?;
            Some(call.env("PYO3_CONFIG_FILE", config.as_str()))
        }
        (Some(_), version) if version < (0, 17) => None,
        _ => Some(call),
    }
}

/// What maturin tells PyO3's build script: for which interpreter it compiles, and that nothing is linked.
pub(super) fn for_extension(call: Invocation, python: &Utf8Path, probe: &Probe) -> Invocation {
    call.env("PYO3_BUILD_EXTENSION_MODULE", "1")
        .env("PYO3_ENVIRONMENT_SIGNATURE", probe.signature())
        .env("PYO3_PYTHON", python.as_str())
        .env("PYTHON_SYS_EXECUTABLE", python.as_str())
}

/// The target, and `--crate-type cdylib` if the library has other types too, as in maturin.
fn target_args(member: &Member) -> Option<Vec<String>> {
    if member.bindings == Bindings::Bin {
        return match &member.bins[..] {
            [only] => Some(vec!["--bin".into(), only.clone()]),
            _ => None,
        };
    }
    let mut args = vec!["--lib".to_owned()];
    let types = member.cargo.crate_types();
    if types.is_empty() || types.iter().any(|kind| kind != "cdylib") {
        args.extend(["--crate-type".to_owned(), "cdylib".to_owned()]);
    }
    Some(args)
}

fn maturin_invocation(context: &PlanContext<'_>, build: &Build, maturin: &Tool) -> Invocation {
    let options = &build.options;
    let target = build::target_dir(&build.member);
    let has_uv = maturin.at_least(MATURIN_WITH_UV);
    let says_profile = options.profile != "dev" || build.member.profile().is_some();
    let profile = match (&*options.profile, says_profile) {
        ("release", _) => vec!["--release".to_owned()],
        (name, true) => vec!["--profile".into(), name.into()],
        (_, false) => Vec::new(),
    };
    let flags = has_uv
        .then(|| passed_args(context.request, options))
        .into_iter()
        .flatten();
    let environment = &context.target.environment;
    let bin = environment.bin();
    let mut dirs = context.tool_dirs();
    if !build.member.build_requirements.is_empty() {
        dirs.insert(0, &bin); // the Python that has them
    }
    let no_group = no_group(context, build, maturin);
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
        .args(maturin_feature_args(options))
        .args(flags)
        .args(
            no_group
                .into_iter()
                .flat_map(|it| ["--group".to_owned(), it]),
        )
        .env(environment.variable(), environment.path.as_str())
        .path(&dirs, &context.caller.path)
        // not only `--target-dir`: the bindgen that maturin runs for uniffi also uses it
        .env("CARGO_TARGET_DIR", target.as_str());
    if context.request.network.offline {
        call = call.env("UV_OFFLINE", "1");
    }
    environment::constrain(call, context)
}

/// maturin installs the group `dev` if the package has one, unless told another group: all wanted groups are
/// already installed, and those that are not wanted, or that name the package itself, would fail.
fn installs_groups(build: &Build, maturin: &Tool) -> bool {
    let own = build.member.pyproject.as_ref();
    maturin.at_least(MATURIN_WITH_GROUPS) && own.is_some_and(|own| own.groups.contains_key("dev"))
}

/// The file with a group that brings nothing.
fn no_group_file(context: &PlanContext<'_>) -> Utf8PathBuf {
    let folder = context.project.own_state().join("no-group");
    folder.join("pyproject.toml") // uv accepts no other name
}

/// That group in the form that maturin passes to uv, relative to the member's folder: maturin splits its
/// value at commas.
fn no_group(context: &PlanContext<'_>, build: &Build, maturin: &Tool) -> Option<String> {
    let file = relative(&build.member.dir, &no_group_file(context));
    installs_groups(build, maturin).then(|| format!("{file}:none"))
}

fn write_no_group(plan: &mut Plan, context: &PlanContext<'_>) {
    if plan.has(&StepId::NoGroup) {
        return;
    }
    let path = no_group_file(context);
    let subject = context.show(&path);
    let action = Action::Write {
        path,
        text: "[dependency-groups]\nnone = []\n".to_owned(),
        is_program: false,
    };
    plan.push(Step::new(StepId::NoGroup, "Writing", subject, action));
}
