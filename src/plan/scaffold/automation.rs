//! Continuous integration for an existing project.

use std::fmt::Write as _;

use camino::Utf8PathBuf;
use serde_json::{Value, json};

use crate::facts::release::{HOSTED, first_runners};
use crate::facts::{CiPlan, RECORDED};
use crate::model::invocation::quote;
use crate::model::path::{relative, within};

use super::render::render;
use super::workflow::{places, platforms, scalar};

/// One of the two matrices of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Matrix {
    /// Systems and Pythons to test on, and the test shards
    Test,
    /// Platforms to build wheels for
    Wheels,
}

/// The value of `matrix` in a GitHub workflow.
pub fn matrix(plan: &CiPlan, which: Matrix) -> Value {
    let rows: Vec<Value> = match which {
        Matrix::Test => test_rows(plan),
        Matrix::Wheels => wheel_rows(plan),
    };
    json!({ "include": rows })
}

/// The shards of a plan, as `--shard` accepts them.
fn shards(plan: &CiPlan) -> impl Iterator<Item = (u32, u32)> {
    let count = plan.shards.max(1);
    (1..=count).map(move |index| (index, count))
}

fn test_rows(plan: &CiPlan) -> Vec<Value> {
    let mut rows = Vec::new();
    for runner in first_runners() {
        for python in &plan.pythons {
            for (index, count) in shards(plan) {
                rows.push(json!({
                    "os": runner,
                    "python": python,
                    "shard": format!("{index}/{count}"),
                    // no slash, which names of artifacts cannot have
                    "job": format!("{index}-of-{count}"),
                }));
            }
        }
    }
    rows
}

fn wheel_rows(plan: &CiPlan) -> Vec<Value> {
    let hosts = HOSTED.iter().filter(|_| plan.is_released);
    let rows = hosts.enumerate().map(|(at, hosted)| {
        let platform = hosted.platform(plan.compatibility.as_deref());
        json!({
            "runner": hosted.runner,
            "target": hosted.target,
            "tag": platform.compatibility.as_deref().unwrap_or("native"),
            "sdist": at == 0,
            "wanted": wanted(plan),
        })
    });
    rows.collect()
}

/// For which Pythons `release wheel` is asked to build; without a word, for all on the machine.
fn wanted(plan: &CiPlan) -> String {
    let asked = plan.pythons.iter().filter(|_| plan.wheel_for_each);
    let flags: Vec<String> = asked.map(|python| format!("--python {python}")).collect();
    flags.join(" ")
}

/// A file for continuous integration, at the root of the repository.
#[derive(Clone, Debug)]
pub struct AutomationFile {
    /// Its name, and the alternative if someone else's file has the first.
    pub names: [&'static str; 2],
    pub text: String,
}

/// The workflows for GitHub: one tests, and one releases if there is something to release.
pub fn github(plan: &CiPlan) -> Vec<AutomationFile> {
    let file = |names, template| AutomationFile {
        names,
        text: render(template, &values(plan)),
    };
    let mut files = vec![file(
        [".github/workflows/ci.yml", ".github/workflows/pyx.yml"],
        template!("ci/github.yml"),
    )];
    if plan.is_released {
        files.push(file(
            [
                ".github/workflows/release.yml",
                ".github/workflows/pyx-release.yml",
            ],
            template!("release.yml"),
        ));
    }
    files
}

/// The pipeline, for GitLab.
pub fn gitlab(plan: &CiPlan) -> Vec<AutomationFile> {
    vec![AutomationFile {
        names: [".gitlab-ci.yml", "pyx.gitlab-ci.yml"],
        text: render(template!("ci/gitlab.yml"), &values(plan)),
    }]
}

fn values(plan: &CiPlan) -> Vec<(&'static str, String)> {
    let folder = &plan.folder;
    let place = |name| scalar(&within(folder, name)).into_owned();
    let recorded = plan.durations.as_deref().unwrap_or(RECORDED);
    let durations = plan.durations.as_deref();
    let durations = durations.map(|path| format!(" --durations {}", quote(path)));
    let mut values = vec![
        ("all_junit", place("all-tests.xml")),
        ("collected", place("reports")),
        ("durations", durations.unwrap_or_default()),
        ("enter", enter(folder)),
        ("folder", within(folder, "")),
        ("gitlab_matrix", gitlab_matrix(plan)),
        ("junit", place("tests.xml")),
        ("kept", kept(plan)),
        ("merge", merge(plan)),
        ("platforms", platforms(plan.compatibility.as_deref())),
        ("pyx", env!("CARGO_PKG_VERSION").to_owned()),
        ("recorded", quote(recorded).into_owned()),
        ("shards", scalar(&format!("{}/", plan.reports)).into_owned()),
        ("wanted", wanted(plan)),
    ];
    values.extend(places(folder));
    values
}

/// Where the recorded durations are, relative to the root of the repository.
fn kept(plan: &CiPlan) -> String {
    let recorded = plan.durations.as_deref().unwrap_or(RECORDED);
    // at the root of the repository, or next to the project
    match recorded.strip_prefix("../") {
        Some(_) => RECORDED.to_owned(),
        None => within(&plan.folder, recorded),
    }
}

/// The pipeline step that changes into the project's folder.
fn enter(folder: &str) -> String {
    if folder.is_empty() {
        return String::new();
    }
    format!("    - {}", scalar(&format!("cd {}", quote(folder))))
}

/// The pipeline line that merges the shards' reports.
fn merge(plan: &CiPlan) -> String {
    let absolute = |path: &str| Utf8PathBuf::from("/").join(path);
    let reports = relative(&absolute(&plan.folder), &absolute(&plan.reports));
    let line = format!(
        "cargo pyx test --merge {} --junit all-tests.xml",
        quote(&reports)
    );
    scalar(&line).into_owned()
}

fn gitlab_matrix(plan: &CiPlan) -> String {
    let quoted = |list: Vec<String>| {
        let quoted: Vec<String> = list.iter().map(|word| format!("\"{word}\"")).collect();
        format!("[{}]", quoted.join(", "))
    };
    let shards = shards(plan).map(|(index, count)| format!("{index}/{count}"));
    let mut text = String::new();
    let _ = writeln!(text, "      - PYTHON: {}", quoted(plan.pythons.clone()));
    let _ = write!(text, "        SHARD: {}", quoted(shards.collect()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> CiPlan {
        CiPlan {
            pythons: vec!["3.14".to_owned(), "3.15".to_owned()],
            shards: 2,
            folder: String::new(),
            durations: Some(RECORDED.to_owned()),
            reports: "target/pyx/shards".into(),
            is_released: true,
            compatibility: None,
            wheel_for_each: true,
        }
    }

    #[test]
    fn every_system_python_and_shard_has_a_job() {
        let matrix = matrix(&plan(), Matrix::Test);
        let rows = matrix["include"].as_array().unwrap();
        assert_eq!(rows.len(), 3 * 2 * 2);
        let first =
            json!({"os": "ubuntu-24.04", "python": "3.14", "shard": "1/2", "job": "1-of-2"});
        assert_eq!(rows[0], first);
    }

    #[test]
    fn a_module_for_one_python_gets_a_wheel_for_each() {
        let first = |plan: &CiPlan| matrix(plan, Matrix::Wheels)["include"][0].clone();
        let row = first(&plan());
        assert_eq!(row["wanted"], "--python 3.14 --python 3.15");
        assert_eq!(
            (&row["target"], &row["sdist"]),
            (&json!("x86_64-unknown-linux-gnu"), &json!(true))
        );
        let stable = CiPlan {
            wheel_for_each: false,
            ..plan()
        };
        assert_eq!(first(&stable)["wanted"], "");
    }

    #[test]
    fn wheels_are_tagged_as_the_project_says() {
        let plan = CiPlan {
            compatibility: Some("manylinux_2_28".to_owned()),
            ..plan()
        };
        let rows = matrix(&plan, Matrix::Wheels);
        let tags = rows["include"].as_array().unwrap().iter();
        let tags: Vec<&str> = tags.map(|row| row["tag"].as_str().unwrap()).collect();
        assert_eq!(tags[0], "manylinux_2_28");
        assert_eq!(tags.last(), Some(&"native"));
        let release = &github(&plan)[1].text;
        assert!(
            release.contains("-linux-gnu, tag: manylinux_2_28, sdist: true }"),
            "{release}"
        );
    }

    #[test]
    fn nothing_is_released_of_what_makes_no_distribution() {
        let plan = CiPlan {
            is_released: false,
            ..plan()
        };
        assert_eq!(matrix(&plan, Matrix::Wheels)["include"], json!([]));
        let files = github(&plan);
        assert!(files.len() == 1 && files[0].names[0].ends_with("ci.yml"));
    }

    #[test]
    fn pipelines_are_as_they_were_looked_at() {
        insta::assert_snapshot!("github", github(&plan())[0].text);
        insta::assert_snapshot!("gitlab", gitlab(&plan())[0].text);
    }

    /// The lines that the place of the project changes.
    fn placed(plan: &CiPlan) -> String {
        let lines = |files: Vec<AutomationFile>, at_root: Vec<AutomationFile>| {
            let mut changed = String::new();
            for (file, at_root) in files.iter().zip(&at_root) {
                let _ = writeln!(changed, "==> {}", file.names[0]);
                let known: Vec<&str> = at_root.text.lines().collect();
                for line in file.text.lines().filter(|line| !known.contains(line)) {
                    let _ = writeln!(changed, "{line}");
                }
            }
            changed
        };
        let at_root = self::plan();
        lines(github(plan), github(&at_root)) + &lines(gitlab(plan), gitlab(&at_root))
    }

    #[test]
    fn jobs_run_where_the_project_is_and_what_they_leave_is_looked_for_there() {
        let plan = CiPlan {
            folder: "py thon/it's".to_owned(),
            durations: Some("../../test-durations.json".to_owned()),
            reports: "py thon/it's/target/pyx/shards".into(),
            ..plan()
        };
        insta::assert_snapshot!("placed", placed(&plan));
        let odd = CiPlan {
            folder: "a: #b".to_owned(),
            ..plan
        };
        let text = &github(&odd)[1].text;
        assert!(
            text.contains("\n          path: \"a: #b/dist/\"\n"),
            "{text}"
        );
    }
}
