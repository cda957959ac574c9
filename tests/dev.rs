//! What `cargo pyx dev` promises, in real projects with the real tools.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests spawn pyx and look at what it left"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Outcome, Project, folder, modified, on_path, project, read, set_modified, traps};

const GREETING: &str = "Hello from Rust!";
const GREET: &str = "import hello; print(hello.greeting())";

/// The first build of a fixture works and leaves nothing in the checkout; the second does nothing.
fn builds_once(project: &Project, members: &[&str]) -> Outcome {
    let first = project.dev().run().succeeds();
    assert_eq!(project.traces(), "", "{first}");
    let second = project.dev().run().succeeds();
    let fresh: Vec<String> = members
        .iter()
        .map(|name| format!("{:>12} {name}\n", "Fresh"))
        .collect();
    assert_eq!(second.stderr, fresh.concat());
    first
}

#[test]
fn hello_is_built_once() {
    let project = project!("hello");
    builds_once(&project, &["hello"])
        .says("Compiling hello")
        .says("Finished dev");
    assert_eq!(project.python(GREET), GREETING);
}

#[test]
fn a_package_with_its_module_in_place_is_built_once() {
    let project = project!("mixed");
    builds_once(&project, &["mixed"]);
    let report = "import mixed; print(mixed.report('word ' * 1000))";
    assert_eq!(project.python(report), "1,000 words");
}

#[test]
fn rust_and_python_in_folders_of_their_own_are_built_once() {
    let project = project!("src-layout");
    builds_once(&project, &["src-layout"]);
    assert_eq!(
        project.python("import src_layout; print(src_layout.gcd(12, 18))"),
        "6"
    );
}

#[test]
fn a_stable_abi_module_is_built_once() {
    let project = project!("hardcoded");
    builds_once(&project, &["hardcoded"]);
    let same = "import hardcoded, sys; print(hardcoded.python_version() == sys.version_info[:2])";
    assert_eq!(project.python(same), "True");
}

#[test]
fn a_cffi_library_is_built_once() {
    let project = project!("cffi");
    builds_once(&project, &["cffi-add"]);
    assert_eq!(
        project.python("from cffi_add import lib; print(lib.add(2, 3))"),
        "5"
    );
}

#[test]
fn a_program_is_built_once() {
    let project = project!("bin");
    builds_once(&project, &["shout"]);
    let shout = project.run(project.path(".venv/bin/shout"), &["hello", "you"]);
    assert_eq!(shout.succeeds().stdout, "HELLO YOU!\n");
}

#[test]
fn a_crate_that_embeds_python_is_built_once() {
    let project = project!("embed");
    builds_once(&project, &["embed"]);
}

#[test]
fn the_members_of_a_monorepo_share_an_environment_and_are_built_once() {
    let project = project!("workspace");
    builds_once(&project, &["alpha", "beta"]);
    let both = "import alpha, beta; print(alpha.slug('A b'), beta.slugs(['C d']))";
    assert_eq!(project.python(both), "a-b ['c-d']");
}

/// A stand-in for the environment's Python that logs its start and runs the real one under the
/// same name, so that it still finds its environment.
fn log_python(project: &Project, log: &Path) {
    let python = project.path(".venv/bin/python");
    let real = fs::canonicalize(&python).unwrap();
    let (source, built) = (
        project.path("target/wrapper.c"),
        project.path("target/wrapper"),
    );
    let text = format!(
        "#include <stdio.h>\n#include <unistd.h>\nint main(int c, char **v) {{ (void)c;\n\
         FILE *f = fopen(\"{}\", \"a\"); fputs(\"python\\n\", f); fclose(f);\n\
         execv(\"{}\", v); return 127; }}\n",
        log.display(),
        real.display(),
    );
    fs::write(&source, text).unwrap();
    let [from, to] = [&source, &built].map(|path| path.to_str().unwrap());
    project.run("cc", &["-o", to, from]).succeeds();
    fs::remove_file(&python).unwrap();
    fs::rename(built, python).unwrap();
}

/// Without strace: every program that pyx could start is one that tells.
/// - Those on PATH are traps. rustup's proxies may stand anywhere, because what counts is the
///   toolchain behind them; where `rustc` is none, its path is part of the build and it stays.
/// - uv and maturin that pyx provided are out of reach: their cache is elsewhere.
/// - The environment's Python is a program that logs and then runs the real one.
#[test]
fn what_is_fresh_spawns_nothing() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let log = project.path("target/python.log");
    log_python(&project, &log);
    project.dev().run().succeeds();
    let started = read(&log);
    assert!(!started.is_empty(), "the environment's Python was watched");

    let mut names = vec!["cargo", "git", "maturin", "python", "python3", "sh", "uv"];
    let proxy = on_path("rustc").unwrap().with_file_name("rustup").is_file();
    names.extend(proxy.then_some(["rustc", "rustup"]).into_iter().flatten());
    let traps = traps(&folder!().join("traps"), &names);
    let nowhere = folder!().join("no cache");
    let _ = fs::remove_dir_all(&nowhere); // the forced run below makes it
    let dev = || {
        project
            .dev()
            .path_first(traps.dir())
            .env("PYX_CACHE_DIR", &nowhere)
    };
    dev().run().finds_fresh("hello");
    assert_eq!(traps.sprung(), "");
    assert_eq!(read(&log), started);
    assert!(!nowhere.exists());

    let forced = dev().with(&["--force"]).run();
    assert_ne!(forced.code, Some(0), "the traps work:\n{forced}");
    assert_ne!(traps.sprung(), "");
}

#[test]
fn an_edit_is_built_and_its_reason_is_named() {
    let project = project!("hello");
    project.dev().run().succeeds();
    project.edit("src/lib.rs", GREETING, "Servus!");
    project
        .dev()
        .run()
        .succeeds()
        .says("`src/lib.rs` changed")
        .says("Compiling hello");
    assert_eq!(project.python(GREET), "Servus!");
    project.dev().run().finds_fresh("hello");
}

/// maturin writes Python around a C interface, which changes with it.
#[test]
fn a_new_function_of_a_c_interface_is_callable() {
    let project = project!("cffi");
    project.dev().run().succeeds();
    let twice = "#[unsafe(no_mangle)]\npub extern \"C\" fn twice(a: i32) -> i32 {\n    2 * a\n}\n";
    project.append("src/lib.rs", twice);
    project.dev().run().succeeds();
    let call = "from cffi_add import lib; print(lib.twice(3))";
    assert_eq!(project.python(call), "6");
    project.dev().run().finds_fresh("cffi-add");
}

#[test]
fn what_somebody_removed_is_brought_back_without_compiling() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let module = project.file_of("hello.hello");
    let python = project.path(".venv/bin/python");
    let uninstall = [
        "pip",
        "uninstall",
        "--quiet",
        "--python",
        python.to_str().unwrap(),
        "hello",
    ];
    let removals: [&dyn Fn(); 4] = [
        &|| fs::remove_file(&module).unwrap(),
        &|| fs::write(&module, "").unwrap(),
        &|| drop(project.run(support::uv(), &uninstall).succeeds()),
        &|| fs::remove_dir_all(project.path(".venv")).unwrap(),
    ];
    for remove in removals {
        remove();
        project.dev().run().succeeds().never_says("Compiling");
        assert_eq!(project.python(GREET), GREETING);
        project.dev().run().finds_fresh("hello");
    }
    fs::remove_file(project.path("target/pyx/ext/debug/libhello.so")).unwrap();
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), GREETING);
}

/// cargo goes by times alone: a file that is older than the last build is fresh to it.
#[test]
fn old_content_with_its_old_time_is_built_again() {
    let project = project!("hello");
    let (path, text) = (project.path("src/lib.rs"), project.read("src/lib.rs"));
    let time = modified(&path);
    project.dev().run().succeeds();
    project.edit("src/lib.rs", GREETING, "Servus!");
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), "Servus!");
    project.write("src/lib.rs", &text);
    set_modified(&path, time);
    project.dev().run().succeeds().says("`src/lib.rs` changed");
    assert_eq!(project.python(GREET), GREETING);
    project.dev().run().finds_fresh("hello");
}

#[test]
fn what_is_touched_is_fresh() {
    let project = project!("hello");
    project.dev().run().succeeds();
    for name in [
        "src/lib.rs",
        "hello.pyi",
        "Cargo.toml",
        "pyproject.toml",
        "README.md",
    ] {
        project.touch(name);
        project.dev().run().finds_fresh("hello");
    }
}

#[test]
fn what_the_compiler_does_not_read_is_not_compiled() {
    let project = project!("hello");
    project.dev().run().succeeds();
    project.edit("tests/test_hello.py", "5", "6");
    project.dev().run().finds_fresh("hello");
    let metadata = "import importlib.metadata as m; print(m.metadata('hello').get_payload())";
    project.edit("README.md", "smallest", "tiniest");
    let run = project.dev().run().succeeds().never_says("Compiling");
    run.says("`README.md` changed");
    assert!(project.python(metadata).contains("tiniest publishable"));
    let stub = project.file_of("hello").with_file_name("__init__.pyi");
    project.edit("hello.pyi", "Greets", "Salutes");
    let run = project.dev().run().succeeds().never_says("Compiling");
    run.says("`hello.pyi` changed");
    assert!(String::from_utf8(read(&stub)).unwrap().contains("Salutes"));
    project.dev().run().finds_fresh("hello");
}

#[test]
fn python_sources_are_imported_from_where_they_are() {
    let project = project!("mixed");
    project.dev().run().succeeds();
    project.edit("python/mixed/__init__.py", " words", " Wörter");
    project.dev().run().finds_fresh("mixed");
    assert_eq!(
        project.python("import mixed; print(mixed.report('a b'))"),
        "2 Wörter"
    );
}

#[test]
fn uv_leaves_the_build_alone() {
    let project = project!("hello");
    project.edit("src/lib.rs", GREETING, "Servus!");
    project.dev().run().succeeds();
    let module = project.file_of("hello.hello");
    let built = read(&module);
    project
        .run(support::uv(), &["run", "python", "-c", "pass"])
        .succeeds();
    assert!(read(&module) == built, "uv replaced {}", module.display());
    project.remove("uv.lock"); // uv writes it
    project.dev().run().finds_fresh("hello");
}

#[test]
fn uv_with_its_lock_leaves_the_build_alone() {
    let project = project!("mixed");
    project.edit("src/lib.rs", ".count()", ".count() + 10");
    project.dev().run().succeeds();
    let module = project.file_of("mixed._mixed");
    let built = read(&module);
    for args in [&["run", "python", "-c", "pass"][..], &["sync"]] {
        project.run(support::uv(), args).succeeds();
        assert!(
            read(&module) == built,
            "uv {args:?} replaced {}",
            module.display()
        );
    }
    project.dev().run().finds_fresh("mixed");
    assert_eq!(project.traces(), " M src/lib.rs\n");
}

/// The ending that Python tries first, as in `.cpython-311-x86_64-linux-gnu.so`.
fn first_ending(project: &Project) -> String {
    project.python("import importlib.machinery as m; print(m.EXTENSION_SUFFIXES[0])")
}

/// Plants `path`, a copy of what is built now; the next build is another.
fn plant_stale(project: &Project, module: &str, path: &Path, edit: (&str, &str)) {
    fs::copy(project.file_of(module), path).unwrap();
    project.edit("src/lib.rs", edit.0, edit.1);
    let run = project.dev().run().succeeds().says("removed");
    let named = path.to_string_lossy();
    assert!(
        run.warnings().iter().any(|line| line.contains(&*named)),
        "{run}"
    );
    assert!(!path.exists(), "{run}");
}

#[test]
fn a_stale_module_in_the_environment_is_removed() {
    let project = project!("hardcoded");
    project.dev().run().succeeds();
    let built = project.file_of("hardcoded.hardcoded");
    let ending = first_ending(&project);
    assert!(
        !built.to_string_lossy().ends_with(&ending),
        "the plant comes before it"
    );
    let plant = built.with_file_name(format!("hardcoded{ending}"));
    let edit = ("info.getattr(\"major\")?.extract()?", "77");
    plant_stale(&project, "hardcoded.hardcoded", &plant, edit);
    let version = "import hardcoded; print(hardcoded.python_version()[0])";
    assert_eq!(project.python(version), "77");
    assert_eq!(project.file_of("hardcoded.hardcoded"), built);
    project.dev().run().finds_fresh("hardcoded");
}

#[test]
fn a_stale_module_in_the_projects_folder_is_removed() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let plant = project.path(&format!("hello{}", first_ending(&project)));
    plant_stale(&project, "hello.hello", &plant, (GREETING, "Servus!"));
    assert_eq!(project.python(GREET), "Servus!");
    project.dev().run().finds_fresh("hello");
}

#[test]
fn a_stale_module_that_hides_a_package_is_removed() {
    let project = project!("mixed");
    project.dev().run().succeeds();
    let plant = project.path("mixed.so");
    plant_stale(
        &project,
        "mixed._mixed",
        &plant,
        (".count()", ".count() + 10"),
    );
    assert_eq!(
        project.python("import mixed; print(mixed.count_words('a b'))"),
        "12"
    );
    project.dev().run().finds_fresh("mixed");
}

/// An older name of the same module beside it: Python tries the long ending first.
#[test]
fn a_stale_module_beside_the_built_one_is_harmless() {
    let project = project!("mixed");
    project.dev().run().succeeds();
    let built = project.file_of("mixed._mixed");
    fs::copy(&built, built.with_file_name("_mixed.abi3.so")).unwrap();
    project.edit("src/lib.rs", ".count()", ".count() + 10");
    project.dev().run().succeeds();
    assert_eq!(
        project.python("import mixed; print(mixed.count_words('a b'))"),
        "12"
    );
    project.dev().run().finds_fresh("mixed");
}

/// `plant` stands before the module and is nothing that cargo made from this project.
fn is_named_and_left(project: &Project, plant: &Path) {
    let planted = read(plant);
    // no record of the failure: it is told again
    for _ in 0..2 {
        let run = project.dev().run().exits(2).says_once("error: ");
        run.says(plant.to_str().unwrap()).says("hint: ");
        assert!(read(plant) == planted);
    }
    fs::remove_file(plant).unwrap();
}

#[test]
fn a_foreign_file_that_hides_the_module_is_named_and_left() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let built = project.file_of("hello.hello");
    let plant = project.path(&format!("hello{}", first_ending(&project)));
    fs::write(&plant, "no program").unwrap();
    is_named_and_left(&project, &plant);
    fs::copy("/bin/sh", &plant).unwrap();
    is_named_and_left(&project, &plant);
    // somebody keeps an old build under version control
    fs::copy(built, &plant).unwrap();
    let name = plant.to_str().unwrap();
    project.git(&["add", name]);
    project.edit("src/lib.rs", GREETING, "Servus!");
    is_named_and_left(&project, &plant);
    project.git(&["rm", "--cached", "--quiet", name]);
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), "Servus!");
}

/// A mistake, where it is, and words of what is said about it.
struct Mistake {
    file: &'static str,
    text: fn(&str) -> String,
    args: &'static [&'static str],
    /// The whole line and the column; empty where the mistake is in no file.
    place: (&'static str, usize),
    says: &'static [&'static str],
}

const NO_MISTAKE: Mistake = Mistake {
    file: "pyproject.toml",
    text: str::to_owned,
    args: &[],
    place: ("", 0),
    says: &[],
};

/// Each is refused with exit 2 before anything is written.
fn is_refused(project: &Project, mistake: &Mistake) {
    let right = project.read(mistake.file);
    let wrong = (mistake.text)(&right);
    project.write(mistake.file, &wrong);
    let before = project.listing(&[]);
    let run = project.dev().with(mistake.args).run().exits(2);
    let mut run = run.says_once("error: ").says_once("hint: ");
    let (line, column) = mistake.place;
    if !line.is_empty() {
        let number = 1 + wrong.lines().position(|found| found == line).unwrap();
        let path = project.path(mistake.file);
        run = run.says_once(&format!("--> {}:{number}:{column}\n", path.display()));
        run = run.says_once(&format!("{number} | {line}\n"));
    }
    for text in mistake.says {
        run = run.says(text);
    }
    assert!(
        project.listing(&[]) == before,
        "something was written:\n{run}"
    );
    project.write(mistake.file, &right);
}

#[test]
fn a_mistake_in_a_manifest_is_shown_and_nothing_is_written() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    let mistakes = [
        Mistake {
            text: |text| text.replace("requires-python = \">=3.9\"", "requires-python = "),
            place: ("requires-python = ", 19),
            says: &["`pyproject.toml` is not valid TOML"],
            ..NO_MISTAKE
        },
        Mistake {
            file: "Cargo.toml",
            text: |text| text.replace("[lib]", "[lib"),
            place: ("[lib", 5),
            says: &["`Cargo.toml` is not valid TOML"],
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| format!("{text}\n[tool.pyx]\nprofil = \"release\"\n"),
            place: ("profil = \"release\"", 1),
            says: &["did you mean `profile`"],
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| format!("{text}\n[tool.pyx]\nfeatures = \"a\"\n"),
            place: ("features = \"a\"", 12),
            says: &["array of strings"],
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| text.replace("maturin>=1.9,<2", "maturin>=1.9<2"),
            place: ("requires = [\"maturin>=1.9<2\"]", 13),
            says: &["comma"],
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| text.replace(">=3.9", "3.9 or newer"),
            place: ("requires-python = \"3.9 or newer\"", 19),
            ..NO_MISTAKE
        },
        Mistake {
            text: |text| format!("{text}\n[tool.maturin]\nmanifest-path = \"rust/Cargo.toml\"\n"),
            place: ("manifest-path = \"rust/Cargo.toml\"", 17),
            ..NO_MISTAKE
        },
    ];
    for mistake in &mistakes {
        is_refused(&project, mistake);
    }
}

#[test]
fn a_mistake_on_the_command_line_is_explained_and_nothing_is_written() {
    let project = Project::cold(&folder!().join("workspace"), "workspace");
    let mistakes = [
        (&["-p", "nope"][..], &["`nope`", "alpha, beta"][..]),
        (&["-p", "alpa"], &["`alpa`", "did you mean `-p alpha`?"]),
        (
            &["--manifest-path", "nope/Cargo.toml"],
            &["nope/Cargo.toml`"],
        ),
        (&["-C", "nope"], &["nope`"]),
    ];
    for (args, says) in mistakes {
        let file = "Cargo.toml";
        is_refused(
            &project,
            &Mistake {
                file,
                args,
                says,
                ..NO_MISTAKE
            },
        );
    }
}

#[test]
fn a_failed_build_leaves_no_stamp() {
    let project = project!("hello");
    project.dev().run().succeeds();
    project.edit("src/lib.rs", "\"Hello from Rust!\"", "nonsense");
    for _ in 0..2 {
        let run = project.dev().run().exits(1);
        let run = run
            .says_once("cannot find value `nonsense`")
            .says_once("error[E0425]");
        run.says("building hello")
            .never_says("Fresh")
            .never_says("Finished");
        assert_eq!(project.python(GREET), GREETING, "the old module stays");
    }
    project.edit("src/lib.rs", "nonsense", "\"Servus!\"");
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), "Servus!");
}

/// A failed build is not fresh, and neither is what was there before it, until somebody looks.
#[test]
fn what_is_put_back_after_a_failed_build_is_what_was_built() {
    let project = project!("hello");
    let text = project.read("src/lib.rs");
    project.dev().run().succeeds();
    project.append("src/lib.rs", "nonsense\n");
    project.dev().run().exits(1);
    project.write("src/lib.rs", &text);
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), GREETING);
}

#[test]
fn pytest_finds_what_was_built() {
    for project in [project!("hello"), project!("mixed")] {
        project.dev().run().succeeds();
        let python = project.path(".venv/bin/python");
        let install = [
            "pip",
            "install",
            "--quiet",
            "--python",
            python.to_str().unwrap(),
            "pytest",
        ];
        project.run(support::uv(), &install).succeeds();
        let tests = project.run(&python, &["-m", "pytest", "-q"]).succeeds();
        assert!(tests.stdout.contains("passed"), "{tests}");
    }
}

/// A package that came meanwhile may stand before ours: pyx looks, and compiles nothing.
#[test]
fn a_new_package_in_the_environment_compiles_nothing() {
    let project = project!("hello");
    project.dev().run().succeeds();
    let python = project.path(".venv/bin/python");
    let install = [
        "pip",
        "install",
        "--quiet",
        "--python",
        python.to_str().unwrap(),
        "iniconfig",
    ];
    project.run(support::uv(), &install).succeeds();
    project.dev().run().succeeds().never_says("Compiling");
    project.dev().run().finds_fresh("hello");
    project.python("import hello, iniconfig");
}

#[test]
fn a_dry_run_writes_nothing_and_its_commands_work() {
    let project = project!("mixed");
    let before = project.listing(&["target/pyx/ext", "target/pyx/test"]);
    let plan = project.dev().with(&["--dry-run"]).run().succeeds();
    assert!(
        project.listing(&["target/pyx/ext", "target/pyx/test"]) == before,
        "{plan}"
    );
    let pasted = project.run("sh", &["-ec", &plan.stdout]).succeeds();
    let value = project.python("import mixed; print(mixed.report('a b'))");
    assert_eq!(value, "2 words", "{plan}{pasted}");
    project.dev().run().succeeds().never_says("Compiling");
    let fresh = project
        .dev()
        .with(&["--dry-run"])
        .run()
        .finds_fresh("mixed");
    assert_eq!(fresh.stdout, "");
}

fn events(run: &Outcome) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn json_tells_the_plan_the_steps_and_the_end() {
    let project = project!("hello");
    let json = || project.dev().with(&["--message-format", "json"]);
    let run = json().run().succeeds();
    assert_eq!(run.stderr, "");
    let events = events(&run);
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.first(), Some(&"plan"));
    assert_eq!(kinds.last(), Some(&"summary"));
    assert_eq!(events.last().unwrap()["exit"], 0);
    assert!(events.last().unwrap()["seconds"].is_f64());
    let mut steps = BTreeMap::new();
    for event in &events {
        let name = event["name"].as_str().unwrap_or_default();
        match event["type"].as_str().unwrap() {
            "step-started" => assert!(
                steps.insert(name, "running").is_none(),
                "{name} starts once"
            ),
            "step-output" => assert_eq!(steps.get(name), Some(&"running"), "{event}"),
            "step-finished" => {
                assert_eq!(steps.insert(name, "done"), Some("running"), "{event}");
                assert!(event["seconds"].is_f64() && event["ok"] == true, "{event}");
            }
            "plan" | "summary" => {}
            other => panic!("{other} is no type of event"),
        }
    }
    let planned: Vec<&str> = events[0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert!(
        planned.contains(&"compile hello") && planned.contains(&"prove hello"),
        "{planned:?}"
    );
    assert_eq!(planned.len(), steps.len());

    let fresh = events_of_a_fresh_run(&json().run().succeeds());
    assert_eq!(fresh, ["plan", "summary"]);
}

fn events_of_a_fresh_run(run: &Outcome) -> Vec<String> {
    let events = events(run);
    assert_eq!(events[0]["fresh"], serde_json::json!(["hello"]));
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn json_tells_what_failed() {
    let project = Project::cold(&folder!().join("hello"), "hello");
    project.append("pyproject.toml", "[tool.pyx]\nnope = 1\n");
    let run = project
        .dev()
        .with(&["--message-format", "json"])
        .run()
        .exits(2);
    let events = events(&run);
    let [error, summary] = &events[..] else {
        panic!("{run}")
    };
    assert_eq!(error["type"], "error");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("unknown key `nope`")
    );
    assert_eq!(
        (&summary["type"], &summary["exit"]),
        (&"summary".into(), &2.into())
    );
}

/// The line of the plan that calls maturin.
fn maturins_command(project: &Project) -> String {
    let plan = project
        .dev()
        .with(&["--force", "--dry-run"])
        .run()
        .succeeds();
    let mut lines = plan
        .stdout
        .lines()
        .filter(|line| line.contains("maturin develop"));
    let line = lines.next().unwrap_or_else(|| panic!("{plan}"));
    assert_eq!(lines.next(), None);
    line.to_owned()
}

/// pyx's own call of cargo is the one that maturin makes, so neither undoes the other's work.
fn agrees_with_maturin(project: &Project, edit: (&str, &str), value: &str) {
    project.dev().run().succeeds();
    let command = maturins_command(project);
    let by_hand = || {
        project
            .run("sh", &["-c", &command])
            .succeeds()
            .never_says("Compiling")
    };
    by_hand();
    project.dev().run().succeeds().never_says("Compiling");
    project.edit("src/lib.rs", edit.0, edit.1);
    project.dev().run().succeeds().says("Compiling");
    by_hand();
    assert_eq!(project.python(value), "new");
}

#[test]
fn maturin_by_hand_compiles_nothing_again() {
    let project = project!("hello");
    let edit = (GREETING, "new");
    agrees_with_maturin(&project, edit, GREET);
}

/// maturin describes the interpreter in a file of its own for the stable ABI.
#[test]
fn maturin_by_hand_compiles_nothing_again_for_the_stable_abi() {
    let project = project!("hardcoded");
    let edit = ("info.getattr(\"major\")?.extract()?", "77");
    let value = "import hardcoded; print({77: 'new'}[hardcoded.python_version()[0]])";
    agrees_with_maturin(&project, edit, value);
}

#[test]
fn an_edit_is_not_installed_by_maturin() {
    let project = project!("hello");
    project.dev().run().succeeds();
    project.edit("src/lib.rs", GREETING, "Servus!");
    let plan = project.dev().with(&["--dry-run"]).run().succeeds();
    assert!(!plan.stdout.contains("maturin develop"), "{plan}");
    project.dev().run().succeeds();
    // and the list of what is installed tells the new module's hash
    let record = "import importlib.metadata as m, hashlib, base64\n\
                  [f] = [f for f in m.files('hello') if f.suffix in ('.so', '.pyd')]\n\
                  digest = hashlib.new(f.hash.mode, f.locate().read_bytes()).digest()\n\
                  print(base64.urlsafe_b64encode(digest).decode().rstrip('=') == f.hash.value)";
    assert_eq!(project.python(record), "True");
}

#[test]
fn switching_profiles_compiles_each_once() {
    let project = project!("hello");
    let name = "if cfg!(debug_assertions) { \"dev\" } else { \"release\" }";
    project.edit("src/lib.rs", "\"Hello from Rust!\"", name);
    project.dev().run().succeeds();
    assert_eq!(project.python(GREET), "dev");
    let release = project.dev().with(&["--release"]).run().succeeds();
    release
        .says("profile was dev, is release")
        .says("Building hello [release]");
    assert_eq!(project.python(GREET), "release");
    project
        .dev()
        .with(&["--release"])
        .run()
        .finds_fresh("hello");
    project.dev().run().succeeds().never_says("Compiling");
    assert_eq!(project.python(GREET), "dev");
    project
        .dev()
        .with(&["--release"])
        .run()
        .succeeds()
        .never_says("Compiling");
    assert_eq!(project.python(GREET), "release");
}

#[test]
fn traces_that_git_shows_are_named() {
    let project = project!("mixed");
    project.git(&["rm", "--quiet", ".gitignore", "Cargo.lock"]);
    project.commit();
    let run = project.dev().run().succeeds();
    let traces = project.traces();
    let named: Vec<&str> = traces
        .lines()
        .map(|line| line.trim_start_matches("?? "))
        .collect();
    let [lock, module] = named[..] else {
        panic!("{traces}{run}")
    };
    assert_eq!(lock, "Cargo.lock");
    assert!(module.starts_with("python/mixed/_mixed."), "{module}");
    for name in named {
        let path = project.path(name);
        let told = run
            .warnings()
            .iter()
            .any(|line| line.contains(&*path.to_string_lossy()));
        assert!(told, "{name} is named:\n{run}");
    }
    assert_eq!(run.warnings().len(), 2, "{run}");
    project.dev().run().finds_fresh("mixed");
}

#[test]
fn a_member_is_built_with_what_it_needs_and_no_other() {
    let project = project!("workspace");
    let run = project.dev().with(&["-p", "alpha"]).run().succeeds();
    run.says("Compiling shared")
        .says("Compiling alpha")
        .never_says("beta");
    assert_eq!(
        project.python("import alpha; print(alpha.slug('A b'))"),
        "a-b"
    );
    project
        .dev()
        .with(&["-p", "packages/alpha"])
        .run()
        .finds_fresh("alpha");
    project.edit("crates/shared/src/lib.rs", ".join(\"-\")", ".join(\"_\")");
    let run = project.dev().run().succeeds();
    run.says("`crates/shared/src/lib.rs` changed")
        .says("Compiling beta");
    let both = "import alpha, beta; print(alpha.slug('A b'), beta.slugs(['C d']))";
    assert_eq!(project.python(both), "a_b ['c_d']");
}

/// Where pyx is started makes no difference to what is fresh.
#[test]
fn a_project_is_one_from_wherever_it_is_built() {
    let project = project!("hello");
    let below = project.path("src");
    let below = below.to_str().unwrap();
    project.dev().with(&["-C", below]).run().succeeds();
    project.dev().run().finds_fresh("hello");
    project
        .dev()
        .with(&["-C", "tests"])
        .run()
        .finds_fresh("hello");
    project
        .dev()
        .with(&["--manifest-path", "Cargo.toml"])
        .run()
        .finds_fresh("hello");
    let quiet: PathBuf = project.path("pyproject.toml");
    let run = project
        .dev()
        .with(&["-q", "--manifest-path", quiet.to_str().unwrap()])
        .run()
        .succeeds();
    assert_eq!((&*run.stdout, &*run.stderr), ("", ""));
}
