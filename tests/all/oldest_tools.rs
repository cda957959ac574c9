//! The oldest uv and just that are taken from PATH are asked nothing that they do not know.

use std::path::{Path, PathBuf};

use cargo_pyx::world::tool::ToolName;

use crate::support::{Project, command, folder, summary, uv};

/// A folder of programs with both, as their wheels bring them.
fn oldest(folder: &Path) -> PathBuf {
    let environment = folder.join("tools");
    std::fs::create_dir_all(folder).unwrap();
    let call = |words: &[&str]| {
        let status = command(uv(), folder).args(words).arg(&environment).status();
        assert!(status.unwrap().success(), "{words:?}");
    };
    call(&["venv", "--quiet", "--clear", "--python", "python3"]);
    let wheel = |name: &str, tool: ToolName| format!("{name}=={}", tool.oldest());
    let (uv, just) = (
        wheel("uv", ToolName::Uv),
        wheel("rust-just", ToolName::Just),
    );
    call(&["pip", "install", "--quiet", &uv, &just, "--python"]);
    environment.join("bin")
}

#[test]
fn the_oldest_uv_and_just_are_asked_nothing_that_they_do_not_know() {
    let folder = folder!();
    let project = Project::new(&folder.join("hello"), "hello");
    project.dev().run().succeeds(); // provides the uv that gets the others
    let tools = oldest(&folder);
    std::fs::remove_dir_all(project.path(".venv")).unwrap();
    let pyx = |command: &str, words: &[&str]| {
        let pyx = project.pyx(command).path_first(&tools);
        pyx.with(words).run()
    };
    let run = pyx("test", &[]).succeeds();
    assert_eq!(
        summary(&run),
        "Rust (hello) 1 passed; Python (hello) 3 passed"
    );
    let imports = ["--with", "six", "--", "python", "-c", "import six, hello"];
    pyx("run", &imports).succeeds();
    pyx("just", &["lint"]).succeeds();

    // with packages as it has locked them itself
    let lock = project.program(tools.join("uv"), &["lock", "--quiet"]);
    lock.run().succeeds();
    pyx("test", &["--py"]).succeeds().says("from uv.lock");
    pyx("just", &["types"]).succeeds();
}
