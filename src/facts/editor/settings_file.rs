//! Where an editor keeps the settings that matter here, and their names.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::model::path::normalize;

/// Keys, from the root of a file down.
pub(super) type Keys = &'static [&'static str];

/// An editor's settings file, and the keys in it; of several keys for one thing, the first is the one that
/// pyx sets.
pub(super) struct SettingsFile {
    /// Relative to the folder that the editor opens.
    pub(super) path: &'static str,
    /// Variables for that folder in its paths.
    pub(super) root_variables: &'static [&'static str],
    pub(super) interpreters: &'static [Keys],
    /// The variables of rust-analyzer, and of what it starts.
    pub(super) environments: &'static [Keys],
    /// Where rust-analyzer compiles.
    pub(super) target_dir: Keys,
    /// What rust-analyzer loads.
    pub(super) linked_projects: Keys,
}

/// Whether a directory for rust-analyzer differs from cargo's and those of pyx: one that it chooses itself,
/// or a named one.
///
/// `root`: what the editor opens. `targets`: cargo's target directories.
pub(super) fn is_apart(root: &Utf8Path, targets: &[Utf8PathBuf], value: &Value) -> bool {
    match value {
        Value::Bool(own) => *own,
        Value::String(named) => {
            let dir = normalize(&root.join(named));
            !targets
                .iter()
                .any(|target| dir == *target || dir.starts_with(target.join("pyx")))
        }
        _ => false,
    }
}
