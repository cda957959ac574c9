//! Every wheel on every available interpreter that it claims: installed in a clean environment, each module
//! imported, then the project's Python tests.

use crate::facts::Testing;
use crate::facts::release::{ForeignPython, Staged, Tried, label};
use crate::facts::suites::Languages;
use crate::model::step::StepId;
use crate::plan::action::Action;
use crate::plan::context::PlanContext;
use crate::plan::python_tests::{self, Assigned};
use crate::plan::release_action::{Launch, ReleaseAction};
use crate::plan::step::{Plan, Step};
use crate::plan::test_action::{Runner, Test};
use crate::plan::wheel_test::{away, copy, install_action};
use crate::plan::{environment, sync};
use crate::world::interpreter::{Interpreter, Probe};

use super::stage::{Stage, step};

/// Imports the modules of the distribution that its argument names, and prints JSON.
const IMPORT: &str = include_str!("import.py");

pub(super) fn all(plan: &mut Plan, stage: &Stage<'_>) {
    let context = &stage.context;
    for suite in &stage.tests.suites.python {
        plan.then(copy(context, suite, &away(context, suite)));
    }
    let before: Vec<StepId> = plan.ids().collect();
    let own = stage.release.pythons.iter().map(Place::of);
    let foreign = stage.release.foreign_pythons();
    let foreign = foreign.map(|python| Place::of_foreign(stage, python));
    for place in own.chain(foreign) {
        let on = &place.label;
        let inside = on_one(stage, &place);
        // tests may have the terminal: they wait for those before them
        let is_test = |step: &&Step| matches!(step.action, Action::Test(_));
        let tests = plan.steps.iter().filter(is_test);
        let tests: Vec<StepId> = tests.map(|step| step.id.clone()).collect();
        plan.append(on, inside, |step| {
            let mut after = before.clone();
            if is_test(&step) {
                after.extend(tests.clone());
            }
            after
        });
    }
}

/// An interpreter that wheels are tested on.
struct Place<'a> {
    /// As in the facts' [`Trial`](crate::facts::release::Trial).
    label: String,
    /// The folder name of its environment.
    folder: String,
    /// What the environment is created from: for another machine, the script that starts the interpreter, if
    /// the system cannot.
    interpreter: Interpreter,
    probe: &'a Probe,
    /// The Python for another machine, if something other than the system starts its programs.
    emulated: Option<&'a ForeignPython>,
}

impl<'a> Place<'a> {
    fn of(tried: &'a Tried) -> Self {
        let label = label(&tried.interpreter);
        Self {
            folder: label.clone(),
            label,
            interpreter: tried.interpreter.clone(),
            probe: &tried.probe,
            emulated: None,
        }
    }

    fn of_foreign(stage: &Stage<'_>, python: &'a ForeignPython) -> Self {
        let mut place = Self {
            label: python.label(),
            folder: python.folder(),
            ..Self::of(&python.tried)
        };
        if !python.emulator.words.is_empty() {
            let folder = stage.release.dir.join("emulated").join(&place.folder);
            place.interpreter.path = folder.join("python3");
            place.emulated = Some(python);
        }
        place
    }
}

/// The trial on one interpreter, in a clean environment; nothing where no wheel serves it.
fn on_one(stage: &Stage<'_>, place: &Place<'_>) -> Plan {
    let mut plan = Plan::default();
    let (wheels, on) = (wheels(stage, &place.label), &place.label);
    if wheels.is_empty() {
        return plan;
    }
    let path = stage.release.dir.join("envs").join(&place.folder);
    let interpreter = place.interpreter.clone();
    let clean = stage.context.target;
    let clean = clean.clean(path, interpreter, Some(place.probe.clone()));
    let context = stage.context.at(&clean);
    environment::create(&mut plan, &context, &place.interpreter);
    if let Some(foreign) = place.emulated {
        launch_python(&mut plan, &context, place, foreign);
    }
    let (made, last) = (plan.steps.len(), place.emulated.and(plan.ids().last()));
    sync::sync(&mut plan, &context);
    for step in &mut plan.steps[made..] {
        step.needs.extend(last.clone()); // uv starts the environment's Python
    }
    plan.then(install(&context, &wheels));
    if let Some(foreign) = place.emulated {
        plan.then(launch_programs(&context, place, foreign, "programs"));
    }
    for (name, _) in &wheels {
        plan.then(import(&context, name));
    }
    let testing = Testing {
        languages: Languages::Python,
        ..Testing::default()
    };
    for (name, _) in &wheels {
        if !stage
            .release
            .packages
            .iter()
            .any(|package| package.name == *name && package.tested)
        {
            continue;
        }
        for suite in &stage.tests.suites.python {
            if suite.member == *name {
                let moved = suite.installed(away(&stage.context, suite));
                let assigned = Assigned::new();
                if let Some(step) = python_tests::suite(&context, &moved, &testing, &assigned) {
                    plan.then(step);
                }
            }
        }
    }
    for step in &mut plan.steps {
        if let Action::Test(test) = &mut step.action {
            test.on = Some(on.clone());
        }
        step.subject = format!("{} on {on}", step.subject);
    }
    plan
}

/// By package: the wheel to test on an interpreter, by its label.
fn wheels<'a>(stage: &'a Stage<'_>, on: &String) -> Vec<(&'a str, &'a Staged)> {
    let found = stage.release.packages.iter().filter_map(|package| {
        let mut wheels = package.wheels.iter();
        let own = wheels.find(|wheel| wheel.trial.on().contains(on))?;
        Some((package.name.as_str(), own.staged.as_ref()?))
    });
    found.collect()
}

/// Around the steps that create the environment.
fn launch_python(
    plan: &mut Plan,
    context: &PlanContext<'_>,
    place: &Place<'_>,
    foreign: &ForeignPython,
) {
    let first = launch_interpreter(place, foreign);
    for step in &mut plan.steps {
        step.needs.push(first.id.clone());
    }
    plan.steps.insert(0, first);
    plan.then(launch_programs(context, place, foreign, "python"));
}

fn launch_interpreter(place: &Place<'_>, foreign: &ForeignPython) -> Step {
    let script = place.interpreter.path.clone();
    let action = ReleaseAction::Launch(Launch::Interpreter {
        python: foreign.tried.interpreter.path.clone(),
        script: script.clone(),
        emulator: foreign.emulator.words.clone(),
    });
    let subject = format!("how {} is started", foreign.tried.interpreter);
    step(StepId::Launch(script), "Writing", subject, action)
}

/// Scripts in place of programs, including the environment's Python: uv, pytest and tests start what they
/// find there.
fn launch_programs(
    context: &PlanContext<'_>,
    place: &Place<'_>,
    foreign: &ForeignPython,
    which: &str,
) -> Step {
    let environment = &context.target.environment;
    let bin = environment.bin();
    let action = ReleaseAction::Launch(Launch::Environment {
        packages: environment.site_packages_for(place.probe),
        arch: foreign.machine.arch,
        emulator: foreign.emulator.words.clone(),
        bin: bin.clone(),
    });
    let id = StepId::Launch(bin.join(which));
    step(id, "Writing", format!("how its {which} is started"), action)
}

fn install(context: &PlanContext<'_>, wheels: &[(&str, &Staged)]) -> Step {
    let files: Vec<&str> = wheels
        .iter()
        .map(|(_, staged)| staged.path.as_str())
        .collect();
    let action = install_action(context, &files);
    let what = if wheels.len() == 1 { "wheel" } else { "wheels" };
    let id = StepId::InstallWheels;
    Step::new(id, "Installing", format!("the {what}"), action)
}

fn import(context: &PlanContext<'_>, name: &str) -> Step {
    let environment = &context.target.environment;
    let call = context
        .call(&environment.python(), &environment.path)
        .args(["-I", "-c", IMPORT, name]);
    let action = Action::Test(Box::new(Test {
        invocation: call,
        imports: None,
        runner: Runner::Import,
        member: name.to_owned(),
        package: context.project.root.clone(),
        on: None,
        unoptimised: false,
        fail_fast: false,
        arguments: Vec::new(),
        suite: String::new(),
        python: None,
        share: None,
        by_name: false,
        moved: None,
    }));
    let id = StepId::Import(name.to_owned());
    Step::new(id, "Importing", format!("every module of {name}"), action)
}
