//! The stages of a release, one after another.

use crate::facts::release::Release;
use crate::facts::{Product, Releasing, TestFacts};
use crate::model::error::Result;
use crate::model::finding::Finding;
use crate::model::step::StepId;
use crate::plan::context::PlanContext;
use crate::plan::environment;
use crate::plan::release_action::{Promote, ReleaseAction};
use crate::plan::step::Plan;

use super::stage::{Stage, step};
use super::{checks, package, publish, wheel_tests};

/// `findings`: problems of the project itself.
///
/// # Errors
/// What is not available offline; nothing to check.
pub(in crate::plan) fn release(
    context: &PlanContext<'_>,
    release: &Release,
    releasing: &Releasing,
    tests: &TestFacts,
    findings: &[Finding],
) -> Result<Plan> {
    let stage = Stage {
        context: *context,
        release,
        releasing,
        tests,
        findings,
    };
    let mut plan = Plan {
        wheels: package::overview(release),
        ..Plan::default()
    };
    if let Some(publication) = &release.publication {
        publish::publish(&mut plan, &stage, publication)?;
        return Ok(plan);
    }
    match releasing.product {
        Product::Check | Product::Publication => check(&mut plan, &stage)?,
        Product::Wheels | Product::Sdist => build(&mut plan, &stage)?,
    }
    Ok(plan)
}

fn check(plan: &mut Plan, stage: &Stage<'_>) -> Result<()> {
    if stage.context.tools.uv.missing.is_some() {
        environment::provide(plan, &stage.context, None)?;
    }
    stage.provide(plan)?;
    checks::existing(plan, stage)
}

/// The sdists; once they exist the wheels; once those exist what is done with them.
fn build(plan: &mut Plan, stage: &Stage<'_>) -> Result<()> {
    if !environment::provide(plan, &stage.context, None)? {
        return Ok(());
    }
    stage.provide(plan)?;
    let packages = &stage.release.packages;
    if packages.iter().any(|package| package.sdist.is_none()) || plan.again {
        package::sdists(plan, stage);
        plan.again = true;
        return Ok(());
    }
    package::wheels(plan, stage);
    if !plan.is_empty() {
        plan.again = true;
        return Ok(());
    }
    package::compare(plan, stage);
    checks::staged(plan, stage);
    if stage.releasing.no_test {
        checks::verdict_on_staged(plan, stage);
        return Ok(());
    }
    wheel_tests::all(plan, stage);
    promote(plan, stage);
    Ok(())
}

fn promote(plan: &mut Plan, stage: &Stage<'_>) {
    let tools = stage.context.tools;
    let mut programs = vec![("uv".to_owned(), tools.uv.path.clone())];
    if let Some(rustc) = stage
        .context
        .builds
        .iter()
        .find_map(|build| build.toolchain.rustc.clone())
    {
        programs.push(("rustc".to_owned(), rustc));
    }
    for (name, tool) in &tools.maturin {
        programs.push((format!("maturin for {name}"), tool.path.clone()));
    }
    let mut packages = Vec::new();
    if package::uses_zig(stage.release)
        && let Some(version) = stage.release.toolbox.version("ziglang")
    {
        packages.push(("zig".to_owned(), version.to_owned()));
    }
    let promote = Promote {
        entries: package::entries(stage),
        dist: stage.release.dist.clone(),
        is_projects: stage.release.dist == stage.context.project.root.join("dist"),
        programs,
        packages,
        known: checks::known(stage.release),
    };
    let subject = stage.context.show(&stage.release.dist);
    let action = ReleaseAction::Promote(promote);
    plan.then(step(StepId::Promote, "Promoting", subject, action));
}
