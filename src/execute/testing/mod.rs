//! Running tests and counting them: one file for each kind of runner.

mod import;
mod libtest;
mod nextest;
mod python;
mod runner_output;
mod rust;
mod rust_results;
mod stestr;

use crate::model::error::Result;
use crate::model::test_result::TestResult;
use crate::plan::{Runner, Test};
use crate::ui::Activity;

use super::context::Context;
use runner_output::RunnerOutput;
use rust_results::Dialect;

pub(super) fn run(
    context: &Context<'_>,
    test: &Test,
    activity: &Activity<'_>,
) -> Result<TestResult> {
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
