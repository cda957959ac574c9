//! cargo-nextest's machine-readable output for each test (nextest book, "Machine-readable output").

use std::collections::HashMap;

use serde::Deserialize;

use crate::model::test_result::{CaseOutcome, TestCase};

use super::libtest::add_output;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "event")]
    what: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    exec_time: Option<f64>,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    message: String,
}

/// The tests that it has reported.
#[derive(Default)]
pub(super) struct Nextest {
    /// As last reported; `None` if one was reported again.
    told: Vec<Option<TestCase>>,
    /// By program and name, the position of each among them.
    places: HashMap<(Option<String>, String), usize>,
}

impl Nextest {
    /// Handles a line; whether it is machine-readable.
    pub(super) fn hear(&mut self, line: &str) -> bool {
        let event = serde_json::from_str::<Event>(line).ok();
        let Some(event) = event.filter(|_| line.starts_with('{')) else {
            return false;
        };
        if let Some(case) = event.case() {
            self.take_in(case);
        }
        true
    }

    /// One that is run again is reported again.
    fn take_in(&mut self, case: TestCase) {
        let key = (case.program.clone(), case.name.clone());
        if let Some(before) = self.places.insert(key, self.told.len()) {
            self.told[before] = None;
        }
        self.told.push(Some(case));
    }

    pub(super) fn cases(&self) -> impl Iterator<Item = &TestCase> {
        self.told.iter().flatten()
    }

    pub(super) fn into_cases(self) -> Vec<TestCase> {
        self.told.into_iter().flatten().collect()
    }
}

impl Event {
    /// Its report about a test; `None` if it is about something else.
    fn case(self) -> Option<TestCase> {
        let outcome = match &*self.what {
            _ if self.kind != "test" => return None,
            "ok" => CaseOutcome::Passed,
            // of one that is ignored no more may follow
            "ignored" | "started" => CaseOutcome::Skipped,
            // failed, timeout
            _ => CaseOutcome::Failed,
        };
        // `crate::program$path::of::test`
        let (program, name) = match self.name.split_once('$') {
            Some((program, name)) => (Some(program.to_owned()), name.to_owned()),
            None => (None, self.name),
        };
        // the second try of `test` is `test#2`
        let tried = name
            .rsplit_once('#')
            .filter(|(_, number)| number.parse::<u32>().is_ok());
        let name = tried.map_or(name.clone(), |(name, _)| name.to_owned());
        let mut case = TestCase {
            name,
            program,
            outcome,
            seconds: self.exec_time,
            ..TestCase::default()
        };
        for text in [&self.message, &self.stdout] {
            add_output(&mut case, text);
        }
        Some(case)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_is_told_with_its_seconds_and_what_it_printed() {
        let lines = [
            r#"{"type":"suite","event":"started","test_count":2,"nextest":{"crate":"a"}}"#,
            r#"{"type":"test","event":"started","name":"a::a$t"}"#,
            r#"{"type":"test","event":"ok","name":"a::a$t","exec_time":0.25}"#,
            r#"{"type":"test","event":"failed","name":"a::it$m::bad","exec_time":0.5,"stdout":"said\nthread 'bad' (1) panicked at tests/it.rs:3:37:\nno\n"}"#,
        ];
        let mut heard = Nextest::default();
        assert!(lines.iter().all(|line| heard.hear(line)));
        assert!(!heard.hear("{ not an event"));
        assert_eq!(heard.cases().count(), 2);
        let cases = heard.into_cases();
        assert_eq!(cases.len(), 2);
        assert_eq!((&*cases[0].name, cases[0].seconds), ("t", Some(0.25)));
        let bad = &cases[1];
        assert_eq!(bad.program.as_deref(), Some("a::it"));
        assert_eq!((&*bad.name, bad.outcome), ("m::bad", CaseOutcome::Failed));
        assert_eq!(bad.place.as_ref().unwrap().line, 3);
        let printed = "said\nthread 'bad' (1) panicked at tests/it.rs:3:37:\nno";
        assert_eq!(bad.message, format!("no\n\n{printed}"));
    }

    #[test]
    fn a_test_that_is_tried_again_is_told_of_once_and_as_it_ended() {
        let mut heard = Nextest::default();
        for (what, name) in [("failed", "a::a$t#1"), ("ok", "a::b$t"), ("ok", "a::a$t#2")] {
            let line = format!(r#"{{"type":"test","event":"{what}","name":"{name}"}}"#);
            assert!(heard.hear(&line));
        }
        let cases = heard.into_cases();
        let programs: Vec<_> = cases.iter().map(|case| case.program.as_deref()).collect();
        assert_eq!(programs, [Some("a::b"), Some("a::a")]);
        assert_eq!(cases[1].outcome, CaseOutcome::Passed);
    }
}
