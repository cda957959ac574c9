//! Visual Studio Code: tasks (code.visualstudio.com/docs/debugtest/tasks), settings, launch
//! configurations of `CodeLLDB`, and recommended extensions.

use crate::model::error::Result;

use super::config_file::{ConfigFile, Fill, OtherValue};
use super::settings_file::SettingsFile;
use super::tasks::{DEBUG_BUILD, TaskKind, tasks};
use super::workspace::Workspace;

pub(super) const FILES: &[(&str, Fill)] = &[
    (".vscode/extensions.json", extensions),
    (".vscode/launch.json", launch),
    (SETTINGS.path, settings),
    (".vscode/tasks.json", task_list),
];

pub(super) const SETTINGS: SettingsFile = SettingsFile {
    path: ".vscode/settings.json",
    root_variables: &[ROOT, "${workspaceRoot}"],
    interpreters: &[&["python.defaultInterpreterPath"]],
    environments: &[
        &["rust-analyzer.cargo.extraEnv"],
        &["rust-analyzer.check.extraEnv"],
        &["rust-analyzer.server.extraEnv"],
    ],
    target_dir: &["rust-analyzer.cargo.targetDir"],
    linked_projects: &["rust-analyzer.linkedProjects"],
};

/// Its variables for the open folder and the current file.
const ROOT: &str = "${workspaceFolder}";
const FILE: &str = "${file}";

const EXTENSIONS: [&str; 3] = [
    "ms-python.python",
    "rust-lang.rust-analyzer",
    "vadimcn.vscode-lldb",
];

fn extensions(file: &mut ConfigFile<'_>, _: &Workspace) -> Result<()> {
    file.include(&["recommendations"], &EXTENSIONS)
}

fn settings(file: &mut ConfigFile<'_>, workspace: &Workspace) -> Result<()> {
    let python = workspace.from(ROOT, &workspace.python);
    let interpreter = Workspace::interpreter(SETTINGS.interpreters[0], python.clone());
    file.set(&interpreter, |_| OtherValue::Warn)?;
    for setting in workspace.rust_analyzer(&SETTINGS, python) {
        file.set(&setting, |value| match &setting.keys[..] {
            keys if keys == SETTINGS.target_dir => workspace.resolve_target(value),
            _ => OtherValue::Warn,
        })?;
    }
    Ok(())
}

fn task_list(file: &mut ConfigFile<'_>, workspace: &Workspace) -> Result<()> {
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

fn launch(file: &mut ConfigFile<'_>, workspace: &Workspace) -> Result<()> {
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
            ("preLaunchTask", DEBUG_BUILD.into()),
            ("sourceLanguages", vec!["rust"].into()),
        ]
    });
    file.put(&["configurations"], "name", &entries.collect::<Vec<_>>())
}
