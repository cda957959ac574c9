//! What the recipes of `cargo pyx just` promise, in real projects with the real tools.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests spawn just and look at what it left"
)]

mod checks;
mod form;
mod made;
mod stubs;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use support::{Outcome, Project, Pyx, name_of, program, uv};

const PYX: &str = env!("CARGO_BIN_EXE_cargo-pyx");

/// A recipe with its arguments: `cargo pyx just WORDS`.
fn just(project: &Project, words: &[&str]) -> Pyx {
    let (root, pyx) = (&project.root, project.root.with_file_name("pyx"));
    let _ = fs::remove_file(&pyx);
    program(&pyx, DISPATCH);
    let module = match &*name_of(root) {
        "hello" => "hello",
        "mixed" => "mixed._mixed",
        _ => "",
    };
    let environment = root.join(".venv");
    project
        .program(&pyx, &[&["just"], words].concat())
        .env("PROGRAM", PYX)
        .env("PYX", pyx)
        .env("PYX_UV", uv())
        .env("PYX_PYTHON", environment.join("bin/python"))
        .env("PYX_MODULE", module)
        .env("PYX_PROFILE", "dev")
        .env("PYX_DIST", root.join("dist"))
        .env("PYX_PROJECT", root)
        .env("PYX_STATE", root.join("target/pyx"))
        .env("PYX_RECIPES", embedded(root))
        .env("VIRTUAL_ENV", &environment)
        .env("UV_PROJECT_ENVIRONMENT", environment)
        .env("UV_NO_SYNC", "1")
}

/// Builds where the recipe does not say otherwise, then runs it; everything else is pyx's.
const DISPATCH: &str = r#"
[ "$1" = just ] || exec "$PROGRAM" "$@"
shift
grep -q no-build "$PYX_RECIPES/$1.just" || "$PROGRAM" dev --quiet || exit
exec "$PYX_UV" tool run --quiet --from rust-just==1.59.0 just \
    --justfile "$PYX_RECIPES/$1.just" --working-directory "$PYX_PROJECT" "$@"
"#;

/// A copy of the recipes, in a folder as awkward as a user cache may be.
fn embedded(root: &Path) -> PathBuf {
    let folder = root.with_file_name("the user's cache");
    fs::create_dir_all(&folder).unwrap();
    for path in recipes() {
        fs::copy(&path, folder.join(name_of(&path))).unwrap();
    }
    folder
}

/// The files of `recipes/`.
fn recipes() -> Vec<PathBuf> {
    let mut files = support::entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes"));
    files.retain(|path| path.is_file());
    files
}

/// A copy of a fixture that one test after the other has to itself.
struct Shared {
    project: Project,
    _turn: MutexGuard<'static, ()>,
}

impl Deref for Shared {
    type Target = Project;

    fn deref(&self) -> &Project {
        &self.project
    }
}

/// The copy of `mixed`: its dependencies are compiled, and checked, once for all tests.
fn mixed() -> Shared {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let project = copy(Path::new(env!("CARGO_TARGET_TMPDIR")), "mixed");
    project.keep("target/pyx/lint");
    Shared {
        project,
        _turn: turn,
    }
}

/// A copy of `bin`, which compiles within a second: it has no dependencies.
fn small(folder: &Path) -> Project {
    copy(folder, "bin")
}

/// A committed copy of a fixture in a folder that shells misread.
fn copy(folder: &Path, fixture: &str) -> Project {
    let root = folder.join("it's a \"copy\"").join(fixture);
    Project::at(&root, fixture)
}

/// The result of a step in the table at the end.
fn result<'a>(run: &'a Outcome, step: &str) -> &'a str {
    let rows = run.stderr.lines().rev().take_while(|line| !line.is_empty());
    let found: Vec<&str> = rows.filter_map(|row| row.strip_prefix(step)).collect();
    let [rest] = found[..] else {
        panic!("expected one row `{step}`:\n{run}")
    };
    let (result, seconds) = rest.trim().rsplit_once(' ').unwrap();
    assert!(seconds.parse::<f64>().is_ok(), "{run}");
    result.trim()
}
