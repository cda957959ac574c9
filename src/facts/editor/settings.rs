//! What an editor is set to, whoever has set it.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::model::error::Result;
use crate::world::session::normalize;

use super::Editor;
use super::document::Document;
use super::servers::is_apart;

/// Keys, from the root of a file down.
pub(super) type Keys = &'static [&'static str];

/// Where an editor keeps what matters here; of several places the first is the one that pyx sets.
pub(super) struct Places {
    /// From the folder that the editor opens.
    pub(super) file: &'static str,
    /// How a path may say that folder.
    pub(super) roots: &'static [&'static str],
    pub(super) interpreters: &'static [Keys],
    /// The variables of rust-analyzer, and of what it starts.
    pub(super) environments: &'static [Keys],
    /// Where rust-analyzer compiles.
    pub(super) target: Keys,
    /// What rust-analyzer loads.
    pub(super) manifests: Keys,
}

/// A file of settings.
pub struct Settings<'a> {
    places: &'static Places,
    /// What the editor has opened, absolute.
    folder: &'a Utf8Path,
    document: Document,
}

/// A value under its last key.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingValue {
    pub key: String,
    pub value: Value,
    /// From 1.
    pub line: usize,
}

impl Editor {
    /// The file of settings in a folder that the editor opens.
    pub fn settings(self, folder: &Utf8Path) -> Utf8PathBuf {
        folder.join(self.places().file)
    }

    /// # Errors
    /// As [`settle`](super::settle).
    pub fn read<'a>(self, folder: &'a Utf8Path, text: &str) -> Result<Settings<'a>> {
        Ok(Settings {
            places: self.places(),
            folder,
            document: Document::parse(&self.settings(folder), text)?,
        })
    }
}

impl Settings<'_> {
    /// The interpreters that are said by their paths, absolute; none that only the editor can know.
    pub fn interpreters(&self) -> Vec<(Utf8PathBuf, usize)> {
        let places = self.places.interpreters.iter();
        let said = places.filter_map(|keys| self.document.said(keys));
        said.filter_map(|said| Some((self.absolute(said.value.as_str()?)?, said.line)))
            .collect()
    }

    /// The variables that rust-analyzer gets.
    pub fn variables(&self) -> Vec<SettingValue> {
        let places = self.places.environments.iter();
        places.flat_map(|keys| self.document.below(keys)).collect()
    }

    /// Whether rust-analyzer compiles where neither cargo nor pyx does.
    ///
    /// `targets`: the target directories of cargo.
    pub fn is_apart(&self, targets: &[Utf8PathBuf]) -> bool {
        let said = self.document.said(self.places.target);
        said.is_some_and(|said| is_apart(self.folder, targets, &said.value))
    }

    /// `None` for what is no path, or depends on what only the editor knows.
    fn absolute(&self, text: &str) -> Option<Utf8PathBuf> {
        let roots = self.places.roots.iter();
        let text = roots.fold(text.to_owned(), |text, root| {
            text.replace(root, self.folder.as_str())
        });
        let is_path = text.contains('/') && !text.contains("${") && !text.starts_with('~');
        is_path.then(|| normalize(&self.folder.join(text)))
    }
}
