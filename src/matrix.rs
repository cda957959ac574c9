//! The same tests on several interpreters, side by side, and a table of what came of them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Mutex;
use std::time::Instant;

use crate::environment::{self, Environment};
use crate::errand::{Decide, Errand, verdict};
use crate::error::{Error, Result};
use crate::execute::{PYTHON, RUST, Tally, summed};
use crate::facts::{Purpose, Request};
use crate::interpreter;
use crate::plan::several;
use crate::project::Project;
use crate::session::Session;

/// The word for every interpreter that the project allows.
pub const ALL: &str = "all";

/// `--python`'s values, the first for each environment, with `all` as one version for each minor that
/// is here and that every member's `requires-python` allows, oldest first.
pub fn pythons(session: &Session, request: &Request, wanted: &[String]) -> Result<Vec<String>> {
    let all = wanted.iter().any(|word| word == ALL);
    if wanted.len() < 2 && !all {
        return Ok(wanted.to_vec());
    }
    let project = Project::discover(session, &request.selection())?;
    if !all {
        let mut pythons = Vec::new();
        let mut environments = BTreeSet::new();
        for python in wanted {
            // in one environment runs would meet
            if environments.insert(environment(session, &project, python)?.path) {
                pythons.push(python.clone());
            }
        }
        return Ok(pythons);
    }
    let requires = project.requires_python();
    let mut minors: Vec<Vec<u64>> = interpreter::installed(session)
        .iter()
        .filter(|found| !found.free_threaded && !found.version.any_prerelease())
        .filter(|found| requires.iter().all(|spec| spec.contains(&found.version)))
        .map(|found| found.version.release().iter().take(2).copied().collect())
        .collect();
    minors.sort();
    minors.dedup();
    if minors.is_empty() {
        return Err(interpreter::none_fits(&[], "requires-python"));
    }
    let text = |minor: &Vec<u64>| {
        minor
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(".")
    };
    Ok(minors.iter().map(text).collect())
}

/// Runs `errand` once for each of `pythons`, as many at a time as the machine has processors,
/// whatever came of the others; with `--fail-fast` none is begun after a failure.
///
/// One of them builds before the others begin, that of the default environment if it is among them:
/// what does not depend on the version of Python is compiled for it only.
///
/// # Errors
/// The first failure that is none of tests (others are printed); else [`Error::TestsFailed`].
pub fn run(errand: &Errand<'_>, pythons: &[String]) -> Result<()> {
    let project = Project::discover(errand.session, &errand.request.selection())?;
    let lock = errand.lock(&project)?;
    recipes(errand, several::before)?;
    let mut waiting: VecDeque<Entry<'_>> = pythons
        .iter()
        .map(|python| (python, errand.request.force))
        .collect();
    let default = pythons
        .iter()
        .position(|python| is_default(errand.session, &project, python).unwrap_or_default());
    if let Some(entry) = default.and_then(|at| waiting.remove(at)) {
        waiting.push_front(entry);
    }
    let mut rows = Vec::new();
    if let Some((python, force)) = waiting.front_mut() {
        *force = false; // once is enough
        if let Err(error) = build(errand, python) {
            rows.push(Row {
                python,
                result: Err(error),
                seconds: 0.0,
            });
            waiting.pop_front();
        }
    }
    let (waiting, rows) = (Mutex::new(waiting), Mutex::new(rows));
    std::thread::scope(|scope| {
        for _ in 0..side_by_side(pythons.len()) {
            scope.spawn(|| {
                while let Some((python, force)) = next(errand, &waiting, &rows) {
                    let row = test(errand, python, force);
                    if let Ok(mut rows) = rows.lock() {
                        rows.push(row);
                    }
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_default();
    rows.sort_by_key(|row| pythons.iter().position(|python| python == row.python));
    report(errand, rows)?;
    recipes(errand, several::after)?;
    drop(lock);
    Ok(())
}

/// Where a Python's runs take place.
fn environment(session: &Session, project: &Project, python: &str) -> Result<Environment> {
    let request = environment::request(project, Some(python))?;
    Environment::gather(session, project, request.as_ref())
}

/// Whether a Python is that of the default environment.
fn is_default(session: &Session, project: &Project, python: &str) -> Result<bool> {
    let environment = environment(session, project, python)?;
    Ok(environment.alternative(project).is_none())
}

fn side_by_side(pythons: usize) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    processors.min(pythons)
}

/// A Python, and whether all is done again for it.
type Entry<'a> = (&'a String, bool);

fn next<'a>(
    errand: &Errand<'_>,
    waiting: &Mutex<VecDeque<Entry<'a>>>,
    rows: &Mutex<Vec<Row<'_>>>,
) -> Option<Entry<'a>> {
    let fail_fast = matches!(&errand.request.purpose, Purpose::Test(t) if t.fail_fast);
    let failed = |rows: &Vec<Row<'_>>| rows.iter().any(|row| !row.passed(errand));
    let stop = rows.lock().is_ok_and(|rows| {
        let interrupted = |row: &Row| matches!(row.result, Err(Error::Interrupted(_)));
        rows.iter().any(interrupted) || (fail_fast && failed(&rows))
    });
    let entry = waiting.lock().ok()?.pop_front();
    entry.filter(|_| !stop)
}

/// Builds for one interpreter.
fn build(errand: &Errand<'_>, python: &str) -> Result<()> {
    let request = Request {
        python: Some(python.to_owned()),
        purpose: Purpose::Dev,
        ..errand.request.clone()
    };
    let errand = Errand {
        request: &request,
        decide: several::build,
        ..*errand
    };
    errand.perform_under(Instant::now(), || {}).map(drop)
}

/// The project's recipes around all interpreters, in the default environment.
fn recipes(errand: &Errand<'_>, decide: Decide) -> Result<()> {
    let request = Request {
        python: None,
        ..errand.request.clone()
    };
    let errand = Errand {
        request: &request,
        decide,
        ..*errand
    };
    errand.perform_under(Instant::now(), || {}).map(drop)
}

fn test<'a>(errand: &Errand<'_>, python: &'a String, force: bool) -> Row<'a> {
    let request = Request {
        python: Some(python.clone()),
        force,
        ..errand.request.clone()
    };
    let ui = errand.ui.aside(python);
    errand.ui.status("Python", python);
    let busy = errand.ui.busy(&format!("Python {python}"));
    let start = Instant::now();
    let result = Errand {
        request: &request,
        decide: several::test,
        ui: &ui,
        ..*errand
    }
    .perform_under(start, || {});
    drop(busy);
    errand.ui.end(&ui);
    Row {
        python,
        result,
        seconds: start.elapsed().as_secs_f64(),
    }
}

fn report(errand: &Errand<'_>, rows: Vec<Row<'_>>) -> Result<()> {
    if let Some(at) = rows
        .iter()
        .position(|row| matches!(row.result, Err(Error::Interrupted(_))))
    {
        let mut rows = rows;
        return rows.swap_remove(at).result.map(drop);
    }
    errand.ui.table(
        &["Python", "Rust", "Python tests", "seconds", "result"],
        &rows.iter().map(|row| row.cells(errand)).collect::<Vec<_>>(),
    );
    let failed = rows.iter().filter(|row| !row.passed(errand));
    let failed: Vec<&str> = failed.map(|row| row.python.as_str()).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let failed = Error::TestsFailed(format!("failed on {}", failed.join(", ")));
    let mut broken = rows.into_iter().filter_map(|row| row.result.err());
    let first = broken.next();
    broken.for_each(|other| errand.ui.error(&other));
    Err(first.unwrap_or(failed))
}

/// What came of one interpreter.
struct Row<'a> {
    python: &'a String,
    result: Result<Vec<Tally>>,
    seconds: f64,
}

impl Row<'_> {
    fn tallies(&self) -> &[Tally] {
        self.result.as_ref().map_or(&[], Vec::as_slice)
    }

    fn passed(&self, errand: &Errand<'_>) -> bool {
        self.result.is_ok() && verdict(self.tallies(), &errand.session.cwd).is_ok()
    }

    fn cells(&self, errand: &Errand<'_>) -> Vec<String> {
        let of = |language: &str| {
            let sums = summed(self.tallies());
            let mine = sums.iter().filter(|tally| tally.language == language);
            let words: Vec<String> = mine.map(Tally::wording).collect();
            if words.is_empty() {
                "-".to_owned()
            } else {
                words.join("; ")
            }
        };
        let word = if self.passed(errand) { "ok" } else { "FAILED" };
        vec![
            self.python.clone(),
            of(RUST),
            of(PYTHON),
            format!("{:.1}", self.seconds),
            word.to_owned(),
        ]
    }
}
