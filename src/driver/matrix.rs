//! The same tests on several interpreters, side by side, and a table of the results.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::facts::environment::{Environment, requested_python};
use crate::facts::project::{Member, Project};
use crate::facts::supported_pythons::{self, SupportedPythons};
use crate::facts::{CommandPart, Purpose, Request};
use crate::model::error::{Error, Result, TestError};
use crate::model::implementation::Implementation;
use crate::model::minor::{self, Minor};
use crate::model::test_result::{ReportRow, TestResult};
use crate::ui::Ui;
use crate::world::disk;
use crate::world::interpreter::Interpreter;
use crate::world::python_request::{self, ALL};
use crate::world::session::Session;

use super::command::Driver;
use super::test_report;

/// Makes cargo lock what has no Cargo.lock: which Pythons `all` means depends on the version of PyO3.
///
/// # Errors
/// What cargo cannot lock, and what every command needs.
pub fn lock_crates(driver: &Driver<'_>) -> Result<()> {
    let project = Project::discover(driver.session, &driver.request.selection())?;
    let is_locked = |member: &Member| disk::is_file(&member.workspace.join("Cargo.lock"));
    if project.members.iter().all(is_locked) {
        return Ok(());
    }
    let request = Request {
        python: None,
        purpose: Purpose::Dev,
        part: CommandPart::Lock,
        ..driver.request.clone()
    };
    let driver = Driver {
        request: &request,
        ..*driver
    };
    driver.perform().map(drop)
}

/// `--python`'s values, the first for each environment, with `all` as one version for each installed minor
/// version that every member's `requires-python` allows, oldest first, without the interpreters that another
/// value names.
///
/// # Errors
/// [`PythonError::NoInterpreter`](crate::model::error::PythonError::NoInterpreter) if `all` means none.
pub fn pythons(
    session: &Session,
    ui: &Ui,
    request: &Request,
    wanted: &[String],
) -> Result<Vec<String>> {
    let all = wanted.iter().any(|word| word == ALL);
    if wanted.len() < 2 && !all {
        return Ok(wanted.to_vec());
    }
    let project = Project::discover(session, &request.selection())?;
    let mut words = Vec::new();
    for word in wanted {
        if word == ALL {
            let supported = SupportedPythons::of_project(session, &project, request);
            words.extend(every(session, ui, &project, &supported, wanted)?);
        } else {
            words.push(word.clone());
        }
    }
    let mut pythons = Vec::new();
    let mut environments = BTreeSet::new();
    for python in words {
        // in one environment runs would meet
        if environments.insert(environment(session, &project, &python)?.path) {
            pythons.push(python);
        }
    }
    Ok(pythons)
}

/// What `all` means.
fn every(
    session: &Session,
    ui: &Ui,
    project: &Project,
    supported: &[SupportedPythons],
    wanted: &[String],
) -> Result<Vec<String>> {
    let installed = requested_python::installed(session, project)?;
    let requires = project.environment_requires_python();
    let mut named = Vec::new();
    for word in wanted.iter().filter(|word| *word != ALL) {
        if let Some(request) = requested_python::request(session, project, Some(word))? {
            let fitting = python_request::fitting(session, &installed, &request, &requires)?;
            named.extend(fitting.into_iter().next());
        }
    }
    let mut first: BTreeMap<Minor, &Interpreter> = BTreeMap::new();
    for found in &installed {
        let allowed = requires.iter().all(|spec| spec.contains(&found.version));
        if allowed
            && found.implementation == Implementation::CPython
            && !found.version.any_prerelease()
        {
            first.entry(minor::of(&found.version)).or_insert(found);
        }
    }
    if first.is_empty() {
        let wanted = python_request::wording(&requires);
        return Err(python_request::none_fits(&installed, &wanted));
    }
    first.retain(|_, found| !named.contains(found));
    for found in first.values() {
        if let Some(refusing) = supported_pythons::refusing(supported, found) {
            ui.warn(&format!(
                "{}: {found} is left out",
                refusing.wording(found.implementation)
            ));
        }
    }
    first.retain(|_, found| supported_pythons::refusing(supported, found).is_none());
    if first.is_empty() && named.is_empty() {
        let wanted = python_request::wording(&requires);
        return Err(python_request::none_fits(&installed, &wanted));
    }
    let words = first
        .keys()
        .map(|(major, minor)| format!("{major}.{minor}"));
    Ok(words.collect())
}

/// Runs the command once for each of `pythons`, as many at a time as the machine has processors, whatever the
/// results of the others; with `--fail-fast` none is started after a failure.
///
/// One of them builds before the others start, preferably that of the default environment: what does not
/// depend on the Python version is compiled only for it.
///
/// # Errors
/// The first failure that is not from tests (others are printed); else [`TestError::Failed`].
pub fn run(driver: &Driver<'_>, pythons: &[String]) -> Result<()> {
    let project = Project::discover(driver.session, &driver.request.selection())?;
    match run_locked(driver, &project, pythons) {
        Ok(ran) => report(driver, ran),
        Err(error) => test_report::none_ran(driver, pythons, error),
    }
}

/// The results of all interpreters.
struct Ran<'a> {
    rows: Vec<Row<'a>>,
    /// Those that were not started.
    left: Vec<&'a String>,
    /// The result of the recipes that run last.
    after: Result<()>,
}

/// # Errors
/// What keeps all of them from starting.
fn run_locked<'a>(
    driver: &Driver<'_>,
    project: &Project,
    pythons: &'a [String],
) -> Result<Ran<'a>> {
    driver.check_machine()?;
    let _lock = driver.lock(project)?;
    driver.with_cache(project, || run_rows(driver, project, pythons))
}

fn run_rows<'a>(driver: &Driver<'_>, project: &Project, pythons: &'a [String]) -> Result<Ran<'a>> {
    recipes(driver, CommandPart::Before)?;
    let mut waiting: VecDeque<Entry<'_>> = pythons
        .iter()
        .map(|python| (python, driver.request.force))
        .collect();
    let default = pythons
        .iter()
        .position(|python| is_default(driver.session, project, python).unwrap_or_default());
    if let Some(entry) = default.and_then(|at| waiting.remove(at)) {
        waiting.push_front(entry);
    }
    let mut rows = Vec::new();
    if let Some((python, force)) = waiting.front_mut() {
        *force = false; // once is enough
        if let Err(error) = build(driver, python) {
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
                while let Some((python, force)) = next(driver, &waiting, &rows) {
                    let row = test(driver, python, force);
                    locked(&rows).push(row);
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|row| pythons.iter().position(|python| python == row.python));
    let left = pythons.iter();
    let left = left.filter(|python| rows.iter().all(|row| row.python != *python));
    // what comes after tests that passed is part of how the run ended
    let after = if rows.iter().all(|row| row.passed(driver)) {
        recipes(driver, CommandPart::After)
    } else {
        Ok(())
    };
    Ok(Ran {
        left: left.collect(),
        rows,
        after,
    })
}

/// A panic while it was held left the earlier value in place.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a Python's runs take place.
fn environment(session: &Session, project: &Project, python: &str) -> Result<Environment> {
    let request = requested_python::request(session, project, Some(python))?;
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

/// A Python, and whether everything is done again for it.
type Entry<'a> = (&'a String, bool);

fn next<'a>(
    driver: &Driver<'_>,
    waiting: &Mutex<VecDeque<Entry<'a>>>,
    rows: &Mutex<Vec<Row<'_>>>,
) -> Option<Entry<'a>> {
    let fail_fast = matches!(&driver.request.purpose, Purpose::Test(t) if t.fail_fast);
    let failed = |rows: &Vec<Row<'_>>| rows.iter().any(|row| !row.passed(driver));
    let interrupted = |row: &Row| matches!(row.result, Err(Error::Interrupted(_)));
    let rows = locked(rows);
    if rows.iter().any(interrupted) || (fail_fast && failed(&rows)) {
        return None;
    }
    drop(rows);
    locked(waiting).pop_front()
}

/// Builds for one interpreter.
fn build(driver: &Driver<'_>, python: &str) -> Result<()> {
    let request = Request {
        python: Some(python.to_owned()),
        purpose: Purpose::Dev,
        part: CommandPart::Work,
        ..driver.request.clone()
    };
    let driver = Driver {
        request: &request,
        ..*driver
    };
    driver.perform_under(Instant::now(), || {}).map(drop)
}

/// The project's recipes around all interpreters, in the default environment.
fn recipes(driver: &Driver<'_>, part: CommandPart) -> Result<()> {
    let request = Request {
        python: None,
        part,
        ..driver.request.clone()
    };
    let driver = Driver {
        request: &request,
        ..*driver
    };
    driver.perform_under(Instant::now(), || {}).map(drop)
}

fn test<'a>(driver: &Driver<'_>, python: &'a String, force: bool) -> Row<'a> {
    let request = Request {
        python: Some(python.clone()),
        force,
        part: CommandPart::Work,
        ..driver.request.clone()
    };
    let ui = driver.ui.buffered(python);
    driver.ui.status("Python", python);
    let spinner = driver.ui.spinner(&format!("Python {python}"));
    let start = Instant::now();
    let result = Driver {
        request: &request,
        ui: &ui,
        ..*driver
    }
    .perform_under(start, || {});
    drop(spinner);
    driver.ui.flush(&ui);
    Row {
        python,
        result,
        seconds: start.elapsed().as_secs_f64(),
    }
}

fn report(driver: &Driver<'_>, ran: Ran<'_>) -> Result<()> {
    let Ran { rows, left, after } = ran;
    if let Some(at) = rows
        .iter()
        .position(|row| matches!(row.result, Err(Error::Interrupted(_))))
    {
        let mut rows = rows;
        return rows.swap_remove(at).result.map(drop);
    }
    let mut reported: Vec<ReportRow> = rows.iter().map(|row| row.reported(driver)).collect();
    if let Err(error) = &after {
        for row in &mut reported {
            row.passed = false;
            row.error = Some(error.to_string());
        }
    }
    reported.extend(left.iter().map(|python| ReportRow {
        name: (*python).clone(),
        error: Some("not run because another Python failed (`--fail-fast`)".into()),
        is_left: true,
        ..ReportRow::default()
    }));
    let cells: Vec<Vec<String>> = reported.iter().map(ReportRow::cells).collect();
    driver.ui.table(&test_report::COLUMNS, &cells);
    let told = test_report::tell(driver, &reported);
    let failed = rows.iter().filter(|row| !row.passed(driver));
    let failed: Vec<&str> = failed.map(|row| row.python.as_str()).collect();
    if failed.is_empty() {
        return after.and(told);
    }
    if let Err(error) = told {
        driver.ui.error(&error);
    }
    let mut text = format!("failed on {}", failed.join(", "));
    if !left.is_empty() {
        let left: Vec<&str> = left.iter().map(|python| python.as_str()).collect();
        let _ = write!(text, "; not run on {} (`--fail-fast`)", left.join(", "));
    }
    let failed = Error::Test(TestError::Failed(text));
    let mut broken = rows.into_iter().filter_map(|row| row.result.err());
    let first = broken.next();
    broken.for_each(|other| driver.ui.error(&other));
    Err(first.unwrap_or(failed))
}

/// The result of one interpreter.
struct Row<'a> {
    python: &'a String,
    result: Result<Vec<TestResult>>,
    seconds: f64,
}

impl Row<'_> {
    fn test_results(&self) -> &[TestResult] {
        self.result.as_ref().map_or(&[], Vec::as_slice)
    }

    fn passed(&self, driver: &Driver<'_>) -> bool {
        self.result.is_ok() && test_report::judge(driver, self.test_results()).is_ok()
    }

    fn reported(&self, driver: &Driver<'_>) -> ReportRow {
        ReportRow {
            name: self.python.clone(),
            test_results: self.test_results().to_vec(),
            seconds: self.seconds,
            passed: self.passed(driver),
            error: self.result.as_ref().err().map(ToString::to_string),
            is_left: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::MachineError;
    use crate::ui::OutputOptions;

    /// What is run of `--python`'s values, in a project where these interpreters are installed.
    fn chosen(installed: &[&str], requires: &str, wanted: &[&str]) -> Result<Vec<String>> {
        let temp = tempfile::tempdir().unwrap();
        let dir = disk::resolve(camino::Utf8Path::from_path(temp.path()).unwrap());
        let text = format!(
            "[build-system]\nrequires = ['maturin']\nbuild-backend = 'maturin'\n\
             [project]\nname = 'x'\nversion = '1'\nrequires-python = '{requires}'\n"
        );
        disk::write(&dir.join("pyproject.toml"), text.as_bytes()).unwrap();
        let cargo = b"[package]\nname = 'x'\nversion = '0.1.0'\n";
        disk::write(&dir.join("Cargo.toml"), cargo).unwrap();
        for version in installed {
            let python = dir.join("pyenv/versions").join(version).join("bin/python3");
            disk::write(&python, b"").unwrap();
        }
        let env = [("HOME", "home"), ("PYENV_ROOT", "pyenv")];
        let env = env.map(|(name, folder)| (name.to_owned(), dir.join(folder).into_string()));
        let session = Session {
            cwd: dir,
            env: env.into(),
            ..Session::default()
        };
        let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        pythons(
            &session,
            &Ui::new(OutputOptions::default()),
            &Request::default(),
            &wanted,
        )
    }

    #[test]
    fn several_pythons_need_of_the_machine_what_one_does() {
        let temp = tempfile::tempdir().unwrap();
        let dir = disk::resolve(camino::Utf8Path::from_path(temp.path()).unwrap());
        let text = "[build-system]\nrequires = ['maturin']\nbuild-backend = 'maturin'\n\
                    [project]\nname = 'x'\nversion = '1'\n";
        disk::write(&dir.join("pyproject.toml"), text.as_bytes()).unwrap();
        let cargo = b"[package]\nname = 'x'\nversion = '0.1.0'\n";
        disk::write(&dir.join("Cargo.toml"), cargo).unwrap();
        let env = [("HOME", "home"), ("TMPDIR", "absent")];
        let env = env.map(|(name, folder)| (name.to_owned(), dir.join(folder).into_string()));
        let session = Session {
            cwd: dir.clone(),
            env: env.into(),
            ..Session::default()
        };
        let driver = Driver {
            session: &session,
            ui: &Ui::new(OutputOptions::default()),
            request: &Request::default(),
        };
        let pythons = ["3.12", "3.13"].map(str::to_owned);
        let error = run(&driver, &pythons).unwrap_err();
        assert!(
            matches!(error, Error::Machine(MachineError::NoTemp(path)) if path == dir.join("absent"))
        );
    }

    const INSTALLED: [&str; 4] = ["3.9.18", "3.12.1", "3.12.7", "3.13.0"];

    #[test]
    fn what_is_named_beside_all_is_tested_with_it() {
        for (wanted, expected) in [
            (&["all"][..], &["3.9", "3.12", "3.13"][..]),
            (&["all", "3.10"], &["3.9", "3.12", "3.13", "3.10"]),
            (&["3.12.1", "all"], &["3.12.1", "3.9", "3.12", "3.13"]),
            (&["all", "3.12"], &["3.9", "3.13", "3.12"]), // the same interpreter
            (&["all", "all"], &["3.9", "3.12", "3.13"]),
        ] {
            assert_eq!(
                chosen(&INSTALLED, ">=3.9", wanted).unwrap(),
                expected,
                "{wanted:?}"
            );
        }
    }

    #[test]
    fn what_is_named_and_not_allowed_is_refused_beside_all() {
        let error = chosen(&INSTALLED, ">=3.9", &["all", "3.8"]).unwrap_err();
        let said = "requires-python `>=3.9` does not allow 3.8 (--python)";
        assert_eq!(error.to_string(), said);
    }

    #[test]
    fn where_none_is_allowed_those_that_are_there_are_named() {
        let error = chosen(&INSTALLED, ">=3.14", &["all"]).unwrap_err();
        let text = error.to_string();
        for part in [">=3.14", "3.9.18", "3.13.0"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
