//! Running the checks of distributions, and understanding what each linter means.

use camino::Utf8Path;
use serde_json::Value;

use crate::artifact::{Member, Sdist, Wheel};
use crate::disk;
use crate::error::{Error, Result};
use crate::facts::release::{Checked, Checks, Outcome};
use crate::finding::{Finding, Severity};
use crate::plan::{Check, How, Reader, RecordChecks};
use crate::process::{self, Output};

use super::super::Context;
use super::stubs::{self, Stubs};

/// Runs one check and notes its result; a file that fails it is no failure of the plan.
pub(crate) fn check(context: &Context<'_>, check: &Check) -> Result<()> {
    let file = check.file.file_name().unwrap_or_default();
    let (outcome, messages) = match &check.how {
        How::Inspect(expected) => {
            let findings = if file.ends_with(".tar.gz") {
                Sdist::open(&check.file)?.findings(expected)
            } else {
                Wheel::open(&check.file)?.findings(expected)
            };
            inspected(context, file, &findings)
        }
        How::Tool {
            before,
            invocation,
            reader,
        } => {
            let mut invocation = invocation.clone();
            let wheel = match reader {
                Reader::Stubtest => Some(Wheel::open(&check.file)?),
                _ => None,
            };
            if let Some(wheel) = &wheel {
                let packages = with_stubs(wheel);
                if packages.is_empty() {
                    note(context, check, Outcome::NotApplicable, Vec::new());
                    return Ok(());
                }
                invocation = invocation.args(packages);
            }
            for call in before {
                let output = process::read(call)?;
                if !output.status.success() {
                    let said = output.stderr.trim().lines().map(str::to_owned).collect();
                    note(context, check, Outcome::Finding, said);
                    return Ok(());
                }
            }
            let output = process::read(&invocation)?;
            match &wheel {
                Some(wheel) => stubs_judged(context, file, stubs::judge(wheel, &output)),
                None => understand(*reader, file, &output),
            }
        }
    };
    note(context, check, outcome, messages);
    Ok(())
}

fn note(context: &Context<'_>, check: &Check, outcome: Outcome, messages: Vec<String>) {
    let checked = Checked {
        check: check.check.to_owned(),
        file: check.file.file_name().unwrap_or_default().to_owned(),
        outcome,
        messages,
    };
    for message in checked.messages.iter().filter(|_| !checked.is_good()) {
        context
            .ui
            .bad(&format!("{}: {}: {message}", checked.file, checked.check));
    }
    context.note(|known| known.checks.push(checked));
}

/// Our own rules: warnings are said and let pass.
fn inspected(context: &Context<'_>, file: &str, findings: &[Finding]) -> (Outcome, Vec<String>) {
    let wording = |finding: &Finding| {
        let text = finding.wording("".into());
        format!("{text} [{}]", finding.rule)
    };
    let (errors, warnings): (Vec<_>, Vec<_>) = findings
        .iter()
        .partition(|finding| finding.severity == Severity::Error);
    for warning in warnings {
        context.ui.warn(&format!("{file}: {}", wording(warning)));
    }
    let outcome = if errors.is_empty() {
        Outcome::Pass
    } else {
        Outcome::Finding
    };
    (outcome, errors.into_iter().map(wording).collect())
}

fn stubs_judged(context: &Context<'_>, file: &str, found: Stubs) -> (Outcome, Vec<String>) {
    for line in found.noted {
        context
            .ui
            .detail("Noted", &format!("{file}: stubtest: {line}"));
    }
    (found.outcome, found.wrong)
}

/// Top-level packages that hold stubs.
fn with_stubs(wheel: &Wheel) -> Vec<String> {
    let is_stub = |member: &&Member| Utf8Path::new(&member.name).extension() == Some("pyi");
    let stubs = wheel.members.iter().filter(is_stub);
    let mut tops: Vec<String> = stubs
        .filter_map(|member| member.name.split(['/', '.']).next().map(str::to_owned))
        .collect();
    tops.sort();
    tops.dedup();
    tops.retain(|top| !top.ends_with("-stubs"));
    tops
}

/// Exit codes say too little: a linter that dies of its own bug ends with the same code as one that
/// has found something.
fn understand(reader: Reader, file: &str, output: &Output) -> (Outcome, Vec<String>) {
    let text = format!("{}\n{}", output.stdout, output.stderr);
    if text.contains("Traceback (most recent call last)") {
        let last = text.trim().lines().last().unwrap_or_default().to_owned();
        return (Outcome::Crashed, vec![last]);
    }
    let messages = match reader {
        Reader::Twine => twine(&text),
        Reader::Pydistcheck => numbered(&text),
        Reader::WheelContents => lines_with(&text, &format!("{file}: "))
            .into_iter()
            .filter(|line| line != "OK")
            .collect(),
        Reader::Unpack => lines_with(&text, "wheel.") // wheel.cli.WheelError: …
            .into_iter()
            .chain(
                text.lines()
                    .filter(|_| !output.status.success())
                    .map(str::to_owned),
            )
            .filter(|line| !line.trim().is_empty())
            .collect(),
        Reader::Abi3audit => return abi3audit(output),
        Reader::Auditwheel => return auditwheel(file, output),
        Reader::Stubtest => Vec::new(), // judged with the wheel at hand
    };
    match (output.status.success(), messages.is_empty()) {
        (true, _) => (Outcome::Pass, Vec::new()),
        (false, false) => (Outcome::Finding, messages),
        (false, true) => (Outcome::Crashed, vec![output.status.to_string()]),
    }
}

/// What stands behind a prefix, wherever the line has it.
fn lines_with(text: &str, prefix: &str) -> Vec<String> {
    let found = text.lines().filter_map(|line| line.split_once(prefix));
    found.map(|(_, rest)| rest.trim().to_owned()).collect()
}

/// `WARNING  …` and `ERROR  …`, coloured or not.
fn twine(text: &str) -> Vec<String> {
    let plain = anstream::adapter::strip_str(text).to_string();
    let lines = plain.lines().filter(|line| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("WARNING" | "ERROR"))
    });
    let lines = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let failed = plain.lines().filter(|line| line.contains(": FAILED"));
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return failed.map(str::to_owned).collect();
    }
    lines
}

/// `1. [rule] what`
fn numbered(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| {
        let number = line.split_once(". [").map(|(number, _)| number);
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    });
    lines.map(str::to_owned).collect()
}

/// Its report: per shared object, symbols beyond the stable ABI.
fn abi3audit(output: &Output) -> (Outcome, Vec<String>) {
    let Ok(report) = serde_json::from_str::<Value>(&output.stdout) else {
        let last = output.stderr.trim().lines().last().unwrap_or_default();
        return (Outcome::Crashed, vec![last.to_owned()]);
    };
    let mut messages = Vec::new();
    let specs = report["specs"].as_object().into_iter().flatten();
    for (_, spec) in specs {
        let objects = spec["wheel"].as_array().or(spec["sdist"].as_array());
        for object in objects.into_iter().flatten() {
            let name = object["name"].as_str().unwrap_or("?");
            let result = &object["result"];
            let bad = result["non_abi3_symbols"].as_array();
            let bad = bad.map(Vec::as_slice).unwrap_or_default();
            let bad: Vec<&str> = bad.iter().filter_map(Value::as_str).collect();
            if !bad.is_empty() {
                let symbols = bad.join(", ");
                messages.push(format!(
                    "{name} uses {symbols}, which the stable ABI has not"
                ));
            }
            if result["is_abi3_baseline_compatible"] == false {
                let computed = result["computed"].as_str().unwrap_or("?");
                let baseline = result["baseline"].as_str().unwrap_or("?");
                messages.push(format!(
                    "{name} needs Python {computed}, its tag says {baseline}"
                ));
            }
        }
    }
    match (messages.is_empty(), output.status.success()) {
        (false, _) => (Outcome::Finding, messages),
        (true, true) => (Outcome::Pass, messages),
        (true, false) => {
            let last = output.stderr.trim().lines().last().unwrap_or_default();
            (Outcome::Crashed, vec![last.to_owned()])
        }
    }
}

/// The most general tag that the binary allows must be one of the file's name, or more general.
fn auditwheel(file: &str, output: &Output) -> (Outcome, Vec<String>) {
    let Ok(report) = serde_json::from_str::<Value>(output.stdout.trim()) else {
        let last = output.stderr.trim().lines().last().unwrap_or_default();
        return (Outcome::Crashed, vec![last.to_owned()]);
    };
    if let Some(error) = report["error"].as_str() {
        return (Outcome::Crashed, vec![error.to_owned()]);
    }
    let found = report["overall_tag"].as_str().unwrap_or("linux");
    let own = file.trim_end_matches(".whl").rsplit('-').next();
    let own = own.unwrap_or_default().split('.').filter_map(glibc);
    match (own.min(), glibc(found)) {
        (Some(own), Some(needed)) if needed <= own => (Outcome::Pass, Vec::new()),
        (Some(_), _) => {
            let message = format!("it is consistent with {found} only");
            (Outcome::Finding, vec![message])
        }
        (None, _) => (Outcome::NotApplicable, Vec::new()),
    }
}

/// The glibc of `manylinux_2_17_x86_64` or `manylinux2014_x86_64` (PEP 600).
fn glibc(tag: &str) -> Option<(u64, u64)> {
    for (old, version) in [("1_", (2, 5)), ("2010_", (2, 12)), ("2014_", (2, 17))] {
        if tag.starts_with(&format!("manylinux{old}")) {
            return Some(version);
        }
    }
    let numbers = tag.strip_prefix("manylinux_")?;
    let mut parts = numbers.split('_');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Keeps the results for the next run when all are good: what is wrong is told every time.
pub(crate) fn record(context: &Context<'_>, record: &RecordChecks) -> Result<()> {
    let results: Vec<Checked> = context.with(|outcome| {
        let own = outcome.checks.iter().filter(|one| one.file == record.file);
        own.cloned().collect()
    });
    if results.iter().any(|one| !one.is_good()) {
        return Ok(());
    }
    let checks = Checks {
        rules: record.rules.clone(),
        results,
    };
    let text = serde_json::to_vec_pretty(&checks).unwrap_or_default();
    disk::write(&record.path, &text)
}

/// The table of all checks, one line a file.
///
/// # Errors
/// [`Error::NotReleased`] where one has not passed.
pub(crate) fn verdict(context: &Context<'_>, known: &[Checked]) -> Result<()> {
    let mut all = known.to_vec();
    all.extend(context.with(|outcome| outcome.checks.clone()));
    let mut columns: Vec<&str> = Vec::new();
    let mut files: Vec<&str> = Vec::new();
    for one in &all {
        if !columns.contains(&one.check.as_str()) {
            columns.push(&one.check);
        }
        if !files.contains(&one.file.as_str()) {
            files.push(&one.file);
        }
    }
    let cell = |file: &str, check: &str| {
        let mut own = all.iter();
        let own = own.find(|one| one.file == file && one.check == check);
        own.map_or("n/a", |one| word(one.outcome)).to_owned()
    };
    let rows: Vec<Vec<String>> = files
        .iter()
        .map(|file| {
            let cells = columns.iter().map(|check| cell(file, check));
            std::iter::once((*file).to_owned()).chain(cells).collect()
        })
        .collect();
    let head: Vec<&str> = std::iter::once("file").chain(columns.clone()).collect();
    context.ui.table(&head, &rows);
    let bad: Vec<&Checked> = all.iter().filter(|one| !one.is_good()).collect();
    if bad.is_empty() {
        return Ok(());
    }
    let mut names: Vec<&str> = bad.iter().map(|one| one.check.as_str()).collect();
    names.dedup();
    Err(Error::NotReleased(format!(
        "checks failed: {}",
        names.join(", ")
    )))
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Finding => "finding",
        Outcome::Crashed => "crashed",
        Outcome::NotApplicable => "n/a",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Status;

    fn output(code: i32, stdout: &str, stderr: &str) -> Output {
        Output {
            status: Status::Code(code),
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        }
    }

    #[test]
    fn a_linter_that_dies_is_told_from_one_that_finds() {
        let traceback = "Traceback (most recent call last):\n  File\nELFError: Magic number";
        let (outcome, said) = understand(Reader::Twine, "x.whl", &output(1, "", traceback));
        assert_eq!(
            (outcome, said),
            (Outcome::Crashed, vec!["ELFError: Magic number".to_owned()])
        );
        let warned =
            "Checking x.whl: FAILED due to warnings\nWARNING  `long_description` missing.\n";
        let (outcome, said) = understand(Reader::Twine, "x.whl", &output(1, warned, ""));
        assert_eq!(outcome, Outcome::Finding);
        assert_eq!(said, ["WARNING `long_description` missing."]);
        let silent = output(2, "", "");
        assert_eq!(
            understand(Reader::Twine, "x.whl", &silent).0,
            Outcome::Crashed
        );
    }

    #[test]
    fn auditwheels_tag_is_compared_with_the_files_name() {
        let says = |tag: &str| output(0, &format!("{{\"overall_tag\": \"{tag}\"}}"), "");
        let file = "x-1.0-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl";
        let read = |tag| understand(Reader::Auditwheel, file, &says(tag)).0;
        assert_eq!(read("manylinux_2_17_x86_64"), Outcome::Pass);
        assert_eq!(read("manylinux_2_5_x86_64"), Outcome::Pass);
        assert_eq!(read("manylinux_2_34_x86_64"), Outcome::Finding);
        assert_eq!(read("linux_x86_64"), Outcome::Finding);
    }

    #[test]
    fn each_linters_own_words_are_kept() {
        let contents = "a/x.whl: W002: Wheel contains duplicate files\nx.whl: OK\n";
        let (_, said) = understand(Reader::WheelContents, "x.whl", &output(1, contents, ""));
        assert_eq!(said, ["W002: Wheel contains duplicate files"]);
        let distcheck = "1. [path-too-long] Path too long\nerrors found while checking: 1\n";
        let (_, said) = understand(Reader::Pydistcheck, "x.whl", &output(1, distcheck, ""));
        assert_eq!(said, ["1. [path-too-long] Path too long"]);
    }
}
