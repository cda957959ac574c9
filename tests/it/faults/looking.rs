//! Commands that only look, in a checkout that somebody else made; and what is said where nobody hears it.

use std::fs;
use std::path::Path;

use crate::support::{Project, folder, program};

/// They run nothing of the project.
const LOOKS: [&str; 14] = [
    "clean --dry-run",
    "completions bash",
    "dev --dry-run",
    "doctor",
    "env",
    "init --dry-run",
    "just --list",
    "just --show lint",
    "release check",
    "release publish --dry-run",
    "release sdist --allow-dirty --dry-run",
    "release version",
    "run --dry-run -- python",
    "test --dry-run",
];

/// A program of the checkout, which leaves a mark.
fn trap(path: &Path, mark: &Path) {
    program(
        path,
        &format!("echo \"$0 $*\" >>'{}'; exit 1", mark.display()),
    );
}

type Trap = (&'static str, &'static str, fn(&Project));

/// What a checkout of a fixture may bring or name; `evil` is the trap, in its root and in `hooks`.
const TRAPS: [Trap; 10] = [
    ("[tool.pyx] python", "bin", |project| {
        project.append("pyproject.toml", "\n[tool.pyx]\npython = \"./evil\"\n");
    }),
    (".python-version", "bin", |project| {
        project.write(".python-version", "./evil\n");
    }),
    ("a toolchain", "bin", |project| {
        let folder = project.path("toolchain");
        fs::create_dir_all(folder.join("bin")).unwrap();
        for name in ["cargo", "rustc"] {
            fs::copy(project.path("evil"), folder.join("bin").join(name)).unwrap();
        }
        let text = format!("[toolchain]\npath = \"{}\"\n", folder.display());
        project.write("rust-toolchain.toml", &text);
    }),
    ("an environment", "bin", |project| {
        project.write(
            ".venv/pyvenv.cfg",
            "home = /usr/bin\nuv = 0.9\nversion_info = 3.11.7\n",
        );
        fs::create_dir_all(project.path(".venv/bin")).unwrap();
        for name in ["python", "python3"] {
            fs::copy(project.path("evil"), project.path(".venv/bin").join(name)).unwrap();
        }
    }),
    ("the standard library of an environment", "bin", |project| {
        let python = project.run("python3", &["-c", "import os, sys; print(os.path.realpath(sys.executable), '%d.%d' % sys.version_info[:2])"]);
        let (python, version) = python.stdout.trim_end().split_once(' ').unwrap();
        let home = project.path("home/bin");
        let cfg = format!(
            "home = {}\nuv = 0.9\nversion_info = {version}.1\n",
            home.display()
        );
        project.write(".venv/pyvenv.cfg", &cfg);
        let library = format!("home/lib/python{version}");
        let mark = project.path("MARK");
        // before there is an `open`
        let mark = format!(
            "import posix\nposix.open('{}', posix.O_CREAT)\n",
            mark.display()
        );
        for name in ["encodings/__init__.py", "os.py"] {
            project.write(&format!("{library}/{name}"), &mark);
        }
        fs::create_dir_all(project.path(&format!("{library}/lib-dynload"))).unwrap();
        fs::create_dir_all(&home).unwrap();
        fs::create_dir_all(project.path(".venv/bin")).unwrap();
        std::os::unix::fs::symlink(python, project.path(".venv/bin/python")).unwrap();
    }),
    ("git's configuration", "bin", |project| {
        let evil = project.path("evil");
        let evil = evil.to_str().unwrap();
        for name in [
            "core.fsmonitor",
            "core.pager",
            "diff.external",
            "diff.x.textconv",
            "diff.x.command",
            "filter.x.clean",
            "filter.x.process",
            "filter.x.smudge",
            "gpg.program",
        ] {
            project.git(&["config", name, evil]);
        }
        project.git(&["config", "log.showSignature", "true"]);
        project.git(&["config", "core.hooksPath", "hooks"]);
        project.write(".gitattributes", "* filter=x diff=x\n");
        project.touch("pyproject.toml");
    }),
    ("git's configuration of a work tree", "bin", |project| {
        let evil = project.path("evil");
        let evil = evil.to_str().unwrap();
        project.git(&["config", "extensions.worktreeConfig", "true"]);
        project.git(&["config", "--worktree", "filter.x.clean", evil]);
        project.write(".gitattributes", "* filter=x\n");
        project.touch("pyproject.toml");
    }),
    (
        "a filter of git's that no option can name",
        "bin",
        |project| {
            let evil = project.path("evil");
            project.git(&["config", "filter.a=b.clean", evil.to_str().unwrap()]);
            project.write(".gitattributes", "* filter=a=b\n");
            project.touch("pyproject.toml");
        },
    ),
    ("git's configuration of a submodule", "bin", |project| {
        let evil = project.path("evil");
        project.write("sub/file", "one");
        let inner = |words: &[&str]| {
            let run = project.run("git", &[&["-C", "sub"], words].concat());
            assert_eq!(run.code, Some(0), "{run}");
        };
        inner(&["init", "--quiet"]);
        inner(&["add", "."]);
        let person = ["-c", "user.name=x", "-c", "user.email=x@y"];
        inner(&[&person[..], &["commit", "--quiet", "-m", "x"]].concat());
        project.git(&["add", "sub"]);
        inner(&["config", "filter.x.clean", evil.to_str().unwrap()]);
        project.write("sub/.gitattributes", "* filter=x\n");
        project.touch("sub/file");
    }),
    ("cargo's configuration", "hello", |project| {
        let evil = project.path("evil");
        let evil = evil.display();
        let config = format!(
            "[build]\nrustc = \"{evil}\"\nrustc-wrapper = \"{evil}\"\n\
                              rustc-workspace-wrapper = \"{evil}\"\n"
        );
        project.write(".cargo/config.toml", &config);
    }),
];

#[test]
fn f31b_what_only_looks_runs_no_program_that_the_checkout_brings_or_names() {
    for (what, fixture, set) in TRAPS {
        let project = Project::cold(&folder!().join("project"), fixture);
        let mark = project.path("MARK");
        trap(&project.path("evil"), &mark);
        for name in ["post-index-change", "pre-auto-gc", "reference-transaction"] {
            trap(&project.path("hooks").join(name), &mark);
        }
        set(&project);
        for line in LOOKS {
            let mut words = line.split(' ');
            let pyx = project.pyx(words.next().unwrap());
            let run = pyx.with(&words.collect::<Vec<_>>()).run();
            let ran = fs::read_to_string(&mark).unwrap_or_default();
            assert!(!mark.exists(), "{what}: {line} ran {ran}\n{run}");
            assert!(run.code.is_some_and(|code| code < 70), "{run}");
        }
        // the trap works
        let _ = project.dev().run();
        let _ = project.run("git", &["status", "--short"]);
        let _ = project.run("git", &["diff", "--stat"]);
        assert!(mark.exists(), "{what}");
    }
}

/// Who has `.` in PATH, or an empty entry, works in the checkout with it.
#[test]
fn f31b_a_relative_path_leads_what_only_looks_to_no_program_of_the_checkout() {
    let project = Project::cold(&folder!().join("project"), "bin");
    let mark = project.path("MARK");
    for name in ["cargo", "git", "just", "python3", "rustc", "uv"] {
        trap(&project.path(name), &mark);
    }
    let path = format!(".::{}", std::env::var("PATH").unwrap());
    for line in LOOKS {
        let mut words = line.split(' ');
        let pyx = project.pyx(words.next().unwrap()).env("PATH", &path);
        let run = pyx.with(&words.collect::<Vec<_>>()).run();
        let ran = fs::read_to_string(&mark).unwrap_or_default();
        assert!(!mark.exists(), "{line} ran {ran}\n{run}");
        assert!(run.code.is_some_and(|code| code < 70), "{run}");
    }
    // the trap works
    project.dev().env("PATH", &path).run();
    assert!(mark.exists());
}

/// A distribution that a checkout brings is inspected and not imported.
#[test]
fn f31b_a_wheel_that_lies_in_dist_is_not_imported_to_be_checked() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let mark = project.path("MARK");
    let lines = r#"
import sys, zipfile
mark, to = sys.argv[1:]
trap = f"open({mark!r}, 'w')\n"
info = "shout-0.1.0.dist-info/"
files = {
    "shout/__init__.py": trap, "shout/__init__.pyi": "", "shout.pth": "import shout\n",
    info + "METADATA": "Metadata-Version: 2.1\nName: shout\nVersion: 0.1.0\n",
    info + "WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
record = "".join(f"{name},,\n" for name in [*files, info + "RECORD"])
with zipfile.ZipFile(to, "w") as wheel:
    for name, text in {**files, info + "RECORD": record}.items():
        wheel.writestr(name, text)
"#;
    let wheel = "dist/shout-0.1.0-py3-none-any.whl";
    project.write("dist/README", "");
    let words = ["-c", lines, mark.to_str().unwrap(), wheel];
    assert_eq!(project.run("python3", &words).code, Some(0));
    let check = |args: &[&str]| project.pyx("release").with(&["check"]).with(args).run();
    let run = check(&["--allow-dirty"]).exits(1);
    assert!(!mark.exists(), "{run}");
    // whoever names a wheel has it imported beside its stubs
    let run = check(&["--allow-dirty", wheel]).exits(1);
    assert!(mark.exists(), "{run}");
}

#[cfg(target_os = "linux")]
#[test]
fn f46_output_that_is_lost_is_no_success() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let pyx = env!("CARGO_BIN_EXE_cargo-pyx");
    let full = |line: &str| {
        let script = format!("exec '{pyx}' pyx {line} >/dev/full");
        project.run("sh", &["-c", &script])
    };
    for line in [
        "dev --dry-run",
        "completions bash",
        "doctor",
        "just --list",
        "release version",
    ] {
        let run = full(line).exits(4);
        run.says_once("error: cannot write to standard output");
    }
    // whoever listened has left
    let script = format!("{{ '{pyx}' pyx doctor; echo \"ended with $?\" >&2; }} | true");
    project.run("sh", &["-c", &script]).says("ended with 141");
    // the work itself is done
    full("dev --message-format json").exits(4);
    project.dev().run().finds_fresh("shout");
}

#[cfg(target_os = "linux")]
#[test]
fn f32_whatever_becomes_of_the_output_the_work_is_done_or_the_exit_code_tells() {
    let project = Project::cold(&folder!().join("bin"), "bin");
    let pyx = env!("CARGO_BIN_EXE_cargo-pyx");
    let shell = |script: &str| {
        let run = project.run("sh", &["-c", script]);
        run.never_says("panicked").never_says("RUST_BACKTRACE")
    };
    let closed = [">/dev/full", ">&-", "2>&-", "2>/dev/full", ">&- 2>&-"];
    for (number, end) in closed.into_iter().enumerate() {
        let line = format!("fn main() {{\n    let _ = {number};");
        project.edit("src/main.rs", "fn main() {", &line);
        shell(&format!("exec '{pyx}' pyx dev {end}")).succeeds();
        project.dev().run().finds_fresh("shout");
    }
    // how the tests went is heard by nobody
    let run = shell(&format!("exec '{pyx}' pyx test --py >/dev/full")).exits(4);
    let lost = "error: cannot write to standard output";
    run.says_once(lost).never_says("outside of any test");
    let left = format!("{{ '{pyx}' pyx test --py; echo \"ended with $?\" >&2; }} | true");
    let run = shell(&left).succeeds();
    run.says("ended with 4").never_says("outside of any test");
    // who reads a line and leaves, while a test runs
    project.append(
        "tests/test_shout.py",
        "\n\ndef test_late():\n    import time\n    time.sleep(1)\n    print('x' * 9)\n",
    );
    let head = format!("{{ '{pyx}' pyx test --py; echo \"ended with $?\" >&2; }} | head -n 1");
    let run = shell(&head).succeeds().never_says("outside of any test");
    assert!(run.stdout.contains("test session starts"), "{run}");
    assert!(
        run.count("ended with 4") + run.count("ended with 141") == 1,
        "{run}"
    );
    project.pyx("test").run().succeeds();
}
