//! A project with links that lead out of its checkout.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::{CheckOutcome, Project};

/// What git knows of a project is what it holds now.
pub(crate) fn commit_all(project: &Project) {
    project.git(&["add", "--all"]);
    project.commit();
}

/// Two of its links lead out and are packed, one is ignored, one leads to another place of it. Returns
/// the folder outside as well.
pub(crate) fn linked_out(folder: &Path) -> (Project, PathBuf) {
    let project = Project::cold(&folder.join("bin"), "bin");
    let outside = folder.join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("private.txt"), "private").unwrap();
    symlink(&outside, project.path("src/folder")).unwrap();
    symlink("../../outside/private.txt", project.path("tests/file.txt")).unwrap();
    project.write(".gitignore", "target/\n.venv/\nignored\n");
    symlink(&outside, project.path("ignored")).unwrap();
    symlink("../README.md", project.path("tests/README.md")).unwrap();
    commit_all(&project);
    (project, outside)
}

/// Both links are named with where they lead, and nothing else is.
#[track_caller]
pub(crate) fn says_all(run: CheckOutcome, outside: &Path) {
    let told = |link: &str, target: &Path| {
        let target = target.display();
        format!("error: {link}: is packed, but links to `{target}`, which is outside the checkout")
    };
    run.exits(2)
        .says_once(&told("src/folder", outside))
        .says_once(&told("tests/file.txt", &outside.join("private.txt")))
        .says("2 errors in the project")
        .never_says("Building");
}
