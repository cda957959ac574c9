//! What earlier runs recorded.
//!
//! A record is a cache: one that is damaged or was written by a newer pyx is ignored with a warning, and
//! everything it would have saved is done again.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::facts::artifact::damage;
use crate::world::disk::{self, Signature};
use crate::world::interpreter::Probe;
use crate::world::session::Session;

use super::input::{Input, Settings, stale};

/// The version of the record format; a higher one was written by a newer pyx.
const SCHEMA: u64 = 3;

/// The content of a record file.
#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    schema: u64,
    record: T,
}

/// `target/pyx/state.json`: what was built, and from what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecords {
    pub builds: BTreeMap<BuildKey, BuildRecord>,
    /// Those that have not ended well.
    pub attempts: BTreeMap<BuildKey, Attempt>,
}

/// Which build it is: one member's last for one environment. Written as `MEMBER in ENVIRONMENT`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BuildKey {
    /// A distribution's name, which has no blanks.
    pub member: String,
    /// Absolute.
    pub environment: Utf8PathBuf,
}

impl BuildKey {
    const BETWEEN: &str = " in ";

    pub fn new(environment: &Utf8Path, member: &str) -> Self {
        Self {
            member: member.to_owned(),
            environment: environment.to_owned(),
        }
    }
}

impl From<BuildKey> for String {
    fn from(key: BuildKey) -> Self {
        [&key.member, BuildKey::BETWEEN, key.environment.as_str()].concat()
    }
}

impl TryFrom<String> for BuildKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text.split_once(Self::BETWEEN);
        let key = parts.map(|(member, environment)| Self::new(environment.into(), member));
        key.ok_or_else(|| format!("`{text}` names no build"))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecord {
    pub settings: Settings,
    /// The packages that cargo builds from this machine's files, the member's own first.
    pub packages: Vec<LocalPackage>,
    /// What is installed besides the artifact is made from these: if one changes, maturin installs again.
    pub install: Vec<Input>,
    /// What cargo reads, by its own records: if one changes, cargo is asked.
    pub compile: Vec<Input>,
    /// What else might matter to cargo: if one changes, cargo is asked too, and most likely has nothing to
    /// do.
    pub surroundings: Vec<Input>,
    /// When the build began, in nanoseconds since the epoch.
    pub began: u64,
    /// The artifacts that cargo built, in the target directory.
    pub artifacts: Vec<Artifact>,
}

/// A package that cargo builds from this machine's files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LocalPackage {
    pub name: String,
    /// Its Cargo.toml, absolute.
    pub manifest: Utf8PathBuf,
    /// Whether cargo considers its files immutable, so that it never looks at them again: those of a folder
    /// that replaces a registry (cargo book, "Source Replacement").
    #[serde(default)]
    pub is_vendored: bool,
}

impl LocalPackage {
    pub fn dir(&self) -> &Utf8Path {
        self.manifest.parent().unwrap_or(&self.manifest)
    }
}

/// A build that began. It is kept until one succeeds: what cargo compiled meanwhile may be from files that
/// have changed since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// In nanoseconds since the epoch.
    pub began: u64,
    /// Those of [`BuildRecord::compile`] that differed from the record, in their state then.
    pub changed: Vec<Input>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    pub path: Utf8PathBuf,
    /// SHA-256, hex.
    pub hash: String,
    /// Bytes; 0 if an older record does not say.
    #[serde(default)]
    pub size: u64,
}

impl Artifact {
    /// Whether the file is no longer what was built, and cannot be loaded: cargo does not look into it.
    pub fn is_damaged(&self) -> bool {
        let is_as_built = |signature: Signature| signature.size == self.size;
        disk::signature(&self.path).is_some_and(|it| !is_as_built(it))
            && damage(&self.path).is_some()
    }
}

/// `pyx.json` in the environment: what is installed there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRecord {
    /// Whether pyx created the environment, and may recreate it.
    #[serde(default)]
    pub made: bool,
    /// The `.python-version` that was not available when the environment was created.
    pub requested: Option<String>,
    /// Its interpreter.
    #[serde(default)]
    pub interpreter: Option<InterpreterRecord>,
    /// What was installed for which command.
    pub syncs: BTreeMap<String, SyncRecord>,
    /// By distribution name.
    pub installed: BTreeMap<String, InstallRecord>,
}

/// What an interpreter reported about itself: asking again takes longer than everything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterpreterRecord {
    /// What the answer depends on.
    pub inputs: Vec<Input>,
    pub probe: Probe,
}

impl InterpreterRecord {
    pub fn is_current(&self, session: &Session) -> bool {
        stale(&self.inputs, session).is_none()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRecord {
    pub settings: Settings,
    pub inputs: Vec<Input>,
    /// Where uv has said that its locks are up to date: the files by which it judged that.
    #[serde(default)]
    pub locks_judged_by: Vec<Input>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallRecord {
    /// The folder of the package it belongs to, absolute: two checkouts may share an environment.
    pub package: Utf8PathBuf,
    /// The hashes of the artifacts it was made from.
    pub artifacts: Vec<String>,
    /// The installed files, and the places where a shadowing file would appear.
    pub inputs: Vec<Input>,
    /// The extension modules that are made from artifacts, absolute.
    pub modules: Vec<Utf8PathBuf>,
    /// Whether maturin has changed them, so that only maturin can replace them.
    #[serde(default)]
    pub patched: bool,
}

impl InstallRecord {
    /// Whether a file is a module of this install, as it was installed.
    pub fn has_put(&self, module: &Utf8Path) -> bool {
        let Some(hash) = self
            .modules
            .iter()
            .find_map(|it| (it == module).then(|| disk::hash(it)))
        else {
            return false;
        };
        // patchelf may have changed what was built
        let copies = self.copies();
        let copy = copies.iter().find(|copy| copy.path() == Some(module));
        let mut ours = self.artifacts.iter().chain(copy.and_then(Input::hash));
        hash.is_some_and(|hash| ours.any(|it| *it == hash))
    }

    /// The extension modules that are made from artifacts, as they were installed.
    pub fn copies(&self) -> Vec<Input> {
        let is_module = |path: &Utf8Path| self.modules.iter().any(|module| module == path);
        let inputs = self.inputs.iter();
        let copies = inputs.filter(|input| input.path().is_some_and(is_module));
        copies.cloned().collect()
    }
}

/// A record as far as it could be read.
#[derive(Clone, Debug, Default)]
pub struct LoadedRecord<T> {
    pub record: T,
    /// The warning about an existing record that is ignored.
    pub warning: Option<String>,
    /// Whether a newer pyx wrote it, so that it must not be changed.
    pub newer: bool,
}

fn load<T: DeserializeOwned + Default>(path: &Utf8Path) -> LoadedRecord<T> {
    let bytes = match disk::read(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return LoadedRecord::default(),
        Err(error) => return LoadedRecord::ignored(&error.to_string(), false),
    };
    match serde_json::from_slice(&bytes) {
        Ok(Versioned {
            schema: SCHEMA,
            record,
        }) => LoadedRecord {
            record,
            warning: None,
            newer: false,
        },
        _ => ignored(path, &bytes),
    }
}

/// Why the bytes of a file are not a record of this version.
fn ignored<T: Default>(path: &Utf8Path, bytes: &[u8]) -> LoadedRecord<T> {
    #[derive(Deserialize)]
    struct Schema {
        schema: u64,
    }
    let schema = serde_json::from_slice(bytes).map(|Schema { schema }| schema.cmp(&SCHEMA));
    let (why, is_newer) = match schema {
        Ok(Ordering::Greater) => ("was written by a newer cargo pyx", true),
        Ok(Ordering::Less) => ("was written by an older cargo pyx", false),
        Ok(Ordering::Equal) | Err(_) => ("is damaged", false),
    };
    LoadedRecord::ignored(&format!("`{path}` {why}"), is_newer)
}

impl<T: Default> LoadedRecord<T> {
    fn ignored(why: &str, newer: bool) -> Self {
        Self {
            record: T::default(),
            warning: Some(format!("state ignored: {why}")),
            newer,
        }
    }
}

impl BuildRecords {
    pub fn load(path: &Utf8Path) -> LoadedRecord<Self> {
        load(path)
    }
}

impl EnvironmentRecord {
    pub fn load(path: &Utf8Path) -> LoadedRecord<Self> {
        load(path)
    }
}

/// The content of a record file.
pub fn versioned<T: Serialize>(record: &T) -> Vec<u8> {
    let versioned = Versioned {
        schema: SCHEMA,
        record,
    };
    // plain data: this cannot fail, and an empty record would only be ignored
    serde_json::to_vec(&versioned).unwrap_or_default()
}

/// Whether the file is a newer pyx's record, of whatever kind.
pub fn is_newer(path: &Utf8Path) -> bool {
    load::<serde_json::Value>(path).newer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_found_by_the_key_under_which_it_was_written() {
        let temp = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(temp.path()).unwrap().join("state.json");
        let key = BuildKey::new("/a in b/.venv".into(), "hello");
        let mut records = BuildRecords::default();
        records.attempts.insert(key, Attempt::default());
        disk::write(&path, &versioned(&records)).unwrap();
        assert_eq!(BuildRecords::load(&path).record, records);
    }

    #[test]
    fn a_damaged_record_is_ignored() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let path = dir.join("state.json");
        for bytes in [
            &b"{\"s"[..],
            b"\xff\xff",
            b"",
            b"{\"schema\":3,\"record\":{\"builds\":3}}",
        ] {
            disk::write(&path, bytes).unwrap();
            let loaded = BuildRecords::load(&path);
            assert!(loaded.warning.unwrap().contains("is damaged"));
            assert!(!loaded.newer);
        }
    }
}
