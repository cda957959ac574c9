//! Something outside the program that decides what is built or installed, as it was and as it is.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::model::native_file::is_tagged;
use crate::model::reason::Reason;
use crate::world::disk::{self, Signature};
use crate::world::session::Session;

use super::tree::{self, TreeScope};

/// A file written less than this before it was hashed may be written again without a visible change of its
/// signature: the kernel stamps files with the time of its last tick.
const TICK: Duration = Duration::from_millis(20);

/// Something outside the program that decides what is built or installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    File {
        path: Utf8PathBuf,
        content: Content,
    },
    Variable {
        name: String,
        /// SHA-256 of the value: a value may be a secret.
        hash: Option<String>,
    },
    /// The names in a directory that begin with `prefix` and end with `suffix`.
    Listing {
        dir: Utf8PathBuf,
        prefix: String,
        suffix: String,
        /// The suffixes of the extension modules that the interpreter imports; those tagged for another one
        /// are left out. Empty: nothing is left out.
        #[serde(default)]
        own: Vec<String>,
        names: Vec<String>,
    },
    /// The files of a folder.
    Tree {
        dir: Utf8PathBuf,
        scope: TreeScope,
        /// For [`package_files`](disk::package_files) to leave out.
        but: Vec<Utf8PathBuf>,
        /// One line for each file, as `tree` writes them.
        files: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    Absent,
    Is {
        /// SHA-256, hex.
        hash: String,
        /// `None` while it may be unreliable; the content decides then.
        signature: Option<Signature>,
    },
    /// For programs: too large to hash on every run, replaced as a whole. And for files that cannot be read.
    Stat(Signature),
    /// It changed while the build ran: what the build saw is unknown.
    Unknown,
}

impl Input {
    /// A file in its current state; `since` is when the build that reads it began (nanoseconds since the
    /// epoch): what was written later may not be what the build saw.
    pub fn file(path: &Utf8Path, since: Option<u64>) -> Self {
        Self::File {
            path: path.to_owned(),
            content: Content::of(path, since),
        }
    }

    pub fn program(path: &Utf8Path) -> Self {
        Self::File {
            path: path.to_owned(),
            content: disk::signature(path).map_or(Content::Absent, Content::Stat),
        }
    }

    pub fn variable(session: &Session, name: &str) -> Self {
        Self::Variable {
            name: name.to_owned(),
            hash: hash_of(session, name),
        }
    }

    pub fn listing(dir: &Utf8Path, prefix: &str, suffix: &str) -> Self {
        Self::Listing {
            dir: dir.to_owned(),
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            own: Vec::new(),
            names: list(dir, prefix, suffix, &[]),
        }
    }

    /// The names that an interpreter could import; `own`: the suffixes of its extension modules.
    pub fn importable(dir: &Utf8Path, prefix: &str, suffix: &str, own: &[String]) -> Self {
        Self::Listing {
            dir: dir.to_owned(),
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            own: own.to_vec(),
            names: list(dir, prefix, suffix, own),
        }
    }

    /// `since` as in [`file`](Self::file); `but` as in [`package_files`](disk::package_files).
    pub fn tree(dir: &Utf8Path, scope: TreeScope, but: &[Utf8PathBuf], since: Option<u64>) -> Self {
        let found = tree::files(dir, scope, but);
        Self::Tree {
            dir: dir.to_owned(),
            scope,
            but: but.to_vec(),
            files: tree::lines(dir, &found, since),
        }
    }

    /// The same in its current state.
    #[must_use]
    pub fn again(&self, session: &Session) -> Self {
        match self {
            Self::File {
                content: Content::Stat(_),
                path,
            } => Self::program(path),
            Self::File { path, .. } => Self::file(path, None),
            Self::Variable { name, .. } => Self::variable(session, name),
            Self::Listing { .. } => {
                let mut listing = self.clone();
                listing.list_again();
                listing
            }
            Self::Tree {
                dir, scope, but, ..
            } => Self::tree(dir, *scope, but, None),
        }
    }

    /// The files that differ although none of them was last written after `began`: their time was set back,
    /// they came with an older one, or are gone from a folder; or a link leads elsewhere, which cargo may not
    /// check.
    pub fn changed_before(&self, began: u64) -> Vec<Utf8PathBuf> {
        let mut changed = match self {
            // cargo sees that a file is gone
            Self::File { path, content }
                if content.stale(path).is_some() && disk::is_there(path) =>
            {
                vec![path.clone()]
            }
            Self::Tree {
                dir,
                scope: scope @ (TreeScope::Folder | TreeScope::Package),
                but,
                files,
            } => tree::differing(dir, *scope, but, files),
            Self::File { .. }
            | Self::Tree { .. }
            | Self::Variable { .. }
            | Self::Listing { .. } => Vec::new(),
        };
        let is_link = |path: &Utf8PathBuf| disk::resolve(path) != *path;
        changed.retain(|path| {
            disk::signature(path).is_none_or(|it| it.modified < began || is_link(path))
        });
        changed
    }

    /// Whether the file is the input, or one of those it stands for. Not for a package all of whose files
    /// count for cargo: tests write there too.
    pub fn is_of(&self, file: &Utf8Path) -> bool {
        match self {
            Self::File { path, .. } => path == file,
            Self::Listing {
                dir,
                prefix,
                suffix,
                ..
            } => {
                let name = file.file_name().unwrap_or_default();
                file.parent() == Some(dir) && name.starts_with(prefix) && name.ends_with(suffix)
            }
            Self::Tree {
                dir,
                scope: TreeScope::Folder,
                but,
                ..
            } => file.starts_with(dir) && !but.iter().any(|folder| file.starts_with(folder)),
            Self::Tree { .. } | Self::Variable { .. } => false,
        }
    }

    /// Whether the other looks at the same, whatever either has seen.
    pub fn looks_at_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File { path, .. }, Self::File { path: other, .. }) => path == other,
            (Self::Variable { name, .. }, Self::Variable { name: other, .. }) => name == other,
            (
                Self::Listing {
                    dir,
                    prefix,
                    suffix,
                    ..
                },
                Self::Listing {
                    dir: other,
                    prefix: begin,
                    suffix: end,
                    ..
                },
            ) => (dir, prefix, suffix) == (other, begin, end),
            (
                Self::Tree {
                    dir, scope, but, ..
                },
                Self::Tree {
                    dir: other,
                    scope: all,
                    but: without,
                    ..
                },
            ) => (dir, scope, but) == (other, all, without),
            _ => false,
        }
    }

    /// The SHA-256 of a file, hex, if its content matters.
    pub fn hash(&self) -> Option<&String> {
        match self {
            Self::File {
                content: Content::Is { hash, .. },
                ..
            } => Some(hash),
            _ => None,
        }
    }

    /// The path of a file.
    pub fn path(&self) -> Option<&Utf8Path> {
        match self {
            Self::File { path, .. } => Some(path),
            Self::Tree { dir, .. } => Some(dir),
            Self::Variable { .. } | Self::Listing { .. } => None,
        }
    }

    /// Updates a listing to its current state.
    pub fn list_again(&mut self) {
        if let Self::Listing {
            dir,
            prefix,
            suffix,
            own,
            names,
        } = self
        {
            *names = list(dir, prefix, suffix, own);
        }
    }

    /// Why the world is not as recorded; `None` if it is.
    pub fn stale(&self, session: &Session) -> Option<Reason> {
        match self {
            Self::File { path, content } => content.stale(path),
            Self::Variable { name, hash } => {
                (hash_of(session, name) != *hash).then(|| Reason::Variable { name: name.clone() })
            }
            Self::Listing {
                dir,
                prefix,
                suffix,
                own,
                names,
            } => stale_listing(dir, names, &list(dir, prefix, suffix, own)),
            Self::Tree {
                dir,
                scope,
                but,
                files,
            } => tree::stale(dir, *scope, but, files),
        }
    }
}

impl Content {
    /// `since` as in [`Input::file`].
    fn of(path: &Utf8Path, since: Option<u64>) -> Self {
        let Some(signature) = disk::signature(path) else {
            return Self::Absent;
        };
        if since.is_some_and(|since| signature.written() >= since) {
            return Self::Unknown;
        }
        match disk::hash(path) {
            Some(hash) => Self::Is {
                hash,
                signature: settled(path, signature),
            },
            // it exists, but cannot be read
            None => disk::signature(path).map_or(Self::Absent, Self::Stat),
        }
    }

    fn stale(&self, at: &Utf8Path) -> Option<Reason> {
        let path = || at.to_owned();
        let now = disk::signature(at);
        match (self, now) {
            (Self::Absent, None) => None,
            (Self::Absent, Some(_)) => Some(Reason::Appeared { path: path() }),
            (_, None) => Some(Reason::Vanished { path: path() }),
            (Self::Unknown, _) => Some(Reason::Racing { path: path() }),
            (Self::Stat(then), Some(now)) => {
                (*then != now).then(|| Reason::Changed { path: path() })
            }
            (Self::Is { hash, signature }, Some(now)) => {
                let same = *signature == Some(now) || disk::hash(at).as_ref() == Some(hash);
                (!same).then(|| Reason::Changed { path: path() })
            }
        }
    }
}

/// The signature, once it reliably changes with the next write; `None` on a file system that stamps whole
/// seconds only.
fn settled(path: &Utf8Path, signature: Signature) -> Option<Signature> {
    let written = signature.written();
    if written.is_multiple_of(1_000_000_000) {
        return None;
    }
    let age = Duration::from_nanos(disk::now().saturating_sub(written));
    if age < TICK {
        std::thread::sleep(TICK.saturating_sub(age));
    }
    disk::signature(path).filter(|now| *now == signature)
}

fn hash_of(session: &Session, name: &str) -> Option<String> {
    session
        .env
        .get(name)
        .map(|value| disk::digest(value.as_bytes()))
}

fn list(dir: &Utf8Path, prefix: &str, suffix: &str, own: &[String]) -> Vec<String> {
    let mut names = disk::names(dir);
    let ending = |name: &str| name.find('.').map(|at| name[at..].to_owned());
    let foreign = |name: &str| {
        !own.is_empty() && is_tagged(name) && ending(name).is_none_or(|text| !own.contains(&text))
    };
    names.retain(|name| name.starts_with(prefix) && name.ends_with(suffix) && !foreign(name));
    names
}

fn stale_listing(dir: &Utf8Path, then: &[String], now: &[String]) -> Option<Reason> {
    if let Some(name) = now.iter().find(|name| !then.contains(name)) {
        return Some(Reason::Appeared {
            path: dir.join(name),
        });
    }
    let gone = then.iter().find(|name| !now.contains(name))?;
    Some(Reason::Vanished {
        path: dir.join(gone),
    })
}

/// The first reason among inputs.
pub fn stale(inputs: &[Input], session: &Session) -> Option<Reason> {
    inputs.iter().find_map(|input| input.stale(session))
}

/// The settings of a build by name; the serialised map is the fingerprint.
pub type Settings = BTreeMap<String, String>;

/// The setting's name for an environment variable.
pub fn variable_setting(name: &str) -> String {
    format!("{VARIABLE}{name}")
}

const VARIABLE: &str = "$";

/// Which setting differs, by name.
pub fn stale_settings(then: &Settings, now: &Settings) -> Option<Reason> {
    now.keys().chain(then.keys()).find_map(|name| {
        let [was, is] = [then, now].map(|settings| settings.get(name));
        if let Some(name) = name.strip_prefix(VARIABLE) {
            return (was != is).then(|| Reason::Variable { name: name.into() });
        }
        // nothing of a kind is what it is where there is no such setting
        let [was, now] = [was, is].map(|value| value.filter(|value| !value.is_empty()));
        let shown = |value: Option<&String>| value.map_or("none".to_owned(), Clone::clone);
        (was != now).then(|| Reason::Setting {
            name: name.clone(),
            was: shown(was),
            now: shown(now),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_for_other_interpreters_are_not_importable() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        for name in [
            "m.cpython-39-x.so",
            "m.cpython-310-x.so",
            "m.abi3.so",
            "m.so",
            "m.py",
        ] {
            disk::write(&dir.join(name), b"").unwrap();
        }
        let own = [".cpython-39-x.so", ".abi3.so", ".so"].map(str::to_owned);
        assert_eq!(
            list(dir, "m", "", &own),
            ["m.abi3.so", "m.cpython-39-x.so", "m.py", "m.so"]
        );
        assert_eq!(list(dir, "m.c", "", &[]).len(), 2);
    }

    fn dir() -> (tempfile::TempDir, Utf8PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        (temp, path)
    }

    fn session() -> Session {
        Session::default()
    }

    #[test]
    fn a_touched_file_is_fresh_and_an_edited_one_is_not() {
        let (_temp, dir) = dir();
        let file = dir.join("lib.rs");
        disk::write(&file, b"one").unwrap();
        let input = Input::file(&file, None);
        disk::write(&file, b"one").unwrap();
        assert_eq!(input.stale(&session()), None);
        disk::write(&file, b"two").unwrap();
        assert_eq!(
            input.stale(&session()),
            Some(Reason::Changed { path: file })
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_is_there_and_cannot_be_read_has_not_appeared() {
        let file = Utf8Path::new("/proc/self/mem"); // its first bytes are nobody's
        assert!(disk::hash(file).is_none());
        let input = Input::file(file, None);
        assert_eq!(input.stale(&session()), None);
        assert_eq!(input.again(&session()).stale(&session()), None);
    }

    #[test]
    fn a_write_right_after_the_record_is_seen() {
        let (_temp, dir) = dir();
        let file = dir.join("lib.rs");
        for _ in 0..20 {
            disk::write(&file, b"one").unwrap();
            let input = Input::file(&file, None);
            std::fs::write(&file, b"two").unwrap(); // the same size, the same inode
            assert!(input.stale(&session()).is_some());
        }
    }

    #[test]
    fn what_changed_during_the_build_is_built_again() {
        let (_temp, dir) = dir();
        let file = dir.join("lib.rs");
        let start = disk::now();
        std::thread::sleep(std::time::Duration::from_millis(20));
        disk::write(&file, b"one").unwrap();
        let input = Input::file(&file, Some(start));
        assert_eq!(input.stale(&session()), Some(Reason::Racing { path: file }));
    }

    #[test]
    fn of_a_folder_the_file_is_named_that_changed_during_the_build() {
        let (_temp, dir) = dir();
        disk::write(&dir.join("before"), b"one").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        let start = disk::now();
        std::thread::sleep(std::time::Duration::from_millis(20));
        let path = dir.join("now");
        disk::write(&path, b"one").unwrap();
        let input = Input::tree(&dir, TreeScope::Folder, &[], Some(start));
        assert_eq!(input.stale(&session()), Some(Reason::Racing { path }));
    }

    #[test]
    fn what_is_gone_or_came_with_an_old_time_is_not_seen_by_times() {
        let (_temp, dir) = dir();
        let apart = dir.join("apart");
        let dir = dir.join("p");
        for name in ["kept", "gone", "skipped/gone"] {
            disk::write(&dir.join(name), b"one").unwrap();
        }
        disk::write(&dir.join(".gitignore"), b"skipped\n").unwrap();
        disk::write(&dir.join(".git/HEAD"), b"").unwrap();
        disk::write(&apart, b"one").unwrap();
        let trees = [TreeScope::Folder, TreeScope::Package, TreeScope::RustNames]
            .map(|scope| Input::tree(&dir, scope, &[], None));
        std::thread::sleep(std::time::Duration::from_millis(20));
        let began = disk::now();
        std::thread::sleep(std::time::Duration::from_millis(20));
        disk::write(&dir.join("new"), b"one").unwrap();
        let unseen = || trees.clone().map(|tree| tree.changed_before(began));
        assert_eq!(
            unseen(),
            [const { Vec::<Utf8PathBuf>::new() }; 3],
            "cargo sees it"
        );
        std::fs::rename(&apart, dir.join("old")).unwrap();
        std::fs::remove_file(dir.join("gone")).unwrap();
        std::fs::remove_file(dir.join("skipped/gone")).unwrap();
        let found = ["old", "gone", "skipped/gone"].map(|name| dir.join(name));
        // git ignores the last, and so does cargo in a package
        assert_eq!(unseen(), [&found[..], &found[..2], &[]]);
    }

    #[test]
    fn a_variable_is_named_and_its_value_is_not() {
        let of = |value: &str| Settings::from([(variable_setting("RUSTFLAGS"), value.into())]);
        let reasons = [(of("a"), of("b")), (of("a"), Settings::new())]
            .map(|(then, now)| stale_settings(&then, &now).unwrap().to_string());
        assert_eq!(reasons, ["environment variable `RUSTFLAGS` changed"; 2]);
    }

    #[test]
    fn absence_is_an_input_too() {
        let (_temp, dir) = dir();
        let file = dir.join("rust-toolchain");
        let input = Input::file(&file, None);
        assert_eq!(input.stale(&session()), None);
        disk::write(&file, b"nightly").unwrap();
        assert_eq!(
            input.stale(&session()),
            Some(Reason::Appeared { path: file })
        );
    }

    #[test]
    fn a_variables_value_is_compared_and_never_kept() {
        let mut session = session();
        session.env.insert("TOKEN".into(), "secret".into());
        let input = Input::variable(&session, "TOKEN");
        assert!(!serde_json::to_string(&input).unwrap().contains("secret"));
        assert_eq!(input.stale(&session), None);
        session.env.remove("TOKEN");
        assert!(input.stale(&session).is_some());
    }

    #[test]
    fn a_neighbour_that_appears_is_named() {
        let (_temp, dir) = dir();
        let input = Input::listing(&dir, "x.", "");
        disk::write(&dir.join("y.so"), b"").unwrap();
        assert_eq!(input.stale(&session()), None);
        disk::write(&dir.join("x.so"), b"").unwrap();
        assert_eq!(
            input.stale(&session()),
            Some(Reason::Appeared {
                path: dir.join("x.so")
            })
        );
    }

    #[test]
    fn a_setting_that_differs_is_named() {
        let then = Settings::from([("profile".into(), "dev".into())]);
        let now = Settings::from([("profile".into(), "release".into())]);
        let reason = stale_settings(&then, &now).unwrap();
        assert_eq!(reason.to_string(), "profile was dev, is release");
        assert_eq!(stale_settings(&now, &now), None);
        let empty = Settings::from([("extras".into(), String::new())]);
        assert_eq!(stale_settings(&empty, &Settings::new()), None);
    }
}
