//! What became of tests, told to everybody who asked: the next run, the other shards, CI.

use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;

use crate::execute::{ReportRow, annotate, job_summary, junit};
use crate::facts::project::Project;
use crate::facts::shard_report::{MergedRow, Origin, ShardReport, merge};
use crate::facts::{Durations, Testing};
use crate::model::error::{Error, Result};
use crate::model::test_result::TestResult;
use crate::ui::Ui;
use crate::world::disk;
use crate::world::session::Session;

use super::command::Driver;
use super::verdict::verdict;

/// The columns of [`ReportRow::cells`].
pub(super) const COLUMNS: [&str; 5] = ["Python", "Rust", "Python tests", "seconds", "result"];

/// What the reports of shards are to have in common.
const SAME_RUN: &str =
    "every shard runs `cargo pyx test --shard K/N` on the same commit, with the same options";

/// How many of the slowest tests are named.
const SLOWEST: usize = 10;

/// Runs the tests on one interpreter, and tells what became of them.
///
/// # Errors
/// As [`Driver::perform`] and [`verdict`]; what keeps a report from being written.
pub fn run(driver: &Driver<'_>) -> Result<()> {
    let start = Instant::now();
    let test_results = driver.perform()?;
    let judged = verdict(&test_results, &driver.session.cwd);
    // what all tests of other shards have done is theirs to tell
    let judged = match judged {
        Err(Error::NoTests(_)) if is_shard(driver) && test_results.is_empty() => Ok(()),
        judged => judged,
    };
    let row = ReportRow {
        name: pythons(&test_results),
        seconds: start.elapsed().as_secs_f64(),
        passed: judged.is_ok(),
        test_results,
    };
    after(driver, tell(driver, &[row]), judged)
}

/// How the tests ended, which counts more than that nobody could be told.
pub(super) fn after<T>(driver: &Driver<'_>, told: Result<()>, judged: Result<T>) -> Result<T> {
    match (told, judged) {
        (Err(error), Err(judged)) => {
            driver.ui.error(&error);
            Err(judged)
        }
        (told, judged) => told.and(judged),
    }
}

fn is_shard(driver: &Driver<'_>) -> bool {
    driver
        .request
        .testing()
        .is_some_and(|it| it.reporting.shard.is_some())
}

fn pythons(test_results: &[TestResult]) -> String {
    let first = test_results.iter().find_map(|it| it.python.clone());
    first.unwrap_or_default()
}

/// Tells of tests that have run.
pub(super) fn tell(driver: &Driver<'_>, rows: &[ReportRow]) -> Result<()> {
    let Some(testing) = driver.request.testing() else {
        return Ok(());
    };
    let Driver {
        session,
        ui,
        request,
    } = *driver;
    let project = Project::discover(session, &request.selection())?;
    let all: Vec<TestResult> = rows
        .iter()
        .flat_map(|row| row.test_results.clone())
        .collect();
    say_cases(ui, &all);
    for row in rows {
        let on = (rows.len() > 1).then_some(row.name.as_str());
        for test_result in &row.test_results {
            annotate(
                session,
                ui,
                test_result,
                on,
                &roots(&project, &test_result.member),
            );
        }
    }
    let cells: Vec<Vec<String>> = rows.iter().map(ReportRow::cells).collect();
    job_summary(session, ui, &COLUMNS, &cells);
    if let Some(path) = &testing.reporting.junit {
        write_junit(ui, path, project_name(&project), rows)?;
    }
    record_durations(&project, testing, &all)?;
    if let Some(shard) = testing.reporting.shard {
        let origin = Origin::gather(session, &project, request);
        let pythons = &testing.reporting.pythons;
        let passed = rows.iter().all(|row| row.passed);
        let seconds = rows.iter().map(|row| row.seconds).sum();
        let report = ShardReport::new(shard, &project, (origin, pythons), (all, passed, seconds));
        let path = ShardReport::path(&project, shard, &testing.reporting.pythons);
        disk::write(&path, report.text().as_bytes())?;
        ui.status("Written", path.as_str());
    }
    Ok(())
}

/// Takes away what an earlier run has told: where this one does not end, nothing must be there for it.
pub fn forget(driver: &Driver<'_>) -> Result<()> {
    let Some(testing) = driver.request.testing() else {
        return Ok(());
    };
    let reporting = &testing.reporting;
    if let Some(path) = &reporting.durations {
        Durations::read(path)?; // who cannot be read is no reason to run tests first
    }
    if let Some(path) = &reporting.junit
        && disk::read_text(path)?.is_some_and(|text| text.contains("<testsuites"))
    {
        disk::remove_file(path)?;
    }
    let Some(shard) = reporting.shard else {
        return Ok(());
    };
    let project = Project::discover(driver.session, &driver.request.selection())?;
    ShardReport::forget(&project, shard, &testing.reporting.pythons)
}

/// The folders that paths of a member's tests may be relative to, the likeliest first.
fn roots(project: &Project, member: &str) -> Vec<Utf8PathBuf> {
    let own = project.members.iter().filter(|it| it.name == member);
    let own = own.flat_map(|it| [it.workspace.clone(), it.dir.clone()]);
    own.chain([project.root.clone(), project.home.clone()])
        .collect()
}

fn project_name(project: &Project) -> &str {
    let member = project.members.first();
    member.map(|member| &*member.name).unwrap_or_default()
}

fn say_cases(ui: &Ui, test_results: &[TestResult]) {
    for test_result in test_results {
        for case in &test_result.cases {
            let mut fields = json!(case);
            fields["language"] = json!(test_result.language);
            fields["member"] = json!(test_result.member);
            fields["on"] = json!(test_result.on);
            fields["python"] = json!(test_result.python);
            ui.test_case(&fields);
        }
    }
}

/// For the next run, in any case; in the file that is named where all tests ran.
fn record_durations(project: &Project, testing: &Testing, all: &[TestResult]) -> Result<()> {
    let is_whole = testing.reporting.shard.is_none() && testing.arguments.is_empty();
    let mut paths = vec![Durations::path(project)];
    paths.extend(
        testing
            .reporting
            .durations
            .clone()
            .filter(|_| testing.reporting.shard.is_none()),
    );
    for path in paths {
        // what cannot be read in our own folder is written anew
        let known = Durations::read(&path);
        let known = if path.starts_with(&project.state) {
            known.unwrap_or_default()
        } else {
            known?
        };
        let mut durations = known.clone();
        durations.record(all, is_whole);
        if durations != known {
            disk::write(&path, durations.text().as_bytes())?;
        }
    }
    Ok(())
}

fn write_junit(ui: &Ui, path: &Utf8Path, name: &str, rows: &[ReportRow]) -> Result<()> {
    disk::write(path, junit(name, rows)?.as_bytes())?;
    ui.status("Written", path.as_str());
    Ok(())
}

/// `cargo pyx test --merge`: nothing runs; all paths absolute.
#[derive(Clone, Debug)]
pub struct Merge {
    /// Where the reports are, in whatever folders.
    pub dir: Utf8PathBuf,
    pub junit: Option<Utf8PathBuf>,
    pub durations: Option<Utf8PathBuf>,
}

impl Merge {
    /// # Errors
    /// [`Error::TestsNotRun`] where the reports make no whole; [`Error::TestsFailed`] where a shard
    /// has failed.
    pub fn run(&self, session: &Session, ui: &Ui) -> Result<()> {
        let reports = ShardReport::read_all(&self.dir)?;
        let name = reports[0].1.project.clone();
        let merged = merge(&reports).map_err(|message| Error::TestsNotRun {
            message,
            hint: SAME_RUN.to_owned(),
        })?;
        let rows: Vec<ReportRow> = merged.into_iter().map(row).collect();
        let all: Vec<TestResult> = rows
            .iter()
            .flat_map(|row| row.test_results.clone())
            .collect();
        let cells: Vec<Vec<String>> = rows.iter().map(ReportRow::cells).collect();
        ui.table(&COLUMNS, &cells);
        job_summary(session, ui, &COLUMNS, &cells);
        say_slowest(ui, &all);
        if let Some(path) = &self.junit {
            write_junit(ui, path, &name, &rows)?;
        }
        if let Some(path) = &self.durations {
            let mut durations = Durations::default();
            durations.record(&all, false);
            disk::write(path, durations.text().as_bytes())?;
            ui.status("Written", path.as_str());
        }
        let failed: Vec<&ReportRow> = rows.iter().filter(|row| !row.passed).collect();
        for case in all
            .iter()
            .flat_map(|it| &it.cases)
            .filter(|case| case.outcome.is_bad())
        {
            let reason = case.message.lines().next().unwrap_or_default();
            ui.will_fail(&format!("{}: {reason}", case.name));
        }
        if failed.is_empty() {
            return Ok(());
        }
        let failed: Vec<&str> = failed.iter().map(|row| row.name.as_str()).collect();
        Err(Error::TestsFailed(format!(
            "tests failed on {}",
            failed.join("; ")
        )))
    }
}

fn row(merged: MergedRow) -> ReportRow {
    ReportRow {
        name: merged.name,
        test_results: merged.test_results,
        seconds: merged.seconds,
        passed: merged.passed,
    }
}

fn say_slowest(ui: &Ui, test_results: &[TestResult]) {
    let cases = test_results.iter().flat_map(|it| &it.cases);
    let mut timed: Vec<(f64, &str)> = cases
        .filter_map(|case| Some((case.seconds?, &*case.name)))
        .collect();
    timed.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (seconds, name) in timed.into_iter().take(SLOWEST) {
        ui.status("Slowest", &format!("{seconds:.2}s {name}"));
    }
}
