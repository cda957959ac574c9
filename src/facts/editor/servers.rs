//! Settings for language servers, whatever the editor.

use serde_json::Value;

use super::config_file::{OtherValue, Setting};
use super::document::Json;
use super::settings_file::{SettingsFile, is_apart};
use super::workspace::Workspace;

/// Variables that make PyO3's build script run again when they differ; the first is the one that pyx sets.
pub const PYO3: [&str; 2] = ["PYO3_PYTHON", "PYO3_CONFIG_FILE"];

impl Workspace {
    pub(super) fn interpreter(keys: &[&'static str], python: String) -> Setting {
        Setting {
            keys: keys.to_vec(),
            value: python.into(),
            otherwise: "the editor does not use the project's environment",
        }
    }

    pub(super) fn resolve_target(&self, value: &Value) -> OtherValue {
        if is_apart(&self.root, &self.targets, value) {
            OtherValue::Keep
        } else {
            OtherValue::Warn
        }
    }

    /// rust-analyzer settings: it compiles apart from pyx and from cargo in a terminal, for the environment's
    /// Python.
    pub(super) fn rust_analyzer(&self, file: &SettingsFile, python: String) -> Vec<Setting> {
        let setting = |keys: &[&'static str], value, otherwise| Setting {
            keys: keys.to_vec(),
            value,
            otherwise,
        };
        let apart = setting(
            file.target_dir,
            Json::Bool(true),
            "rust-analyzer compiles into the target directory of cargo or pyx, and each undoes the other's work",
        );
        let other = "rust-analyzer checks against a Python other than the environment's";
        let variable = [file.environments[0], &[PYO3[0]]].concat();
        let python = self
            .is_pyo3
            .then(|| setting(&variable, python.into(), other));
        let linked = (!self.manifests.is_empty()).then(|| {
            let value = self.manifests.clone().into();
            setting(
                file.linked_projects,
                value,
                "rust-analyzer may not see every crate of the project",
            )
        });
        [Some(apart), python, linked]
            .into_iter()
            .flatten()
            .collect()
    }
}
