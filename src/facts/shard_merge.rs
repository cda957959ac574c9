//! Whether the reports of several shards make a whole.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::test_result::{CaseOutcome, ReportRow, TestCase, TestResult};

use super::shard_report::ShardReport;

/// Merges reports, one row for each machine and interpreter.
///
/// # Errors
/// Why they do not make a whole, as a sentence: one is missing or duplicated, they differ in commits, lock
/// files, durations, requests or counts, or did not see the same tests.
pub fn merge(reports: &[(Utf8PathBuf, ShardReport)]) -> Result<Vec<ReportRow>, String> {
    let Some((first_path, first)) = reports.first() else {
        return Err("no reports".to_owned());
    };
    for (path, report) in reports {
        if let Some(difference) = first.origin.difference(&report.origin) {
            return Err(format!("`{first_path}` and `{path}` are from {difference}"));
        }
        if report.shard.count != first.shard.count {
            let (one, two) = (first.shard, report.shard);
            return Err(format!(
                "`{first_path}` is shard {one} and `{path}` is shard {two}"
            ));
        }
    }
    let mut rows: BTreeMap<String, BTreeMap<u32, (&Utf8Path, &ShardReport)>> = BTreeMap::new();
    let is_told =
        |report: &&ShardReport| !(report.test_results.is_empty() && report.pythons.is_empty());
    let told = reports.iter().map(|(_, report)| report).find(is_told);
    for (path, report) in reports {
        // one without tests does not say on which interpreter they are
        let named = if is_told(&report) {
            report
        } else {
            told.unwrap_or(report)
        };
        let row = rows.entry(named.row()).or_default();
        if let Some((other, _)) = row.insert(report.shard.index, (path, report)) {
            return Err(format!(
                "shard {} was reported twice: `{other}` and `{path}`",
                report.shard
            ));
        }
    }
    rows.into_iter()
        .map(|(name, shards)| merged_row(name, first.shard.count, &shards))
        .collect()
}

fn merged_row(
    name: String,
    count: u32,
    shards: &BTreeMap<u32, (&Utf8Path, &ShardReport)>,
) -> Result<ReportRow, String> {
    let missing = (1..=count).filter(|index| !shards.contains_key(index));
    let missing: Vec<String> = missing.map(|index| format!("{index}/{count}")).collect();
    if !missing.is_empty() {
        let (word, verb) = if missing.len() == 1 {
            ("shard", "is")
        } else {
            ("shards", "are")
        };
        return Err(format!(
            "{word} {} {verb} missing ({name})",
            missing.join(", ")
        ));
    }
    let mut row = ReportRow {
        name,
        passed: true,
        ..ReportRow::default()
    };
    let mut merged = Merged::default();
    for (_, report) in shards.values() {
        row.seconds += report.seconds;
        row.passed &= report.passed;
        row.error = row.error.take().or_else(|| report.error.clone());
        for test_result in &report.test_results {
            merged.add(test_result);
        }
    }
    row.test_results = merged.results;
    // where something failed, that may be why others did not run
    if row.passed {
        is_whole(shards)?;
    }
    Ok(row)
}

/// What shards ran, with each suite as one result.
#[derive(Default)]
struct Merged<'a> {
    results: Vec<TestResult>,
    /// The tests of each, by program and name: there may be many thousands.
    known: Vec<BTreeSet<TestName<'a>>>,
}

type TestName<'a> = (Option<&'a str>, &'a str);

impl<'a> Merged<'a> {
    fn add(&mut self, more: &'a TestResult) {
        let key = |it: &TestResult| {
            let names = [
                Some(&it.member),
                Some(&it.suite),
                it.on.as_ref(),
                it.python.as_ref(),
            ];
            (it.kind, names.map(Option::<&String>::cloned))
        };
        let name = |case: &'a TestCase| (case.program.as_deref(), &*case.name);
        let own = key(more);
        let Some(at) = self.results.iter().position(|known| key(known) == own) else {
            self.results.push(more.clone());
            self.known.push(more.cases.iter().map(name).collect());
            return;
        };
        let (result, known) = (&mut self.results[at], &mut self.known[at]);
        for (kind, count) in &more.counts {
            *result.counts.entry(kind.clone()).or_default() += count;
        }
        for case in &more.cases {
            let is_known = !known.insert(name(case));
            if is_known && case.outcome == CaseOutcome::Skipped {
                // each shard that has a part of it has said so
                if let Some(count) = result.counts.get_mut("skipped") {
                    *count = count.saturating_sub(1);
                }
            } else {
                result.cases.push(case.clone());
            }
        }
        result.seconds += more.seconds;
        result.failure = result.failure.take().or_else(|| more.failure.clone());
    }
}

/// The key of a test run that every shard has: member, suite, and the interpreter.
type Suite<'a> = (&'a str, &'a str, Option<&'a str>);

/// Checks that every shard saw the same tests, and that each test was run by one of them.
fn is_whole(shards: &BTreeMap<u32, (&Utf8Path, &ShardReport)>) -> Result<(), String> {
    let mut suites: BTreeMap<Suite<'_>, Vec<(&Utf8Path, &TestResult)>> = BTreeMap::new();
    for (path, report) in shards.values() {
        for test_result in report.test_results.iter().filter(|it| it.sharing.is_some()) {
            let suite = (
                &*test_result.member,
                &*test_result.suite,
                test_result.python.as_deref(),
            );
            suites.entry(suite).or_default().push((path, test_result));
        }
    }
    for ((member, suite, _), runs) in &suites {
        let what = format!("the tests of {member} ({suite})");
        if runs.len() != shards.len() {
            return Err(format!(
                "{what} ran in {} of {} shards",
                runs.len(),
                shards.len()
            ));
        }
        let found = |run: &TestResult| run.sharing.map_or(0, |it| it.found);
        let (first_path, first) = runs[0];
        if let Some((path, other)) = runs.iter().find(|(_, run)| found(run) != found(first)) {
            return Err(format!(
                "`{first_path}` found {} tests of {member} ({suite}), but `{path}` found {}",
                found(first),
                found(other)
            ));
        }
        let taken: Option<u64> = runs.iter().map(|(_, run)| run.sharing?.taken).sum();
        if let Some(taken) = taken.filter(|taken| *taken != found(first)) {
            return Err(format!(
                "the shards ran {taken} of {} tests: {what}",
                found(first)
            ));
        }
        let mut seen = BTreeMap::new();
        for (path, run) in runs {
            // what is skipped as a whole is said by each that has a part of it
            let ran = run
                .cases
                .iter()
                .filter(|case| case.outcome != CaseOutcome::Skipped);
            for case in ran {
                let name = (&case.program, &case.name);
                if let Some(other) = seen.insert(name, *path).filter(|other| other != path) {
                    return Err(format!("`{}` ran in `{other}` and in `{path}`", case.name));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::facts::shard_report::Origin;
    use crate::model::test_result::Sharing;

    use super::*;

    fn report(shard: &str, names: &[&str], found: u64) -> (Utf8PathBuf, ShardReport) {
        let cases = names.iter().map(|name| TestCase {
            name: (*name).to_owned(),
            ..TestCase::default()
        });
        let test_result = TestResult {
            member: "hello".to_owned(),
            suite: ".".to_owned(),
            python: Some("3.12".to_owned()),
            cases: cases.collect(),
            sharing: Some(Sharing {
                found,
                taken: Some(names.len() as u64),
            }),
            ..TestResult::default()
        };
        let report = ShardReport {
            schema: 1,
            shard: shard.parse().unwrap(),
            project: "hello".to_owned(),
            origin: Origin {
                commit: Some("c1".to_owned()),
                locks: [("uv.lock".to_owned(), "l1".to_owned())].into(),
                durations: None,
                request: vec!["both".to_owned()],
            },
            machine: "linux x86_64".to_owned(),
            pythons: Vec::new(),
            test_results: vec![test_result],
            seconds: 1.0,
            passed: true,
            error: None,
        };
        (format!("{}.json", shard.replace('/', "-")).into(), report)
    }

    fn refused(reports: &[(Utf8PathBuf, ShardReport)]) -> String {
        merge(reports).unwrap_err()
    }

    #[test]
    fn shards_of_the_same_tests_make_a_whole() {
        let two = [report("1/2", &["a"], 3), report("2/2", &["b", "c"], 3)];
        let rows = merge(&two).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].name, "linux x86_64, Python 3.12");
        assert_eq!(rows[0].test_results.len(), 1);
        assert_eq!(rows[0].test_results[0].cases.len(), 3);
        // the other row of a matrix
        let mut four = two.to_vec();
        for (path, mut report) in two {
            report.test_results[0].python = Some("3.13".to_owned());
            four.push((format!("b/{path}").into(), report));
        }
        assert_eq!(merge(&four).unwrap().len(), 2);
        assert_eq!(
            refused(&four[..3]),
            "shard 2/2 is missing (linux x86_64, Python 3.13)"
        );
    }

    #[test]
    fn what_makes_no_whole_is_refused() {
        let good = [
            report("1/3", &["a"], 3),
            report("2/3", &["b"], 3),
            report("3/3", &["c"], 3),
        ];
        assert!(merge(&good).is_ok());
        let said = refused(&good[..1]);
        assert_eq!(
            said,
            "shards 2/3, 3/3 are missing (linux x86_64, Python 3.12)"
        );
        let said = refused(&[good[0].clone(), good[0].clone(), good[2].clone()]);
        assert!(said.contains("shard 1/3 was reported twice"), "{said}");
        let said = refused(&[good[0].clone(), good[1].clone(), report("2/2", &[], 3)]);
        assert_eq!(said, "`1-3.json` is shard 1/3 and `2-2.json` is shard 2/2");
        let with = |change: fn(&mut ShardReport)| {
            let mut reports = good.clone();
            change(&mut reports[2].1);
            refused(&reports)
        };
        let said = with(|report| report.origin.commit = Some("c2".to_owned()));
        assert_eq!(
            said,
            "`1-3.json` and `3-3.json` are from commit c1 and commit c2"
        );
        let said = with(|report| drop(report.origin.locks.remove("uv.lock")));
        assert!(said.ends_with("a different `uv.lock`"), "{said}");
        let said = with(|report| report.origin.durations = Some("d".to_owned()));
        assert!(said.ends_with("different `--durations`"), "{said}");
        let said = with(|report| report.origin.request = vec!["python".to_owned()]);
        assert!(said.ends_with("`both` and `python`"), "{said}");
        let said = with(|report| report.test_results.clear());
        assert_eq!(said, "the tests of hello (.) ran in 2 of 3 shards");
    }

    #[test]
    fn a_test_that_no_shard_or_two_shards_ran_is_noticed() {
        let said = refused(&[report("1/2", &["a"], 3), report("2/2", &["b"], 3)]);
        assert_eq!(said, "the shards ran 2 of 3 tests: the tests of hello (.)");
        let said = refused(&[report("1/2", &["a"], 2), report("2/2", &["a"], 2)]);
        assert_eq!(said, "`a` ran in `1-2.json` and in `2-2.json`");
        let said = refused(&[report("1/2", &["a"], 2), report("2/2", &["b"], 3)]);
        assert_eq!(
            said,
            "`1-2.json` found 2 tests of hello (.), but `2-2.json` found 3"
        );
        // what failed says so itself
        let mut one = report("1/2", &["a"], 2);
        one.1.passed = false;
        assert!(!merge(&[one, report("2/2", &[], 2)]).unwrap()[0].passed);
    }
}
