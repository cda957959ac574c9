//! Visual Studio Code: tasks (code.visualstudio.com/docs/debugtest/tasks), settings, launch
//! configurations of `CodeLLDB`, and recommended extensions.

use camino::Utf8Path;

use crate::error::Result;

use super::file::{File, Setting};
use super::tasks::{DEV, Kind, tasks};
use super::workspace::Suite;
use super::{Fill, Workspace};

pub(super) const FILES: &[(&str, Fill)] = &[
    (".vscode/extensions.json", extensions),
    (".vscode/launch.json", launch),
    (".vscode/settings.json", settings),
    (".vscode/tasks.json", task_list),
];

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
    let key = ["python.defaultInterpreterPath"];
    let interpreter = Workspace::interpreter(&key, python.clone());
    file.set(&interpreter, |_| false)?;
    for (key, setting) in workspace.rust_analyzer(python) {
        let whole = format!("rust-analyzer.{}", key.join("."));
        let (first, rest) = match &key[..] {
            // the one that is a table of names of the user's
            ["cargo", "extraEnv", name] => ("rust-analyzer.cargo.extraEnv", Some(*name)),
            _ => (&*whole, None),
        };
        let keys: Vec<&str> = std::iter::once(first).chain(rest).collect();
        let setting = Setting {
            keys: &keys,
            ..setting
        };
        file.set(&setting, |_| false)?;
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
            Kind::Build => Some("build"),
            Kind::Test => Some("test"),
            Kind::Other => None,
        };
        entry.extend(group.map(|group| ("group", group.into())));
        entry.push(("problemMatcher", vec!["$rustc"].into()));
        entry
    });
    file.put(&["tasks"], "label", &entries.collect::<Vec<_>>())
}

fn launch(file: &mut File<'_>, workspace: &Workspace) -> Result<()> {
    if workspace.suites.is_empty() {
        return Ok(());
    }
    file.version("0.2.0");
    let path = |path: &Utf8Path| workspace.from(ROOT, path);
    let configuration = |suite: &Suite| {
        vec![
            ("name", workspace.debugging(suite).into()),
            ("type", "lldb".into()),
            ("request", "launch".into()),
            ("program", path(&workspace.python).into()),
            ("args", workspace.pytest(suite, ROOT, FILE).into()),
            ("cwd", path(&suite.dir).into()),
            ("preLaunchTask", DEV.into()),
            ("sourceLanguages", vec!["rust"].into()),
        ]
    };
    let entries: Vec<_> = workspace.suites.iter().map(configuration).collect();
    file.put(&["configurations"], "name", &entries)
}
