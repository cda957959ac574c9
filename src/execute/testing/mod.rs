//! Runs tests and counts them: one file for each kind of runner.

mod import;
mod libtest;
mod nextest;
mod python;
mod runner_output;
mod rust;
mod rust_results;
mod stestr;

use std::time::Instant;

use crate::model::error::Result;
use crate::model::test_result::{TestKind, TestResult};
use crate::plan::{Runner, Test, Untestable};
use crate::ui::Activity;

use super::context::Context;
use runner_output::RunnerOutput;
use rust_results::Dialect;

/// Runs the tests and counts their results.
pub(super) fn count(context: &Context<'_>, test: &Test, activity: &Activity<'_>) -> Result<()> {
    let start = Instant::now();
    let mut test_result = run(context, test, activity)?;
    test_result.seconds = start.elapsed().as_secs_f64();
    test_result.on.clone_from(&test.on);
    test_result.suite.clone_from(&test.suite);
    test_result.python.clone_from(&test.python);
    if let Some((copy, original)) = &test.moved {
        test_result.move_places(copy, original);
    }
    context.count(test_result, test.fail_fast);
    Ok(())
}

/// Counts Rust tests that cannot be run as failed.
pub(super) fn count_untestable(context: &Context<'_>, untestable: &Untestable) {
    let test_result = TestResult {
        kind: TestKind::Rust,
        member: untestable.member.clone(),
        failure: Some(untestable.why.clone()),
        hint: untestable.hint.clone(),
        ..TestResult::default()
    };
    context.count(test_result, untestable.fail_fast);
}

fn run(context: &Context<'_>, test: &Test, activity: &Activity<'_>) -> Result<TestResult> {
    let output = RunnerOutput::new(context, activity);
    match &test.runner {
        Runner::Cargo { own_words } => {
            let dialect = Dialect::Libtest { alone: !own_words };
            rust::run(context, test, activity, output, dialect)
        }
        Runner::Nextest => rust::run(context, test, activity, output, Dialect::Nextest),
        Runner::Pytest(reporter) => python::run(context, test, output, reporter, &python::PYTEST),
        Runner::Unittest(reporter) => {
            python::run(context, test, output, reporter, &python::UNITTEST)
        }
        Runner::Stestr => stestr::run(context, test, output),
        Runner::Import => import::run(context, test),
    }
}
