//! What must not get into a release, or pass for one.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Project, folder};

/// What git knows of a project is what it holds now.
fn commit_all(project: &Project) {
    project.git(&["add", "--all"]);
    project.commit();
}

#[test]
fn f40_a_link_that_leads_out_of_the_checkout_is_not_packed() {
    let folder = folder!();
    let project = Project::cold(&folder.join("bin"), "bin");
    let outside = folder.join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("private.txt"), "private").unwrap();
    symlink(&outside, project.path("src/folder")).unwrap();
    symlink("../../outside/private.txt", project.path("tests/file.txt")).unwrap();
    project.write(".gitignore", "target/\n.venv/\nignored\n");
    symlink(&outside, project.path("ignored")).unwrap();
    // what leads to another place of the checkout is packed as it always was
    symlink("../README.md", project.path("tests/README.md")).unwrap();
    commit_all(&project);
    for product in ["sdist", "wheel"] {
        let run = project.pyx("release").with(&[product]).run().exits(2);
        let told = |link: &str, target: &std::path::Path| {
            let target = target.display();
            format!(
                "error: {link}: is packed, and links to `{target}`, which is outside of the checkout"
            )
        };
        let run = run.says_once(&told("src/folder", &outside));
        let run = run.says_once(&told("tests/file.txt", &outside.join("private.txt")));
        run.says("the project has errors (2)")
            .never_says("Building");
        assert!(!project.path("dist").exists());
    }
    // whatever is not packed may lead anywhere
    let apart = "\nexclude = [\"src/folder/**\", \"tests/file.txt\"]\n";
    project.append("pyproject.toml", apart);
    commit_all(&project);
    let run = project.pyx("release").with(&["sdist", "--no-test"]).run();
    run.never_says("outside of the checkout").says("Building");
}
