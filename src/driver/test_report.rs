//! Test results, for everyone who asked for them: the next run, the other shards, CI.

use std::time::Instant;

use camino::Utf8PathBuf;
use serde_json::json;

use crate::execute::{annotate, forget_reports, job_summary, junit, keep_report, write_report};
use crate::facts::project::Project;
use crate::facts::shard_merge::merge;
use crate::facts::shard_report::{Origin, ShardReport};
use crate::facts::{Durations, Reporting, Testing};
use crate::model::error::{Error, Result, TestError};
use crate::model::test_result::{ReportRow, TestResult};
use crate::ui::Ui;
use crate::world::disk;
use crate::world::session::Session;

use super::command::Driver;
use super::verdict::verdict;

/// The columns of [`ReportRow::cells`].
pub(super) const COLUMNS: [&str; 5] = ["Python", "Rust", "Python tests", "seconds", "result"];

/// The hint about what shard reports must have in common.
const SAME_RUN: &str =
    "every shard runs `cargo pyx test --shard K/N` on the same commit, with the same options";

/// How many of the slowest tests are named.
const SLOWEST: usize = 10;

/// Runs the tests on one interpreter, and reports the results, even if they could not run.
///
/// # Errors
/// As [`Driver::perform`] and [`verdict`]; what keeps a report from being written.
pub fn run(driver: &Driver<'_>) -> Result<()> {
    let start = Instant::now();
    let performed = driver.perform();
    if let Err(Error::Interrupted(_)) = performed {
        return performed.map(drop);
    }
    let seconds = start.elapsed().as_secs_f64();
    let (test_results, judged) = match performed {
        Ok(test_results) => {
            let judged = judge(driver, &test_results);
            (test_results, judged)
        }
        Err(error) => (Vec::new(), Err(error)),
    };
    let did_not_run = judged.as_ref().err().filter(|_| test_results.is_empty());
    let row = ReportRow {
        name: pythons(&test_results),
        seconds,
        passed: judged.is_ok(),
        error: did_not_run.map(ToString::to_string),
        test_results,
        ..ReportRow::default()
    };
    after(driver, tell(driver, &[row]), judged)
}

/// Like [`verdict`]; a shard may have no tests at all, if the others have some.
pub(super) fn judge(driver: &Driver<'_>, test_results: &[TestResult]) -> Result<()> {
    let testing = driver.request.testing();
    let is_shard = testing.is_some_and(|it| it.reporting.shard.is_some());
    match verdict(test_results, &driver.session.cwd) {
        Err(Error::Test(TestError::NoTests(_))) if is_shard && test_results.is_empty() => Ok(()),
        judged => judged,
    }
}

/// Reports everywhere what kept the tests of all Pythons from running.
pub(super) fn none_ran(driver: &Driver<'_>, pythons: &[String], error: Error) -> Result<()> {
    if let Error::Interrupted(_) = error {
        return Err(error);
    }
    let row = |python: &String| ReportRow {
        name: python.clone(),
        error: Some(error.to_string()),
        ..ReportRow::default()
    };
    let rows: Vec<ReportRow> = pythons.iter().map(row).collect();
    after(driver, tell(driver, &rows), Err(error))
}

/// The result of the tests, which takes precedence over a failed report.
fn after(driver: &Driver<'_>, told: Result<()>, judged: Result<()>) -> Result<()> {
    match (told, judged) {
        (Err(error), Err(judged)) => {
            // what keeps tests from running may keep everybody from being told, too
            if error.to_string() != judged.to_string() {
                driver.ui.error(&error);
            }
            Err(judged)
        }
        (told, judged) => told.and(judged),
    }
}

fn pythons(test_results: &[TestResult]) -> String {
    let first = test_results.iter().find_map(|it| it.python.clone());
    first.unwrap_or_default()
}

/// Reports on tests that have run.
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
    let all = all_results(rows);
    say_cases(ui, &all);
    for row in rows {
        let on = (rows.len() > 1).then_some(row.name.as_str());
        for test_result in &row.test_results {
            let roots = roots(&project, &test_result.member);
            annotate(session, ui, test_result, on, &roots);
        }
    }
    let cells: Vec<Vec<String>> = rows.iter().map(ReportRow::cells).collect();
    job_summary(session, ui, &COLUMNS, &cells);
    if let Some(path) = &testing.reporting.junit {
        write_report(ui, path, &junit(project_name(&project), rows)?)?;
    }
    if let Some(shard) = testing.reporting.shard {
        let origin = Origin::gather(session, &project, request);
        let pythons = &testing.reporting.pythons;
        let mut report = ShardReport::new(shard, &project, origin);
        report.pythons.clone_from(pythons);
        report.passed = rows.iter().all(|row| row.passed);
        report.seconds = rows.iter().map(|row| row.seconds).sum();
        report.error = rows.iter().find_map(|row| row.error.clone());
        report.test_results.clone_from(&all);
        let path = ShardReport::path(&project, shard, pythons);
        write_report(ui, &path, &report.text())?;
    }
    record_durations(&project, testing, &all)
}

fn all_results(rows: &[ReportRow]) -> Vec<TestResult> {
    rows.iter()
        .flat_map(|row| row.test_results.clone())
        .collect()
}

/// Before tests run: removes earlier reports, since there must be none for a run that does not finish; and
/// reports what cannot be read.
///
/// # Errors
/// [`Error::Usage`] for durations that are invalid, or missing for a shard.
pub fn prepare(driver: &Driver<'_>) -> Result<()> {
    let Some(testing) = driver.request.testing() else {
        return Ok(());
    };
    let reporting = &testing.reporting;
    for (_, path) in written(reporting) {
        disk::check_writable(path)?;
    }
    match &reporting.durations {
        Some(path) if reporting.shard.is_some() => drop(Durations::present(path)?),
        Some(path) => drop(Durations::read(path)?),
        None => {}
    }
    let mut reports = Vec::new();
    if let Some(path) = &reporting.junit
        && disk::read_text(path)?.is_some_and(|text| text.contains("<testsuites"))
    {
        reports.push(path.clone());
    }
    if let Some(shard) = reporting.shard {
        let project = Project::discover(driver.session, &driver.request.selection())?;
        let pythons = &reporting.pythons;
        reports.extend(ShardReport::in_the_way(&project, shard, pythons));
    }
    forget_reports(&reports)
}

/// Whether what is to be written can be, by what is there: nothing else tells after all tests have run.
///
/// # Errors
/// [`Error::Usage`] where a folder or a file is in the way.
pub fn check_outputs(reporting: &Reporting) -> Result<()> {
    for (option, path) in written(reporting) {
        if let Some(there) = disk::in_the_way(path) {
            let what = if there == *path {
                "it is a folder".to_owned()
            } else {
                format!("`{there}` is not a folder")
            };
            return Err(Error::Usage(format!(
                "cannot write `{option} {path}`: {what}"
            )));
        }
    }
    Ok(())
}

/// The files that the command line names, with their options.
fn written(reporting: &Reporting) -> impl Iterator<Item = (&'static str, &Utf8PathBuf)> {
    let durations = reporting.durations.as_ref();
    let durations = durations.filter(|_| reporting.shard.is_none());
    let files = [
        ("--junit", reporting.junit.as_ref()),
        ("--durations", durations),
    ];
    files
        .into_iter()
        .filter_map(|(option, path)| Some((option, path?)))
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
            fields["language"] = json!(test_result.kind);
            fields["member"] = json!(test_result.member);
            fields["on"] = json!(test_result.on);
            fields["python"] = json!(test_result.python);
            ui.test_case(&fields);
        }
    }
}

/// For the next run, in any case; in the named file if all tests ran.
fn record_durations(project: &Project, testing: &Testing, all: &[TestResult]) -> Result<()> {
    let reporting = &testing.reporting;
    let is_whole = reporting.shard.is_none() && testing.arguments.is_empty();
    let mut paths = vec![Durations::path(project)];
    let named = reporting.durations.clone();
    paths.extend(named.filter(|_| reporting.shard.is_none()));
    for path in paths {
        // what cannot be read in our own folder is rewritten
        let known = Durations::read(&path);
        let known = if path.starts_with(&project.state) {
            known.unwrap_or_default()
        } else {
            known?
        };
        let mut durations = known.clone();
        durations.record(all, is_whole);
        if durations != known {
            keep_report(&path, &durations.text())?;
        }
    }
    Ok(())
}

/// `cargo pyx test --merge`: runs nothing; all paths absolute.
#[derive(Clone, Debug)]
pub struct Merge {
    /// Where the reports are, at any depth.
    pub dir: Utf8PathBuf,
    pub junit: Option<Utf8PathBuf>,
    pub durations: Option<Utf8PathBuf>,
}

impl Merge {
    /// `dry_run`: whether files are named instead of written.
    ///
    /// # Errors
    /// [`TestError::NotRun`] if the reports do not make a whole; [`TestError::Failed`] if a shard failed;
    /// [`TestError::NoTests`] if no shard ran any.
    pub fn run(&self, session: &Session, ui: &Ui, dry_run: bool) -> Result<()> {
        check_outputs(&Reporting {
            junit: self.junit.clone(),
            durations: self.durations.clone(),
            ..Reporting::default()
        })?;
        let reports = ShardReport::read_all(&self.dir)?;
        let name = reports[0].1.project.clone();
        let rows = merge(&reports).map_err(|message| {
            Error::Test(TestError::NotRun {
                message,
                hint: SAME_RUN.to_owned(),
            })
        })?;
        let all = all_results(&rows);
        let cells: Vec<Vec<String>> = rows.iter().map(ReportRow::cells).collect();
        ui.table(&COLUMNS, &cells);
        say_cases(ui, &all);
        say_slowest(ui, &all);
        let mut files = Vec::new();
        if let Some(path) = &self.junit {
            files.push((path, junit(&name, &rows)?));
        }
        if let Some(path) = &self.durations {
            let mut durations = Durations::read(path)?;
            durations.record(&all, false);
            files.push((path, durations.text()));
        }
        if dry_run {
            for (path, _) in &files {
                ui.data(&format!("# write {path}\n"));
            }
        } else {
            job_summary(session, ui, &COLUMNS, &cells);
            for (path, text) in &files {
                write_report(ui, path, text)?;
            }
        }
        self.judge(ui, &rows, &all)
    }

    fn judge(&self, ui: &Ui, rows: &[ReportRow], all: &[TestResult]) -> Result<()> {
        let cases = all.iter().flat_map(|it| &it.cases);
        for case in cases.filter(|case| case.outcome.is_bad()) {
            let reason = case.message.lines().next().unwrap_or_default();
            ui.will_fail(&format!("{}: {reason}", case.name));
        }
        for error in rows.iter().filter_map(|row| row.error.as_ref()) {
            ui.will_fail(error);
        }
        let failed = rows.iter().filter(|row| !row.passed);
        let failed: Vec<&str> = failed.map(|row| row.name.as_str()).collect();
        if !failed.is_empty() {
            let message = format!("tests failed on {}", failed.join("; "));
            return Err(TestError::Failed(message).into());
        }
        if all.iter().any(TestResult::has_run) {
            return Ok(());
        }
        Err(TestError::NoTests(self.dir.clone()).into())
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
