//! Every wheel on every interpreter that it claims and that is here: installed in a clean
//! environment, each module imported, then the project's Python tests.

use crate::facts::release::{Staged, Tried, label};
use crate::facts::suites::PythonSuite;
use crate::facts::{Testing, Tools};
use crate::model::error::Result;
use crate::world::interpreter::Choice;

use super::super::linked::names;
use super::super::python::suite;
use super::super::steps::{self, PlanContext, step};
use super::super::sync;
use super::super::wheel::{away, copy, install_action, with_clean_environment};
use super::super::{Action, Plan, Runner, Test};
use super::Stage;

/// Imports the modules of the distribution that its argument names, and prints JSON.
const IMPORT: &str = include_str!("import.py");

pub(super) fn all(plan: &mut Plan, stage: &Stage<'_>) -> Result<()> {
    let facts = stage.context.facts;
    let suites: Vec<&PythonSuite> = facts.suites.python.iter().collect();
    for suite in &suites {
        let mut step = copy(plan, facts, suite, &away(facts, suite));
        step.needs = names(plan);
        plan.steps.push(step);
    }
    for tried in &stage.release.pythons {
        on(plan, stage, tried)?;
    }
    Ok(())
}

fn on(plan: &mut Plan, stage: &Stage<'_>, tried: &Tried) -> Result<()> {
    let wheels = wheels(stage, tried);
    if wheels.is_empty() {
        return Ok(());
    }
    let path = stage
        .release
        .dir
        .join("envs")
        .join(label(&tried.interpreter));
    let facts = with_clean_environment(stage.context.facts, path);
    let tools = Tools {
        interpreter: Some(Choice::Use(tried.interpreter.clone())),
        probe: Some(tried.probe.clone()),
        ..stage.context.tools.clone()
    };
    let context = PlanContext {
        facts: &facts,
        request: stage.context.request,
        tools: &tools,
    };
    let mut inside = Plan::default();
    steps::environment(&mut inside, &context)?;
    sync::sync(&mut inside, &context);
    install(&mut inside, &context, &wheels);
    for (name, _) in &wheels {
        import(&mut inside, &context, name);
    }
    let testing = Testing {
        languages: crate::facts::suites::Languages::Python,
        ..Testing::default()
    };
    for (name, _) in &wheels {
        let mut packages = stage.release.packages.iter();
        let tested = packages.any(|package| package.name == *name && package.tested);
        let own = facts
            .suites
            .python
            .iter()
            .filter(|suite| suite.member == *name);
        for own in own.filter(|_| tested) {
            let moved = own.installed(away(&facts, own));
            suite(&mut inside, &context, &moved, &testing);
        }
    }
    append(plan, inside, &label(&tried.interpreter));
    Ok(())
}

/// By package: the wheel that serves the interpreter.
fn wheels<'a>(stage: &'a Stage<'_>, tried: &Tried) -> Vec<(&'a str, &'a Staged)> {
    let packages = stage.release.packages.iter();
    let found = packages.filter_map(|package| {
        let mut own = package
            .wheels
            .iter()
            .filter(|wheel| wheel.platform.runs_here);
        let own = own.find(|wheel| wheel.abi.serves.contains(&tried.interpreter))?;
        Some((package.name.as_str(), own.staged.as_ref()?))
    });
    found.collect()
}

fn install(plan: &mut Plan, context: &PlanContext<'_>, wheels: &[(&str, &Staged)]) {
    let files = wheels.iter().map(|(_, staged)| staged.path.as_str());
    let action = install_action(context, &files.collect::<Vec<_>>());
    let what = if wheels.len() == 1 { "wheel" } else { "wheels" };
    let mut step = step("install", "Installing", format!("the {what}"), action);
    step.needs = names(plan);
    plan.steps.push(step);
}

fn import(plan: &mut Plan, context: &PlanContext<'_>, name: &str) {
    let environment = &context.facts.environment;
    let call = context
        .call(&environment.python(), &environment.path)
        .args(["-I", "-c", IMPORT, name]);
    let action = Action::Test(Box::new(Test {
        invocation: call,
        runner: Runner::Import,
        member: name.to_owned(),
        on: None,
        unoptimised: false,
        fail_fast: false,
        arguments: Vec::new(),
    }));
    let mut step = step(
        format!("import {name}"),
        "Importing",
        format!("every module of {name}"),
        action,
    );
    step.needs = names(plan);
    plan.steps.push(step);
}

/// Steps under names of their own, for one interpreter; tests wait for those before them, which may
/// have the terminal.
fn append(plan: &mut Plan, inside: Plan, on: &str) {
    let named = |name: &String| format!("{on}: {name}");
    let tests: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| matches!(step.action, Action::Test(_)))
        .map(|step| step.name.clone())
        .collect();
    let others = plan.steps.iter().filter(|step| !step.name.contains(": "));
    let others: Vec<String> = others.map(|step| step.name.clone()).collect();
    for mut step in inside.steps {
        step.name = named(&step.name);
        step.needs = step.needs.iter().map(named).chain(others.clone()).collect();
        if let Action::Test(test) = &mut step.action {
            test.on = Some(on.to_owned());
            step.needs.extend(tests.clone());
        }
        step.subject = format!("{} on {on}", step.subject);
        plan.steps.push(step);
    }
}
