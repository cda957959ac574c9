//! Zed: tasks (zed.dev/docs/tasks), settings of its language servers, and debug configurations for
//! its adapter `CodeLLDB` (zed.dev/docs/debugger).

use serde_json::Value;

use crate::model::error::Result;

use super::file::{File, Setting, Verdict};
use super::settings::Places;
use super::tasks::{FIRST, tasks};
use super::{Fill, Workspace};

/// The keys of a setting of rust-analyzer.
macro_rules! rust_analyzer {
    ($($key:literal),+) => {
        &["lsp", "rust-analyzer", "initialization_options", $($key),+]
    };
}

pub(super) const FILES: &[(&str, Fill)] = &[
    (".zed/debug.json", debug),
    (PLACES.file, settings),
    (".zed/tasks.json", task_list),
];

pub(super) const PLACES: Places = Places {
    file: ".zed/settings.json",
    roots: &[],
    interpreters: &[
        &["lsp", "basedpyright", "settings", "python", "pythonPath"],
        &["lsp", "pyright", "settings", "python", "pythonPath"],
    ],
    environments: &[
        rust_analyzer!["cargo", "extraEnv"],
        rust_analyzer!["check", "extraEnv"],
    ],
    target: rust_analyzer!["cargo", "targetDir"],
    manifests: rust_analyzer!["linkedProjects"],
};

/// How it writes the folder that is open, and the file at hand.
const ROOT: &str = "$ZED_WORKTREE_ROOT";
const FILE: &str = "$ZED_FILE";

/// Settings know no variables, and a build script starts the interpreter from its own folder: so this
/// has to be a path of this machine, and one that a checkout elsewhere has left is set anew.
fn settings(file: &mut File<'_>, workspace: &Workspace) -> Result<()> {
    let inside = workspace.inside(&workspace.python);
    let python = inside
        .clone()
        .unwrap_or_else(|| workspace.python.to_string());
    let interpreter = Workspace::interpreter(PLACES.interpreters[0], python);
    file.set(&interpreter, |_| Verdict::Other)?;
    let elsewhere = |value: &Value| {
        let path = value.as_str().map(|path| path.replace('\\', "/"));
        let both = path.zip(inside.as_ref());
        both.is_some_and(|(path, inside)| path.ends_with(&format!("/{inside}")))
    };
    for (keys, setting) in workspace.rust_analyzer(&PLACES, workspace.python.to_string()) {
        let setting = Setting {
            keys: &keys,
            ..setting
        };
        file.set(&setting, |value| match &keys[..] {
            keys if keys == PLACES.target => workspace.judge_target(value),
            _ if elsewhere(value) => Verdict::Outdated,
            _ => Verdict::Other,
        })?;
    }
    Ok(())
}

fn task_list(file: &mut File<'_>, workspace: &Workspace) -> Result<()> {
    let entries = tasks(workspace, FILE).into_iter().map(|task| {
        vec![
            ("label", task.label.into()),
            ("command", "cargo".into()),
            ("args", task.args.into()),
        ]
    });
    file.put(&[], "label", &entries.collect::<Vec<_>>())
}

fn debug(file: &mut File<'_>, workspace: &Workspace) -> Result<()> {
    let launches = workspace.launches(ROOT, FILE).into_iter();
    let entries = launches.map(|launch| {
        vec![
            ("label", launch.name.into()),
            ("adapter", "CodeLLDB".into()),
            ("request", "launch".into()),
            ("program", launch.program.into()),
            ("args", launch.args.into()),
            ("cwd", launch.dir.into()),
            ("build", FIRST.into()),
            ("sourceLanguages", vec!["rust"].into()),
        ]
    });
    file.put(&[], "label", &entries.collect::<Vec<_>>())
}
