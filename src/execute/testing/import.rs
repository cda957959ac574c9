//! Counting the modules that could be imported.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::Result;
use crate::plan::Test;
use crate::process;

use super::{Context, IMPORTS, Tally};

/// What `import.py` prints.
#[derive(Debug, Default, Deserialize)]
struct Report {
    good: Vec<String>,
    optional: Vec<String>,
    /// Module and error.
    bad: BTreeMap<String, String>,
}

pub(super) fn run(context: &Context<'_>, test: &Test) -> Result<Tally> {
    let output = process::read(&test.invocation)?;
    let mut lines = output.stdout.lines().rev();
    let report = lines.find_map(|line| serde_json::from_str::<Report>(line).ok());
    let mut tally = Tally {
        language: IMPORTS,
        member: test.member.clone(),
        ..Tally::default()
    };
    let Some(report) = report else {
        let last = output.stderr.trim().lines().last().unwrap_or_default();
        tally.failure = Some(format!("importing ended with {}: {last}", output.status));
        return Ok(tally);
    };
    for (module, error) in &report.bad {
        context.ui.bad(&format!("cannot import {module}: {error}"));
    }
    for module in &report.optional {
        context.ui.detail("Skipped", module);
    }
    let counts = [
        ("passed", report.good.len()),
        ("skipped", report.optional.len()),
        ("failed", report.bad.len()),
    ];
    let counts = counts.map(|(kind, count)| (kind.to_owned(), count as u64));
    tally.counts = counts.into();
    let nothing = report.good.is_empty() && report.bad.is_empty();
    tally.failure = match report.bad.keys().next() {
        Some(module) => Some(format!("{module} cannot be imported")),
        None if nothing && !report.optional.is_empty() => {
            Some("no module could be imported".to_owned())
        }
        None => None,
    };
    Ok(tally)
}
