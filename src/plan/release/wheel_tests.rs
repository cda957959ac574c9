//! Every wheel on every interpreter that it claims and that is here: installed in a clean
//! environment, each module imported, then the project's Python tests.

use crate::facts::Testing;
use crate::facts::release::{Staged, Tried, label};
use crate::facts::suites::Languages;
use crate::model::error::Result;
use crate::model::step::StepId;
use crate::plan::action::{Action, Runner, Test};
use crate::plan::context::PlanContext;
use crate::plan::python_tests::{self, Assigned};
use crate::plan::step::{Plan, Step};
use crate::plan::wheel_test::{away, copy, install_action};
use crate::plan::{environment, sync};

use super::stage::Stage;

/// Imports the modules of the distribution that its argument names, and prints JSON.
const IMPORT: &str = include_str!("import.py");

pub(super) fn all(plan: &mut Plan, stage: &Stage<'_>) -> Result<()> {
    let context = &stage.context;
    for suite in &stage.tests.suites.python {
        plan.then(copy(context, suite, &away(context, suite)));
    }
    let before: Vec<StepId> = plan.ids().collect();
    for tried in &stage.release.pythons {
        let on = label(&tried.interpreter);
        let inside = on_one(stage, tried, &on)?;
        // tests may have the terminal: they wait for those before them
        let is_test = |step: &&Step| matches!(step.action, Action::Test(_));
        let tests = plan.steps.iter().filter(is_test);
        let tests: Vec<StepId> = tests.map(|step| step.id.clone()).collect();
        plan.append(&on, inside, |step| {
            let mut after = before.clone();
            if is_test(&step) {
                after.extend(tests.clone());
            }
            after
        });
    }
    Ok(())
}

/// The trial on one interpreter, in a clean environment; nothing where no wheel serves it.
fn on_one(stage: &Stage<'_>, tried: &Tried, on: &str) -> Result<Plan> {
    let mut plan = Plan::default();
    let wheels = wheels(stage, tried);
    if wheels.is_empty() {
        return Ok(plan);
    }
    let path = stage.release.dir.join("envs").join(on);
    let target = stage.context.target;
    let clean = target.clean(path, tried.interpreter.clone(), Some(tried.probe.clone()));
    let context = stage.context.at(&clean);
    environment::make(&mut plan, &context)?;
    sync::sync(&mut plan, &context);
    plan.then(install(&context, &wheels));
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
            test.on = Some(on.to_owned());
        }
        step.subject = format!("{} on {on}", step.subject);
    }
    Ok(plan)
}

/// By package: the wheel that serves the interpreter.
fn wheels<'a>(stage: &'a Stage<'_>, tried: &Tried) -> Vec<(&'a str, &'a Staged)> {
    let found = stage.release.packages.iter().filter_map(|package| {
        let mut own = package
            .wheels
            .iter()
            .filter(|wheel| wheel.platform.runs_here);
        let own = own.find(|wheel| wheel.abi.serves.contains(&tried.interpreter))?;
        Some((package.name.as_str(), own.staged.as_ref()?))
    });
    found.collect()
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
