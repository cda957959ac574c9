//! What language servers are told, whatever the editor.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::world::session::normalize;

use super::Workspace;
use super::document::Json;
use super::file::{Setting, Verdict};
use super::settings::Places;

/// Variables that make PyO3's build script run again wherever they differ; the first is the one that
/// pyx sets.
pub const PYO3: [&str; 2] = ["PYO3_PYTHON", "PYO3_CONFIG_FILE"];

impl Workspace {
    pub(super) fn interpreter<'a>(keys: &'a [&'a str], python: String) -> Setting<'a> {
        Setting {
            keys,
            value: python.into(),
            otherwise: "the editor does not use the project's environment",
        }
    }

    pub(super) fn judge_target(&self, value: &Value) -> Verdict {
        if is_apart(&self.root, &self.targets, value) {
            Verdict::Fine
        } else {
            Verdict::Other
        }
    }

    /// Settings of rust-analyzer, with their keys: it compiles apart from pyx
    /// and from cargo in a terminal, for the Python of the environment.
    pub(super) fn rust_analyzer(
        &self,
        places: &Places,
        python: String,
    ) -> Vec<(Vec<&'static str>, Setting<'static>)> {
        let setting = |value, otherwise| Setting {
            keys: &[],
            value,
            otherwise,
        };
        let apart = setting(
            Json::Bool(true),
            "rust-analyzer compiles where cargo or pyx does, and each undoes what the other did",
        );
        let other = "rust-analyzer checks against another Python than the environment's";
        let python = self.is_pyo3.then(|| setting(python.into(), other));
        let linked = (!self.manifests.is_empty()).then(|| {
            let value = self.manifests.clone().into();
            setting(
                value,
                "rust-analyzer may not see every crate of the project",
            )
        });
        let variable = [places.environments[0], &[PYO3[0]]].concat();
        let mut settings = vec![(places.target.to_vec(), apart)];
        settings.extend(python.map(|python| (variable, python)));
        settings.extend(linked.map(|linked| (places.manifests.to_vec(), linked)));
        settings
    }
}

/// Whether a directory for rust-analyzer is another than cargo's and those of pyx: one that it
/// chooses itself, or one with a name.
///
/// `root`: what the editor opens. `targets`: the target directories of cargo.
pub(super) fn is_apart(root: &Utf8Path, targets: &[Utf8PathBuf], value: &Value) -> bool {
    match value {
        Value::Bool(own) => *own,
        Value::String(named) => {
            let dir = normalize(&root.join(named));
            let mut targets = targets.iter();
            !targets.any(|target| dir == *target || dir.starts_with(target.join("pyx")))
        }
        _ => false,
    }
}
