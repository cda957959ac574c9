//! What `cargo pyx release wheel`, `sdist` and `check` promise, in real projects with the real tools.

mod again;
mod check;
mod dist;
mod hello;
mod refused;
mod set;
mod settings;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::support::{Project, Pyx, folder_of, oldest_and_newest};

/// A project in the folder where all of them are built, one after the other: so PyO3 is compiled
/// once for each interpreter.
struct Built {
    project: Project,
    _turn: MutexGuard<'static, ()>,
}

impl std::ops::Deref for Built {
    type Target = Project;

    fn deref(&self) -> &Project {
        &self.project
    }
}

/// The newest Python that this machine has.
fn newest() -> String {
    let [_, newest] = oldest_and_newest();
    newest
}

fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "whl")
}

/// As in tags: `cp313`.
fn label(python: &str) -> String {
    format!("cp{}", python.replace('.', ""))
}

fn built(fixture: &str) -> Built {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let root = folder_of("release::built::here").join("project");
    Built {
        project: Project::cold(&root, fixture),
        _turn: turn,
    }
}

impl Project {
    /// `cargo pyx release …`
    fn release(&self, args: &[&str]) -> Pyx {
        self.pyx("release").with(args)
    }
}
