//! Who started pyx, and where: what children inherit from it, and what they must not.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::world::disk;
use crate::world::session::{LOCKS_HELD, RECIPES_RUNNING, Session};
use crate::world::tool;

#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The working directory, absolute.
    pub cwd: Utf8PathBuf,
    /// The user cache, absolute.
    pub cache: Utf8PathBuf,
    /// This program, absolute.
    pub program: Utf8PathBuf,
    /// Where recipes find this program, which they call as `cargo pyx`.
    pub own_folder: OwnFolder,
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

/// What PATH needs so that `cargo pyx` is the program that runs, and not another version or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OwnFolder {
    /// It leads there already.
    #[default]
    OnPath,
    /// A folder without any tool, which takes no other's place.
    Alone(Utf8PathBuf),
    /// One with tools, which must not take the place of those that were chosen.
    WithTools(Utf8PathBuf),
}

impl OwnFolder {
    fn of(session: &Session) -> Self {
        const TOOLS: [&str; 6] = ["cargo", "just", "pip", "python", "python3", "uv"];
        let program = &session.program;
        let (Some("cargo-pyx"), Some(folder)) = (program.file_stem(), program.parent()) else {
            return Self::OnPath; // cargo would not find it by another name
        };
        let holds = |name: &str| {
            let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
            disk::is_file(&folder.join(file))
        };
        if !TOOLS.iter().any(|name| holds(name)) {
            return Self::Alone(folder.to_owned());
        }
        match tool::find(session, "cargo-pyx") {
            Some(found) if disk::resolve(&found) == disk::resolve(program) => Self::OnPath,
            _ => Self::WithTools(folder.to_owned()),
        }
    }
}

impl Caller {
    pub(super) fn of(session: &Session) -> Self {
        Self {
            cwd: session.cwd.clone(),
            cache: session.cache(),
            program: session.program.clone(),
            own_folder: OwnFolder::of(session),
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

#[cfg(all(test, unix))] // scripts of a shell stand for the programs
mod tests {
    use super::*;

    #[test]
    fn recipes_find_this_program_and_no_folder_takes_the_place_of_a_chosen_tool() {
        use std::os::unix::fs::PermissionsExt as _;
        let temp = tempfile::tempdir().unwrap();
        let root = disk::resolve(Utf8Path::from_path(temp.path()).unwrap());
        let program = |path: &str| {
            let path = root.join(path);
            disk::write(&path, b"").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        for path in [
            "own/cargo-pyx",
            "all/cargo-pyx",
            "all/uv",
            "other/cargo-pyx",
            "own/renamed",
        ] {
            program(path);
        }
        let of = |own: &str, path: &[&str]| {
            let path: Vec<String> = path.iter().map(|dir| root.join(dir).to_string()).collect();
            let session = Session {
                program: root.join(own),
                env: [("PATH".to_owned(), path.join(":"))].into(),
                ..Session::default()
            };
            OwnFolder::of(&session)
        };
        let alone = OwnFolder::Alone(root.join("own"));
        assert_eq!(of("own/cargo-pyx", &[]), alone);
        assert_eq!(
            of("own/cargo-pyx", &["own"]),
            alone,
            "a chosen tool's folder may have another"
        );
        assert_eq!(of("own/renamed", &[]), OwnFolder::OnPath);
        let with_tools = OwnFolder::WithTools(root.join("all"));
        assert_eq!(of("all/cargo-pyx", &["all", "other"]), OwnFolder::OnPath);
        assert_eq!(of("all/cargo-pyx", &["other", "all"]), with_tools);
        assert_eq!(of("all/cargo-pyx", &[]), with_tools);
    }
}
