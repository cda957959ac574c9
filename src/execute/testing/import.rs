//! Counts the modules that could be imported.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::facts::dependencies::packages_of_module;
use crate::model::error::Result;
use crate::model::package_name;
use crate::model::test_result::{TestKind, TestResult};
use crate::plan::Test;
use crate::world::process::{self, Status};

use super::super::context::Context;

/// What `import.py` prints.
#[derive(Debug, Default, Deserialize)]
struct Report {
    good: Vec<String>,
    optional: Vec<String>,
    /// Module and the package that it imports, which is not installed.
    #[serde(default)]
    needs: BTreeMap<String, String>,
    /// What the metadata requires, on any system and for any extra.
    #[serde(default)]
    requirements: Vec<String>,
    /// Module and error.
    bad: BTreeMap<String, String>,
}

pub(super) fn run(context: &Context<'_>, test: &Test) -> Result<TestResult> {
    let output = process::read(&test.invocation)?;
    let mut lines = output.stdout.lines().rev();
    let report = lines.find_map(|line| serde_json::from_str::<Report>(line).ok());
    let mut test_result = TestResult {
        kind: TestKind::Imports,
        member: test.member.clone(),
        ..TestResult::default()
    };
    let Some(report) = report else {
        let last = output.stderr.trim().lines().last().unwrap_or_default();
        test_result.failure = Some(format!("importing ended with {}: {last}", output.status));
        return Ok(test_result);
    };
    for (module, error) in &report.bad {
        context
            .ui
            .will_fail(&format!("cannot import {module}: {error}"));
    }
    for module in &report.optional {
        context.ui.detail("Skipped", module);
    }
    for (module, package) in &report.needs {
        if report.requires(package) {
            let text = format!("{module} (needs {package})");
            context.ui.detail("Skipped", &text);
        } else {
            context.ui.warn(&format!(
                "{module} cannot be imported: it needs `{package}`, which the wheel's metadata does not require"
            ));
        }
    }
    let counts = [
        ("passed", report.good.len()),
        ("skipped", report.optional.len() + report.needs.len()),
        ("failed", report.bad.len()),
    ];
    let counts = counts.map(|(kind, count)| (kind.to_owned(), count as u64));
    test_result.counts = counts.into();
    test_result.failure = report.failure(output.status);
    Ok(test_result)
}

impl Report {
    /// Whether the metadata has a requirement that may provide `module`.
    fn requires(&self, module: &str) -> bool {
        let names = packages_of_module(module);
        let mut requirements = self.requirements.iter();
        requirements.any(|text| {
            package_name::of_requirement(text).is_some_and(|name| names.contains(&name))
        })
    }

    /// `status`: how the interpreter ended, which may have been after the report.
    fn failure(&self, status: Status) -> Option<String> {
        if let Some(module) = self.bad.keys().next() {
            return Some(format!("{module} cannot be imported"));
        }
        if !status.success() {
            return Some(format!(
                "Python failed while shutting down, after the modules were imported ({status})"
            ));
        }
        let has_others = !(self.optional.is_empty() && self.needs.is_empty());
        let nothing = self.good.is_empty() && has_others;
        nothing.then(|| "no module could be imported".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_only_an_extra_requires_is_told_from_one_that_nothing_does() {
        let report = Report {
            requirements: vec![
                "Data_Frames>=1; extra == \"frames\"".into(),
                "PyYAML; sys_platform == 'win32'".into(),
            ],
            ..Report::default()
        };
        for module in ["data_frames", "yaml"] {
            assert!(report.requires(module), "{module}");
        }
        assert!(!report.requires("numpy"));
    }

    #[test]
    fn modules_that_fail_when_the_interpreter_ends_are_no_success() {
        let report = Report {
            good: vec!["a".into()],
            ..Report::default()
        };
        assert_eq!(report.failure(Status::Code(0)), None);
        for (status, words) in [
            (Status::Signal(11), "killed by signal 11"),
            (Status::Code(120), "exit code 120"),
        ] {
            let failure = report.failure(status).unwrap();
            assert!(failure.contains(words), "{failure}");
        }
        let bad = Report {
            bad: [("b".to_owned(), "ImportError: no".to_owned())].into(),
            ..report
        };
        let failure = bad.failure(Status::Signal(11));
        assert_eq!(failure.as_deref(), Some("b cannot be imported"));
    }
}
