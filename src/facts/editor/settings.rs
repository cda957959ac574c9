//! An editor's current settings, whoever made them.

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::error::Result;
use crate::model::path::normalize;

use super::document::{Document, SettingValue};
use super::editors::Editor;
use super::settings_file::{SettingsFile, is_apart};

/// The settings in one folder.
pub struct CurrentSettings<'a> {
    file: &'static SettingsFile,
    /// The folder that the editor opened, absolute.
    folder: &'a Utf8Path,
    document: Document,
}

impl Editor {
    /// The settings file in a folder that the editor opens.
    pub fn settings(self, folder: &Utf8Path) -> Utf8PathBuf {
        folder.join(self.settings_file().path)
    }

    /// The settings in that file's text.
    ///
    /// # Errors
    /// As [`changes`](super::changes).
    pub fn read<'a>(self, folder: &'a Utf8Path, text: &str) -> Result<CurrentSettings<'a>> {
        Ok(CurrentSettings {
            file: self.settings_file(),
            folder,
            document: Document::parse(&self.settings(folder), text)?,
        })
    }
}

impl CurrentSettings<'_> {
    /// The interpreters that are given as paths, absolute; none that only the editor can resolve.
    pub fn interpreters(&self) -> Vec<(Utf8PathBuf, usize)> {
        let said = self
            .file
            .interpreters
            .iter()
            .filter_map(|keys| self.document.said(keys));
        said.filter_map(|said| Some((self.absolute(said.value.as_str()?)?, said.line)))
            .collect()
    }

    /// The variables that rust-analyzer gets.
    pub fn variables(&self) -> Vec<SettingValue> {
        self.file
            .environments
            .iter()
            .flat_map(|keys| self.document.below(keys))
            .collect()
    }

    /// Whether rust-analyzer compiles where neither cargo nor pyx does.
    ///
    /// `targets`: cargo's target directories.
    pub fn is_apart(&self, targets: &[Utf8PathBuf]) -> bool {
        let said = self.document.said(self.file.target_dir);
        said.is_some_and(|said| is_apart(self.folder, targets, &said.value))
    }

    /// `None` for what is not a path, or depends on what only the editor knows.
    fn absolute(&self, text: &str) -> Option<Utf8PathBuf> {
        let mut text = text.to_owned();
        for variable in self.file.root_variables {
            text = text.replace(variable, self.folder.as_str());
        }
        let is_path = text.contains('/') && !text.contains("${") && !text.starts_with('~');
        is_path.then(|| normalize(&self.folder.join(text)))
    }
}
