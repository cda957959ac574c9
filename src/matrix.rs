//! The same tests on several interpreters, and a table of what came of them.

use std::time::Instant;

use crate::errand::{Errand, verdict};
use crate::error::{Error, Result};
use crate::execute::{PYTHON, RUST, Tally};
use crate::facts::Request;
use crate::interpreter;
use crate::project::Project;
use crate::session::Session;

/// The word for every interpreter that the project allows.
pub const ALL: &str = "all";

/// `--python`'s values, with `all` as one version for each minor that is here and that every
/// member's `requires-python` allows, oldest first.
pub fn pythons(session: &Session, request: &Request, wanted: &[String]) -> Result<Vec<String>> {
    if !wanted.iter().any(|word| word == ALL) {
        return Ok(wanted.to_vec());
    }
    let requires = Project::discover(session, &request.selection())?.requires_python();
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

/// Runs `errand` once for each of `pythons`, whatever came of the others.
///
/// # Errors
/// The first failure that is none of tests (others are printed); else [`Error::TestsFailed`].
pub fn run(errand: &Errand<'_>, pythons: &[String]) -> Result<()> {
    let mut rows = Vec::new();
    for python in pythons {
        errand.ui.status("Python", python);
        let request = Request {
            python: Some(python.clone()),
            ..errand.request.clone()
        };
        let start = Instant::now();
        let result = Errand {
            request: &request,
            ..*errand
        }
        .perform();
        if let Err(Error::Interrupted(_)) = result {
            return result.map(|_| ());
        }
        rows.push((python, result, start.elapsed().as_secs_f64()));
    }
    errand.ui.table(
        &["Python", "Rust", "Python tests", "seconds", "result"],
        &cells(errand, &rows),
    );
    let failed: Vec<&str> = rows
        .iter()
        .filter(|(_, result, _)| !passed(errand, result))
        .map(|(python, _, _)| python.as_str())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let mut broken = rows.into_iter().filter_map(|(_, result, _)| result.err());
    match broken.next() {
        Some(error) => {
            broken.for_each(|other| errand.ui.error(&other));
            Err(error)
        }
        None => Err(Error::TestsFailed(format!(
            "failed on {}",
            failed.join(", ")
        ))),
    }
}

type Row<'a> = (&'a String, Result<Vec<Tally>>, f64);

fn passed(errand: &Errand<'_>, result: &Result<Vec<Tally>>) -> bool {
    let tallies = result.as_ref().map_or(&[][..], Vec::as_slice);
    result.is_ok() && verdict(tallies, &errand.session.cwd).is_ok()
}

fn cells(errand: &Errand<'_>, rows: &[Row<'_>]) -> Vec<Vec<String>> {
    rows.iter()
        .map(|(python, result, seconds)| {
            let of = |language: &str| {
                let tallies = result.as_ref().map_or(&[][..], Vec::as_slice).iter();
                let mine = tallies.filter(|tally| tally.language == language);
                let words: Vec<String> = mine.map(Tally::wording).collect();
                if words.is_empty() {
                    "-".to_owned()
                } else {
                    words.join("; ")
                }
            };
            let word = if passed(errand, result) {
                "ok"
            } else {
                "FAILED"
            };
            vec![
                (*python).clone(),
                of(RUST),
                of(PYTHON),
                format!("{seconds:.1}"),
                word.to_owned(),
            ]
        })
        .collect()
}
