//! `lint`, `fmt`, `audit` and `ci`.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;

use super::{just, result, small};
use crate::support::{folder, program, project, uv};

const FINDING: &str = "import os\n";

#[test]
fn lint_runs_every_check_and_fails_with_any() {
    let project = project!("mixed");
    let configured = "\n[tool.mypy]\nstrict = true\n[tool.ruff.lint]\nselect = [\"F\"]\n";
    project.append("pyproject.toml", configured);
    project.commit();
    let run = just(&project, &["lint", "--strict"]).run().succeeds();
    for step in ["rustfmt", "clippy", "ruff check", "ruff format", "mypy"] {
        assert_eq!(result(&run, step), "ok", "{step}:\n{run}");
    }
    assert_eq!(project.traces(), "");

    let one = "\n/// One.\npub fn one() -> u8 {\n    return 1;\n}\n";
    project.append("src/lib.rs", one);
    project.append("python/mixed/__init__.py", FINDING);
    project.append("tests/test_mixed.py", "x = 'y'\n");
    let strict = just(&project, &["lint", "--strict"]).run().exits(1);
    for step in ["clippy", "ruff check", "ruff format"] {
        assert!(
            result(&strict, step).starts_with("failed"),
            "{step}:\n{strict}"
        );
    }
    assert_eq!(result(&strict, "rustfmt"), "ok");
    strict
        .says("`return`")
        .says("error: lint failed: clippy (2 errors), ruff check (1), ruff format (1)");

    // nobody says that a warning of clippy fails
    let run = just(&project, &["lint", "clippy"]).run().succeeds();
    assert_eq!(result(&run, "clippy"), "ok (2 warnings)");

    project.append("python/mixed/__init__.py", "count: str = count_words('')\n");
    let run = just(&project, &["lint", "mypy"]).run().exits(1);
    assert!(
        run.stdout.contains("Incompatible types in assignment"),
        "{run}"
    );
    run.never_says("clippy").never_says("ruff");
}

#[test]
fn a_check_that_does_not_exist_is_named() {
    let project = small(&folder!());
    let run = just(&project, &["lint", "a b"]).run().exits(2);
    run.says("no check `a b`")
        .says("clippy, python, ruff, rust");
}

#[test]
fn tools_have_the_version_that_the_project_asks_for() {
    let project = small(&folder!());
    let hook = "repos:\n  - repo: https://github.com/astral-sh/ruff-pre-commit\n    rev: v0.9.1\n    hooks:\n      - id: ruff\n";
    project.write(".pre-commit-config.yaml", hook);
    let run = just(&project, &["lint", "ruff"]).run().succeeds();
    run.says("ruff==0.9.1");
    let group = "[dependency-groups]\nstyle = [\"ruff==0.9.2\"]\n";
    project.append("pyproject.toml", group);
    let run = just(&project, &["lint", "ruff"]).run().succeeds();
    run.says("ruff==0.9.2").never_says("0.9.1");
    let run = just(&project, &["lint", "ruff"]);
    let own = project.path(".venv/bin/ruff");
    program(&own, "echo own");
    assert!(run.run().succeeds().stdout.starts_with("own\n"));
}

#[test]
fn each_type_checker_that_is_configured_looks_at_the_code() {
    let project = small(&folder!());
    let own = "\n[tool.ty]\n\n[tool.pyrefly]\n";
    project.append("pyproject.toml", own);
    let lint = || just(&project, &["lint", "ty", "pyrefly"]);
    let run = lint().run().succeeds();
    for step in ["ty", "pyrefly"] {
        assert_eq!(result(&run, step), "ok", "{step}:\n{run}");
    }
    project.write("wrong.py", "number: int = \"text\"\n");
    let run = lint().run().exits(1);
    for step in ["ty", "pyrefly"] {
        assert_eq!(result(&run, step), "failed (1)", "{step}:\n{run}");
    }
}

#[test]
fn fmt_formats_as_the_project_is_formatted() {
    let project = project!("mixed");
    just(&project, &["fmt"]).run().succeeds();
    assert_eq!(project.traces(), "");

    project.append("src/lib.rs", "fn  two( ) {}\n");
    project.write("tests/test_more.py", "import sys\nimport os\nx = 'y'\n");
    just(&project, &["fmt"]).run().succeeds();
    assert!(project.read("src/lib.rs").ends_with("fn two() {}\n"));
    let formatted = project.read("tests/test_more.py");
    assert_eq!(formatted, "import sys\nimport os\n\nx = \"y\"\n");

    let black =
        "\n[tool.black]\nskip-string-normalization = true\n[tool.ruff.lint]\nselect = [\"I\"]\n";
    project.append("pyproject.toml", black);
    project.write("tests/test_more.py", "import sys\nimport os\nx =  'y'\n");
    just(&project, &["fmt"]).run().succeeds();
    let formatted = project.read("tests/test_more.py");
    assert_eq!(formatted, "import os\nimport sys\n\nx = 'y'\n");
}

/// A service like osv.dev that gives the same answer to everything; its address.
fn service(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/query", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).unwrap();
            let length = answer.len();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{answer}").unwrap();
            // what is closed with a request half read resets the connection
            stream.shutdown(Shutdown::Write).unwrap();
            let _ = io::copy(&mut stream, &mut io::sink());
        }
    });
    address
}

#[test]
fn an_audit_passes_only_what_it_has_looked_at() {
    let project = small(&folder!());
    let group = "[dependency-groups]\ndev = [\"iniconfig==2.0.0\"]\n";
    project.append("pyproject.toml", group);
    let tools = project.root.with_file_name("tools");
    let answer = r#"echo "$@" >&2; echo '{"vulnerabilities": {"list": []}, "warnings": {}}'"#;
    program(&tools.join("cargo-audit"), answer);
    let audit = |osv: &str| {
        let run = just(&project, &["audit"]).path_first(&tools);
        let run = run.env("PIP_AUDIT_VULNERABILITY_SERVICE", "osv");
        run.env("PIP_AUDIT_OSV_URL", osv).run()
    };
    let down = audit("http://127.0.0.1:9/query").exits(3);
    assert_eq!(result(&down, "pip-audit"), "not checked (no answer)");
    down.says_once("pip-audit could not look");

    let clean = audit(&service("{}")).succeeds();
    assert_eq!(result(&clean, "pip-audit"), "ok");

    // what the lock says, not what is installed
    project.run(uv(), &["lock", "--quiet"]).succeeds();
    project.write("Makefile", "check:\n\tpip-audit\n");
    let answer = r#"{"vulns": [{"id": "PYSEC-1-1", "summary": "s", "affected": []}]}"#;
    let found = audit(&service(answer)).exits(1).says("iniconfig 2.0.0");
    assert_eq!(result(&found, "pip-audit"), "failed (1 of 1 vulnerable)");
    found.says("PYSEC-1-1");
}

#[test]
fn what_is_locked_is_audited_by_uv() {
    let project = small(&folder!());
    project.run(uv(), &["lock", "--quiet"]).succeeds();
    let tools = project.root.with_file_name("tools");
    program(
        &tools.join("cargo-audit"),
        r#"echo '{"vulnerabilities": {"list": []}}'"#,
    );
    let own_uv = uv();
    let audit = |answer: &str| {
        let own = format!(
            "[ \"$1 $2\" = 'audit --frozen' ] || exec '{}' \"$@\"",
            own_uv.display()
        );
        program(&tools.join("uv"), &format!("{own}\n{answer}"));
        just(&project, &["audit"]).path_first(&tools).run()
    };
    let none = audit("echo 'error: no route' >&2; exit 2").exits(3);
    assert_eq!(result(&none, "uv audit"), "not checked (no answer)");
    none.says("uv audit could not look: error: no route");
    let clean = r#"echo '{"summary": {"audited_packages": 7}, "vulnerabilities": []}'"#;
    assert_eq!(result(&audit(clean).succeeds(), "uv audit"), "ok");
    let found = r#"echo '{"summary": {"audited_packages": 7}, "vulnerabilities": [{"dependency": {"name": "p",
        "version": "1"}, "display_id": "PYSEC-1", "summary": "bad", "fix_versions": ["2"]}]}'; exit 1"#;
    let found = audit(found).exits(1);
    assert_eq!(result(&found, "uv audit"), "failed (1 of 7 vulnerable)");
    found.says("p 1: PYSEC-1 bad, fixed in 2");
}

#[test]
fn an_audit_of_crates_needs_its_tool() {
    let project = small(&folder!());
    let tools = project.root.with_file_name("tools");
    let audit = || {
        let run = just(&project, &["audit"]).path_first(&tools);
        run.run()
    };
    program(&tools.join("cargo-audit"), "exit 1");
    let none = audit().exits(3);
    assert_eq!(result(&none, "cargo audit"), "not checked (no answer)");
    let found = r#"{"vulnerabilities": {"list": [{"package": {"name": "p", "version": "1.0.0"},
        "advisory": {"id": "RUSTSEC-1-1", "title": "bad"}, "versions": {"patched": [">=1.0.1"]}}]}}"#;
    program(
        &tools.join("cargo-audit"),
        &format!("echo '{found}'; exit 1"),
    );
    let run = audit().exits(1);
    assert_eq!(result(&run, "cargo audit"), "failed (1 vulnerable)");
    run.says("p 1.0.0: RUSTSEC-1-1 bad, fixed in >=1.0.1");
    program(&tools.join("cargo-deny"), "exit 1");
    project.write("deny.toml", "");
    assert_eq!(result(&audit(), "cargo deny"), "failed (1)");
    fs::remove_dir_all(&tools).unwrap();
    let missing = audit().exits(3).says("cargo install cargo-deny");
    assert_eq!(result(&missing, "cargo deny"), "not checked (no tool)");
}
