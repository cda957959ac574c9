//! What editors offer to run: pyx commands and recipes.

use super::workspace::Workspace;

/// A call of `cargo pyx`.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) label: String,
    /// Words after `cargo`.
    pub(super) args: Vec<String>,
    pub(super) kind: TaskKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TaskKind {
    Build,
    Test,
    Other,
}

/// The label of the task that debug configurations run first: a build that a debugger can follow, whatever
/// profile the project uses.
pub(super) const DEBUG_BUILD: &str = "pyx: dev, for the debugger";

/// `file`: the editor's variable for the absolute path of the current file.
pub(super) fn tasks(workspace: &Workspace, file: &str) -> Vec<Task> {
    let task = |label: &str, words: &[&str], kind| Task {
        label: label.to_owned(),
        args: std::iter::once("pyx")
            .chain(words.iter().copied())
            .map(str::to_owned)
            .collect(),
        kind,
    };
    let mut tasks = vec![
        task("pyx: dev", &["dev"], TaskKind::Build),
        task("pyx: test", &["test"], TaskKind::Test),
        task(
            "pyx: test this Python file",
            &["test", "--py", "--", file],
            TaskKind::Test,
        ),
        task("pyx: test Rust", &["test", "--rust"], TaskKind::Test),
    ];
    if !workspace.suites.is_empty() {
        tasks.push(task(
            DEBUG_BUILD,
            &["dev", "--profile", "dev"],
            TaskKind::Build,
        ));
    }
    let recipes = workspace.recipes.iter().map(String::as_str);
    tasks.extend(recipes.map(|name| {
        task(
            &format!("pyx: just {name}"),
            &["just", name],
            TaskKind::Other,
        )
    }));
    tasks
}
