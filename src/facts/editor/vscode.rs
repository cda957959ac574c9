//! Visual Studio Code: tasks (code.visualstudio.com/docs/debugtest/tasks), settings, launch
//! configurations of `CodeLLDB`, and recommended extensions.

use crate::model::error::Result;

use super::file::{File, Setting, Verdict};
use super::settings::Places;
use super::tasks::{FIRST, TaskKind, tasks};
use super::{Fill, Workspace};

pub(super) const FILES: &[(&str, Fill)] = &[
    (".vscode/extensions.json", extensions),
    (".vscode/launch.json", launch),
    (PLACES.file, settings),
    (".vscode/tasks.json", task_list),
];

pub(super) const PLACES: Places = Places {
    file: ".vscode/settings.json",
    roots: &[ROOT, "${workspaceRoot}"],
    interpreters: &[&["python.defaultInterpreterPath"]],
    environments: &[
        &["rust-analyzer.cargo.extraEnv"],
        &["rust-analyzer.check.extraEnv"],
        &["rust-analyzer.server.extraEnv"],
    ],
    target: &["rust-analyzer.cargo.targetDir"],
    manifests: &["rust-analyzer.linkedProjects"],
};

/// How it writes the folder that is open, and the file at hand.
const ROOT: &str = "${workspaceFolder}";
const FILE: &str = "${file}";

const EXTENSIONS: [&str; 3] = [
    "ms-python.python",
    "rust-lang.rust-analyzer",
    "vadimcn.vscode-lldb",
];

fn extensions(file: &mut File<'_>, _: &Workspace) -> Result<()> {
    file.include(&["recommendations"], &EXTENSIONS)
}

fn settings(file: &mut File<'_>, workspace: &Workspace) -> Result<()> {
    let python = workspace.from(ROOT, &workspace.python);
    let interpreter = Workspace::interpreter(PLACES.interpreters[0], python.clone());
    file.set(&interpreter, |_| Verdict::Other)?;
    for (keys, setting) in workspace.rust_analyzer(&PLACES, python) {
        let setting = Setting {
            keys: &keys,
            ..setting
        };
        file.set(&setting, |value| match &keys[..] {
            keys if keys == PLACES.target => workspace.judge_target(value),
            _ => Verdict::Other,
        })?;
    }
    Ok(())
}

fn task_list(file: &mut File<'_>, workspace: &Workspace) -> Result<()> {
    file.version("2.0.0");
    let entries = tasks(workspace, FILE).into_iter().map(|task| {
        let mut entry = vec![
            ("label", task.label.into()),
            ("type", "process".into()),
            ("command", "cargo".into()),
            ("args", task.args.into()),
        ];
        let group = match task.kind {
            TaskKind::Build => Some("build"),
            TaskKind::Test => Some("test"),
            TaskKind::Other => None,
        };
        entry.extend(group.map(|group| ("group", group.into())));
        entry.push(("problemMatcher", vec!["$rustc"].into()));
        entry
    });
    file.put(&["tasks"], "label", &entries.collect::<Vec<_>>())
}

fn launch(file: &mut File<'_>, workspace: &Workspace) -> Result<()> {
    let launches = workspace.launches(ROOT, FILE);
    if launches.is_empty() {
        return Ok(());
    }
    file.version("0.2.0");
    let entries = launches.into_iter().map(|launch| {
        vec![
            ("name", launch.name.into()),
            ("type", "lldb".into()),
            ("request", "launch".into()),
            ("program", launch.program.into()),
            ("args", launch.args.into()),
            ("cwd", launch.dir.into()),
            ("preLaunchTask", FIRST.into()),
            ("sourceLanguages", vec!["rust"].into()),
        ]
    });
    file.put(&["configurations"], "name", &entries.collect::<Vec<_>>())
}
