//! Projects that `cargo pyx init` gives the other language.

use std::path::Path;

use crate::support::Project;

pub(crate) fn project(folder: &Path, files: &[(&str, &str)]) -> Project {
    let project = Project::written(folder, files);
    project.git(&["checkout", "--quiet", "-b", "adopted"]);
    project
}

/// Gets the other language, at the cost of so many lines; passes its tests, and is whole from then on.
pub(crate) fn adopts(project: &Project, name: &str, (edited, lost): (&[&str], usize)) {
    let plain = project.listing(&[".git", "target"]);
    let run = project.pyx("init").run().exits(2); // nobody can be asked
    run.says("hint: cargo pyx init --yes");
    project.pyx("init").with(&["--dry-run"]).run().succeeds();
    assert_eq!(project.listing(&[".git", "target"]), plain);
    let run = project.pyx("init").with(&["--yes"]).run().succeeds();
    run.says("add your own functions to ");
    let changed = project.git(&["diff", "--name-only"]);
    assert_eq!(changed.lines().collect::<Vec<_>>(), edited);
    project.git(&["add", "--all"]);
    let removed = project.git(&["diff", "--cached", "--numstat"]);
    let removed = removed.lines().filter_map(|line| line.split('\t').nth(1));
    assert_eq!(
        removed.map(|n| n.parse::<usize>().unwrap()).sum::<usize>(),
        lost
    );
    project.commit();
    project.pyx("test").run().succeeds();
    assert_eq!(project.traces(), "");
    project.pyx("init").run().finds_fresh(name);
    assert_eq!(project.traces(), "");
}
