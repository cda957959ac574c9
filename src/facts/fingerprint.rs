//! What a build was made from, and whether that is still so.
//!
//! A record is a cache: one that is damaged or written by a newer pyx is ignored with a warning,
//! and everything it would have saved is done again.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::error::Result;
use crate::model::reason::Reason;
use crate::world::disk::{self, Signature};
use crate::world::session::Session;

/// The number in every record; a higher one is a newer pyx's.
pub const SCHEMA: u64 = 1;

/// A file written less than this before it was hashed may be written again without a visible
/// change of its signature: the kernel stamps files with the time of its last tick.
const TICK: Duration = Duration::from_millis(20);

/// Something outside that decides what is built or installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
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
        /// The endings of the extension modules that the interpreter imports; those tagged for
        /// another one are left out. Empty: nothing is.
        #[serde(default)]
        own: Vec<String>,
        names: Vec<String>,
    },
    /// The files of a folder. `all`: every one, as for a folder that a build script names; else
    /// those that git does not ignore and that no build makes, as for a package whose build script
    /// declares no inputs.
    Folder {
        dir: Utf8PathBuf,
        all: bool,
        /// Empty when one of them changed while the build ran.
        hash: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    Absent,
    Is {
        /// SHA-256, hex.
        hash: String,
        /// `None` while it may lie; the content decides then.
        signature: Option<Signature>,
    },
    /// For programs: too large to hash for every run, replaced as a whole.
    Stat(Signature),
    /// It changed while the build ran: what the build saw is not known.
    Unknown,
}

impl Input {
    /// A file as it is now; `since` is when the build that reads it began (nanoseconds since the
    /// epoch): what was written later may not be what the build saw.
    pub fn file(path: &Utf8Path, since: Option<u64>) -> Self {
        let content = match (disk::signature(path), disk::hash(path)) {
            (Some(signature), Some(_))
                if since.is_some_and(|since| signature.written() >= since) =>
            {
                Content::Unknown
            }
            (Some(signature), Some(hash)) => Content::Is {
                hash,
                signature: settled(path, signature),
            },
            _ => Content::Absent,
        };
        Self::File {
            path: path.to_owned(),
            content,
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

    /// The names that an interpreter could import; `own`: the endings of its extension modules.
    pub fn importable(dir: &Utf8Path, prefix: &str, suffix: &str, own: &[String]) -> Self {
        Self::Listing {
            dir: dir.to_owned(),
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            own: own.to_vec(),
            names: list(dir, prefix, suffix, own),
        }
    }

    /// `since` as in [`file`](Self::file).
    pub fn folder(dir: &Utf8Path, all: bool, since: u64) -> Self {
        let files = folder_files(dir, all);
        let mut written = files.iter().filter_map(|path| disk::signature(path));
        let racing = written.any(|signature| signature.written() >= since);
        Self::Folder {
            dir: dir.to_owned(),
            all,
            hash: if racing {
                String::new()
            } else {
                hash_files(&files)
            },
        }
    }

    /// The path of a file or folder whose content differs although it was last written before
    /// `began`: its time was set back.
    pub fn changed_before(&self, began: u64) -> Option<&Utf8Path> {
        match self {
            Self::File { path, content } => {
                let signature = disk::signature(path)?;
                (signature.modified < began && content.stale(path).is_some()).then_some(path)
            }
            // which of its files it was is not recorded
            Self::Folder { dir, all, hash } => {
                (hash_files(&folder_files(dir, *all)) != *hash).then_some(dir)
            }
            Self::Variable { .. } | Self::Listing { .. } => None,
        }
    }

    /// Takes a listing as it is now.
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

    /// Why the world is not as recorded; `None` where it is.
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
            Self::Folder { dir, all, hash } => (hash_files(&folder_files(dir, *all)) != *hash)
                .then(|| Reason::Changed { path: dir.clone() }),
        }
    }
}

impl Content {
    fn stale(&self, path: &Utf8Path) -> Option<Reason> {
        let path = || path.to_owned();
        let now = disk::signature(&path());
        match (self, now) {
            (Self::Absent, None) => None,
            (Self::Absent, Some(_)) => Some(Reason::Appeared { path: path() }),
            (_, None) => Some(Reason::Vanished { path: path() }),
            (Self::Unknown, _) => Some(Reason::Racing { path: path() }),
            (Self::Stat(then), Some(now)) => {
                (*then != now).then(|| Reason::Changed { path: path() })
            }
            (Self::Is { hash, signature }, Some(now)) => {
                let same = *signature == Some(now) || disk::hash(&path()).as_ref() == Some(hash);
                (!same).then(|| Reason::Changed { path: path() })
            }
        }
    }
}

/// The signature, once it can be trusted to change with the next write; `None` on a file system
/// that stamps whole seconds only.
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

/// Whether a module is for one version of one implementation only (PEP 3149; `.cp312-win_amd64.pyd`
/// on Windows).
pub(crate) fn is_tagged(name: &str) -> bool {
    [".cpython-3", ".cp3", ".pypy3"]
        .iter()
        .any(|tag| name.contains(tag))
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

fn folder_files(dir: &Utf8Path, all: bool) -> Vec<Utf8PathBuf> {
    let mut files = if all {
        disk::all_files(dir)
    } else {
        disk::unignored_files(dir)
    };
    // a module that the build itself puts beside the sources is no source
    files.retain(|path| all || !matches!(path.extension(), Some("so" | "pyd" | "dylib")));
    files.sort();
    files
}

fn hash_files(files: &[Utf8PathBuf]) -> String {
    let mut text = String::new();
    for file in files {
        text.push_str(file.as_str());
        text.push_str(&disk::hash(file).unwrap_or_default());
    }
    disk::digest(text.as_bytes())
}

/// The first reason among inputs.
pub fn stale(inputs: &[Input], session: &Session) -> Option<Reason> {
    inputs.iter().find_map(|input| input.stale(session))
}

/// The settings of a build by name; the serialised map is the fingerprint.
pub type Settings = BTreeMap<String, String>;

/// Which setting differs, by name.
pub fn stale_settings(then: &Settings, now: &Settings) -> Option<Reason> {
    let shown = |value: Option<&String>| match value {
        Some(value) if !value.is_empty() => value.clone(),
        _ => "none".to_owned(),
    };
    now.keys()
        .chain(then.keys())
        .find(|name| then.get(*name) != now.get(*name))
        .map(|name| Reason::Setting {
            name: name.clone(),
            was: shown(then.get(name)),
            now: shown(now.get(name)),
        })
}

/// `target/pyx/state.json`: what was built, and from what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecords {
    pub schema: u64,
    /// By [`build_id`].
    pub builds: BTreeMap<String, BuildRecord>,
}

/// One member's last build for one environment.
pub fn build_id(environment: &Utf8Path, member: &str) -> String {
    format!("{member} in {environment}")
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecord {
    pub settings: Settings,
    /// Everything but the sources: when it changes, maturin installs anew.
    pub inputs: Vec<Input>,
    /// What only the compiler reads.
    pub sources: Vec<Input>,
    /// When the build began, in nanoseconds since the epoch.
    pub began: u64,
    /// What cargo made, in the target directory.
    pub artifacts: Vec<Artifact>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    pub path: Utf8PathBuf,
    /// SHA-256, hex.
    pub hash: String,
}

/// `pyx.json` in the environment: what is installed there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRecord {
    pub schema: u64,
    /// Whether pyx made the environment, and may make it again.
    #[serde(default)]
    pub made: bool,
    /// The `.python-version` that could not be had when the environment was made.
    pub requested: Option<String>,
    /// What was installed for which command.
    pub syncs: BTreeMap<String, SyncRecord>,
    /// By distribution name.
    pub installed: BTreeMap<String, InstallRecord>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRecord {
    pub settings: Settings,
    pub inputs: Vec<Input>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallRecord {
    /// The hashes of the artifacts it was made from.
    pub artifacts: Vec<String>,
    /// The installed files, and the neighbourhoods in which a shadowing file would appear.
    pub inputs: Vec<Input>,
    /// The extension modules that are copies of artifacts, absolute.
    pub modules: Vec<Utf8PathBuf>,
}

/// A record as far as it could be read.
#[derive(Clone, Debug, Default)]
pub struct Loaded<T> {
    pub record: T,
    /// What to say about a record that is there and is ignored.
    pub warning: Option<String>,
    /// Whether a newer pyx wrote it, so that it must stay as it is.
    pub newer: bool,
}

#[derive(Deserialize)]
struct Schema {
    schema: u64,
}

fn load<T: DeserializeOwned + Default>(path: &Utf8Path) -> Loaded<T> {
    let bytes = match disk::read(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Loaded::default(),
        Err(error) => return Loaded::ignored(&error.to_string(), false),
    };
    match serde_json::from_slice::<Schema>(&bytes) {
        Ok(Schema { schema }) if schema > SCHEMA => {
            return Loaded::ignored(&format!("`{path}` was written by a newer cargo pyx"), true);
        }
        Ok(Schema { schema: SCHEMA }) => {}
        Ok(_) => {
            let why = format!("`{path}` was written by an older cargo pyx");
            return Loaded::ignored(&why, false);
        }
        Err(_) => return Loaded::ignored(&format!("`{path}` is damaged"), false),
    }
    match serde_json::from_slice(&bytes) {
        Ok(record) => Loaded {
            record,
            warning: None,
            newer: false,
        },
        Err(_) => Loaded::ignored(&format!("`{path}` is damaged"), false),
    }
}

impl<T: Default> Loaded<T> {
    fn ignored(why: &str, newer: bool) -> Self {
        Self {
            record: T::default(),
            warning: Some(format!("state ignored: {why}")),
            newer,
        }
    }
}

impl BuildRecords {
    pub fn load(path: &Utf8Path) -> Loaded<Self> {
        load(path)
    }
}

impl EnvironmentRecord {
    pub fn load(path: &Utf8Path) -> Loaded<Self> {
        load(path)
    }
}

/// Writes a record unless a newer pyx's stands there.
pub fn store<T: Serialize>(path: &Utf8Path, record: &T) -> Result<()> {
    if load::<serde_json::Value>(path).newer {
        return Ok(());
    }
    // plain data: this cannot fail, and an empty record would only be ignored
    disk::write(path, &serde_json::to_vec(record).unwrap_or_default())
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
    fn a_damaged_record_is_ignored_and_a_newer_one_is_kept() {
        let (_temp, dir) = dir();
        let path = dir.join("state.json");
        for bytes in [
            &b"{\"s"[..],
            b"\xff\xff",
            b"",
            b"{\"schema\":1,\"builds\":3}",
        ] {
            disk::write(&path, bytes).unwrap();
            let loaded = BuildRecords::load(&path);
            assert!(loaded.warning.unwrap().contains("is damaged"));
            assert!(!loaded.newer);
        }
        let newer = b"{\"schema\": 999}";
        disk::write(&path, newer).unwrap();
        assert!(BuildRecords::load(&path).newer);
        store(&path, &BuildRecords::default()).unwrap();
        assert_eq!(disk::read(&path).unwrap().unwrap(), newer);
    }

    #[test]
    fn a_setting_that_differs_is_named() {
        let then = Settings::from([("profile".into(), "dev".into())]);
        let now = Settings::from([("profile".into(), "release".into())]);
        let reason = stale_settings(&then, &now).unwrap();
        assert_eq!(reason.to_string(), "profile was dev, is release");
        assert_eq!(stale_settings(&now, &now), None);
    }
}
