//! What cargo-nextest tells machines of each test (nextest book, "Machine-readable output").

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

/// Takes in a line; whether it is for machines.
pub(super) fn hear(cases: &mut Vec<TestCase>, line: &str) -> bool {
    let Some(event) = serde_json::from_str::<Event>(line)
        .ok()
        .filter(|_| line.starts_with('{'))
    else {
        return false;
    };
    let outcome = match &*event.what {
        _ if event.kind != "test" => return true,
        "ok" => CaseOutcome::Passed,
        // of one that is ignored no more may follow
        "ignored" | "started" => CaseOutcome::Skipped,
        // failed, timeout
        _ => CaseOutcome::Failed,
    };
    // `crate::program$path::of::test`
    let (program, name) = match event.name.split_once('$') {
        Some((program, name)) => (Some(program.to_owned()), name.to_owned()),
        None => (None, event.name),
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
        seconds: event.exec_time,
        ..TestCase::default()
    };
    for text in [&event.message, &event.stdout] {
        add_output(&mut case, text);
    }
    // one that is run again is told of again
    cases.retain(|known| (&known.program, &known.name) != (&case.program, &case.name));
    cases.push(case);
    true
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
        let mut cases = Vec::new();
        assert!(lines.iter().all(|line| hear(&mut cases, line)));
        assert!(!hear(&mut cases, "{ not an event"));
        assert_eq!(cases.len(), 2);
        assert_eq!((&*cases[0].name, cases[0].seconds), ("t", Some(0.25)));
        let bad = &cases[1];
        assert_eq!(bad.program.as_deref(), Some("a::it"));
        assert_eq!((&*bad.name, bad.outcome), ("m::bad", CaseOutcome::Failed));
        assert_eq!(bad.place.as_ref().unwrap().line, 3);
        assert!(bad.message.contains("no"));
    }
}
