//! What `cargo pyx new` has made.

use std::fs;
use std::path::Path;

use crate::support::{CheckOutcome, Project};

/// A folder for new projects.
pub(crate) fn empty(folder: &Path) -> Project {
    let root = folder.join("new");
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).unwrap();
    Project::at(&root)
}

/// `cargo pyx new` in that folder, with a repository of its own.
pub(crate) fn made(around: &Project, name: &str, args: &[&str]) -> Project {
    let run = around.pyx("new").with(&[name]).with(args).run().succeeds();
    run.says(&format!("next: cd {name} && cargo pyx test"));
    let project = Project::at(&around.path(name));
    assert!(project.path(".git").is_dir());
    project.git(&["config", "core.excludesFile", "/dev/null"]);
    Project::moved(&project.root)
}

/// Succeeds and leaves `git status` as it is.
pub(crate) fn runs(project: &Project, words: &[&str]) -> CheckOutcome {
    let before = project.traces();
    let run = project.pyx(words[0]).with(&words[1..]).run().succeeds();
    assert_eq!(project.traces(), before, "{words:?}");
    run
}
