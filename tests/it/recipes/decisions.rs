//! What the project has decided, recipes do not decide again: its toolchain, packages and strictness.

use super::{just, result, small};
use crate::support::{Project, folder};

const PIN: &str = "[toolchain]\nchannel = \"1.2.3\"\n";

/// Everything that is there, new files as well.
fn committed(project: &Project) {
    project.git(&["add", "--all"]);
    project.commit();
}

/// A project that pins a toolchain that is not here.
fn pinned(folder: &std::path::Path) -> Project {
    let project = small(folder);
    project.write("rust-toolchain.toml", PIN);
    committed(&project);
    project
}

#[test]
fn a_toolchain_that_may_not_be_fetched_stops_everything_before_anything_is_made() {
    let project = pinned(&folder!());
    let before = project.listing(&[".git"]);
    for words in [
        &["dev"][..],
        &["test"],
        &["run", "true"],
        &["just", "lint"],
        &["just", "fmt"],
    ] {
        let run = project.pyx(words[0]).with(&words[1..]);
        let run = run.env("RUSTUP_AUTO_INSTALL", "0").run().exits(3);
        run.says("error: the toolchain 1.2.3 (rust-toolchain.toml) is not installed")
            .says("rustup toolchain install 1.2.3")
            .says("cargo +stable pyx");
    }
    assert!(before == project.listing(&[".git"]), "nothing was made");
}

#[test]
fn a_toolchain_that_may_be_fetched_is_fetched_in_the_projects_folder() {
    let project = pinned(&folder!());
    let dry = project.pyx("dev").with(&["--dry-run"]);
    let dry = dry.env("RUSTUP_AUTO_INSTALL", "1").run().succeeds();
    let line = "# Downloading toolchain 1.2.3 (rust-toolchain.toml)\n";
    assert!(dry.stdout.contains(line), "{dry}");
    assert!(dry.stdout.contains("rustup toolchain install)"), "{dry}");
    let offline = project.pyx("dev").with(&["--offline"]);
    let offline = offline.env("RUSTUP_AUTO_INSTALL", "1").run().exits(4);
    offline.says("toolchain 1.2.3");
}

#[test]
fn a_toolchain_that_a_person_names_is_one_for_all_that_is_started() {
    let project = pinned(&folder!());
    let stable = |command: &str, words: &[&str]| {
        let run = project.pyx(command).with(words);
        run.env("RUSTUP_TOOLCHAIN", "stable").run().succeeds()
    };
    let told = "printenv RUSTUP_TOOLCHAIN";
    project.write("justfile", &format!("own:\n    @{told}\n"));
    for run in [
        stable("run", &["printenv", "RUSTUP_TOOLCHAIN"]),
        stable("just", &["own"]),
    ] {
        assert_eq!(run.stdout, "stable\n", "{run}");
    }
    let exported = stable("env", &["--shell", "sh"]).stdout;
    assert!(exported.contains("RUSTUP_TOOLCHAIN=stable"), "{exported}");
}

#[test]
fn a_recipe_of_the_project_finds_what_is_listed_for_developers() {
    let project = small(&folder!());
    project.write("justfile", "style:\n    @pycodestyle --version\n");
    project.write("requirements-dev.txt", "pycodestyle==2.14.0\n");
    committed(&project);
    let run = just(&project, &["style"]).run().succeeds();
    assert_eq!(run.stdout, "2.14.0\n");
    let again = just(&project, &["style"]).run().succeeds();
    again.never_says("Syncing");
    project.dev().run().finds_fresh("shout");

    // what cannot be installed keeps no recipe from running
    project.write("requirements-lint.txt", "pycodestyle==0.0.0\n");
    let run = just(&project, &["style"]).run().succeeds();
    assert_eq!(run.stdout, "2.14.0\n");
    run.says("continuing without it");
}

#[test]
fn documentation_is_built_with_what_the_project_lists_for_it() {
    let project = small(&folder!());
    project.write("mkdocs.yml", "site_name: x\nplugins: [literate-nav]\n");
    project.write("docs/index.md", "# Words\n");
    let none = just(&project, &["docs"]).run().exits(1);
    none.says("mkdocs needs `literate-nav`, which no list of the project");
    let hatch = "[envs.docs]\ndependencies = [\"mkdocs==1.6.1\", \"mkdocs-literate-nav==0.6.2\"]\n";
    project.write("hatch.toml", hatch);
    just(&project, &["docs"]).run().succeeds();
    assert!(project.path("target/pyx/docs/site/index.html").is_file());
}

#[test]
fn what_nobody_formats_stays_as_it_is_until_somebody_asks() {
    let project = small(&folder!());
    project.write("src/more.rs", "fn  more( ) {}\n");
    let main = project.read("src/main.rs");
    project.write("src/main.rs", &format!("mod  more ;\n{main}"));
    committed(&project);
    let run = just(&project, &["fmt"]).run().succeeds();
    run.says("`cargo pyx just fmt rust` begins to");
    assert_eq!(project.traces(), "");
    let lint = just(&project, &["lint", "rustfmt"]).run().succeeds();
    assert!(result(&lint, "rustfmt").starts_with("ok (differs"));
    let strict = just(&project, &["lint", "--strict", "rustfmt"]);
    strict.run().exits(1);

    just(&project, &["fmt", "rust"]).run().succeeds();
    assert_eq!(project.read("src/more.rs"), "fn more() {}\n");
    project.git(&["checkout", "--quiet", "."]);
    project.write("Makefile", "format:\n\tcargo fmt\n");
    just(&project, &["fmt"]).run().succeeds();
    assert_eq!(project.read("src/more.rs"), "fn more() {}\n");
}

#[test]
fn the_project_says_what_its_linters_look_at_and_how_strictly() {
    let project = small(&folder!());
    project.append("src/main.rs", "fn one() -> u8 {\n    return 1;\n}\n");
    project.write("loose.py", "import os\n");
    project.write("checked/a.py", "");
    let run = just(&project, &["lint", "clippy", "ruff"]);
    let run = run.run().succeeds();
    let clippy = result(&run, "clippy");
    assert!(
        clippy.starts_with("ok (") && clippy.contains("warning"),
        "{run}"
    );
    assert_eq!(result(&run, "ruff check"), "ok (1 warning)");
    let workflow = "jobs:\n  lint:\n    steps:\n    - run: cargo clippy -- -D warnings\n    - run: ruff check checked\n";
    project.write(".github/workflows/ci.yml", workflow);
    let run = just(&project, &["lint", "clippy", "ruff"]).run().exits(1);
    assert!(result(&run, "clippy").starts_with("failed ("), "{run}");
    assert_eq!(result(&run, "ruff check"), "ok");
}
