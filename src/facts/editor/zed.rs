//! Zed: tasks (zed.dev/docs/tasks), settings of its language servers, and debug configurations for
//! its adapter `CodeLLDB` (zed.dev/docs/debugger).

use serde_json::Value;

use crate::model::error::Result;
use crate::model::path::slashed;

use super::config_file::{ConfigFile, Fill, OtherValue};
use super::settings_file::SettingsFile;
use super::tasks::{DEBUG_BUILD, tasks};
use super::workspace::Workspace;

/// The keys of a rust-analyzer setting.
macro_rules! rust_analyzer {
    ($($key:literal),+) => {
        &["lsp", "rust-analyzer", "initialization_options", $($key),+]
    };
}

pub(super) const FILES: &[(&str, Fill)] = &[
    (".zed/debug.json", debug),
    (SETTINGS.path, settings),
    (".zed/tasks.json", task_list),
];

pub(super) const SETTINGS: SettingsFile = SettingsFile {
    path: ".zed/settings.json",
    root_variables: &[],
    interpreters: &[
        &["lsp", "basedpyright", "settings", "python", "pythonPath"],
        &["lsp", "pyright", "settings", "python", "pythonPath"],
    ],
    environments: &[
        rust_analyzer!["cargo", "extraEnv"],
        rust_analyzer!["check", "extraEnv"],
    ],
    target_dir: rust_analyzer!["cargo", "targetDir"],
    linked_projects: rust_analyzer!["linkedProjects"],
};

/// Its variables for the open folder and the current file.
const ROOT: &str = "$ZED_WORKTREE_ROOT";
const FILE: &str = "$ZED_FILE";

/// Settings have no variables, and a build script starts the interpreter from its own folder: so this has to
/// be a path of this machine, and one that another checkout left is replaced.
fn settings(file: &mut ConfigFile<'_>, workspace: &Workspace) -> Result<()> {
    let inside = workspace.inside(&workspace.python);
    let python = inside
        .clone()
        .unwrap_or_else(|| workspace.python.to_string());
    let interpreter = Workspace::interpreter(SETTINGS.interpreters[0], python);
    file.set(&interpreter, |_| OtherValue::Warn)?;
    let elsewhere = |value: &Value| {
        let path = value.as_str().map(|path| slashed(path.into()));
        let both = path.zip(inside.as_ref());
        both.is_some_and(|(path, inside)| path.ends_with(&format!("/{inside}")))
    };
    for setting in workspace.rust_analyzer(&SETTINGS, workspace.python.to_string()) {
        file.set(&setting, |value| match &setting.keys[..] {
            keys if keys == SETTINGS.target_dir => workspace.resolve_target(value),
            _ if elsewhere(value) => OtherValue::Replace,
            _ => OtherValue::Warn,
        })?;
    }
    Ok(())
}

fn task_list(file: &mut ConfigFile<'_>, workspace: &Workspace) -> Result<()> {
    let entries = tasks(workspace, FILE).into_iter().map(|task| {
        vec![
            ("label", task.label.into()),
            ("command", "cargo".into()),
            ("args", task.args.into()),
        ]
    });
    file.put(&[], "label", &entries.collect::<Vec<_>>())
}

fn debug(file: &mut ConfigFile<'_>, workspace: &Workspace) -> Result<()> {
    let entries = workspace.launches(ROOT, FILE).into_iter().map(|launch| {
        vec![
            ("label", launch.name.into()),
            ("adapter", "CodeLLDB".into()),
            ("request", "launch".into()),
            ("program", launch.program.into()),
            ("args", launch.args.into()),
            ("cwd", launch.dir.into()),
            ("build", DEBUG_BUILD.into()),
            ("sourceLanguages", vec!["rust"].into()),
        ]
    });
    file.put(&[], "label", &entries.collect::<Vec<_>>())
}
