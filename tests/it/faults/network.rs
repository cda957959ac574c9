//! Without a network, and with one that never answers.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use crate::support::CheckOutcome;
use crate::support::{Project, alone, folder, within};

/// Runs pyx where there is no network; `None` where nobody may take it away.
#[cfg(target_os = "linux")]
fn cut_off(project: &Project, variables: &[(&str, &PathBuf)], line: &str) -> Option<CheckOutcome> {
    let own = |words: &[&str]| project.program("unshare", &[&["-n"], words].concat());
    if own(&["true"]).run().code != Some(0) {
        crate::support::skipped("the right to leave the network");
        return None;
    }
    let words: Vec<&str> = line.split(' ').collect();
    let mut run = own(&[&[env!("CARGO_BIN_EXE_cargo-pyx"), "pyx"], &words[..]].concat());
    for (name, value) in variables {
        run = run.env(name, value);
    }
    Some(run.run())
}

/// An empty folder of the test's.
fn empty(path: PathBuf) -> PathBuf {
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

#[cfg(target_os = "linux")]
#[test]
fn f26_without_a_network_what_is_there_is_enough() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.pyx("test").run().succeeds();
    project.edit("src/main.rs", "fn main() {", "fn main() {\n    let _ = 1;");
    if let Some(run) = cut_off(&project, &[], "test") {
        run.succeeds().says("`src/main.rs` changed");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn f26_f26b_without_a_network_what_is_missing_is_told_before_anything_is_compiled() {
    let folder = folder!();
    let bin = Project::cold(&folder.join("bin"), "bin");
    let mixed = Project::cold(&folder.join("mixed"), "mixed");
    mixed.dev().with(&["--dry-run"]).run().succeeds();
    let cold = empty(folder.join("cold"));
    let cases = [
        (&bin, "test --py", "UV_CACHE_DIR"),
        (&bin, "dev", "CARGO_PYX_CACHE_DIR"),
        (&mixed, "dev", "CARGO_HOME"),
    ];
    for (project, line, cache) in cases {
        let cold = empty(cold.join(cache));
        let Some(run) = cut_off(project, &[(cache, &cold)], line) else {
            return;
        };
        let run = run.exits(4).says("is there a network?");
        let run = run.never_says("Compiling").never_says("panicked");
        assert!(run.took < Duration::from_secs(5), "{run}");
    }
}

/// A server that accepts connections and says nothing, for as long as the test runs.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap(); // the system accepts for it
    let url = format!("http://{}/simple", listener.local_addr().unwrap());
    (listener, url)
}

#[test]
fn f27_an_index_that_never_answers_is_named_in_a_bounded_time() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    project.dev().run().succeeds();
    let (_listener, url) = silent();
    let cold = empty(folder!().join("cold"));
    let test = |seconds: &str| {
        let test = project
            .pyx("test")
            .with(&["--py"])
            .env("UV_INDEX_URL", &url);
        let test = test.env("UV_CACHE_DIR", &cold).env("NO_PROXY", "127.0.0.1");
        let test = test.env("UV_HTTP_RETRIES", "1");
        test.env("UV_HTTP_TIMEOUT", seconds)
    };
    let run = test("1").run().exits(4);
    let run = run.says(&format!("hint: {url}/pytest/ does not answer"));
    assert!(run.took < Duration::from_secs(20), "{run}");
    let _machine = alone();
    let run = test("60").start();
    let asks = || {
        project
            .processes()
            .iter()
            .any(|it| it.contains(" pip install "))
    };
    assert!(within(Duration::from_secs(30), &asks), "uv asks the index");
    let sent = Instant::now();
    run.signal(2);
    let run = run.finish();
    assert_eq!(run.signal, Some(2), "{run}");
    assert!(sent.elapsed() < Duration::from_secs(5), "{run}");
}
