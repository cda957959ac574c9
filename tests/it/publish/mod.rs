//! What `cargo pyx release publish` promises: what was released, all of it, once, and no secret seen.

mod index;
mod shout;

use std::fs;
use std::time::Duration;

use crate::support::{CheckOutcome, Project, Pyx, alone, folder, program, uv, within};
use index::{Index, Line, PASSWORD, Then, USER, answering, free_port};
use shout::{SDIST, damaged, packed_anew, wheel, wheel_in};

/// The released project, and an index for it.
fn released(folder: &std::path::Path) -> (Project, Index) {
    (shout::released(folder), Index::start(folder))
}

macro_rules! released {
    () => {
        released(&crate::support::folder!())
    };
}

fn publish(project: &Project, port: u16) -> Pyx {
    without_credentials(project, port)
        .env("UV_PUBLISH_USERNAME", USER)
        .env("UV_PUBLISH_PASSWORD", PASSWORD)
}

fn without_credentials(project: &Project, port: u16) -> Pyx {
    let url = format!("http://127.0.0.1:{port}/");
    let run = project.pyx("release").with(&["publish"]);
    run.env("UV_PUBLISH_URL", &url)
        .env("UV_PUBLISH_CHECK_URL", format!("{url}simple/"))
        .env("UV_HTTP_RETRIES", "0")
        .env("NO_PROXY", "127.0.0.1")
}

/// By file: what the JSON says has become of it.
fn fates(run: &CheckOutcome) -> Vec<(String, String)> {
    let events = run.stdout.lines().map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        event
    });
    let events = events.filter(|event| event["type"] == "published");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut fates: Vec<_> = events
        .map(|e| (text(&e["file"]), text(&e["outcome"])))
        .collect();
    fates.sort();
    fates
}

fn pairs(of: [(&str, &str); 2]) -> Vec<(String, String)> {
    of.map(|(file, fate)| (file.to_owned(), fate.to_owned()))
        .to_vec()
}

const JSON: [&str; 3] = ["--yes", "--message-format", "json"];

#[test]
fn a_set_in_another_folder_is_checked_and_published_from_there() {
    let (project, index) = released!();
    let house = project.path("wheelhouse");
    fs::rename(project.path("dist"), &house).unwrap();
    let there = ["--out-dir", "wheelhouse"];
    let run = publish(&project, index.port()).with(&["--yes"]).run();
    run.exits(2).says("lists no released files");
    let check = || project.pyx("release").with(&["check"]).with(&there).run();
    check().succeeds();
    let run = publish(&project, index.port())
        .with(&JSON)
        .with(&there)
        .run();
    let run = run.succeeds();
    let wheel = wheel_in(&house);
    let uploaded = pairs([(&wheel, "uploaded"), (SDIST, "uploaded")]);
    assert_eq!(fates(&run), uploaded, "{run}");
    // a file that is not what was released is found there, too
    fs::write(house.join(SDIST), "another").unwrap();
    let run = check().exits(1);
    run.says("wheelhouse/release.json: ");
    // the folder is exchanged whole: one that holds the project is none for distributions
    for above in [".", "..", "/"] {
        let wheel = ["wheel", "--out-dir", above];
        let run = project.pyx("release").with(&wheel).run();
        run.exits(2).says("is not a folder only for distributions");
    }
}

#[test]
fn what_is_published_twice_is_uploaded_once() {
    let (project, index) = released!();
    let line = Line::to(&index, usize::MAX, Then::Dies);
    let config = format!(
        "\n[[tool.uv.index]]\nname = \"own\"\nurl = \"http://127.0.0.1:{0}/simple/\"\n\
         publish-url = \"http://127.0.0.1:{0}/\"\n",
        line.port
    );
    project.append("pyproject.toml", &config);
    let to_own = || {
        let run = publish(&project, 0).with(&JSON);
        run.env("UV_PUBLISH_URL", "")
            .env("UV_PUBLISH_CHECK_URL", "")
    };
    let wheel = wheel(&project);
    let first = to_own().run().succeeds();
    let uploaded = [(&*wheel, "uploaded"), (SDIST, "uploaded")];
    assert_eq!(fates(&first), pairs(uploaded), "{first}");
    let held = index.files();
    assert_eq!(held.len(), 2, "{:?}", held.keys());
    for (name, bytes) in held {
        assert!(
            crate::support::read(&project.path("dist").join(&name)) == bytes,
            "{name}"
        );
    }
    let second = to_own().run().succeeds();
    let there = [(&*wheel, "already there"), (SDIST, "already there")];
    assert_eq!(fates(&second), pairs(there), "{second}");
    assert_eq!(line.uploads(), 2);
}

#[test]
fn another_file_of_the_same_name_stops_all_before_the_first_upload() {
    let (project, index) = released!();
    index.hold(SDIST, b"other");
    let run = publish(&project, index.port())
        .with(&["--yes"])
        .run()
        .exits(1);
    let run = run.says(&format!("`{SDIST}` not published to"));
    let run = run.says("a different file of that name");
    let run = run.says("cargo pyx release version --bump patch");
    let row = |outcome: &str| run.stderr.lines().any(|line| line.ends_with(outcome));
    assert!(row("  refused") && row("  not uploaded"), "{run}");
    let held: Vec<String> = index.files().into_keys().collect();
    assert_eq!(held, [SDIST], "the wheel was not sent");
}

#[test]
fn a_uv_that_cannot_compare_beforehand_is_not_asked_to() {
    let (project, index) = released!();
    let tools = folder!().join("tools");
    let older = r#"[ "$1" = --version ] && { echo "uv 0.8.15"; exit; }
for word; do [ "$word" = --dry-run ] && { echo "unexpected argument" >&2; exit 2; }; done
"#;
    program(
        &tools.join("uv"),
        &format!("{older}exec '{}' \"$@\"", uv().display()),
    );
    let run = publish(&project, index.port()).with(&JSON);
    let run = run.path_first(&tools).run().succeeds();
    let uploaded = [(&*wheel(&project), "uploaded"), (SDIST, "uploaded")];
    assert_eq!(fates(&run), pairs(uploaded), "{run}");
}

#[test]
fn f38_after_an_index_broke_down_only_the_rest_is_uploaded() {
    let (project, index) = released!();
    let wheel = wheel(&project);
    let line = Line::to(&index, 1, Then::Dies);
    let broken = publish(&project, line.port).with(&JSON).run().exits(4);
    let half = [(&*wheel, "uploaded"), (SDIST, "unfinished")];
    assert_eq!(fates(&broken), pairs(half), "{broken}");
    assert!(broken.stdout.contains("run it again"), "{broken}");
    let held: Vec<String> = index.files().into_keys().collect();
    assert_eq!(held, [&*wheel], "wheels go first");
    let line = Line::to(&index, usize::MAX, Then::Dies);
    let again = publish(&project, line.port).with(&JSON).run().succeeds();
    let rest = [(&*wheel, "already there"), (SDIST, "uploaded")];
    assert_eq!(fates(&again), pairs(rest), "{again}");
    assert_eq!((line.uploads(), index.files().len()), (1, 2));
}

#[test]
fn after_a_signal_between_two_files_only_the_rest_is_uploaded() {
    let (project, index) = released!();
    let wheel = wheel(&project);
    let line = Line::to(&index, 1, Then::Hangs);
    let place = alone();
    let running = publish(&project, line.port).with(&["--yes"]).start();
    let second = || line.uploads() == 2;
    assert!(within(Duration::from_secs(60), &second), "no second upload");
    running.signal(15);
    let killed = running.finish().says("unfinished");
    assert_eq!(killed.signal, Some(15), "{killed}");
    assert_eq!(project.processes(), Vec::<String>::new());
    drop(place);
    let again = publish(&project, index.port()).with(&JSON).run().succeeds();
    let rest = [(&*wheel, "already there"), (SDIST, "uploaded")];
    assert_eq!(fates(&again), pairs(rest), "{again}");
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_sent() {
    let (project, index) = released!();
    let run = publish(&project, index.port()).run().exits(2);
    run.says("not a terminal")
        .says("cargo pyx release publish --yes");
    assert!(index.files().is_empty());
}

#[test]
#[cfg(target_os = "linux")] // where `script` is util-linux's
fn at_a_terminal_only_a_yes_publishes() {
    let (project, index) = released!();
    let url = format!("http://127.0.0.1:{}/", index.port());
    let command = format!(
        "UV_PUBLISH_USERNAME={USER} UV_PUBLISH_PASSWORD={PASSWORD} NO_PROXY=127.0.0.1 '{}' pyx \
         release publish --publish-url {url} --check-url {url}simple/",
        env!("CARGO_BIN_EXE_cargo-pyx")
    );
    let answer = |answer: &str| {
        let script = "printf '%s\\n' \"$1\" | script -qec \"$2\" /dev/null";
        project.run("sh", &["-c", script, "sh", answer, &command])
    };
    let question = format!("publish 2 files to {url}? [y/N]");
    for word in ["n", ""] {
        let refused = answer(word).exits(1);
        assert!(refused.stdout.contains(&question), "{refused}");
        assert!(index.files().is_empty(), "{refused}");
    }
    let run = answer("y").succeeds();
    let asked = run.stdout.split(&question).next().unwrap_or_default();
    assert!(asked.contains(SDIST) && asked.contains("KiB"), "{run}");
    assert_eq!(index.files().len(), 2, "{run}");
}

#[test]
fn a_dry_run_prints_the_commands_and_sends_nothing() {
    let (project, index) = released!();
    let line = Line::to(&index, usize::MAX, Then::Dies);
    let run = publish(&project, line.port)
        .with(&["--dry-run"])
        .run()
        .succeeds();
    let calls = run
        .stdout
        .lines()
        .filter(|line| line.contains("uv publish "));
    let calls: Vec<&str> = calls.collect();
    assert_eq!(calls.len(), 3, "{run}");
    assert!(calls[0].contains("uv publish --dry-run shout-"), "{run}");
    assert!(calls[2].ends_with(&format!("uv publish {SDIST})")), "{run}");
    assert_eq!((line.uploads(), index.files().len()), (0, 0));
}

#[test]
fn f34_a_file_that_is_not_what_was_released_stops_all() {
    let (project, index) = released!();
    let wheel = wheel(&project);
    let refused = |why: &str| {
        let run = publish(&project, index.port())
            .with(&["--yes"])
            .run()
            .exits(1);
        run.says("nothing was published").says(why);
        assert!(index.files().is_empty());
    };
    let manifest = project.read("dist/release.json");
    let failed = "\"failed\": [\"cp39\"],\n\"checks\": {";
    project.edit("dist/release.json", "\"checks\": {", failed);
    refused("tests did not pass");
    project.write("dist/release.json", &manifest);
    project.edit(
        "dist/release.json",
        "\"twine\": \"pass\"",
        "\"twine\": \"finding\"",
    );
    refused("check twine did not pass");
    project.write("dist/release.json", &manifest);
    let sums = project.read("dist/SHA256SUMS");
    project.write("dist/SHA256SUMS", "");
    refused("`SHA256SUMS` and `release.json` disagree about");
    project.write("dist/SHA256SUMS", &sums);
    project.edit("Cargo.toml", "0.1.0", "0.2.0");
    refused("has version 0.1.0, but the project has 0.2.0");
    project.edit("Cargo.toml", "0.2.0", "0.1.0");
    project.write(&format!("dist/{SDIST}"), "changed");
    refused(&format!("`{SDIST}` is not the file that was released"));
    project.remove(&format!("dist/{wheel}"));
    refused(&format!("`{wheel}` is missing"));
}

#[test]
fn f41_a_set_that_is_not_what_was_released_does_not_pass_for_checked() {
    let project = shout::released(&crate::support::folder!());
    let wheel = wheel(&project);
    packed_anew(&project, &wheel);
    let path = format!("dist/{wheel}");
    let check = project.pyx("release").with(&["check", &path]);
    let run = check.run().exits(1);
    run.says_once(&format!("`{wheel}` is not the file that was released"));
    project.remove("dist/SHA256SUMS");
    damaged(&project, "release.json", "`SHA256SUMS` is missing");
}

#[test]
fn only_what_is_named_and_released_is_published() {
    let (project, index) = released!();
    project.write("dist/shout-0.0.9.tar.gz", "from elsewhere");
    let run = |args: &[&str]| publish(&project, index.port()).with(args).run();
    run(&["--yes", "dist/shout-0.0.9.tar.gz"])
        .exits(2)
        .says("does not list `dist/shout-0.0.9.tar.gz`");
    assert!(index.files().is_empty());
    let sdist = run(&["--yes", &format!("dist/{SDIST}")]).succeeds();
    sdist.says("dist/shout-0.0.9.tar.gz: `release.json` does not list it");
    let held: Vec<String> = index.files().into_keys().collect();
    assert_eq!(held, [SDIST]);
    run(&["--yes", "-p", "shout"]).succeeds();
    assert_eq!(index.files().len(), 2);
    project.remove("dist/release.json");
    run(&["--yes"]).exits(2).says("lists no released files");
}

#[test]
fn what_another_pyx_has_checked_is_checked_again() {
    let (project, index) = released!();
    let own = format!("\"cargo-pyx\": \"{}\"", env!("CARGO_PKG_VERSION"));
    project.edit("dist/release.json", &own, "\"cargo-pyx\": \"0.0.1\"");
    let mut manifest: serde_json::Value =
        serde_json::from_str(&project.read("dist/release.json")).unwrap();
    let hash = manifest["files"][SDIST]["sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    let good = publish(&project, index.port()).with(&["--yes", "-v"]).run();
    good.succeeds().says(&format!("Checking {SDIST} (twine)"));
    let index = Index::start(&crate::support::folder!());
    // no archive at all, of which the manifest says that all is well
    project.write(&format!("dist/{SDIST}"), "broken");
    let text = project
        .run("sha256sum", &[&format!("dist/{SDIST}")])
        .succeeds();
    let broken = text.stdout.split(' ').next().unwrap();
    manifest["files"][SDIST]["sha256"] = broken.into();
    project.write("dist/release.json", &manifest.to_string());
    project.edit("dist/SHA256SUMS", &hash, broken);
    let bad = publish(&project, index.port())
        .with(&["--yes"])
        .run()
        .exits(1);
    bad.says("checks failed").never_says("Uploading");
    assert!(index.files().is_empty());
}

#[test]
fn an_index_that_is_down_is_no_fault_of_the_release() {
    let (project, _index) = released!();
    let run = publish(&project, free_port())
        .with(&["--yes"])
        .run()
        .exits(4);
    run.says("Connection refused").says("run it again");
    let busy = answering("503 Service Unavailable", "later");
    let run = publish(&project, busy).with(&["--yes"]).run().exits(4);
    run.says("503 Service Unavailable").says("run it again");
    let choosy = answering("400 Bad Request", "no such classifier");
    let run = publish(&project, choosy).with(&["--yes"]).run().exits(1);
    run.says("400 Bad Request").says("no such classifier");
}

#[test]
fn f30_no_password_is_ever_shown() {
    let (project, index) = released!();
    let inside = |port: u16| format!("http://{USER}:{PASSWORD}@127.0.0.1:{port}/");
    let by_url = |port: u16, args: &[&str]| {
        let run = without_credentials(&project, port).env("UV_PUBLISH_URL", inside(port));
        run.with(args).run()
    };
    let echo = answering("403 Forbidden", "you are canary-7c1f");
    let verbose = ["--yes", "-vv"];
    let runs = [
        by_url(index.port(), &["--dry-run", "-vv"]),
        by_url(index.port(), &["--dry-run", "--message-format", "json"]),
        by_url(echo, &verbose).exits(1).says("you are ****"),
        by_url(free_port(), &verbose).exits(4),
        publish(&project, echo).with(&verbose).run().exits(1),
        publish(&project, echo).with(&JSON).run().exits(1),
        without_credentials(&project, echo)
            .env("UV_PUBLISH_TOKEN", PASSWORD)
            .with(&verbose)
            .run()
            .exits(1),
        publish(&project, echo)
            .with(&["--yes", "--publish-url", &inside(echo)])
            .run()
            .exits(2),
        by_url(index.port(), &verbose).succeeds(),
        by_url(index.port(), &JSON).succeeds(),
        publish(&project, index.port())
            .with(&verbose)
            .run()
            .succeeds(),
    ];
    for run in runs {
        let said = [&run.stdout, &run.stderr];
        assert!(said.iter().all(|text| !text.contains(PASSWORD)), "{run}");
    }
    assert_eq!(index.files().len(), 2);
}
