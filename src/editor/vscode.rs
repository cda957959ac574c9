//! Visual Studio Code: tasks (code.visualstudio.com/docs/debugtest/tasks), settings, launch
//! configurations of `CodeLLDB`, and recommended extensions.

use crate::error::Result;

use super::file::{File, Setting, Verdict};
use super::tasks::{FIRST, Kind, tasks};
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
    file.set(&interpreter, |_| Verdict::Other)?;
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
        file.set(&setting, |value| match &key[..] {
            ["cargo", "targetDir"] => workspace.judge_target(value),
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
