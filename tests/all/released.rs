//! What a release has left: `dist/` as a whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::artifact::parts::Parts;
use crate::support::{Project, entries, name_of, read};

pub(crate) fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "whl")
}

/// `dist/` as a whole.
pub(crate) struct Set {
    /// By name: wheels and sdists.
    pub(crate) files: BTreeMap<String, PathBuf>,
    /// `files` in `release.json`.
    pub(crate) known: BTreeMap<String, Value>,
}

fn hash(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// Reads `dist/`, all of whose parts agree: files but foreign ones, sums and `release.json`. No
/// wheel tells where it was built.
#[track_caller]
pub(crate) fn set(project: &Project) -> Set {
    let mut files = BTreeMap::new();
    for path in entries(&project.path("dist")) {
        let name = name_of(&path);
        if name.starts_with("foreign-") {
            continue;
        }
        if is_wheel(&path) || name.ends_with(".tar.gz") {
            files.insert(name, path);
        }
    }
    let json: Value = serde_json::from_str(&project.read("dist/release.json")).unwrap();
    assert_eq!(json["schema"], 1);
    let known = json["files"].as_object().unwrap().clone();
    let known: BTreeMap<String, Value> = known.into_iter().collect();
    assert!(files.keys().eq(known.keys()), "{files:?}\n{known:#?}");
    let hashes = files
        .iter()
        .map(|(name, path)| format!("{}  {name}\n", hash(&read(path))));
    let hashes: Vec<String> = hashes.collect();
    assert_eq!(project.read("dist/SHA256SUMS"), hashes.concat());
    for ((name, path), line) in files.iter().zip(&hashes) {
        assert!(
            line.starts_with(known[name]["sha256"].as_str().unwrap()),
            "{line}"
        );
        assert_eq!(known[name]["size"], read(path).len());
    }
    let root = project.root.to_str().unwrap().as_bytes();
    for path in files.values().filter(|path| is_wheel(path)) {
        for (member, bytes) in Parts::of_wheel(path).members {
            let found = memchr::memmem::find(&bytes, root);
            assert!(found.is_none(), "{member} names the checkout");
        }
    }
    Set { files, known }
}
