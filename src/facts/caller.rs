//! Who started pyx, and where: what children inherit from it, and what they must not.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::world::disk;
use crate::world::session::{LOCKS_HELD, RECIPES_RUNNING, Session};

#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The working directory, absolute.
    pub cwd: Utf8PathBuf,
    /// The user cache, absolute.
    pub cache: Utf8PathBuf,
    /// This program, absolute.
    pub program: Utf8PathBuf,
    /// The inherited PATH.
    pub path: String,
    /// The inherited search path of the loader.
    pub loader_path: Option<String>,
    /// Variables that no child may inherit.
    pub scrubbed: BTreeSet<String>,
    /// Whether `UV_PROJECT_ENVIRONMENT` says where the environment is.
    pub names_environment: bool,
    /// The constraints files that a variable names for uv, absolute.
    pub constraints: Vec<Utf8PathBuf>,
    /// The same for overrides.
    pub overrides: Vec<Utf8PathBuf>,
    /// Where just would write scripts, if no program may run there: what names the folder, and the folder.
    pub noexec: Option<(String, Utf8PathBuf)>,
    /// The recipes that this program runs in.
    pub inside: Vec<RecipeMark>,
    /// The locks of those who wait for the recipe that this program runs in, absolute.
    pub locks_held: Vec<String>,
}

impl Caller {
    pub(super) fn of(session: &Session) -> Self {
        Self {
            cwd: session.cwd.clone(),
            cache: session.cache(),
            program: session.program.clone(),
            path: session.var("PATH").unwrap_or_default().to_owned(),
            loader_path: session.var("LD_LIBRARY_PATH").map(str::to_owned),
            scrubbed: session.scrubbed(),
            names_environment: session.var("UV_PROJECT_ENVIRONMENT").is_some(),
            constraints: files_in(session, "UV_CONSTRAINT"),
            overrides: files_in(session, "UV_OVERRIDE"),
            noexec: Some(session.script_folder()).filter(|(_, dir)| disk::is_noexec(dir)),
            inside: RecipeMark::all(session),
            locks_held: session.list(LOCKS_HELD),
        }
    }
}

/// One word of `CARGO_PYX_RECIPE`, for a running recipe: other projects may have one of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeMark(String);

impl RecipeMark {
    /// `root`: the project's.
    pub fn new(root: &Utf8Path, recipe: &str) -> Self {
        Self(format!("{root}#{recipe}"))
    }

    fn all(session: &Session) -> Vec<Self> {
        let words = session.list(RECIPES_RUNNING).into_iter();
        words.map(Self).collect()
    }
}

impl std::fmt::Display for RecipeMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Those of a variable that has blanks between its files (uv docs, "Environment variables").
fn files_in(session: &Session, variable: &str) -> Vec<Utf8PathBuf> {
    let said = session.var(variable).unwrap_or_default();
    let files = said.split_whitespace();
    files.map(|file| session.absolute(file)).collect()
}
