//! The editors that pyx knows. Another one is a variant here and a file next to `zed`.

use camino::{Utf8Path, Utf8PathBuf};

use super::config_file::Fill;
use super::settings_file::SettingsFile;
use super::{vscode, zed};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Editor {
    Zed,
    Vscode,
}

impl Editor {
    /// What pyx fills, relative to the folder that the editor opens.
    pub(super) fn files(self) -> &'static [(&'static str, Fill)] {
        match self {
            Self::Zed => zed::FILES,
            Self::Vscode => vscode::FILES,
        }
    }

    pub(super) fn settings_file(self) -> &'static SettingsFile {
        match self {
            Self::Zed => &zed::SETTINGS,
            Self::Vscode => &vscode::SETTINGS,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Zed => "Zed",
            Self::Vscode => "VS Code",
        }
    }

    /// How to make pyx set its own value where another is set.
    pub fn hint(self) -> String {
        let value = clap::ValueEnum::to_possible_value(&self);
        let name = value
            .as_ref()
            .map_or("", clap::builder::PossibleValue::get_name);
        format!("remove it, and run `cargo pyx init --editor {name}`")
    }

    /// Every file that may be edited, absolute.
    pub fn paths(self, root: &Utf8Path) -> Vec<Utf8PathBuf> {
        self.files()
            .iter()
            .map(|(name, _)| root.join(name))
            .collect()
    }
}
