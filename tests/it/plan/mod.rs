//! Decisions: plans from constructed facts, as `--dry-run` prints them.

mod gathered;
mod tested;

use camino::Utf8Path;
use cargo_pyx::facts::build::{CargoArguments, Flags};
use cargo_pyx::facts::dependencies::{Scope, Source, UnlockedWorkspace, WorkspacePackage};
use cargo_pyx::facts::environment::{Environment, State};
use cargo_pyx::facts::fingerprint::Input;
use cargo_pyx::facts::project::Bindings;
use cargo_pyx::facts::{Build, CommandPart, Facts, Network, Request, ReusableBuild, RunState};
use cargo_pyx::model::error::Result;
use cargo_pyx::model::reason::Reason;
use cargo_pyx::model::requirement::Requirement;
use cargo_pyx::model::stable_abi::AbiFloor;
use cargo_pyx::model::step::StepId;
use cargo_pyx::plan::{self, Action, Plan};
use cargo_pyx::world::tool::{Origin, Provision, Tool, ToolName};

use self::gathered::{facts, fresh_clone, member, metadata, pyproject, tool};

/// The decision, which holds together: each step waits only for what stands before it.
fn planned(request: &Request, facts: &Facts) -> Result<Plan> {
    let plan = plan::plan(request, facts, &RunState::default())?;
    assert_eq!(plan.unmet_needs(), []);
    Ok(plan)
}

fn dry_run(request: &Request, facts: &Facts) -> String {
    planned(request, facts).unwrap().to_string()
}

fn needs(facts: &Facts, step: &StepId) -> Vec<StepId> {
    let plan = planned(&Request::default(), facts).unwrap();
    let step = plan.steps.iter().find(|found| found.id == *step);
    step.unwrap().needs.clone()
}

fn hello() -> String {
    "hello".to_owned()
}

#[test]
fn a_fresh_clone_gets_everything() {
    let mut facts = fresh_clone(vec![member("hello")]);
    metadata(&mut facts, &["dev"]);
    insta::assert_snapshot!(dry_run(&Request::default(), &facts));
}

#[test]
fn a_python_is_chosen_when_it_is_known_which_pyo3_it_is_for() {
    let mut facts = fresh_clone(vec![member("hello")]);
    facts.builds[0].locked.exists = false;
    let plan = planned(&Request::default(), &facts).unwrap();
    let id = StepId::Lock(facts.builds[0].member.workspace.clone());
    let last = plan.steps.last().unwrap();
    assert!(plan.again && plan.rest_can_be_told() && last.id == id);
    let command = "cargo generate-lockfile --manifest-path /p/hello/Cargo.toml";
    assert!(last.command().contains(command), "{}", last.command());
    let noted = "CARGO_CACHE_RUSTC_INFO=0 "; // else cargo leaves a file in `target`
    assert!(last.command().contains(noted), "{}", last.command());

    let ids = |request: &Request, facts: &Facts, done: &[StepId]| {
        let run_state = RunState {
            done: done.iter().cloned().collect(),
            ..RunState::default()
        };
        let plan = plan::plan(request, facts, &run_state).unwrap();
        plan.ids().collect::<Vec<_>>()
    };
    // cargo has nothing to choose, or may not
    assert!(!ids(&Request::default(), &facts, std::slice::from_ref(&id)).contains(&id));
    let mut locked = Request::default();
    locked.network.locked = true;
    assert!(!ids(&locked, &facts, &[]).contains(&id));
    facts.builds[0].member.bindings = Bindings::Cffi;
    assert!(!ids(&Request::default(), &facts, &[]).contains(&id));
}

#[test]
fn compiling_does_not_wait_for_dependencies() {
    let mut facts = fresh_clone(vec![member("hello")]);
    metadata(&mut facts, &[]);
    let before = [StepId::Environment, StepId::Begin(hello())];
    assert_eq!(needs(&facts, &StepId::Compile(hello())), before);
    let before = [StepId::Environment, StepId::LeftOut];
    assert_eq!(needs(&facts, &StepId::Sync(1)), before);
    let install = needs(&facts, &StepId::Install(hello()));
    assert!(install.contains(&StepId::Sync(1)) && install.contains(&StepId::Compile(hello())));
}

#[test]
fn what_conda_has_is_neither_replaced_nor_left_out_of_anybodys_sight() {
    let mut facts = facts(vec![member("hello")], &Flags::default());
    metadata(&mut facts, &[]);
    let target = &mut facts.target;
    target.environment.is_condas = true;
    target.kept_packages = vec!["six==1.16.0".into()];
    target.dependencies.stale = Some(Reason::Forced);
    target.dependencies.reinstalled = vec!["Six".into(), "other".into()];
    facts.caller.constraints = vec!["/mine.txt".into()];
    facts.builds[0].member.plain = false; // maturin does all of it
    let text = dry_run(&Request::default(), &facts);
    let kept = "/p/target/pyx/kept-packages.txt";
    assert!(
        text.contains(&format!(" --constraint {kept} --constraint /mine.txt ")),
        "{text}"
    );
    assert!(text.contains(" --reinstall-package other"), "{text}");
    assert!(!text.contains("--reinstall-package Six"), "{text}");
    assert!(
        text.contains(&format!("UV_CONSTRAINT='{kept} /mine.txt'")),
        "{text}"
    );
    assert!(text.contains("CONDA_PREFIX=/p/.venv"), "{text}");
    let install = needs(&facts, &StepId::Install(hello()));
    assert!(install.contains(&StepId::KeptPackages), "{install:?}");

    // blanks stand between the files: one with a blank in its path is named from the member's folder
    facts.project.state = "/p/a b/pyx".into();
    facts.project.members[0].dir = "/p/a b".into();
    facts.builds[0].member.dir = "/p/a b".into();
    let text = dry_run(&Request::default(), &facts);
    assert!(
        text.contains("UV_CONSTRAINT='pyx/kept-packages.txt /mine.txt'"),
        "{text}"
    );
    facts.target.dependencies.dependencies.syncs[0].source = Source::Lock("/p/uv.lock".into());
    let text = dry_run(&Request::default(), &facts);
    assert!(text.contains(" --no-install-package six"), "{text}");
}

#[test]
fn what_is_fresh_needs_no_step() {
    let mut facts = facts(vec![member("hello")], &Flags::default());
    facts.tools = None;
    facts.builds[0].staleness = None;
    let plan = planned(&Request::default(), &facts).unwrap();
    assert!(plan.is_empty());
    assert_eq!(plan.fresh, ["hello"]);
}

#[test]
fn an_edit_compiles_and_replaces_the_module() {
    let mut facts = facts(vec![member("hello")], &Flags::default());
    let due = facts.builds[0].staleness.as_mut().unwrap();
    let module = Utf8Path::new("/p/.venv/lib/python3.11/site-packages/hello/hello.so");
    due.replace = vec![Input::program(module)];
    insta::assert_snapshot!(dry_run(&Request::default(), &facts));
}

#[test]
fn flags_are_added_to_what_maturin_is_told() {
    let mut member = member("hello");
    member.features = vec!["simd".into()];
    let flags = Flags {
        profile: Some("release".into()),
        features: vec!["fast".into()],
        no_default_features: true,
        ..Flags::default()
    };
    insta::assert_snapshot!(dry_run(&Request::default(), &facts(vec![member], &flags)));
}

#[test]
fn what_is_said_for_cargo_goes_to_cargo_and_maturin() {
    let flags = Flags {
        cargo: CargoArguments {
            jobs: Some("1".into()),
            timings: true,
            config: vec!["build.incremental=false".into()],
            unstable: vec!["checksum-freshness".into()],
            ..CargoArguments::default()
        },
        ..Flags::default()
    };
    let text = dry_run(&Request::default(), &facts(vec![member("hello")], &flags));
    let words = "--jobs 1 --timings --config 'build.incremental=false' -Z checksum-freshness";
    for program in ["cargo rustc", "maturin develop"] {
        let mut lines = text.lines();
        let call = lines.find(|line| line.contains(program)).unwrap();
        assert!(call.contains(words), "{call}");
    }
}

#[test]
fn a_profile_for_wheels_is_overruled_in_words() {
    let mut member = member("hello");
    let for_wheels = "[tool.maturin]\nprofile = 'release'\n";
    member.pyproject = Some(pyproject("hello", for_wheels));
    let text = dry_run(&Request::default(), &facts(vec![member], &Flags::default()));
    assert!(text.contains("--profile dev"), "{text}");
}

#[test]
fn maturin_is_kept_from_groups_which_are_there_or_not_wanted() {
    let call = |groups: &str, release: &str| {
        let mut member = member("hello");
        let text = format!("[dependency-groups]\n{groups}");
        member.pyproject = Some(pyproject("hello", &text));
        let mut facts = facts(vec![member], &Flags::default());
        let maturin = facts.tools.as_mut().unwrap().maturin.get_mut("hello");
        *maturin.unwrap() = tool("/bin/maturin", release);
        let text = dry_run(&Request::default(), &facts);
        let mut lines = text.lines();
        let written = lines.any(|line| line.ends_with(">/p/target/pyx/no-group/pyproject.toml"));
        let call = text.lines().find(|line| line.contains("maturin develop"));
        let told = call
            .unwrap()
            .contains(" --group ../target/pyx/no-group/pyproject.toml:none");
        assert_eq!(written, told, "{text}");
        told
    };
    assert!(call("dev = ['hello[x]']\n", "1.16.0"));
    assert!(!call("qa = []\n", "1.16.0"));
    assert!(!call("dev = []\n", "1.11.5"));
}

#[test]
fn offline_is_passed_on_to_every_tool() {
    let mut facts = facts(vec![member("hello")], &Flags::default());
    metadata(&mut facts, &[]);
    facts.target.dependencies.stale = Some(Reason::Forced);
    let request = Request {
        network: Network {
            offline: true,
            ..Network::default()
        },
        ..Request::default()
    };
    let text = dry_run(&request, &facts);
    let is_call = |line: &&str| !line.starts_with('#') && !line.starts_with("mkdir ");
    let commands: Vec<&str> = text.lines().filter(is_call).collect();
    assert_eq!(commands.len(), 3, "{text}");
    for command in commands {
        assert!(command.contains("--offline"), "{command}");
    }
}

#[test]
fn cargo_is_left_to_maturin_where_its_call_cannot_be_known() {
    let ahead = |change: fn(&mut Build)| {
        let mut facts = facts(vec![member("hello")], &Flags::default());
        change(&mut facts.builds[0]);
        let plan = planned(&Request::default(), &facts).unwrap();
        plan.steps
            .iter()
            .any(|step| step.id == StepId::Compile(hello()))
    };
    assert!(ahead(|_| {}));
    assert!(!ahead(|build| build.member.plain = false));
    assert!(!ahead(|build| build.locked.pyo3 = None));
    assert!(!ahead(|build| build.locked.always_rebuilds = true));
    assert!(!ahead(
        |build| build.locked.stable_abis.abi3 = Some(AbiFloor::Interpreter)
    ));
    assert!(ahead(|build| {
        build.locked.stable_abis.abi3 = Some(AbiFloor::Interpreter);
        build.pyo3_config = Some("/p/target/pyx/ext/maturin/config.txt".into());
    }));
}

#[test]
fn an_old_maturin_gets_pip_and_no_flag_that_it_does_not_know() {
    let mut facts = facts(vec![member("hello")], &Flags::default());
    let tools = facts.tools.as_mut().unwrap();
    tools
        .maturin
        .insert("hello".into(), tool("/bin/maturin", "0.12.20"));
    insta::assert_snapshot!(dry_run(&Request::default(), &facts));
}

/// The first installation of two members, from elsewhere.
fn sync_from(source: Source, scope: Scope) -> Plan {
    let mut facts = fresh_clone(vec![member("alpha"), member("beta")]);
    metadata(&mut facts, &["test"]);
    let sync = &mut facts.target.dependencies.dependencies.syncs[0];
    sync.source = source;
    sync.scope = scope;
    planned(&Request::default(), &facts).unwrap()
}

fn command_of(plan: &Plan, id: &StepId) -> String {
    let step = plan.steps.iter().find(|step| step.id == *id);
    step.unwrap().command()
}

#[test]
fn uv_sync_never_touches_what_maturin_builds() {
    let lock = || Source::Lock("/p/uv.lock".into());
    let of = |scope| command_of(&sync_from(lock(), scope), &StepId::Sync(1));
    insta::assert_snapshot!(of(Scope::All));
    let chosen = of(Scope::Named(vec!["alpha".into(), "shop".into()]));
    assert!(
        chosen.contains(" --package alpha --package shop "),
        "{chosen}"
    );
    assert!(chosen.contains(" --no-install-package beta"), "{chosen}");
}

#[test]
fn a_workspace_without_a_lock_is_resolved_at_once_without_what_maturin_builds() {
    let package = |name: &str, groups: &[&str], extras: &[&str]| WorkspacePackage {
        manifest: format!("/p/{name}pyproject.toml").into(),
        groups: groups.iter().map(ToString::to_string).collect(),
        extras: extras.iter().map(ToString::to_string).collect(),
        is_project: !name.is_empty(),
    };
    let workspace = UnlockedWorkspace {
        root: "/p/pyproject.toml".into(),
        installed: vec![package("shop/", &[], &["web"])],
        others: vec![
            package("", &["dev"], &[]),
            package("alpha/", &["dev"], &["fast"]),
        ],
    };
    let plan = sync_from(Source::Workspace(workspace), Scope::All);
    let commands = [StepId::LeftOut, StepId::Sync(1)].map(|id| command_of(&plan, &id));
    insta::assert_snapshot!(commands.join("\n"));
}

#[test]
fn what_uv_resolves_by_itself_is_installed_without_what_maturin_builds() {
    let manifest = || "/p/hello/pyproject.toml".into();
    for source in [
        Source::Metadata(manifest()),
        Source::File("/p/requirements-dev.txt".into()),
        Source::Requirements {
            manifest: Some(manifest()),
            requirements: vec![Requirement::File("/p/requirements-dev.txt".into())],
        },
    ] {
        let plan = sync_from(source, Scope::default());
        let [written, call] = [StepId::LeftOut, StepId::Sync(1)].map(|id| command_of(&plan, &id));
        assert!(
            written.contains("\"alpha ; sys_platform == 'never'\""),
            "{written}"
        );
        let option = " --override /p/target/pyx/left-to-maturin.txt";
        assert!(call.contains(option), "{call}");
    }
    let plan = sync_from(Source::Lock("/p/uv.lock".into()), Scope::default());
    assert!(plan.steps.iter().all(|step| step.id != StepId::LeftOut));
    // a variable of a person's own would give way to the option
    let mut facts = fresh_clone(vec![member("hello")]);
    metadata(&mut facts, &[]);
    facts.caller.overrides = vec!["/mine.txt".into()];
    let text = dry_run(&Request::default(), &facts);
    assert!(
        text.contains("/left-to-maturin.txt --override /mine.txt"),
        "{text}"
    );
    // a crate that only embeds Python may be called as what it imports
    let mut crates = member("numpy");
    crates.bindings = Bindings::Embed;
    let mut facts = fresh_clone(vec![crates]);
    metadata(&mut facts, &[]);
    let text = dry_run(&Request::default(), &facts);
    assert!(!text.contains("--override"), "{text}");
}

#[test]
fn members_are_built_one_after_another() {
    let facts = facts(vec![member("alpha"), member("beta")], &Flags::default());
    assert!(
        needs(&facts, &StepId::Compile("beta".into())).contains(&StepId::Prove("alpha".into()))
    );
}

#[test]
fn packages_that_came_or_went_have_the_module_proved_again() {
    let mut facts = facts(vec![member("hello")], &Flags::default());
    facts.builds[0].staleness = None;
    facts.target.dependencies.stale = Some(Reason::Appeared {
        path: "/p/.venv".into(),
    });
    let plan = planned(&Request::default(), &facts).unwrap();
    let ids: Vec<StepId> = plan.ids().collect();
    assert_eq!(ids, [StepId::Prove(hello()), StepId::RecordEnvironment]);
}

#[test]
fn an_embedding_crate_is_built_with_the_environments_python() {
    let mut member = member("embed");
    member.bindings = Bindings::Embed;
    member.pyproject = None;
    insta::assert_snapshot!(dry_run(
        &Request::default(),
        &facts(vec![member], &Flags::default())
    ));
}

#[test]
fn a_broken_environment_of_somebody_else_is_an_error() {
    let mut facts = fresh_clone(vec![member("hello")]);
    facts.target.environment.state = State::Bad {
        why: "its Python is gone".into(),
        replaceable: false,
    };
    let error = planned(&Request::default(), &facts).unwrap_err();
    assert_eq!(error.exit().code(), 2);
    facts.target.environment.state = State::Bad {
        why: "its Python is gone".into(),
        replaceable: true,
    };
    assert!(dry_run(&Request::default(), &facts).contains("uv venv --quiet --no-project"));
    assert!(dry_run(&Request::default(), &facts).contains("--clear"));
}

#[test]
fn what_another_interpreters_build_serves_is_copied_not_compiled() {
    let mut facts = facts(vec![member("hello")], &Flags::default());
    facts.builds[0].reusable = Some(ReusableBuild {
        environment: Environment {
            path: "/p/.venv".into(),
            ..Environment::default()
        },
        target: "/p/target/pyx".into(),
    });
    let text = dry_run(&Request::default(), &facts);
    insta::assert_snapshot!(text, @r"
    # Recording hello
    # note in /p/target/pyx/state.json that its build begins
    # Installing hello from .venv: `/p/hello/src/lib.rs` changed
    # install hello as it is in /p/.venv
    # Proving hello
    # prove that hello is imported from what was built, and record it
    # Recording the environment
    # record the packages of /p/.venv
    ");
}

#[test]
fn without_recipes_around_it_a_command_has_no_other_part_than_its_work() {
    let facts = facts(vec![member("hello")], &Flags::default());
    let steps = |part| {
        let request = Request {
            part,
            ..Request::default()
        };
        planned(&request, &facts).unwrap().steps.len()
    };
    assert_eq!(steps(CommandPart::Work), steps(CommandPart::Whole));
    assert_eq!(
        (steps(CommandPart::Before), steps(CommandPart::After)),
        (0, 0)
    );
}

#[test]
fn another_uv_is_fetched_by_the_one_that_is_there_or_fetched_first() {
    let pinned = |version: Option<&str>, label: &str| {
        let dir = Utf8Path::new("/cache").join(label);
        Tool {
            path: dir.join("uv"),
            version: version.map(|text| text.parse().unwrap()),
            missing: Some(Provision {
                kind: ToolName::Uv,
                origin: Origin::Ranged {
                    requirement: label.to_owned(),
                },
                dir,
            }),
        }
    };
    let mut facts = fresh_clone(vec![member("hello")]);
    let tools = facts.tools.as_mut().unwrap();
    tools.uv = pinned(None, "uv==0.9.*");
    tools.first_uv = Some(pinned(Some("0.13.9"), "uv 0.13.9"));
    let plan = planned(&Request::default(), &facts).unwrap();
    let ids: Vec<StepId> = plan.ids().collect();
    let [first, then] = ["uv 0.13.9", "uv==0.9.*"].map(|label| StepId::Provide(label.to_owned()));
    assert_eq!(ids, [first, then]);
    assert!(plan.again, "its version is not known yet");
    let Action::Provide { uv, .. } = &plan.steps[1].action else {
        panic!("{plan:?}")
    };
    assert_eq!(uv, "/cache/uv 0.13.9/uv");
}
