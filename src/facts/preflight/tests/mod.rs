//! Every rule, in a project with nothing else wrong.

mod metadata;
mod state;
mod versions;

use camino::{Utf8Path, Utf8PathBuf};

use crate::facts::project::{Project, Selection};
use crate::model::finding::Severity;
use crate::model::invocation::Invocation;
use crate::world::disk;
use crate::world::process;
use crate::world::session::Session;

const PYPROJECT: &str = r#"[build-system]
requires = ["maturin>=1.9,<2"]
build-backend = "maturin"

[project]
name = "one"
version = "0.1.0"
description = "One"
readme = "README.md"
requires-python = ">=3.9"
license = "MIT"
license-files = ["LICENSE*"]
classifiers = ["Programming Language :: Rust"]
dependencies = ["humanize>=4"]
dynamic = []

[project.optional-dependencies]
fast = ["numpy"]
"#;

const CARGO: &str = r#"[package]
name = "one"
version = "0.1.0"
edition = "2024"

[workspace]

[dependencies]
pyo3 = { version = "0.29", features = ["abi3-py39"] }
"#;

const CARGO_LOCK: &str = r#"version = 4

[[package]]
name = "one"
version = "0.1.0"
dependencies = [
 "pyo3",
]

[[package]]
name = "pyo3"
version = "0.29.3"
source = "registry+https://github.com/rust-lang/crates.io-index"
"#;

const UV_LOCK: &str = r#"version = 1
requires-python = ">=3.9"

[[package]]
name = "one"
version = "0.1.0"
source = { editable = "." }
dependencies = [{ name = "humanize" }]

[package.metadata]
requires-dist = [
    { name = "humanize", specifier = ">=4" },
    { name = "numpy", marker = "extra == 'fast'" },
]
"#;

/// A project of which nothing is wrong, in a folder of its own.
struct GoodProject {
    _guard: tempfile::TempDir,
    dir: Utf8PathBuf,
}

impl GoodProject {
    fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let dir = disk::resolve(Utf8Path::from_path(guard.path()).unwrap());
        let project = Self { _guard: guard, dir };
        for (name, text) in [
            ("pyproject.toml", PYPROJECT),
            ("Cargo.toml", CARGO),
            ("Cargo.lock", CARGO_LOCK),
            ("uv.lock", UV_LOCK),
            ("README.md", "# One\n"),
            ("LICENSE", "MIT\n"),
            ("src/lib.rs", ""),
            ("one/__init__.py", "\n__version__ = \"0.1.0\"\n"),
        ] {
            project.write(name, text);
        }
        project
    }

    fn write(&self, name: &str, text: &str) {
        disk::write(&self.dir.join(name), text.as_bytes()).unwrap();
    }

    fn read(&self, name: &str) -> String {
        disk::read_text(&self.dir.join(name)).unwrap().unwrap()
    }

    fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{name} holds no `{old}`");
        self.write(name, &text.replacen(old, new, 1));
    }

    fn session(&self) -> Session {
        Session {
            cwd: self.dir.clone(),
            ..Session::default()
        }
    }

    fn git(&self, line: &str) {
        let user = ["-c", "user.name=T", "-c", "user.email=t@example.org"];
        let call = Invocation::new("git", &self.dir)
            .args(user)
            .args(line.split(' '))
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = process::read(&call).unwrap();
        assert!(output.status.success(), "git {line}: {}", output.stderr);
    }

    fn committed() -> Self {
        let project = Self::new();
        project.git("init -q");
        project.git("add -A");
        project.git("commit -q -m one");
        project
    }

    fn says_when(&self, allow_dirty: bool) -> Vec<String> {
        self.says_from(&self.session(), allow_dirty)
    }

    /// What is said in a folder below.
    fn says_in(&self, folder: &str) -> Vec<String> {
        let session = Session {
            cwd: self.dir.join(folder),
            ..Session::default()
        };
        self.says_from(&session, false)
    }

    fn says_from(&self, session: &Session, allow_dirty: bool) -> Vec<String> {
        let project = Project::discover(session, &Selection::default()).unwrap();
        let found = crate::facts::preflight::findings(session, &project, allow_dirty).unwrap();
        let wording = |finding: &crate::model::finding::Finding| {
            let severity = match finding.severity {
                Severity::Warning => "warning",
                Severity::Error => "error",
            };
            format!("{severity}: {}", finding.wording(&self.dir))
        };
        found.iter().map(wording).collect()
    }

    fn found(&self) -> Vec<crate::model::finding::Finding> {
        let session = self.session();
        let project = Project::discover(&session, &Selection::default()).unwrap();
        crate::facts::preflight::findings(&session, &project, false).unwrap()
    }

    fn says(&self) -> Vec<String> {
        self.says_when(false)
    }
}

/// What is said once `old` in a file is `new`.
fn case(name: &str, old: &str, new: &str, expected: &[&str]) {
    let project = GoodProject::new();
    project.edit(name, old, new);
    assert_eq!(project.says(), expected, "{name}: {old} -> {new}");
}

fn cases(name: &str, cases: &[(&str, &str, &str)]) {
    for (old, new, expected) in cases {
        let expected: Vec<&str> = Vec::from_iter(Some(*expected).filter(|text| !text.is_empty()));
        case(name, old, new, &expected);
    }
}

#[test]
fn nothing_is_wrong_with_a_sound_project() {
    assert_eq!(GoodProject::new().says(), [""; 0]);
    assert_eq!(GoodProject::committed().says(), [""; 0]);
}
