//! All of a project's checks in one.

use std::fs;

use crate::recipe_call::{just, result};
use crate::support::{Project, project};

const FINDING: &str = "import os\n";

#[test]
fn ci_runs_all_steps_and_writes_the_summary() {
    let project = project!("mixed");
    let page = project.root.with_file_name("summary.md");
    let _ = fs::remove_file(&page);
    let ci = |project: &Project| {
        just(project, &["ci"])
            .env("GITHUB_STEP_SUMMARY", &page)
            .run()
    };
    let run = ci(&project).succeeds();
    for step in ["lint", "test", "types"] {
        assert_eq!(result(&run, step), "ok", "{step}:\n{run}");
    }
    run.never_says("audit");
    let summary = fs::read_to_string(&page).unwrap();
    assert!(summary.contains("| step | result | seconds |"), "{summary}");
    assert!(summary.contains("| test | ok | "), "{summary}");
    assert_eq!(project.traces(), "");

    // what the project does not check itself is shown beside it
    project.edit("python/mixed/_mixed.pyi", "text: str", "word: str");
    let run = ci(&project).succeeds();
    let beside = "ok (findings that the project's own checks do not look for)";
    assert_eq!(result(&run, "types"), beside);
    let own = "check:\n\truff check .\n\tpython -m mypy.stubtest mixed\n";
    project.write("Makefile", own);
    project.append("python/mixed/__init__.py", FINDING);
    let run = ci(&project).exits(1);
    assert_eq!(result(&run, "test"), "ok");
    for step in ["lint", "types"] {
        assert_eq!(result(&run, step), "failed (1)", "{step}:\n{run}");
    }
}
