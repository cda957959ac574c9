//! Zed: tasks (zed.dev/docs/tasks), settings of its language servers, and debug configurations for
//! its adapter `CodeLLDB` (zed.dev/docs/debugger).

use camino::Utf8Path;
use serde_json::Value;

use crate::error::Result;

use super::document::Json;
use super::file::{File, Setting};
use super::tasks::{DEV, tasks};
use super::workspace::Suite;
use super::{Fill, Workspace};

pub(super) const FILES: &[(&str, Fill)] = &[
    (".zed/debug.json", debug),
    (".zed/settings.json", settings),
    (".zed/tasks.json", task_list),
];

/// How it writes the folder that is open, and the file at hand.
const ROOT: &str = "$ZED_WORKTREE_ROOT";
const FILE: &str = "$ZED_FILE";

/// Settings know no variables, and a build script starts the interpreter from its own folder: so this
/// has to be a path of this machine, and one that a checkout elsewhere has left is set anew.
fn settings(file: &mut File<'_>, workspace: &Workspace) -> Result<()> {
    const SERVER: [&str; 3] = ["lsp", "rust-analyzer", "initialization_options"];
    let inside = workspace.inside(&workspace.python);
    let python = inside
        .clone()
        .unwrap_or_else(|| workspace.python.to_string());
    let key = ["lsp", "basedpyright", "settings", "python", "pythonPath"];
    file.set(&Workspace::interpreter(&key, python), |_| false)?;
    let elsewhere = |value: &Value| {
        let (path, inside) = (value.as_str(), inside.as_ref());
        path.zip(inside)
            .is_some_and(|(path, inside)| path.ends_with(&format!("/{inside}")))
    };
    for (key, setting) in workspace.rust_analyzer(workspace.python.to_string()) {
        let keys = [&SERVER[..], &key[..]].concat();
        file.set(
            &Setting {
                keys: &keys,
                ..setting
            },
            elsewhere,
        )?;
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
    let path = |path: &Utf8Path| workspace.from(ROOT, path);
    let configuration = |suite: &Suite| -> Vec<(&str, Json)> {
        vec![
            ("label", workspace.debugging(suite).into()),
            ("adapter", "CodeLLDB".into()),
            ("request", "launch".into()),
            ("program", path(&workspace.python).into()),
            ("args", workspace.pytest(suite, ROOT, FILE).into()),
            ("cwd", path(&suite.dir).into()),
            ("build", DEV.into()),
            ("sourceLanguages", vec!["rust"].into()),
        ]
    };
    let entries: Vec<_> = workspace.suites.iter().map(configuration).collect();
    file.put(&[], "label", &entries)
}
