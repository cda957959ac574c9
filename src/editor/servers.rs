//! What language servers are told, whatever the editor.

use camino::Utf8PathBuf;
use serde_json::Value;

use crate::session::normalize;

use super::Workspace;
use super::document::Json;
use super::file::{Setting, Verdict};

impl Workspace {
    pub(super) fn interpreter<'a>(keys: &'a [&'a str], python: String) -> Setting<'a> {
        Setting {
            keys,
            value: python.into(),
            otherwise: "the editor does not use the project's environment",
        }
    }

    /// A directory for rust-analyzer that is another than cargo's and those of pyx does as well as ours.
    pub(super) fn judge_target(&self, value: &Value) -> Verdict {
        let Some(named) = value.as_str() else {
            return Verdict::Other;
        };
        let dir = normalize(&self.root.join(named));
        let shares = |target: &Utf8PathBuf| dir == *target || dir.starts_with(target.join("pyx"));
        if self.targets.iter().any(shares) {
            return Verdict::Other;
        }
        Verdict::Fine
    }

    /// Settings of rust-analyzer, with their keys from `rust-analyzer` on: it compiles apart from pyx
    /// and from cargo in a terminal, for the Python of the environment.
    pub(super) fn rust_analyzer(
        &self,
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
        let mut settings = vec![(vec!["cargo", "targetDir"], apart)];
        settings.extend(python.map(|python| (vec!["cargo", "extraEnv", "PYO3_PYTHON"], python)));
        settings.extend(linked.map(|linked| (vec!["linkedProjects"], linked)));
        settings
    }
}
