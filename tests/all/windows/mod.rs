//! What the program does as one of Windows.

mod machine;

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use machine::{cargo, machine, made};

use crate::created::empty;
use crate::support::{Project, entries, folder, modified, within};

/// The names that `--list` of a test program prints.
fn listed(said: &str) -> BTreeSet<String> {
    let names = said.lines().filter_map(|line| line.strip_suffix(": test"));
    names.map(str::to_owned).collect()
}

/// What only cargo as Windows has it can answer: it joins paths that this machine's takes for its own.
const OF_CARGO: &str = "world::manifest::cargo_config::tests::what_is_read_is_what_cargo_reads";

#[test]
fn unit_tests_pass_as_a_windows_program() {
    let Some(machine) = machine() else { return };
    let project = Project::at(env!("CARGO_MANIFEST_DIR").as_ref());
    let tests = made(&["test", "--no-run", "--lib"]);
    let run = |words: &[&str]| {
        let run = machine.program(&project, &tests, words).env("CARGO", "");
        run.env("INSTA_UPDATE", "no").run()
    };
    let theirs = listed(&run(&["--list"]).succeeds().stdout);
    let ours = listed(&cargo(&["test", "--quiet", "--lib", "--", "--list"]));
    let left_out: Vec<_> = ours.difference(&theirs).cloned().collect();
    // links, modes, signals and shell scripts: a further one is a rule that nobody holds on Windows
    insta::assert_snapshot!(left_out.join("\n"));
    let run = run(&["--skip", OF_CARGO]);
    let passed = format!("test result: ok. {} passed; 0 failed", theirs.len() - 1);
    assert!(run.stdout.contains(&passed), "{run}");
}

/// What a new project is of, by files; paths from its folder.
fn files(project: &Project, name: &str) -> Vec<(String, Vec<u8>)> {
    let root = project.path(name);
    let all = project.listing(&[]).into_iter();
    let files = all.filter(|(path, _)| path.is_file() && path.starts_with(&root));
    let named = files.filter_map(|(path, bytes)| {
        let below = path.strip_prefix(&root).unwrap().to_str().unwrap();
        (!below.starts_with(".git/")).then(|| (below.to_owned(), bytes))
    });
    named.collect()
}

#[test]
fn a_new_project_is_the_same_on_windows() {
    let Some(machine) = machine() else { return };
    let around = empty(&folder!());
    let words = ["new", "deep/fast-words", "--layout", "src"];
    let run = machine.pyx(&around, &words).run().succeeds();
    run.says("next: cd deep/fast-words && cargo pyx test");
    let theirs = files(&around, "deep/fast-words");
    assert!(theirs.iter().any(|(name, _)| name == "uv.lock"));
    let ours = empty(&folder!().join("ours"));
    ours.pyx(words[0]).with(&words[1..]).run().succeeds();
    assert!(theirs == files(&ours, "deep/fast-words"), "{theirs:#?}");
}

#[test]
fn a_version_is_set_with_the_line_ends_of_windows() {
    let Some(machine) = machine() else { return };
    let project = Project::cold(&folder!().join("mixed"), "mixed");
    let names = ["Cargo.toml", "pyproject.toml", "Cargo.lock", "uv.lock"];
    for name in names {
        let text = project.read(name).replace('\n', "\r\n");
        project.write(name, &text);
    }
    let before = names.map(|name| project.read(name));
    let words = ["release", "version", "0.2.0"];
    machine.pyx(&project, &words).run().succeeds();
    for (name, before) in names.iter().zip(before) {
        let after = project.read(name);
        let line = "version = \"0.2.0\"\r\n";
        assert_eq!(after.matches(line).count(), 1, "{name}:\n{after}");
        let others = after.replacen(line, "version = \"0.1.0\"\r\n", 1);
        assert_eq!(others, before, "{name}");
    }
}

#[test]
fn a_module_is_built_tested_and_replaced_on_windows() {
    let Some(machine) = machine() else { return };
    let project = Project::cold(&folder!().join("hello"), "hello");
    let pyx = |words: &[&str]| machine.pyx(&project, words).run();
    let before = project.listing(&[]);
    for words in [
        &["dev", "--dry-run"][..],
        &["test", "--dry-run"],
        &["clean", "--dry-run"],
    ] {
        pyx(words).succeeds();
    }
    let checked = pyx(&["release", "check"]).exits(2);
    checked.says("no wheel and no sdist in `dist`");
    pyx(&["doctor"]).succeeds();
    assert!(
        project.listing(&[]) == before,
        "what only looks has written"
    );

    let installed = "Installed hello -> .venv/Lib/site-packages/hello/hello.cp311-win_amd64.pyd";
    pyx(&["dev"]).succeeds().says(installed);
    pyx(&["dev"]).finds_fresh("hello");
    pyx(&["test", "--py"]).succeeds().says("3 passed");
    let exported = pyx(&["env", "--json"]).succeeds().stdout;
    assert!(
        exported.contains(r".venv\\Scripts\\python.exe"),
        "{exported}"
    );
    let doctor = pyx(&["doctor"]).succeeds().stdout;
    assert!(doctor.contains("fresh"), "{doctor}");

    // Windows removes nothing that is loaded
    project.write("hold.py", HOLD);
    let python = r".venv\Scripts\python.exe hold.py <NUL >NUL 2>&1";
    let holding = machine.program(&project, "cmd".as_ref(), &["/c", python]);
    let holding = holding.start();
    assert!(within(START, &|| project.path("held").is_file()));
    project.edit("src/lib.rs", "a + b", "b + a");
    pyx(&["dev"]).succeeds().says(installed);
    assert_eq!(entries(&project.path(".venv/pyx-aside")).len(), 1);
    project.write("enough", "");
    holding.finish().succeeds();
    project.edit("src/lib.rs", "b + a", "a + b");
    pyx(&["dev"]).succeeds().says(installed);
    assert_eq!(entries(&project.path(".venv/pyx-aside")).len(), 0);

    // whoever is killed leaves nobody behind
    project.remove("enough");
    project.remove("held");
    let words = ["run", "cmd", "/c", python];
    let running = machine.mortal_pyx(&project, &words).start();
    assert!(within(START, &|| project.path("held").is_file()));
    let beats = || {
        let before = modified(&project.path("beat"));
        sleep(Duration::from_secs(1));
        modified(&project.path("beat")) != before
    };
    assert!(beats());
    running.signal(9);
    assert_eq!(running.finish().signal, Some(9));
    assert!(within(START, &|| !beats()));
}

/// How long a Python may take until it has loaded a module.
const START: Duration = Duration::from_secs(60);

const HOLD: &str = "import hello, os, time
open('held', 'w').close()
while not os.path.exists('enough'):
    open('beat', 'w').close()
    time.sleep(0.05)
";
