//! The ambient world, read once: environment variables, working directory, terminals.
#![expect(
    clippy::disallowed_methods,
    reason = "this file owns std::env; everything else takes a Session"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use pep440_rs::Version;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::model::error::{Error, MachineError, Result};
use crate::model::path::{normalize, utf8};
use crate::model::variable_list;
use crate::world::disk::Signature;

/// Variables that would make a child build for, or import from, a place other than the project's.
const FOREIGN: [&str; 8] = [
    "CONDA_PREFIX",
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "UV_PYTHON",
    "CARGO",
    "OUT_DIR",
    "RUSTUP_TOOLCHAIN", // the plan sets it again where it is the project's choice
];

/// The variables for the user's folder, in order of precedence: on Windows, cargo and uv ignore HOME, which
/// Unix shells set there.
const HOMES: [&str; 2] = if cfg!(windows) {
    ["USERPROFILE", "HOME"]
} else {
    ["HOME", "USERPROFILE"]
};

/// The variable in which `cargo pyx env` lists, separated by blanks, those that it exports: they repeat what
/// pyx knows itself, and no run of pyx may treat them as set by the user.
pub const EXPORTED: &str = "CARGO_PYX_EXPORTED";

/// The variable with the locks held by those that wait for the running recipe: absolute paths.
pub const LOCKS_HELD: &str = "CARGO_PYX_LOCK";

/// The variable with the recipes around the running one, each with its project's folder.
pub const RECIPES_RUNNING: &str = "CARGO_PYX_RECIPE";

/// The folders of the user cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheFolder {
    /// Copies of projects, in which `init` tries out what it would write.
    Adoption,
    /// Locks for what several projects may share.
    Locks,
    /// The files of pyx's own recipes.
    Recipes,
    /// Builds of source distributions, by project.
    SdistBuilds,
    Tools,
    /// Which interpreters from checkouts may run.
    TrustedInterpreters,
    /// Copies of tests, by project.
    WheelTests,
    /// What `target/pyx` holds inside a project.
    WithoutProject,
}

impl CacheFolder {
    pub const ALL: [Self; 8] = [
        Self::Adoption,
        Self::Locks,
        Self::Recipes,
        Self::SdistBuilds,
        Self::Tools,
        Self::TrustedInterpreters,
        Self::WheelTests,
        Self::WithoutProject,
    ];

    /// `cache`: as [`Session::cache`] returns it.
    pub fn within(self, cache: &Utf8Path) -> Utf8PathBuf {
        cache.join(match self {
            Self::Adoption => "adoption",
            Self::Locks => "locks",
            Self::Recipes => "recipes",
            Self::SdistBuilds => "sdist-builds",
            Self::Tools => "tools",
            Self::TrustedInterpreters => "trusted-interpreters",
            Self::WheelTests => "wheel-tests",
            Self::WithoutProject => "without-project",
        })
    }
}

#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Absolute; with `-C`, the folder that it names.
    pub cwd: Utf8PathBuf,
    /// Where this program was started, absolute.
    pub started_in: Utf8PathBuf,
    /// This program, absolute; empty if the system does not tell.
    pub program: Utf8PathBuf,
    /// The variables whose name and value are UTF-8, on Windows by upper-case names; children inherit the
    /// others all the same.
    pub env: BTreeMap<String, String>,
    /// The names of variables that are only set because of `cargo pyx env`; `env` is without them.
    pub exported: BTreeSet<String>,
    pub stderr_is_terminal: bool,
    pub stdin_is_terminal: bool,
    /// The user's folder as the system knows it, if no variable names it.
    pub known_home: Option<Utf8PathBuf>,
    /// Whether the command is read-only: then no program runs that the checkout brings or names.
    pub looks_only: bool,
    /// The answers of programs to `--version`: a plan is made a second time under the lock.
    pub versions: Arc<Mutex<BTreeMap<(Utf8PathBuf, Signature), Version>>>,
}

impl Session {
    /// Reads the world as it is now. Fails with
    /// [`ProjectError::NotUtf8`](crate::model::error::ProjectError::NotUtf8) if the tools below us would.
    pub fn read() -> Result<Self> {
        let cwd = std::env::current_dir().map_err(|source| {
            Error::Machine(MachineError::Io {
                verb: "read the working directory",
                path: ".".into(),
                source,
            })
        })?;
        let mut env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .map(|(name, value)| (folded(name), value))
            .collect();
        let exported = take_exported(&mut env);
        let cwd = utf8(cwd)?;
        Ok(Self {
            started_in: cwd.clone(),
            cwd,
            program: std::env::current_exe()
                .ok()
                .and_then(|path| utf8(path).ok())
                .unwrap_or_default(),
            env,
            exported,
            known_home: std::env::home_dir().and_then(|path| utf8(path).ok()),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            looks_only: false,
            versions: Arc::default(),
        })
    }

    /// A variable's value; an empty one counts as not set.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether the output is shown somewhere that puts messages next to the lines they are about (GitHub's
    /// documentation, "Workflow commands").
    pub fn annotates(&self) -> bool {
        self.var("GITHUB_ACTIONS") == Some("true")
    }

    /// The list that another run of this program put into a variable; empty if it is not set.
    pub fn list(&self, name: &str) -> Vec<String> {
        variable_list::read(self.var(name).unwrap_or_default())
    }

    pub fn path_var(&self, name: &str) -> Option<Utf8PathBuf> {
        self.var(name).map(|value| self.absolute(value))
    }

    /// `path` resolved against the working directory.
    pub fn absolute(&self, path: impl AsRef<Utf8Path>) -> Utf8PathBuf {
        normalize(&self.cwd.join(path))
    }

    /// `CARGO_HOME`, else `.cargo` in the home folder (cargo book, "Cargo Home").
    pub fn cargo_home(&self) -> Utf8PathBuf {
        self.path_var("CARGO_HOME")
            .unwrap_or_else(|| self.home().join(".cargo"))
    }

    pub fn home(&self) -> Utf8PathBuf {
        let named = HOMES.iter().find_map(|name| self.path_var(name));
        named
            .or_else(|| self.known_home.clone())
            .unwrap_or_else(|| "/".into())
    }

    /// The warning to show if the home folder had to be asked of the system.
    ///
    /// # Errors
    /// [`MachineError::NoHome`] if the system does not know either.
    pub fn check_home(&self) -> Result<Option<String>> {
        if HOMES.iter().any(|name| self.var(name).is_some()) {
            return Ok(None);
        }
        match &self.known_home {
            Some(home) if home.is_absolute() => Ok(Some(format!(
                "{} is not set: using `{home}`, from the system's user database",
                HOMES[0]
            ))),
            _ => Err(MachineError::NoHome.into()),
        }
    }

    /// Where just writes the scripts of recipes: what names the folder, and the folder.
    pub fn script_folder(&self) -> (String, Utf8PathBuf) {
        let names = ["JUST_TEMPDIR", "XDG_RUNTIME_DIR", "TMPDIR"];
        let named = names
            .into_iter()
            .find_map(|name| Some((name.to_owned(), self.path_var(name)?)));
        named.unwrap_or_else(|| ("`/tmp`".to_owned(), "/tmp".into()))
    }

    /// The user cache: `CARGO_PYX_CACHE_DIR`, else `cargo-pyx` in the XDG cache or in Windows' local data.
    pub fn cache(&self) -> Utf8PathBuf {
        if let Some(dir) = self.path_var("CARGO_PYX_CACHE_DIR") {
            return dir;
        }
        // the XDG base directory specification has a relative one ignored
        let xdg = self.var("XDG_CACHE_HOME").map(Utf8PathBuf::from);
        xdg.filter(|dir| dir.is_absolute())
            .or_else(|| self.path_var("LOCALAPPDATA"))
            .unwrap_or_else(|| self.home().join(".cache"))
            .join("cargo-pyx")
    }

    /// The folder in the user cache, absolute.
    pub fn cached(&self, folder: CacheFolder) -> Utf8PathBuf {
        folder.within(&self.cache())
    }

    /// Removes relative entries from PATH: they mean whatever folder one works in, such as the project's.
    pub fn leave_out_relative_path(&mut self) {
        if !self.env.contains_key("PATH") {
            return;
        }
        let mut absolute = self.search_path();
        absolute.retain(|dir| dir.is_absolute());
        if absolute.is_empty() {
            absolute.push("/".into()); // an empty one would be wherever one works
        }
        // what was split can be joined
        let path = std::env::join_paths(absolute).unwrap_or_default();
        let path = path.into_string().unwrap_or_default();
        self.env.insert("PATH".to_owned(), path);
    }

    /// The lock whose holder may write the tools in the user cache: not among them, or it would be removed
    /// with them.
    pub fn tools_lock(&self) -> Utf8PathBuf {
        self.cached(CacheFolder::Locks).join("tools")
    }

    /// The directories of PATH, in order.
    pub fn search_path(&self) -> Vec<Utf8PathBuf> {
        let path = self.var("PATH").unwrap_or_default();
        std::env::split_paths(path)
            .filter_map(|dir| Utf8PathBuf::from_path_buf(dir).ok())
            .collect()
    }

    /// The environments that are active in the shell: the variable that says so, and its path, absolute.
    /// conda's base does not count, as in maturin.
    pub fn active_environments(&self) -> Vec<(&'static str, Utf8PathBuf)> {
        let is_base = self.var("CONDA_DEFAULT_ENV") == Some("base");
        let named = |name| Some((name, self.path_var(name)?));
        let all = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter();
        let active = all.filter(|name| !(is_base && *name == "CONDA_PREFIX"));
        active.filter_map(named).collect()
    }

    /// Whether cargo started us (`cargo pyx`, or `cargo run` in our own checkout).
    pub fn under_cargo(&self) -> bool {
        self.env.contains_key("CARGO")
    }

    /// The names of inherited variables that no child may see: foreign environments, and what cargo sets for
    /// the program it runs (cargo book, "Environment variables").
    pub fn scrubbed(&self) -> BTreeSet<String> {
        self.env
            .keys()
            .filter(|name| {
                FOREIGN.contains(&name.as_str())
                    || name.starts_with("CARGO_PKG_")
                    || name.starts_with("CARGO_MANIFEST_")
                    || name.starts_with("RUSTUP_TOOLCHAIN_")
            })
            .chain(&self.exported)
            .cloned()
            .collect()
    }

    /// What no output may show: the tokens and passwords for package indexes, including those in URLs.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        for (name, value) in &self.env {
            secrets.extend(secret(name, value));
        }
        secrets.retain(|secret| secret.len() >= SHORTEST_SECRET);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len())); // one may begin another
        secrets
    }

    pub fn in_ci(&self) -> bool {
        self.var("CI").is_some_and(|value| value != "false")
    }
}

/// Windows ignores case in the names of variables: PATH is often `Path` there.
fn folded(name: String) -> String {
    if cfg!(windows) {
        return name.to_uppercase();
    }
    name
}

/// Removes what `cargo pyx env` exported, and its list.
fn take_exported(env: &mut BTreeMap<String, String>) -> BTreeSet<String> {
    let Some(list) = env.remove(EXPORTED) else {
        return BTreeSet::new();
    };
    let names = list.split_whitespace().chain([EXPORTED]);
    let exported: BTreeSet<String> = names.map(str::to_owned).collect();
    env.retain(|name, _| !exported.contains(name));
    exported
}

/// In bytes. Shorter values occur in any output, as parts of other words.
const SHORTEST_SECRET: usize = 4;

/// In bytes. A user without a password that is this long is a token; a shorter one is a name.
const SHORTEST_TOKEN: usize = 20;

/// The secret part of a variable: the whole value if its name says so; of uv's index variables, `URL` or
/// `NAME=URL` separated by blanks, the passwords.
fn secret(name: &str, value: &str) -> Vec<String> {
    // PYX_: uv's, for the index of that name
    const OF_UV: [&str; 2] = ["UV_", "PYX_"];
    const SECRET: [&str; 5] = [
        "_TOKEN",
        "_PASSWORD",
        "_API_KEY",
        "_SECRET",
        "_SECRET_ACCESS_KEY",
    ];
    if SECRET.iter().any(|ending| name.ends_with(ending)) {
        return vec![value.to_owned()];
    }
    if !OF_UV.iter().any(|prefix| name.starts_with(prefix)) {
        return Vec::new();
    }
    let mut secrets = Vec::new();
    for word in value.split_whitespace() {
        let named = word
            .split_once("://")
            .and_then(|(before, _)| before.rfind('='));
        let Ok(url) = Url::parse(named.map_or(word, |at| &word[at + 1..])) else {
            continue;
        };
        let token = Some(url.username()).filter(|user| user.len() >= SHORTEST_TOKEN);
        if let Some(secret) = url.password().or(token) {
            let plain = percent_decode_str(secret).decode_utf8_lossy().into_owned();
            secrets.extend([secret.to_owned(), plain]);
        }
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_named_by_a_whole_path_alone() {
        let whole = if cfg!(windows) { r"C:\cache" } else { "/cache" };
        let cache = |xdg: &str| {
            let env = [("XDG_CACHE_HOME", xdg), ("HOME", "/home/me")];
            let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let session = Session {
                cwd: "/p".into(),
                env: env.into(),
                ..Session::default()
            };
            session.cache()
        };
        assert_eq!(cache(whole), Utf8Path::new(whole).join("cargo-pyx"));
        assert_eq!(cache("sub/cache"), cache(""));
        assert!(!cache("sub/cache").starts_with("/p"));
    }

    #[test]
    fn passwords_are_secrets_wherever_uv_reads_them() {
        let env = [
            ("UV_PUBLISH_TOKEN", "token"),
            ("PYX_API_KEY", "api key"),
            ("ANY_TOKEN", "1"),
            ("PYX_AUTH_TOKEN", "own token"),
            ("PYX_API_URL", "https://user:pass2@host/"),
            ("AWS_SECRET_ACCESS_KEY", "aws key"),
            ("CARGO_PYX_PROJECT", "/p"),
            ("UV_INDEX_OWN_PASSWORD", "password"),
            ("UV_PUBLISH_URL", "https://user:p%40ss@host/"),
            ("UV_DEFAULT_INDEX", "https://aws@host/simple"),
            (
                "UV_INDEX",
                "https://u:first@a/s own=https://u:second@b/s https://a-token-of-twenty-four@c/s",
            ),
            ("UV_PUBLISH_PASSWORD", ""),
            ("UV_PUBLISH_CHECK_URL", "https://host/simple"),
            ("PIP_INDEX_URL", "https://user:other@host/"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let session = Session {
            env: env.into(),
            ..Session::default()
        };
        let mut secrets = session.secrets();
        secrets.sort();
        secrets.dedup();
        let expected = [
            "a-token-of-twenty-four",
            "api key",
            "aws key",
            "first",
            "own token",
            "p%40ss",
            "p@ss",
            "pass2",
            "password",
            "second",
            "token",
        ];
        assert_eq!(secrets, expected);
    }

    #[test]
    fn what_pyx_exported_is_nobodys_wish_and_reaches_no_child() {
        let env = [
            ("A", "1"),
            ("PYO3_CONFIG_FILE", "/x"),
            (EXPORTED, "PYO3_CONFIG_FILE"),
        ];
        let mut env = env
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let exported = take_exported(&mut env);
        let session = Session {
            env,
            exported,
            ..Session::default()
        };
        assert_eq!(session.env.keys().collect::<Vec<_>>(), ["A"]);
        let scrubbed: Vec<String> = session.scrubbed().into_iter().collect();
        assert_eq!(scrubbed, [EXPORTED, "PYO3_CONFIG_FILE"]);
    }
}
