//! What `cargo pyx init --editor` writes, with the real editors' debuggers as far as they are here.

use std::path::PathBuf;
use std::process::Command;

use object::{Object, ObjectSection};
use serde_json::Value;

use crate::support::{Project, on_path, project};

/// What a debugger is started with, read from the editor's own file.
struct Launch {
    program: String,
    args: Vec<String>,
    dir: PathBuf,
}

/// `variables`: what the editor puts in place of them.
fn launch(configuration: &Value, variables: &[(&str, &str)]) -> Launch {
    let text = |value: &Value| {
        let start = value.as_str().unwrap().to_owned();
        variables
            .iter()
            .fold(start, |text, (name, value)| text.replace(name, value))
    };
    Launch {
        program: text(&configuration["program"]),
        args: configuration["args"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect(),
        dir: text(&configuration["cwd"]).into(),
    }
}

fn json(project: &Project, name: &str) -> Value {
    serde_json::from_str(&project.read(name)).unwrap()
}

/// Both editors' launches of the tests in `file`.
fn launches(project: &Project, file: &str) -> [Launch; 2] {
    let root = project.root.to_string_lossy();
    let file = format!("{root}/{file}");
    let vscode = json(project, ".vscode/launch.json");
    let zed = json(project, ".zed/debug.json");
    let of_vscode = [("${workspaceFolder}", &*root), ("${file}", &*file)];
    let of_zed = [("$ZED_WORKTREE_ROOT", &*root), ("$ZED_FILE", &*file)];
    [
        launch(&vscode["configurations"][0], &of_vscode),
        launch(&zed[0], &of_zed),
    ]
}

#[test]
fn rust_analyzer_compiles_apart_and_a_debugger_stops_in_a_function_that_a_python_test_calls() {
    let project = project!("hello");
    let debugged = "\n[profile.dev.package.hello]\ndebug = true\n";
    project.append("Cargo.toml", debugged);
    let source = project.read("src/lib.rs");
    let line = source
        .lines()
        .position(|line| line.contains("(a + b)"))
        .unwrap()
        + 1;
    project
        .pyx("init")
        .with(&["--editor", "zed", "--editor", "vscode", "--yes"])
        .run()
        .succeeds();

    // both begin with the task that builds
    let task = json(&project, ".vscode/launch.json")["configurations"][0]["preLaunchTask"].clone();
    assert_eq!(task, json(&project, ".zed/debug.json")[0]["build"]);
    let tasks = json(&project, ".vscode/tasks.json");
    let mut tasks = tasks["tasks"].as_array().unwrap().iter();
    let task = tasks.find(|one| one["label"] == task).unwrap();
    let args = task["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arg| arg.as_str().unwrap());
    let args: Vec<&str> = args.collect();
    assert_eq!(args[..2], ["pyx", "dev"]);
    project.dev().with(&args[2..]).run().succeeds();
    project
        .pyx("test")
        .with(&["--py"])
        .run()
        .succeeds()
        .says("Fresh hello");

    // neither makes the other compile again
    check(&project);
    project.dev().run().succeeds().says("Fresh hello");
    project.append("src/lib.rs", "\n");
    project.dev().run().succeeds();
    let again = check(&project);
    let compiled = again
        .lines()
        .filter(|line| line.contains("Checking") || line.contains("Compiling"));
    assert_eq!(compiled.count(), 1, "{again}");
    project.dev().run().succeeds().says("Fresh hello");

    for launch in launches(&project, "tests/test_hello.py") {
        let run = Command::new(&launch.program)
            .args(&launch.args)
            .current_dir(&launch.dir)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.contains("3 passed"), "{said}");
        let imported = Command::new(&launch.program)
            .args(["-c", "import hello; print(hello.hello.__file__)"])
            .current_dir(&launch.dir)
            .output()
            .unwrap();
        let module = String::from_utf8(imported.stdout).unwrap();
        assert!(has_lines(module.trim(), "src/lib.rs"), "{module}");
        // without gdb, that the lines are there is all that can be said
        if let Some(gdb) = on_path("gdb") {
            let place = project.path("src/lib.rs");
            let stopped = stop(&gdb, &launch, &format!("{}:{line}", place.display()));
            let there = "hello::sum_as_string (a=2, b=3)";
            assert!(stopped.contains(there), "{stopped}");
        }
    }
}

/// What rust-analyzer compiles when the file is saved: with the settings that it gets, in its own
/// target directory (rust-analyzer book, "cargo.targetDir").
fn check(project: &Project) -> String {
    let settings = json(project, ".vscode/settings.json");
    assert_eq!(settings["rust-analyzer.cargo.targetDir"], true);
    let env = settings["rust-analyzer.cargo.extraEnv"]
        .as_object()
        .unwrap();
    let root = project.root.to_string_lossy();
    let env = env.iter().map(|(name, value)| {
        let value = value.as_str().unwrap();
        (name, value.replace("${workspaceFolder}", &root))
    });
    let output = Command::new("cargo")
        .args([
            "check",
            "--all-targets",
            "--target-dir",
            "target/rust-analyzer",
        ])
        .current_dir(&project.root)
        .envs(env)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

/// Whether debuggers can find lines of that file in a module.
fn has_lines(module: &str, file: &str) -> bool {
    let bytes = std::fs::read(module).unwrap();
    let parsed = object::File::parse(&*bytes).unwrap();
    let has = |name: &str| {
        parsed
            .section_by_name(name)
            .is_some_and(|part| part.size() > 0)
    };
    let lines = [".debug_line", ".debug_line_str", ".debug_str"];
    let texts = lines
        .iter()
        .filter_map(|name| parsed.section_by_name(name)?.data().ok());
    let needle = file.as_bytes();
    let named = |text: &[u8]| memchr::memmem::find(text, needle).is_some();
    has(".debug_info") && has(".debug_line") && texts.into_iter().any(named)
}

/// What gdb says where it has stopped.
fn stop(gdb: &std::path::Path, launch: &Launch, place: &str) -> String {
    let output = Command::new(gdb)
        .args(["-q", "-batch", "-nx", "-iex", "set debuginfod enabled off"])
        .args(["-ex", "set breakpoint pending on"])
        .args([
            "-ex",
            &format!("break {place}"),
            "-ex",
            "run",
            "-ex",
            "backtrace 1",
        ])
        .arg("--args")
        .arg(&launch.program)
        .args(&launch.args)
        .current_dir(&launch.dir)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
