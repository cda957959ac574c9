//! cargo test and cargo-nextest.

use std::collections::BTreeMap;

use crate::facts::dependencies::hint_for_missing_in_rust;
use crate::model::error::Result;
use crate::model::invocation::Invocation;
use crate::model::runner_options::{self, WordRole};
use crate::model::shard::Shard;
use crate::model::test_result::{Sharing, TestKind, TestResult};
use crate::plan::Test;
use crate::ui::Activity;
use crate::world::process::{self, Status, Stream};

use super::super::child::with_linked;
use super::super::context::Context;
use super::libtest;
use super::runner_output::RunnerOutput;
use super::rust_results::{Dialect, Results};

pub(super) fn run(
    context: &Context<'_>,
    test: &Test,
    activity: &Activity<'_>,
    mut output: RunnerOutput<'_, '_>,
    dialect: Dialect,
) -> Result<TestResult> {
    let mut results = Results::new(dialect);
    let color = if activity.colors() { "always" } else { "never" };
    let invocation =
        with_linked(&test.invocation, test.imports.as_ref()).env("CARGO_TERM_COLOR", color);
    let Performed {
        status,
        mut sharing,
    } = perform(test, invocation, &mut results, &mut output)?;
    let failure = results.failure(status).or_else(|| results.lost(sharing));
    let failure = failure.or_else(|| results.silent(&test.arguments));
    if failure.is_some() {
        results
            .errors
            .annotate(context.session, context.ui, &test.invocation.dir);
    }
    let (failure, hint) = match (failure, &results.missing) {
        (Some(failure), Some(module)) => (
            Some(format!("{failure}; Python found no module `{module}`")),
            hint_for_missing_in_rust(&test.package, module)?,
        ),
        (Some(failure), None) => (Some(failure), results.lacked()),
        (None, _) => (None, None),
    };
    output.end(failure.is_some());
    if dialect == Dialect::Nextest && test.share.is_some() {
        sharing = Some(results.of_partition());
    }
    let no_tests = match sharing {
        Some(Sharing { found: 0, .. }) => Some(Results::none_found(&test.arguments)),
        Some(_) => None, // the rest is run elsewhere
        None => results.no_tests(&test.arguments),
    };
    Ok(TestResult {
        kind: TestKind::Rust,
        member: test.member.clone(),
        no_tests: no_tests.filter(|_| failure.is_none()),
        counts: results.counts,
        failure,
        hint,
        cases: match dialect {
            Dialect::Libtest { .. } => results.libtest.into_cases(),
            Dialect::Nextest => results.nextest.into_cases(),
        },
        sharing,
        ..TestResult::default()
    })
}

/// The result of all calls.
struct Performed {
    /// The status of the last call that failed.
    status: Status,
    sharing: Option<Sharing>,
}

/// Runs the tests; of a shard those that are in it, by name.
fn perform(
    test: &Test,
    invocation: Invocation,
    results: &mut Results,
    output: &mut RunnerOutput<'_, '_>,
) -> Result<Performed> {
    let is_asked = runner_options::LIBTEST.only_asks(&test.arguments);
    let mut performed = Performed {
        status: Status::Code(0),
        sharing: None,
    };
    let calls = match &test.share {
        Some(share) if results.dialect != Dialect::Nextest && !is_asked => {
            let listed = list(&invocation, results, output)?;
            if !listed.status.success() {
                performed.status = listed.status;
                return Ok(performed);
            }
            performed.sharing = Some(listed.sharing(share.shard));
            own_calls(&invocation, share.shard, &listed.names)
        }
        _ => vec![invocation],
    };
    if calls.is_empty() {
        results.counts.insert("passed".to_owned(), 0);
    }
    for call in &calls {
        let ended = process::stream(call, |stream, line| {
            if !results.hear(stream, line) {
                output.show(stream, line);
            }
        })?;
        if !ended.success() {
            performed.status = ended;
            if test.fail_fast {
                break;
            }
        }
    }
    Ok(performed)
}

/// The tests that exist.
struct Listed {
    status: Status,
    /// With how many programs have one with that name.
    names: BTreeMap<String, u64>,
}

impl Listed {
    fn sharing(&self, shard: Shard) -> Sharing {
        let own = self.names.iter().filter(|(name, _)| shard.holds(name));
        Sharing {
            found: self.names.values().sum(),
            taken: Some(own.map(|(_, programs)| programs).sum()),
        }
    }
}

/// Asks the programs of a call for their tests, as far as its arguments select them.
fn list(
    call: &Invocation,
    results: &mut Results,
    output: &mut RunnerOutput<'_, '_>,
) -> Result<Listed> {
    let mut call = call.clone();
    if !call.args.iter().any(|word| word == "--") {
        call = call.arg("--");
    }
    let mut said = Vec::new();
    let status =
        process::stream(
            &call.args(["--list", "--format=terse"]),
            |stream, line| match stream {
                Stream::Stdout => said.push(String::from_utf8_lossy(line).into_owned()),
                Stream::Stderr => {
                    results.hear(stream, line);
                    output.show(stream, line);
                }
            },
        )?;
    if !status.success() {
        for line in &said {
            output.show(Stream::Stdout, line.as_bytes());
        }
    }
    let names = libtest::listed(said.iter().map(String::as_str));
    Ok(Listed { status, names })
}

/// The calls that run the tests of a shard by name; empty if it has none.
fn own_calls(call: &Invocation, shard: Shard, names: &BTreeMap<String, u64>) -> Vec<Invocation> {
    // well below what a system takes for the words of one call, Windows' 32 thousand characters
    const LONGEST: usize = 24_000;
    let at = call.args.iter().position(|word| word == "--");
    let (before, after) = call.args.split_at(at.unwrap_or(call.args.len()));
    let after = after.get(1..).unwrap_or_default();
    // what they name has been selected by now
    let roles = runner_options::LIBTEST.roles(after);
    let options = after.iter().zip(roles);
    let options = options.filter(|(word, role)| *role != WordRole::Test && *word != "--exact");
    let options: Vec<&String> = options.map(|(word, _)| word).collect();
    let mut calls = Vec::new();
    let mut room = 0;
    for name in names.keys().filter(|name| shard.holds(name)) {
        if room < name.len() {
            let mut next = call.clone();
            next.args = before.to_vec();
            let next = next.arg("--").args(options.iter().copied().cloned());
            calls.push(next.arg("--exact"));
            room = LONGEST;
        }
        room = room.saturating_sub(name.len() + 1);
        if let Some(last) = calls.last_mut() {
            last.args.push(name.clone());
        }
    }
    calls
}
