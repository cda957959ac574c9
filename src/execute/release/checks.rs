//! Runs the checks of distributions and judges their results.

use std::collections::BTreeMap;

use crate::facts::artifact::{ArchiveMember, SDIST_ENDING, Sdist, Wheel, is_harmless};
use crate::facts::release::{CheckOutcome, Checked, Checks, Linter, column};
use crate::model::error::{Error, ProjectError, ReleaseError, Result};
use crate::model::finding::{Finding, Severity};
use crate::model::invocation::Invocation;
use crate::plan::{Check, How, RecordChecks, Verdict};
use crate::world::disk;
use crate::world::process;
use camino::Utf8Path;

use super::super::context::Context;
use super::check_result::CheckResult;
use super::linters::understand;
use super::stubs::{self, Stubs};

/// Runs one check and notes its result; a file that fails it does not fail the plan.
pub(crate) fn check(context: &Context<'_>, check: &Check) -> Result<()> {
    let file = check.file.file_name().unwrap_or_default();
    let result = match &check.how {
        How::Inspect(expected) => {
            let findings = if file.ends_with(SDIST_ENDING) {
                Sdist::open(&check.file)?.findings(expected)
            } else {
                Wheel::open(&check.file)?.findings(expected)
            };
            if !is_harmless(&findings) {
                let file = [check.file.clone()];
                context.note(|outcome| outcome.harmful.extend(file));
            }
            inspected(context, check, &findings)
        }
        How::Tool { .. } if context.with(|outcome| outcome.harmful.contains(&check.file)) => {
            CheckResult::of(CheckOutcome::NotApplicable)
        }
        How::Tool {
            before,
            invocation,
            linter,
        } => linted(context, check, *linter, before, invocation)?,
    };
    note(context, check, result);
    Ok(())
}

/// A linter's result, called after `before`: what must succeed, and the outcome if it does not.
fn linted(
    context: &Context<'_>,
    check: &Check,
    linter: Linter,
    before: &[(Invocation, CheckOutcome)],
    invocation: &Invocation,
) -> Result<CheckResult> {
    let file = check.file.file_name().unwrap_or_default();
    let mut invocation = invocation.clone();
    let wheel = match linter {
        Linter::Stubtest | Linter::WheelContents | Linter::Pydistcheck
            if !file.ends_with(SDIST_ENDING) =>
        {
            Some(Wheel::open(&check.file)?)
        }
        _ => None,
    };
    if let (Linter::Stubtest, Some(wheel)) = (linter, &wheel) {
        let packages = with_stubs(wheel);
        if packages.is_empty() {
            return Ok(CheckResult::of(CheckOutcome::NotApplicable));
        }
        invocation = invocation.args(packages);
    }
    for (call, meaning) in before {
        let output = process::read(call)?;
        if !output.status.success() {
            let said = output.stderr.trim().lines().map(str::to_owned);
            return Ok(CheckResult {
                outcome: *meaning,
                messages: said.collect(),
            });
        }
    }
    let output = process::read(&invocation)?;
    let mut result = understand(linter, file, &output);
    if result.outcome == CheckOutcome::Pass {
        for warning in std::mem::take(&mut result.messages) {
            let text = format!("{}: {}: {warning}", check.label, check.check);
            context.ui.warn(&text);
        }
    }
    Ok(match (&wheel, linter) {
        (Some(wheel), Linter::Stubtest) if result.outcome == CheckOutcome::Finding => {
            stubs_judged(context, file, stubs::judge(wheel, &output))
        }
        (Some(wheel), _) if result.outcome == CheckOutcome::Finding => {
            applicable(ships_programs(wheel), result)
        }
        _ => result,
    })
}

fn note(context: &Context<'_>, check: &Check, result: CheckResult) {
    let checked = Checked {
        check: check.check.to_owned(),
        file: check.label.clone(),
        outcome: result.outcome,
        messages: result.messages,
    };
    if !checked.outcome.is_good() {
        let linter = match &check.how {
            How::Tool { linter, .. } => Some(linter),
            How::Inspect(_) => None,
        };
        for message in &checked.messages {
            let accepts = linter.and_then(|linter| linter.acceptance(message));
            let accepts = accepts.map(|it| format!(" (accepted by {it})"));
            let accepts = accepts.unwrap_or_default();
            let text = format!("{}: {}: {message}{accepts}", checked.file, checked.check);
            context.ui.will_fail(&text);
        }
    }
    context.note(|known| known.checks.push(checked));
}

/// pyx's own rules: warnings are shown and do not fail.
fn inspected(context: &Context<'_>, check: &Check, findings: &[Finding]) -> CheckResult {
    let file = &check.label;
    let wording = |finding: &Finding| {
        let place = finding.place.as_ref();
        let is_whole = place.is_some_and(|place| place.path == check.file);
        let text = if is_whole {
            finding.message.clone()
        } else {
            finding.wording("".into())
        };
        format!("{text} [{}]", finding.rule)
    };
    let (errors, warnings): (Vec<_>, Vec<_>) = findings
        .iter()
        .partition(|finding| finding.severity == Severity::Error);
    for warning in warnings {
        context.ui.warn(&format!("{file}: {}", wording(warning)));
    }
    CheckResult::found(errors.into_iter().map(wording).collect())
}

fn ships_programs(wheel: &Wheel) -> bool {
    wheel
        .members
        .iter()
        .any(|member| member.name.contains(".data/scripts/"))
}

/// A linter's messages without those that do not apply to this wheel.
fn applicable(ships_programs: bool, result: CheckResult) -> CheckResult {
    let mut rest = result.messages.clone();
    rest.retain(|message| {
        let wants_library = ships_programs && message.starts_with("W007");
        !wants_library && !is_about_bundled_libraries(message)
    });
    if rest.len() == result.messages.len() {
        return result;
    }
    CheckResult::found(rest)
}

/// Shared libraries that maturin and auditwheel put into a wheel are in a folder of their own next to the
/// package, `NAME.libs`, which is not a package, and they are as their authors built them.
fn is_about_bundled_libraries(message: &str) -> bool {
    let is_bundle = |word: &str| Utf8Path::new(word).extension() == Some("libs");
    let (_, entries) = message.rsplit_once(": ").unwrap_or_default();
    let mut entries = entries.split_whitespace();
    match message.split(':').next() {
        // several entries at the top level
        Some("W009") => entries.filter(|entry| !is_bundle(entry)).count() < 2,
        // a folder without a module
        Some("W010") => entries.all(is_bundle),
        _ => {
            message.starts_with("[compiled-objects-have-debug-symbols]")
                && message.contains(".libs/")
        }
    }
}

fn stubs_judged(context: &Context<'_>, file: &str, found: Stubs) -> CheckResult {
    for line in found.noted {
        context
            .ui
            .detail("Noted", &format!("{file}: stubtest: {line}"));
    }
    CheckResult {
        outcome: found.outcome,
        messages: found.wrong,
    }
}

/// Top-level packages that hold stubs.
fn with_stubs(wheel: &Wheel) -> Vec<String> {
    let is_stub = |member: &&ArchiveMember| Utf8Path::new(&member.name).extension() == Some("pyi");
    let stubs = wheel.members.iter().filter(is_stub);
    let mut tops: Vec<String> = stubs
        .filter_map(|member| member.name.split(['/', '.']).next().map(str::to_owned))
        .collect();
    tops.sort();
    tops.dedup();
    tops.retain(|top| !top.ends_with("-stubs"));
    tops
}

/// Keeps the results for the next run, unless a check itself failed.
pub(crate) fn record(context: &Context<'_>, record: &RecordChecks) -> Result<()> {
    let results: Vec<Checked> = context.with(|outcome| {
        let own = outcome.checks.iter().filter(|one| one.file == record.file);
        own.cloned().collect()
    });
    if results.iter().any(|one| !one.outcome.is_good()) {
        return Ok(());
    }
    let checks = Checks {
        rules: record.rules.clone(),
        results,
    };
    let text = serde_json::to_vec_pretty(&checks).unwrap_or_default();
    disk::write(&record.path, &text)
}

/// `release check`: the table of all checks.
///
/// # Errors
/// [`ReleaseError::ChecksFailed`] if one did not pass.
pub(crate) fn verdict(context: &Context<'_>, verdict: &Verdict) -> Result<()> {
    let mut failed: Vec<String> = Vec::new();
    failed.extend(judged(
        context,
        &verdict.known,
        &verdict.files,
        &verdict.ran,
    ));
    if verdict.errors > 0 {
        failed.push(Error::Project(ProjectError::ProblemsFound(verdict.errors)).to_string());
    }
    match &failed[..] {
        [] => Ok(()),
        failed => Err(ReleaseError::ChecksFailed(failed.join("; ")).into()),
    }
}

/// Shows the table of all checks, one line for each file, and returns which did not pass.
///
/// `known`: those that an earlier run made. `ran`: where files ran, by label; a column of its own if known
/// for any.
pub(super) fn judged(
    context: &Context<'_>,
    known: &[Checked],
    files: &[String],
    ran: &BTreeMap<String, String>,
) -> Option<String> {
    let mut all = known.to_vec();
    all.extend(context.with(|outcome| outcome.checks.clone()));
    let mut files = files.to_vec();
    for one in &all {
        if !files.contains(&one.file) {
            files.push(one.file.clone()); // checked, and not to be released: an sdist's wheel
        }
    }
    let mut columns: Vec<&str> = all.iter().map(|one| &*one.check).collect();
    columns.sort_by_key(|check| column(check));
    columns.dedup();
    let cell = |file: &String, check: &str| {
        let own = all
            .iter()
            .find(|one| one.file == *file && one.check == check);
        own.map_or("n/a", |one| word(one.outcome)).to_owned()
    };
    let rows: Vec<Vec<String>> = files
        .iter()
        .map(|file| {
            let cells = columns.iter().map(|check| cell(file, check));
            let place = ran.get(file).cloned().unwrap_or_default();
            let place = (!ran.is_empty()).then_some(place);
            std::iter::once(file.clone())
                .chain(cells)
                .chain(place)
                .collect()
        })
        .collect();
    let last = (!ran.is_empty()).then_some("tested on");
    let head = std::iter::once("file").chain(columns.clone()).chain(last);
    let head: Vec<&str> = head.collect();
    context.ui.table(&head, &rows);
    columns.retain(|check| {
        all.iter()
            .any(|one| one.check == *check && !one.outcome.is_good())
    });
    (!columns.is_empty()).then(|| columns.join(", "))
}

fn word(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Pass => "pass",
        CheckOutcome::Finding => "finding",
        CheckOutcome::Crashed => "crashed",
        CheckOutcome::NotApplicable => "n/a",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> CheckResult {
        CheckResult::found(vec![text.to_owned()])
    }

    #[test]
    fn a_wheel_of_programs_needs_no_library() {
        let empty = found("W007: Wheel library is empty");
        assert_eq!(
            applicable(true, empty.clone()),
            CheckResult::of(CheckOutcome::Pass)
        );
        assert_eq!(applicable(false, empty.clone()), empty);
        let other = found("W002: Wheel contains duplicate files");
        assert_eq!(applicable(true, other.clone()), other);
    }

    #[test]
    fn libraries_that_were_put_into_a_wheel_have_a_folder_of_their_own() {
        let debug = |file: &str| {
            format!("[compiled-objects-have-debug-symbols] Found symbols. Run 'nm -a \"{file}\"'.")
        };
        let several = "W009: Wheel contains multiple toplevel library entries: ";
        let empty = "W010: Toplevel library directory contains no Python modules: ";
        for (text, is_right) in [
            (format!("{several}meter/ meter.libs/"), true),
            (format!("{several}meter/ meter.libs/ other/"), false),
            (format!("{empty}meter.libs/"), true),
            (format!("{empty}other/"), false),
            (debug("meter.libs/libmeter-1.so"), true),
            (debug("meter/_meter.so"), false),
        ] {
            let result = applicable(false, found(&text));
            assert_eq!(
                result == CheckResult::of(CheckOutcome::Pass),
                is_right,
                "{text}"
            );
        }
    }
}
